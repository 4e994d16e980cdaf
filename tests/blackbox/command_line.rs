//! The command line: what it shows, what it refuses, what it finds.

use crate::process::{Process, assert_verified, live_world, nuanfan};
use std::process::Output;
use store::fixture;
use testkit::{Database, Engine, Street};

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_configuration_is_shown_with_secrets_masked_and_an_unknown_key_is_refused_by_name() {
    let database = Database::migrated(Engine::Sqlite);
    let shown = nuanfan(&database).args(["config", "show"]).output().unwrap();
    assert!(shown.status.success());
    assert!(text(&shown).contains("field_key = \"***\""), "{}", text(&shown));
    let refused = nuanfan(&database).args(["config", "show"]).env("NUANFAN_HTTP__WORKER", "1").output().unwrap();
    assert!(!refused.status.success());
    assert!(text(&refused).contains("NUANFAN_HTTP__WORKER"), "{}", text(&refused));
}

#[test]
fn the_first_start_prints_a_setup_token_and_no_later_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_nuanfan"));
        command.env_remove("DATABASE_URL").args(["--data-folder", &folder.path().display().to_string(), "serve"]);
        command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut told = String::new();
        while !told.contains("health and metrics") {
            assert!(std::io::BufRead::read_line(&mut out, &mut told).unwrap() > 0, "it ended: {told}");
        }
        std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        std::io::Read::read_to_string(&mut out, &mut told).unwrap();
        assert!(child.wait().unwrap().success());
        told
    };
    assert!(start().contains("nft_"));
    assert!(!start().contains("nft_"));
}

#[test]
fn a_database_is_not_opened_with_the_keys_of_another() {
    for engine in Engine::BOTH {
        let database = live_world(engine).close();
        assert_verified(&database);
        let other = nuanfan(&database).arg("verify").env("NUANFAN_FIELD_KEY", "00".repeat(32)).output().unwrap();
        assert!(!other.status.success() && text(&other).contains("field key"), "{}", text(&other));
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_untouched() {
    for engine in Engine::BOTH {
        let database = live_world(engine).close();
        fixture::execute(
            &mut database.connect(),
            "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('29990101000000', CURRENT_TIMESTAMP)",
        )
        .unwrap();
        for command in ["migrate", "verify", "serve"] {
            let output = nuanfan(&database).arg(command).output().unwrap();
            assert!(!output.status.success(), "{command}");
            assert!(text(&output).contains("newer version (29990101000000)"), "{command}: {}", text(&output));
        }
    }
}

#[test]
fn a_shared_database_that_was_not_migrated_is_refused_with_what_to_do() {
    let database = Database::empty(Engine::Postgres);
    let output = nuanfan(&database).arg("serve").output().unwrap();
    assert!(!output.status.success() && text(&output).contains("nuanfan migrate"), "{}", text(&output));
    assert!(nuanfan(&database).arg("migrate").output().unwrap().status.success());
    let process = Process::start(&database);
    drop(process);
}

#[test]
fn a_server_that_may_lose_confirmed_orders_is_refused() {
    let database = Database::migrated(Engine::Postgres);
    let url = format!("{}?options=-c%20synchronous_commit%3Doff", database.url().unwrap());
    let output = nuanfan(&database).arg("serve").env("DATABASE_URL", url).output().unwrap();
    assert!(!output.status.success() && text(&output).contains("synchronous_commit = off"), "{}", text(&output));
}

#[test]
fn separate_roles_are_refused_on_the_embedded_database() {
    let database = Database::migrated(Engine::Sqlite);
    let output = nuanfan(&database).args(["serve", "kitchen"]).output().unwrap();
    assert!(!output.status.success() && text(&output).contains("DATABASE_URL"), "{}", text(&output));
}

#[test]
fn help_shows_how_a_command_is_used() {
    for (command, example) in [
        ("verify", "nuanfan verify --json"),
        ("migrate", "DATABASE_URL=postgres://... nuanfan migrate"),
        ("import", "nuanfan import seniors roster.xlsx --dry-run"),
        ("export", "nuanfan export claims --month 2026-11"),
        ("anomalies", "nuanfan anomalies sweep --from 2026-10-01 --to 2026-10-31"),
    ] {
        let output = nuanfan(&Database::empty(Engine::Sqlite)).args([command, "--help"]).output().unwrap();
        assert!(output.status.success() && text(&output).contains(example), "{command}: {}", text(&output));
    }
}

#[test]
fn days_are_searched_by_hand_and_only_those_that_are_over() {
    let database = Database::migrated(Engine::Sqlite);
    let sweep = |from: &str, to: &str| {
        nuanfan(&database).args(["anomalies", "sweep", "--from", from, "--to", to, "--json"]).output().unwrap()
    };
    let done = sweep("2026-01-01", "2026-01-03");
    assert!(done.status.success() && text(&done).contains("\"days\":3"), "{}", text(&done));
    for (from, to, why) in [
        ("2026-01-03", "2026-01-01", "--from comes before --to"),
        ("2026-01-01", "2999-01-01", "at most 800 days"),
        ("2999-01-01", "2999-01-02", "the last day that is over"),
    ] {
        let refused = sweep(from, to);
        assert!(!refused.status.success() && text(&refused).contains(why), "{from} to {to}: {}", text(&refused));
    }
}

#[test]
fn verify_finds_each_kind_of_damage() {
    // Each is done to a database of one served and one open order; SQLite is told to leave its own guards aside.
    let damage = [
        ("portions", "UPDATE menu_item SET sold = sold + 1 WHERE sold > 0"),
        ("ledger", "DELETE FROM transfer WHERE phase = 'post'"),
        ("ledger", "UPDATE transfer SET amount_fen = amount_fen + 1 WHERE phase = 'hold'"),
        ("differs from the hold", "UPDATE transfer SET amount_fen = amount_fen + 1 WHERE phase = 'post'"),
        ("without evidence", "DELETE FROM redemption"),
        ("and is not served", "UPDATE redemption SET order_id = (SELECT id FROM meal_order WHERE state = 'confirmed')"),
        ("still uses up a limit", "UPDATE meal_order SET state = 'cancelled' WHERE state = 'confirmed'"),
        ("still uses up a limit", "UPDATE meal_order SET state = 'not_served' WHERE state = 'confirmed'"),
        (
            "another subsidy",
            "UPDATE meal_order SET subsidy_fen = subsidy_fen - 1, self_pay_fen = self_pay_fen + 1 WHERE state = 'confirmed'",
        ),
        (
            "decisions come to 0",
            "INSERT INTO allowance_use (senior_id, limit_key, ordinal, order_id, amount_fen) \
             SELECT id, 'a/b/month/2026-11', 0, NULL, 500 FROM senior LIMIT 1",
        ),
        (
            "versions 0",
            "INSERT INTO settlement (id, version, canteen_id, payer, period, first_on, last_on, state, line_count, total_fen, \
             list_hash, frozen_at, reason) SELECT c.id, 1, c.id, 'p', '2026-11', '2026-11-01', '2026-11-30', 'frozen', 1, 100, \
             (SELECT hash FROM audit_head), 0, '' FROM canteen c LIMIT 1",
        ),
        (
            "its payments are 0",
            "INSERT INTO payout (id, place_code, made_at, line_count, total_fen) \
             SELECT id, place_code, 0, 1, 100 FROM canteen LIMIT 1",
        ),
        ("audit", "UPDATE audit_head SET seq = seq + 1"),
        ("events", "DELETE FROM event WHERE seq = 2"),
        ("events", "UPDATE canteen_log SET next_seq = next_seq + 1 WHERE next_seq > 1"),
    ];
    for engine in Engine::BOTH {
        for (found, sql) in damage {
            let world = live_world(engine);
            world.wait(two_orders(&world));
            let database = world.close();
            assert_verified(&database);
            fixture::execute(&mut database.connect(), sql).unwrap();
            let output = nuanfan(&database).arg("verify").output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{engine:?} {sql}: {}", text(&output));
            assert!(text(&output).contains(found), "{engine:?} {sql}: {}", text(&output));
        }
    }
}

/// One order that is open and one that was served.
async fn two_orders(world: &testkit::World) {
    use app::idempotency::RequestKey;
    use app::orders::{place, redeem};
    use domain::access::Role;
    let street: Street = world.street().await;
    let worker = world.actor(street.token(Role::Worker)).await;
    let mut placed = Vec::new();
    for senior in [street.senior.id, street.poor_senior.id] {
        let request = street.tomorrow.request(1, Some(senior), domain::Channel::DineIn);
        let key = RequestKey::new(None, None, &testkit::http::fresh_key(), "test", &1).unwrap();
        placed.push(place::place(&world.app, worker.clone(), key, request).await.unwrap().order.order);
    }
    let counter = world.actor(street.token(Role::Counter)).await;
    // Tomorrow at this hour, when it is served.
    world.clock.advance_seconds(86_400);
    let redemption = redeem::Redemption {
        id: domain::Id::from_uuid(uuid::Uuid::from_u128(1)),
        order: placed[1],
        method: domain::order::RedemptionMethod::Card,
        served_at: domain::time::Clock::now(&*world.clock),
    };
    redeem::redeem(&world.app, counter, redemption).await.unwrap();
    world.clock.advance_seconds(-86_400);
}

/// A lunch at the counter, served.
fn eaten(world: &testkit::World, street: &Street) {
    use app::idempotency::RequestKey;
    use app::orders::place;
    let request = street.lunch.request(0, Some(street.senior.id), domain::Channel::DineIn);
    let worker = world.wait(world.actor(street.token(domain::access::Role::Worker)));
    let key = RequestKey::new(None, None, "the-key-of-lunch", "test", &1).unwrap();
    world.wait(place::place(&world.app, worker, key, request)).unwrap();
    world.wait(world.write(|tx| fixture::execute(tx.change(), "UPDATE meal_order SET state = 'served'")));
}

#[test]
fn a_draft_is_tried_on_past_meals_and_stops_where_the_past_does_not_come_out() {
    let (rules, _) = testkit::fixtures::POLICY.split_once("examples:").unwrap();
    let draft =
        rules.replace("version: \"2026\"", "version: \"draft\"").replace("amount: {fixed_fen: 400}", "amount: {fixed_fen: 500}");
    for engine in Engine::BOTH {
        let world = testkit::World::new(engine);
        let street = world.wait(world.street());
        eaten(&world, &street);
        let day = street.lunch.date.to_string();
        let database = world.close();
        let file = database.folder().join("draft.yaml");
        std::fs::write(&file, format!("{draft}examples: []\n")).unwrap();
        let book = database.folder().join("backtest.xlsx");
        let run = || {
            let mut command = nuanfan(&database);
            command.args(["policy", "backtest", "--json", "--from", &day, "--to", &day, "--draft"]).arg(&file);
            command.arg("--output").arg(&book).output().unwrap()
        };
        let tried = run();
        assert!(tried.status.success(), "{}", text(&tried));
        let found: serde_json::Value = serde_json::from_slice(&tried.stdout).unwrap();
        let sums = &found["report"]["all"]["sums"];
        assert_eq!((&sums["before"]["granted_fen"], &sums["after"]["granted_fen"]), (&400.into(), &500.into()), "{found}");
        assert!(std::fs::read(&book).unwrap().starts_with(b"PK"));
        fixture::execute(&mut database.connect(), "UPDATE senior SET birth_on = '1930-01-01'").unwrap();
        let stopped = run();
        assert_eq!(stopped.status.code(), Some(1), "{}", text(&stopped));
        let found: serde_json::Value = serde_json::from_slice(&stopped.stdout).unwrap();
        assert_eq!(found["mismatch"]["differences"][0]["expected_fen"], 800, "{found}");
    }
}
