//! Style as a test: who depends on whom, how long files and functions are, what may not be left lying about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which of our crates each may name; the direction of the layers.
const MAY_USE: &[(&str, &[&str])] = &[
    ("nuanfan-domain", &[]),
    ("nuanfan-delivery", &["domain"]),
    ("nuanfan-tabular", &["domain"]),
    ("nuanfan-demo", &["domain", "tabular"]),
    ("nuanfan-print", &["domain"]),
    ("nuanfan-store", &["domain"]),
    ("nuanfan-app", &["domain", "store", "delivery", "tabular", "print"]),
    ("nuanfan-api", &["domain", "app"]),
    ("nuanfan-kitchen", &["domain", "app"]),
    ("nuanfan-adapters", &["domain", "app"]),
    ("nuanfan-testkit", &["domain", "store", "app"]),
    ("nuanfan-bench", &["domain", "store", "app", "api", "delivery", "tabular", "demo"]),
    ("nuanfan", &["domain", "store", "app", "api", "kitchen", "adapters", "delivery", "tabular", "demo", "bench"]),
];
/// What only the store may name; `bench` writes the same rows through the bare drivers to compare.
const OF_THE_STORE: [&str; 5] = ["diesel", "diesel_migrations", "libsqlite3-sys", "pq-sys", "openssl-sys"];
/// What the domain may not know.
const NOT_IN_THE_DOMAIN: [&str; 5] = ["actix-web", "tokio", "diesel", "ureq", "hyper"];
const FILE_MAX: usize = 550;
const FUNCTION_MAX: usize = 70;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// (package, names of its normal and build dependencies).
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("metadata");
    let of = |package: &serde_json::Value| {
        let normal = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"] != "dev");
        normal.map(|d| d["name"].as_str().unwrap().to_owned()).collect()
    };
    let all = metadata["packages"].as_array().unwrap();
    all.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), of(package))).collect()
}

#[test]
fn crates_depend_only_downwards() {
    let packages = packages();
    let known: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    for (package, uses) in &packages {
        let allowed = known.get(package.as_str()).unwrap_or_else(|| panic!("{package} has no place among the layers"));
        for ours in uses.iter().filter_map(|name| name.strip_prefix("nuanfan-")) {
            assert!(allowed.contains(&ours), "{package} may not depend on {ours}");
        }
    }
}

#[test]
fn only_the_store_names_the_database_and_the_domain_knows_no_outside() {
    for (package, uses) in packages() {
        if package != "nuanfan-store" && package != "nuanfan-bench" {
            for name in OF_THE_STORE {
                assert!(!uses.contains(name), "{package} names {name}");
            }
        }
        if package == "nuanfan-domain" {
            for name in NOT_IN_THE_DOMAIN {
                assert!(!uses.contains(name), "{package} names {name}");
            }
        }
    }
}

/// Every Rust file of the tree.
fn sources() -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![root().to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("folder") {
            let path = entry.expect("entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 50, "the tree was not found");
    files
}

fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The part of a file that is not its test module, which stands last.
fn without_tests(text: &str) -> &str {
    let ends = ["#[cfg(test)]\nmod ", "#[cfg(test)]\npub(crate) mod "];
    ends.into_iter().fold(text, |text, end| text.split(end).next().unwrap_or(text))
}

fn is_test_code(path: &Path) -> bool {
    let path = short(path);
    path.starts_with("tests/")
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.contains("/examples/")
        || path.contains("/benches/")
}

#[test]
fn files_are_short() {
    let long: Vec<String> = sources()
        .iter()
        .filter_map(|path| {
            let lines = std::fs::read_to_string(path).expect("source").lines().count();
            (lines > FILE_MAX).then(|| format!("{}: {lines} lines", short(path)))
        })
        .collect();
    assert!(long.is_empty(), "over {FILE_MAX} lines:\n{}", long.join("\n"));
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    for path in sources() {
        let text = std::fs::read_to_string(&path).expect("source");
        // rustfmt puts the closing brace of an item under the column of its first letter.
        let mut open: Option<(usize, String, usize)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_fn =
                ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "async fn ", "pub async fn ", "const fn ", "pub const fn "]
                    .iter()
                    .any(|start| line.trim_start().starts_with(start));
            match &open {
                None if is_fn && !line.trim_end().ends_with([';', '}']) => open = Some((number, line.trim().to_owned(), indent)),
                Some((from, head, at)) if indent == *at && line.trim() == "}" => {
                    if number - from > FUNCTION_MAX {
                        long.push(format!("{}:{}: {} lines: {head}", short(&path), from + 1, number - from + 1));
                    }
                    open = None;
                }
                Some((_, _, at)) if indent == *at && line.trim_end().ends_with(';') => open = None,
                _ => {}
            }
        }
    }
    assert!(long.is_empty(), "over {FUNCTION_MAX} lines:\n{}", long.join("\n"));
}

#[test]
fn nothing_is_left_lying_about() {
    // Written in two halves, so that this file does not find itself.
    let markers = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["db", "g!("], ["unimple", "mented!("], ["to", "do!("]];
    let mut found = Vec::new();
    for path in sources() {
        let text = std::fs::read_to_string(&path).expect("source");
        for (number, line) in text.lines().enumerate() {
            if markers.iter().any(|halves| line.contains(&halves.concat())) {
                found.push(format!("{}:{}: {}", short(&path), number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn nothing_outside_tests_may_panic_on_input() {
    let calls = [[".unw", "rap()"], [".exp", "ect(\""], ["pan", "ic!("], ["unreach", "able!("]];
    let mut found = Vec::new();
    for path in sources().into_iter().filter(|path| !is_test_code(path)) {
        let text = std::fs::read_to_string(&path).expect("source");
        let lines: Vec<&str> = without_tests(&text).lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let called = calls.iter().any(|halves| code.contains(&halves.concat()));
            if called && !code.starts_with("//") {
                found.push(format!("{}:{}: {code}", short(&path), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn rows_are_inserted_by_one_statement_on_sqlite() {
    // diesel inserts a batch row by row, in a transaction of its own, unless a row says that none of its values is a default;
    // inside our transaction that fails.
    let mut found = Vec::new();
    for path in sources().into_iter().filter(|path| short(path).starts_with("store/src")) {
        let text = std::fs::read_to_string(&path).expect("source");
        let lines: Vec<&str> = text.lines().collect();
        for (number, pair) in lines.windows(2).enumerate() {
            if pair[0].starts_with("#[derive(")
                && pair[0].contains("Insertable")
                && !pair[1].contains("treat_none_as_default_value = false")
            {
                found.push(format!("{}:{}", short(&path), number + 2));
            }
        }
    }
    assert!(found.is_empty(), "treat_none_as_default_value = false is missing:\n{}", found.join("\n"));
}

/// Tables whose rows an import brings in before anyone may see them.
const GATED: [&str; 5] = ["sitting", "senior", "senior_fact", "family_binding", "standing_order"];

/// The reads of gated tables in a function that neither pass the gate nor say why they need not.
fn unguarded(function: &str) -> Vec<&'static str> {
    let writes = ["insert_into(", "diesel::update(", "diesel::delete("];
    let reads = |table: &str| {
        let name = format!("{table}::table");
        function.match_indices(&name).any(|(at, _)| {
            let before = function[..at].trim_end();
            let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            whole && !writes.iter().any(|write| before.ends_with(write))
        })
    };
    let passes = |table: &str| function.contains(&format!("shown!({table})"));
    let excused = function.contains("// Hidden too: ");
    GATED.into_iter().filter(|table| reads(table) && !passes(table) && !excused).collect()
}

#[test]
fn rows_of_an_unfinished_import_are_found_by_no_query() {
    let mut found = Vec::new();
    for path in sources().into_iter().filter(|path| short(path).starts_with("store/src/query")) {
        let text = std::fs::read_to_string(&path).expect("source");
        for function in text.split("\nfn ").flat_map(|part| part.split("\npub fn ")) {
            for table in unguarded(function) {
                let name = function.split(['(', '<']).next().unwrap_or_default();
                found.push(format!("{}: {name} reads {table}", short(&path)));
            }
        }
    }
    let rule = "filter by shown!(table), or say in a comment `// Hidden too: ...` why rows of an unfinished import cannot be found";
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn a_read_that_forgets_the_gate_is_noticed() {
    let read = "x(c) { senior::table.find(id).first(c) }";
    let joined = "x(c) { canteen::table.inner_join(sitting::table.on(a.eq(b))) }";
    let write = "x(c) { diesel::update(senior::table.find(id)).set(row) }";
    for (function, missing) in [
        (read.to_owned(), vec!["senior"]),
        (joined.to_owned(), vec!["sitting"]),
        (write.to_owned(), vec![]),
        (read.replace(".first", ".filter(shown!(senior)).first"), vec![]),
        (read.replace(".first", ".filter(shown!(sitting)).first"), vec!["senior"]),
        (read.replace("{ ", "{ // Hidden too: for a reason.\n"), vec![]),
        ("x(c) { old_senior::table.find(id) }".to_owned(), vec![]),
    ] {
        assert_eq!(unguarded(&function), missing, "{function}");
    }
}

#[test]
fn one_row_by_its_key_is_read_without_a_limit() {
    // `first` writes LIMIT ?; SQLite looks at a limit's value when it plans, and compiles the statement again at each execution.
    let mut found = Vec::new();
    for path in sources().into_iter().filter(|path| short(path).starts_with("store/src")) {
        let text = std::fs::read_to_string(&path).expect("source");
        for (number, line) in text.lines().enumerate() {
            let by_key = line.contains("::table.find(") || line.contains("installation::table");
            if by_key && (line.contains(".first(") || line.contains(".first::<")) {
                found.push(format!("{}:{}", short(&path), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "use get_result for a row by its key:\n{}", found.join("\n"));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |of: &str| -> BTreeSet<String> {
        let folder = root().join("migrations").join(of);
        let entries = std::fs::read_dir(folder).expect("migrations");
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
