//! Route planning from the command line. The instances are made up; every answer is costed and checked again here.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CVRP: &str = "NAME : small\nTYPE : CVRP\nDIMENSION : 6\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 10\nNODE_COORD_SECTION\n\
1 0 0\n2 0 10\n3 1 10\n4 10 0\n5 10 1\n6 -7 3\nDEMAND_SECTION\n1 0\n2 5\n3 5\n4 5\n5 5\n6 9\nDEPOT_SECTION\n1\n-1\nEOF\n";

const SOLOMON: &str = "small\n\nVEHICLE\nNUMBER     CAPACITY\n  3         10\n\nCUSTOMER\nCUST NO.  XCOORD.   YCOORD.  DEMAND  \
READY TIME  DUE DATE  SERVICE TIME\n\n 0 0 0 0 0 100 0\n 1 3 4 5 20 30 10\n 2 3 5 5 0 60 10\n 3 7 0 5 0 90 10\n";

const MATRIX: &str = "NAME : m\nTYPE : VRPTW\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EXPLICIT\nVEHICLES : 2\n\
EDGE_WEIGHT_FORMAT : FULL_MATRIX\nCAPACITY : 2\nEDGE_WEIGHT_SECTION\n0 10 1000\n1000 0 10\n10 1000 0\nDEMAND_SECTION\n1 0\n2 1\n3 1\n\
DEPOT_SECTION\n1\n-1\nSERVICE_TIME_SECTION\n1 0\n2 5\n3 5\nTIME_WINDOW_SECTION\n1 0 5000\n2 0 5000\n3 0 5000\nEOF\n";

const SEVERAL_TRIPS: &str = "NAME: t\nTYPE: MTVRPTWR\nEDGE_WEIGHT_TYPE: EUC_2D\nDIMENSION: 4\nVEHICLES: 1\nCAPACITY: 10\n\
SERVICE_TIME: 1\nNODE_COORD_SECTION\n1 0 0\n2 3 4\n3 4 5\n4 -6 0\nDEMAND_SECTION\n1 0\n2 5\n3 5\n4 10\nTIME_WINDOW_SECTION\n\
1 0 100\n2 0 100\n3 0 100\n4 0 100\nRELEASE_TIME_SECTION\n1 0\n2 30\n3 20\n4 0\nDEPOT_SECTION\n1\nEOF\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn nuanfan(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nuanfan")).env_remove("DATABASE_URL").args(args).output().unwrap()
}

fn solve(file: &Path, more: &[&str]) -> Output {
    let file = file.display().to_string();
    nuanfan(&[&["route", "solve", "--instance", &file][..], more].concat())
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    cost: f64,
    feasible: bool,
    seconds: f64,
    routes: Vec<Vec<u32>>,
}

fn answer(output: &Output) -> Answer {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", told(output)))
}

/// Judges routes by the checker alone: they go through the text of a `.sol` file, and the plan made of them is verified.
fn recosted(instance: &str, routes: &[Vec<u32>]) -> (f64, bool) {
    let instance = delivery::instance::read(instance).unwrap();
    let again = instance.answer(&instance.plan_of(routes), 0.0);
    (again.cost, again.feasible)
}

#[test]
fn every_format_is_solved_and_its_cost_stands_up_to_the_checker() {
    let folder = Folder::new();
    let own = serde_json::to_string(&delivery::instance::read(SEVERAL_TRIPS).unwrap().problem.into_inner()).unwrap();
    // Costs by hand: X rounds (10 + 1 + 10 twice, 8 + 8), Solomon cuts to tenths (5.0 + 1.0 + 5.8, twice 7.0), a matrix as given, and the
    // multi-trip set counts tenths (50 + 14 + 64, twice 60).
    let cases = [
        ("small.vrp", CVRP, 58.0),
        ("small.txt", SOLOMON, 25.8),
        ("matrix.vrp", MATRIX, 30.0),
        ("trips.vrp", SEVERAL_TRIPS, 248.0),
        ("own.json", &own, 248.0),
    ];
    for (name, text, cost) in cases {
        let file = folder.file(name, text);
        for budget in [["--iterations", "2000"], ["--seconds", "0.2"]] {
            let output = solve(&file, &[&budget[..], &["--seed", "7", "--threads", "2", "--json"]].concat());
            assert!(output.status.success() && output.stderr.is_empty(), "{name}: {}", told(&output));
            let answer = answer(&output);
            assert!(answer.feasible && answer.seconds > 0.0, "{name}");
            assert!((answer.cost - cost).abs() < 1e-9, "{name}: {}", answer.cost);
            assert_eq!(recosted(text, &answer.routes), (answer.cost, true), "{name}");
        }
    }
}

#[test]
fn without_json_the_answer_reads_as_a_solution_file() {
    let folder = Folder::new();
    let output = solve(&folder.file("t.vrp", SEVERAL_TRIPS), &["--iterations", "500"]);
    assert!(output.status.success(), "{}", told(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\n可行 Feasible\n") && text.contains("\nSeconds "), "{text}");
    let known = delivery::instance::solution_file(&text).unwrap();
    assert_eq!(recosted(SEVERAL_TRIPS, &known.routes), (known.cost, true));
}

#[test]
fn the_same_seed_steps_and_threads_give_the_same_plan() {
    let folder = Folder::new();
    // Stops on a ring around the depot, in a scrambled order: many plans of nearly the same cost.
    let stops: Vec<(i64, i64)> = (0..60i64).map(|i| (i * 37 % 101, i * 53 % 97)).collect();
    let places = stops.iter().enumerate().fold(String::new(), |text, (i, (x, y))| text + &format!("{} {x} {y}\n", i + 2));
    let loads = (0..60).fold(String::new(), |text, i| text + &format!("{} {}\n", i + 2, 1 + i % 7));
    let text = format!(
        "NAME : ring\nTYPE : CVRP\nDIMENSION : 61\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 30\nNODE_COORD_SECTION\n1 50 50\n{places}\
         DEMAND_SECTION\n1 0\n{loads}DEPOT_SECTION\n1\n-1\nEOF\n"
    );
    let file = folder.file("ring.vrp", &text);
    for threads in ["1", "3"] {
        let plan = |seed: &str| {
            let answer = answer(&solve(&file, &["--iterations", "640", "--seed", seed, "--threads", threads, "--json"]));
            assert_eq!(recosted(&text, &answer.routes), (answer.cost, true));
            answer.routes
        };
        assert_eq!(plan("5"), plan("5"), "{threads} threads");
        assert_ne!(plan("5"), plan("6"), "the seed has no effect");
    }
}

#[test]
fn what_cannot_be_served_is_told_by_exit_status_and_reason() {
    let folder = Folder::new();
    let file = folder.file("one.txt", &SOLOMON.replace("  3         10", "  1         10"));
    let output = solve(&file, &["--iterations", "200", "--json"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    let answer = answer(&output);
    assert!(!answer.feasible && answer.routes.concat().len() == 2);
    let output = solve(&file, &["--iterations", "200"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        told(&output).contains("不可行 Infeasible") && told(&output).contains("send one more courier like 1"),
        "{}",
        told(&output)
    );
}

#[test]
fn a_file_that_is_no_instance_is_refused_with_place_and_cause() {
    let folder = Folder::new();
    let cases = [
        (CVRP.replace("3 1 10\n", "3 1 x\n"), "line 9"),
        (CVRP.replace("CVRP", "PDPTW"), "PDPTW is not supported"),
        ("{\"sites\": 3}".to_owned(), "JSON"),
        (String::new(), "TYPE is missing"),
    ];
    for (text, part) in cases {
        let output = solve(&folder.file("bad.vrp", &text), &["--seconds", "1", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{part}");
        assert!(output.stdout.is_empty() && told(&output).contains(part) && told(&output).contains("bad.vrp"), "{}", told(&output));
    }
    let file = folder.file("good.vrp", CVRP);
    let wrong: [&[&str]; 6] = [
        &[],
        &["--seconds", "0"],
        &["--seconds", "nan"],
        &["--iterations", "0"],
        &["--seconds", "1", "--iterations", "9"],
        &["--seconds", "1", "--threads", "65"],
    ];
    for flags in wrong {
        let output = solve(&file, flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", told(&output));
    }
    let output = solve(&folder.0.path().join("nowhere.vrp"), &["--seconds", "1"]);
    assert!(output.status.code() == Some(1) && told(&output).contains("nowhere.vrp"), "{}", told(&output));
}

#[test]
fn the_table_of_gaps_has_a_line_per_instance_and_group() {
    let folder = Folder::new();
    folder.file("cvrp/small.vrp", CVRP);
    folder.file("cvrp/small.sol", "Route #1: 1 2\nRoute #2: 3 4\nRoute #3: 5\nCost 58\n");
    folder.file("windows/small.txt", SOLOMON);
    folder.file("windows/best-known.csv", "# made up\nSMALL,25.0\n");
    folder.file("unknown/trips.vrp", SEVERAL_TRIPS);
    let root = folder.0.path().display().to_string();
    let output = nuanfan(&["bench", "routes", &root, "--iterations", "500"]);
    assert!(output.status.success(), "{}", told(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |start: &str, end: &str| text.lines().any(|l| l.starts_with(start) && l.trim_end().ends_with(end));
    assert!(line("small", "58           58   0.000 %") && line("small", "3.200 %") && line("t ", "-"), "{text}");
    assert!(line("cvrp, under 300 stops", "mean   0.000 %") && line("windows, under 300 stops", "3.200 %"), "{text}");
    // A run that leaves a customer out counts as the worst.
    folder.file("windows/small.txt", &SOLOMON.replace("  3         10", "  1         10"));
    let output = nuanfan(&["bench", "routes", &root, "--iterations", "64", "--seeds", "1"]);
    assert!(output.status.code() == Some(3) && told(&output).contains("infeasible"), "{}", told(&output));
    let output = nuanfan(&["bench", "routes", &folder.file("empty/x", "").parent().unwrap().display().to_string()]);
    assert!(output.status.code() == Some(1) && told(&output).contains("no .vrp"), "{}", told(&output));
}
