//! What orders notice of an import and of a backup on the embedded database, which has one writer: no write of theirs holds it
//! long, and orders go on as before. `nuanfan bench import` measures the same with 100,000 seniors.

use crate::process::{Process, live_world, nuanfan};
use domain::access::Role;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::fixture::execute;
use testkit::Engine;
use testkit::fixtures::{Street, citizen_id};
use testkit::http::{Client, fresh_key};

/// Rows of the imported file.
const ROWS: u32 = 12_000;
/// Orders at once.
const BUYERS: usize = 4;
/// What an order may take beside an import or a backup, unless this machine is so busy that it takes a quarter of it alone.
const ORDER_MAX: Duration = Duration::from_millis(200);
/// What a write may hold the writer.
const HOLD_MAX_S: &str = "0.05";

struct Buying {
    base: String,
    token: String,
    bodies: Vec<Value>,
}

impl Buying {
    /// Orders until `until` ends; how long each took, shortest first.
    fn during(&self, until: impl FnOnce()) -> Vec<Duration> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut times: Vec<Duration> = std::thread::scope(|scope| {
            // When `until` fails the buyers must end too, or the scope would wait for them for ever.
            let stopping = Stopping(stop.clone());
            let buyers: Vec<_> = (0..BUYERS)
                .map(|n| {
                    let stop = stop.clone();
                    scope.spawn(move || self.buy(n, &stop))
                })
                .collect();
            until();
            drop(stopping);
            buyers.into_iter().flat_map(|buyer| buyer.join().unwrap()).collect()
        });
        times.sort_unstable();
        times
    }

    fn buy(&self, number: usize, stop: &AtomicBool) -> Vec<Duration> {
        let client = Client::new(&self.base, Some(&self.token));
        let (mut times, mut turn) = (Vec::new(), number);
        while !stop.load(Ordering::SeqCst) {
            turn += 1;
            let since = Instant::now();
            let reply = client.post_with_key("/v1/orders", &fresh_key(), &self.bodies[turn % self.bodies.len()]);
            times.push(since.elapsed());
            assert_eq!(reply.status, 201, "{}", reply.text);
        }
        times
    }
}

/// Ends the buyers when it goes.
struct Stopping(Arc<AtomicBool>);

impl Drop for Stopping {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn p99(times: &[Duration]) -> Duration {
    assert!(times.len() >= 50, "{} orders tell nothing", times.len());
    times[(times.len() - 1) * 99 / 100]
}

/// Of the transactions of a unit of work: how many there were, and how many held the writer no longer than allowed.
fn holds(admin: &str, unit: &str) -> (u64, u64) {
    let text = Client::new(admin, None).get("/metrics").text;
    let of = |name: &str, bound: &str| -> u64 {
        let line = text.lines().find(|line| {
            line.starts_with(&format!("nuanfan_write_hold_seconds_{name}{{"))
                && line.contains(&format!("unit=\"{unit}\""))
                && line.contains(bound)
        });
        line.and_then(|line| line.rsplit(' ').next()).map_or(0, |number| number.parse::<f64>().unwrap() as u64)
    };
    (of("count", ""), of("bucket", &format!("le=\"{HOLD_MAX_S}\"")))
}

fn roster() -> String {
    let header = "姓名,身份证号,电话,户籍地代码,居住地代码,详细地址,经度,纬度,常用助餐点编号,过敏原,忌口,清真,低盐,低糖,质地,健康备注,就餐卡号";
    let row = |n: u32| {
        let id = citizen_id((1930 + (n / 900) as i32, 5, 1 + (n / 30 % 28)), n % 900 + 50);
        format!("老人{n},{id},,990101001001,990101001001,暖阳路{n}号,,,,,,否,否,否,,,")
    };
    let rows: std::collections::BTreeSet<String> = (0..ROWS).map(row).collect();
    format!("{header}\r\n{}\r\n", rows.into_iter().collect::<Vec<_>>().join("\r\n"))
}

#[test]
fn orders_go_on_beside_an_import_and_a_backup_and_no_write_of_theirs_holds_the_writer_long() {
    let world = live_world(Engine::Sqlite);
    let street = world.wait(world.street());
    let bodies: Vec<_> = (0..3).map(|dish| Street::order(&street.tomorrow, dish, Some(street.senior.id))).collect();
    let database = world.close();
    execute(&mut database.connect(), "UPDATE menu_item SET portions = 1000000").unwrap();
    let server = Process::start(&database);
    let worker = Client::new(&server.base, Some(street.token(Role::Worker)));
    let buying = Buying { base: server.base.clone(), token: street.token(Role::Worker).to_owned(), bodies };

    let alone = buying.during(|| std::thread::park_timeout(Duration::from_secs(4)));
    let beside_import = buying.during(|| {
        let path = "/v1/imports?kind=seniors&file_name=roster.csv";
        let brought = worker
            .try_send("POST", path, &[("Content-Type", "text/csv"), ("Idempotency-Key", &fresh_key())], Some(roster().as_bytes()))
            .unwrap()
            .expect(202);
        let path = format!("/v1/imports/{}", brought.body["id"].as_str().unwrap());
        let state = |wanted: &'static str| {
            testkit::wait::until(wanted, Duration::from_secs(240), || {
                let body = worker.get(&path).expect(200).body;
                assert_ne!(body["state"], "faulty", "{body}");
                (body["state"] == wanted).then_some(())
            });
        };
        state("ready");
        let _ = worker.post(&format!("{path}/apply"), &serde_json::json!({})).expect(202);
        state("done");
    });
    let copy = database.folder().join("copy.db");
    let beside_backup = buying.during(|| assert!(nuanfan(&database).arg("backup").arg(&copy).status().unwrap().success()));

    let (slices, short) = holds(&server.admin, "import_slice");
    println!(
        "p99 of orders: alone {:?}, beside the import {:?}; {} of {slices} slices within {HOLD_MAX_S} s",
        p99(&alone),
        p99(&beside_import),
        short
    );
    // The machine may be doing other things: what is too long is judged by what orders take alone, here and now.
    let allowed = ORDER_MAX.max(p99(&alone) * 4);
    assert!(p99(&beside_import) <= allowed, "beside the import: {:?}, alone {:?}", p99(&beside_import), p99(&alone));
    let slowest = beside_backup.last().copied().unwrap_or_default();
    assert!(beside_backup.len() >= BUYERS && slowest <= allowed * 4, "beside the backup: {slowest:?} of {}", beside_backup.len());
    assert!(slices > 1, "{slices} slices: the import was not cut up");
    let (orders, quick) = holds(&server.admin, "place_order");
    assert!(orders > 0);
    // Slices are cut by time. What single ones take is the benchmark's to tell; here most of them are short where orders' are.
    let long_orders = 1.0 - quick as f64 / orders as f64;
    let long_slices = 1.0 - short as f64 / slices as f64;
    assert!(long_slices <= 0.5 + 2.0 * long_orders, "{long_slices} of the slices are long, {long_orders} of the orders");
    server.kill();
}
