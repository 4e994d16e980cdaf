//! Reading benchmark sets, counting as they do, and refusing what is not one. The instances here are made up.
#![allow(clippy::expect_used, reason = "helpers of tests fail like tests")]

use delivery::instance::{self, Instance, ReadError};
use delivery::solver::{Budget, Settings};

const CVRP: &str = "NAME : \tsmall\t\nTYPE : \tCVRP\t\nDIMENSION : 5\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 10\n\
NODE_COORD_SECTION\n1 0 0\n2 0 10\n3 1 10\n4 10 0\n5 10 1\nDEMAND_SECTION\n1 0\n2 5\n3 5\n4 5\n5 5\nDEPOT_SECTION\n1\n-1\nEOF\n";

const SOLOMON: &str = "small\n\nVEHICLE\nNUMBER     CAPACITY\n  2         10\n\nCUSTOMER\nCUST NO.  XCOORD.   YCOORD.  DEMAND  \
READY TIME  DUE DATE  SERVICE TIME\n\n 0 0 0 0 0 100 0\n 1 3 4 5 20 30 10\n 2 3 5 5 0 60 10\n 3 7 0 5 0 90 10\n";

const MATRIX: &str = "NAME : m\nTYPE : VRPTW\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EXPLICIT\nVEHICLES : 1\n\
EDGE_WEIGHT_FORMAT : FULL_MATRIX\nCAPACITY : 2\nEDGE_WEIGHT_SECTION\n0 10 1000\n1000 0 10\n10 1000 0\nDEMAND_SECTION\n1 0\n2 1\n3 1\n\
DEPOT_SECTION\n1\n-1\nSERVICE_TIME_SECTION\n1 0\n2 5\n3 5\nTIME_WINDOW_SECTION\n1 0 5000\n2 0 5000\n3 0 5000\nEOF\n";

const SEVERAL_TRIPS: &str = "NAME: t\nTYPE: MTVRPTWR\nEDGE_WEIGHT_TYPE: EUC_2D\nDIMENSION: 4\nVEHICLES: 1\nCAPACITY: 10\n\
SERVICE_TIME: 1\nNODE_COORD_SECTION\n1 0 0\n2 3 4\n3 4 5\n4 -6 0\nDEMAND_SECTION\n1 0\n2 5\n3 5\n4 10\nTIME_WINDOW_SECTION\n\
1 0 100\n2 0 100\n3 0 100\n4 0 100\nRELEASE_TIME_SECTION\n1 0\n2 30\n3 20\n4 0\nDEPOT_SECTION\n1\nEOF\n";

fn read(text: &str) -> Instance {
    instance::read(text).expect("an instance")
}

fn solved(text: &str) -> (f64, bool, Vec<Vec<u32>>) {
    let settings = Settings { budget: Budget::Steps(512), ..Settings::default() };
    let (answer, _) = read(text).solve(&settings, &|| 0.5);
    (answer.cost, answer.feasible, answer.routes)
}

#[test]
fn costs_are_counted_as_each_set_does() {
    // X: rounded. 10 + 1 + round(sqrt 101) = 21, twice.
    let (cost, feasible, routes) = solved(CVRP);
    assert!(feasible && (cost - 42.0).abs() < 1e-9 && routes.len() == 2, "{cost} {routes:?}");
    // Solomon: cut to one decimal. 5.0 + 1.0 + 5.8 and 7.0 + 7.0.
    let (cost, feasible, routes) = solved(SOLOMON);
    assert!(feasible && (cost - 25.8).abs() < 1e-9 && routes.len() == 2, "{cost} {routes:?}");
    // A matrix as given, and one way only.
    assert_eq!(solved(MATRIX), (30.0, true, vec![vec![1, 2]]));
    // Several trips: tenths as integers, and 0 between the trips. 50 + 14 + 64 and 120.
    let (cost, feasible, routes) = solved(SEVERAL_TRIPS);
    assert!(feasible && (cost - 248.0).abs() < 1e-9, "{cost}");
    assert_eq!((routes.len(), routes[0].len(), routes[0].iter().filter(|&&c| c == 0).count()), (1, 4, 1));
    assert_eq!(routes[0][0], 3, "the batch that is ready goes first");
}

#[test]
fn a_published_solution_is_read_and_verified() {
    let known = instance::solution_file("Route #1: 3 0 1 2\nCost: 248\nOptimal: True\n").expect("a solution");
    let instance = read(SEVERAL_TRIPS);
    let answer = instance.answer(&instance.plan_of(&known.routes), 0.0);
    assert!(answer.feasible && (answer.cost - known.cost).abs() < 1e-9);
    assert!(instance::solution_file(&answer.sol()).is_ok_and(|again| again == known));
    let table = instance::best_known("# remark\nC101,827.3\n").expect("a table");
    assert_eq!(table.get("C101"), Some(&827.3));
    assert!((instance::gap_percent(101.0, 100.0) - 1.0).abs() < 1e-9);
}

#[test]
fn a_plan_that_leaves_a_customer_out_is_not_feasible() {
    let one_van = SOLOMON.replace("  2         10", "  1         10");
    let (_, feasible, routes) = solved(&one_van);
    assert!(!feasible && routes.concat().len() == 2);
}

#[test]
fn the_json_answer_has_the_promised_shape() {
    let instance = read(MATRIX);
    let (answer, solution) = instance.solve(&Settings { budget: Budget::Steps(64), ..Settings::default() }, &|| 0.25);
    let json = serde_json::to_string(&answer).expect("json");
    assert_eq!(json, r#"{"cost":30,"feasible":true,"seconds":0.25,"routes":[[1,2]]}"#);
    let rows = [instance.row(&answer, solution.steps, 1, Some(20.0)), instance.row(&answer, solution.steps, 2, Some(30.0))];
    let (medians, mean) = instance::median_gaps(&rows);
    assert_eq!(medians, vec![("m".to_owned(), 50.0)]);
    assert!((mean - 50.0).abs() < 1e-9 && instance::table(&rows).contains("mean of medians 50.000 %"));
}

#[test]
fn own_json_is_read_back() {
    let problem = read(SEVERAL_TRIPS).problem.into_inner();
    let text = serde_json::to_string(&problem).expect("json");
    assert_eq!(read(&text).problem.into_inner(), problem);
    assert!(matches!(instance::read("{\"sites\": 3}"), Err(ReadError::Json(_))));
}

#[test]
fn faulty_files_are_refused_with_the_line_and_cause() {
    let cases = [
        (String::new(), "TYPE"),
        ("hello".to_owned(), "TYPE"),
        (CVRP.replace("CVRP", "PDPTW"), "PDPTW"),
        (CVRP.replace("EUC_2D", "GEO"), "GEO"),
        (CVRP.replace("DIMENSION : 5", "DIMENSION : 50000"), "49999 customers"),
        (CVRP.replace("DIMENSION : 5", "DIMENSION : 6"), "node 6"),
        (CVRP.replace("3 1 10\n", "3 1 x\n"), "line 9"),
        (CVRP.replace("3 1 10\n", "3 1 NaN\n"), "line 9"),
        (CVRP.replace("3 1 10\n", "3 1e300 10\n"), "line 9"),
        (CVRP.replace("2 5\n", "9 5\n"), "line 14"),
        (CVRP.replace("DEPOT_SECTION\n1\n", "DEPOT_SECTION\n2\n"), "depot"),
        (MATRIX.replace("10 1000 0\n", "10 1000\n"), "8 of 9"),
        (MATRIX.replace("0 10 1000\n", "0 -10 1000\n"), "line 9"),
        (SOLOMON.replace(" 2 3 5", " 7 3 5"), "customer 7"),
        (SOLOMON.replace("20 30 10", "40 30 10"), "stops[0].window"),
        (SOLOMON.replace("20 30 10", "20"), "line 11"),
    ];
    for (text, part) in cases {
        let error = instance::read(&text).expect_err(part).to_string();
        assert!(error.contains(part), "{part}: {error}");
    }
}
