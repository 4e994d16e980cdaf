//! A small street on a fresh database: one canteen with lunches and dinners, some seniors, and a clock that the test moves.
#![allow(dead_code)] // each suite uses its part

use app::App;
use app::orders::{LineRequest, OrderRequest};
use diesel::connection::SimpleConnection;
use domain::access::{Actor, DeviceKind, Role, RoleGrant};
use domain::id::{CanteenId, DeviceId, Id, Kind, MenuItemId, SeniorId, SittingId};
use domain::time::Clock;
use domain::{Channel, Instant, MealPeriod, PlaceCode, ServiceDate};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::seal::{Blind, Field, Sealer};
use store::{Options, Store, StoreError, Target, migrate};
use uuid::Uuid;

/// The policy of the demo street.
pub const DEMO: &str = include_str!("../../../policies/demo-street.yaml");
/// Where everything happens.
pub const STREET: &str = "990101001";
/// The days with sittings: a Monday and six days after it.
pub const DAYS: i32 = 7;
/// The price of a lunch.
pub const PRICE: i64 = 1200;
/// Portions of each dish.
pub const PORTIONS: i64 = 40;

pub fn monday() -> ServiceDate {
    ServiceDate::new(2026, 11, 23).unwrap()
}

pub fn at(date: ServiceDate, hour: u32, minute: u32) -> Instant {
    Instant::from_civil(date, chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
}

pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn set(&self, to: Instant) {
        self.0.store(to.micros(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub struct Bench {
    pub app: App,
    pub clock: Arc<TestClock>,
    /// Removed with the bench.
    _folder: tempfile::TempDir,
}

/// An identifier that a test can name.
pub fn id<K: Kind>(n: u128) -> Id<K> {
    Id::from_uuid(Uuid::from_u128(n))
}

pub fn canteen() -> CanteenId {
    id(0x100)
}

pub fn sitting(day: i32, meal: MealPeriod) -> SittingId {
    id(0x1000 + u128::try_from(day).unwrap() * 10 + meal as u128)
}

pub fn item(day: i32, meal: MealPeriod) -> MenuItemId {
    id(0x2000 + u128::try_from(day).unwrap() * 10 + meal as u128)
}

/// Seniors 0 to 5 are 65, 75, 82, 82, 90 and 58 years old.
pub fn senior(n: u128) -> SeniorId {
    id(0x3000 + n)
}

/// A valid identity number of the senior of that number.
pub fn id_no(n: u128) -> String {
    let births = ["19610101", "19510101", "19440101", "19440202", "19360101", "19680601"];
    let body = format!("990101{}{:03}", births[usize::try_from(n).unwrap()], n + 1);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(b, w)| u32::from(b - b'0') * w).sum();
    format!("{body}{}", b"10X98765432"[usize::try_from(sum % 11).unwrap()] as char)
}

/// The card of the senior of that number.
pub fn card(n: u128) -> String {
    format!("8800{n:06}")
}

pub fn actor(n: u128, role: Role, place: &str) -> Actor {
    let grant = RoleGrant { role, place: PlaceCode::parse(place).unwrap(), canteen: None };
    Actor { user: Some(id(0x10 + n)), grants: vec![grant], ..Actor::default() }
}

/// Runs a test on a fresh database of each kind. `scripts/test` names the PostgreSQL server; without one the test fails.
pub fn each_database<F: Future<Output = ()>>(test: impl Fn(Bench) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nuanfan.db").to_string_lossy().into_owned();
    runtime.block_on(test(Bench::new(Target::Sqlite(file), folder)));
    let server = std::env::var("NUANFAN_TEST_PG").expect("NUANFAN_TEST_PG; scripts/test sets it");
    {
        let (server_url, options) = server.split_once('?').unwrap_or((&server, ""));
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("t{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let base = server_url.rsplit_once('/').map_or(server_url, |(base, _)| base);
        run_sql(&Target::Postgres(server.clone()), &format!("CREATE DATABASE {name}"));
        let target = Target::Postgres(format!("{base}/{name}?{options}"));
        runtime.block_on(test(Bench::new(target, tempfile::tempdir().unwrap())));
    }
}

fn run_sql(target: &Target, sql: &str) {
    target.connect().unwrap().batch_execute(sql).unwrap();
}

impl Bench {
    fn new(target: Target, folder: tempfile::TempDir) -> Self {
        migrate::run(&target).unwrap();
        let sealer = Sealer::new([9; 32]);
        run_sql(&target, &fixture(&target, &sealer));
        let clock = Arc::new(TestClock(AtomicI64::new(at(monday(), 6, 0).micros())));
        let store = Store::open(&Options::small(target.clone()), sealer, clock.clone()).unwrap();
        Self { app: App::new(store, clock.clone()), clock, _folder: folder }
    }

    /// A member of staff at the district.
    pub async fn staff(&self, n: u128, role: Role) -> Arc<Actor> {
        Arc::new(actor(n, role, "990101"))
    }

    /// The counter terminal of the canteen.
    pub fn terminal(&self, n: u128) -> Arc<Actor> {
        let device: DeviceId = id(0x50 + n);
        Arc::new(Actor { device: Some((device, DeviceKind::Counter, canteen())), ..Actor::default() })
    }

    /// The senior, signed in.
    pub fn own(&self, n: u128) -> Arc<Actor> {
        Arc::new(Actor { user: Some(id(0x20)), self_senior: Some(senior(n)), ..Actor::default() })
    }

    /// One number that a query gives.
    pub async fn number(&self, sql: &str) -> i64 {
        use diesel::RunQueryDsl;
        #[derive(diesel::QueryableByName)]
        struct Number {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let sql = sql.to_owned();
        let one = move |conn: &mut store::AnyConnection| {
            let rows: Vec<Number> = store::on_each!(conn, c => diesel::sql_query(sql).load(c)).map_err(StoreError::from)?;
            Ok::<_, StoreError>(rows[0].n)
        };
        self.app.store.read("number", one).await.unwrap()
    }
}

/// A lunch or dinner for a senior.
pub fn order(day: i32, meal: MealPeriod, n: u128, quantity: u32) -> OrderRequest {
    OrderRequest {
        sitting: sitting(day, meal),
        senior: Some(senior(n)),
        lines: vec![LineRequest { item: item(day, meal), quantity, texture: None, size: None, override_reason: None }],
        channel: Channel::DineIn,
        note: String::new(),
        reason: None,
        expected_self_pay_fen: None,
    }
}

/// The rows of the street, in the database's own way to write bytes.
fn fixture(target: &Target, sealer: &Sealer) -> String {
    let postgres = matches!(target, Target::Postgres(_));
    let bytes = |b: &[u8]| if postgres { format!("'\\x{}'::bytea", hex::encode(b)) } else { format!("X'{}'", hex::encode(b)) };
    let uid = |n: u128| if postgres { format!("'{}'::uuid", Uuid::from_u128(n)) } else { format!("X'{n:032x}'") };
    let mut sql = String::new();
    let places = [
        ("99", "province"),
        ("9901", "city"),
        ("990101", "district"),
        (STREET, "street"),
        ("990101001001", "community"),
        ("990102", "district"),
    ];
    for (code, level) in places {
        sql += &format!("INSERT INTO place (code, name, level) VALUES ('{code}', '{code}', '{level}');");
    }
    let canteen_id = uid(0x100);
    for (n, code, place) in [(0x100u128, "C1", "990101001001"), (0x101, "C2", "990102")] {
        let id = uid(n);
        sql += &format!(
            "INSERT INTO canteen (id, version, code, name, kind, place_code, licence_no, licence_expires_on, address, phone, lon_e7, lat_e7, delivery_radius_m, delivery_fee_fen, state) \
             VALUES ({id}, 1, '{code}', '{code}助餐点', 'own_kitchen', '{place}', 'L1', '2030-01-01', '', '', 0, 0, 1000, 200, 'open');\
             INSERT INTO canteen_log (canteen_id, next_seq) VALUES ({id}, 1);"
        );
    }
    for n in 0x10..0x21u128 {
        let id = uid(n);
        sql += &format!(
            "INSERT INTO app_user (id, kind, display_name, must_change_password, state, created_at) VALUES ({id}, 'staff', 'u', FALSE, 'active', 0);"
        );
    }
    for n in 0x50..0x53u128 {
        let id = uid(n);
        sql +=
            &format!("INSERT INTO device (id, kind, canteen_id, name, paired_at) VALUES ({id}, 'counter', {canteen_id}, 't', 0);");
    }
    let dish = uid(0x500);
    sql += &format!(
        "INSERT INTO dish (id, version, code, name, station, price_fen, textures, marks) VALUES ({dish}, 1, 'D1', '番茄炒蛋', 'hot', {PRICE}, 'regular', '');"
    );
    for day in 0..DAYS {
        for (meal, hour) in [(MealPeriod::Lunch, 11), (MealPeriod::Dinner, 17)] {
            let date = monday().plus_days(day);
            let (sit, item) = (uid(sitting(day, meal).uuid().as_u128()), uid(item(day, meal).uuid().as_u128()));
            let (cut, from, to) = (at(date, 9, 0).micros(), at(date, hour, 0).micros(), at(date, hour + 2, 0).micros());
            sql += &format!(
                "INSERT INTO sitting (id, canteen_id, service_date, meal, cut_off_at, serve_from_at, serve_to_at, next_order_no, state) \
                 VALUES ({sit}, {canteen_id}, '{date}', '{meal}', {cut}, {from}, {to}, 1, 'open');\
                 INSERT INTO menu_item (id, sitting_id, dish_id, rank, price_fen, portions, sold, stopped) \
                 VALUES ({item}, {sit}, {dish}, 0, {PRICE}, {PORTIONS}, 0, FALSE);"
            );
        }
    }
    for n in 0..6u128 {
        let (who, no): (SeniorId, String) = (senior(n), id_no(n));
        let birth = format!("{}-{}-{}", &no[6..10], &no[10..12], &no[12..14]);
        let (enc, bix) = (bytes(&sealer.seal(Field::SeniorIdNo, who, &no).unwrap()), bytes(&sealer.blind(Blind::IdNo, &no)));
        let (row, card) = (uid(who.uuid().as_u128()), bytes(&sealer.blind(Blind::Card, &card(n))));
        sql += &format!(
            "INSERT INTO senior (id, version, name, id_no_enc, id_no_bix, birth_on, registered_place, resident_place, card_bix, state, created_at, updated_at) \
             VALUES ({row}, 1, '张老{n}', {enc}, {bix}, '{birth}', '{STREET}', '{STREET}', {card}, 'active', 0, 0);"
        );
    }
    sql
}
