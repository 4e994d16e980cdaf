//! The lunch of the README and the month of the officer are runs of the demo: their commands are typed into a shell, and what they answer
//! is compared with what the document says they answer. So neither can drift from the other, nor one language from the other.
//!
//! In an answer `…` stands for what differs from run to run or is left out: a value `"…"` is any value, a text may begin or end
//! with it, a member named `"…"` says that there are others, a last element `"…"` that there may be more. In answers that are
//! not JSON a line may hold it anywhere, and a line of its own is any number of lines.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A command of a document, and its answer where the document shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    command: String,
    answer: Option<(String, String)>,
}

/// Printed between the answers.
const BETWEEN: &str = "\u{1e}";

/// What is typed in the part of a document that its marks enclose.
fn steps(file: &str, part: &str) -> Vec<Step> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {part} -->"), format!("<!-- /{part} -->"));
    let typed = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).expect("the part").0;
    let mut steps: Vec<Step> = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in typed.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some("")) => match open.take().unwrap() {
                (language, command) if language == "sh" => steps.push(Step { command, answer: None }),
                answer => {
                    let last = steps.last_mut().expect("an answer follows its command");
                    assert_eq!(last.answer.replace(answer), None, "one answer for {}", last.command);
                }
            },
            (Some((_, block)), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none() && steps.len() > 10);
    steps
}

/// Whether a text is what a pattern with `…` says.
fn text_fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// What is wrong with an answer, by its place.
fn faults(place: &str, wanted: &Value, got: &Value, found: &mut Vec<String>) {
    match (wanted, got) {
        (Value::String(pattern), _) if pattern == "…" => {}
        (Value::String(pattern), Value::String(text)) if text_fits(pattern, text) => {}
        (Value::Array(wanted), Value::Array(got)) => {
            let open = wanted.last().is_some_and(|last| last == "…");
            let shown = wanted.len() - usize::from(open);
            if got.len() < shown || (got.len() > shown && !open) {
                found.push(format!("{place}: {} elements", got.len()));
            }
            for (n, (wanted, got)) in wanted.iter().take(shown).zip(got).enumerate() {
                faults(&format!("{place}/{n}"), wanted, got, found);
            }
        }
        (Value::Object(wanted), Value::Object(got)) => {
            for (name, wanted) in wanted.iter().filter(|(name, _)| *name != "…") {
                match got.get(name) {
                    Some(got) => faults(&format!("{place}/{name}"), wanted, got, found),
                    None => found.push(format!("{place}/{name} is missing")),
                }
            }
            for name in got.keys().filter(|name| !wanted.contains_key(*name) && !wanted.contains_key("…")) {
                found.push(format!("{place}/{name} is not in the README"));
            }
        }
        _ if wanted == got => {}
        _ => found.push(format!("{place}: {got} is not {wanted}")),
    }
}

fn lines_fit(wanted: &[&str], got: &[&str]) -> bool {
    match (wanted.split_first(), got.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => (0..=got.len()).any(|skipped| lines_fit(rest, &got[skipped..])),
        (Some((pattern, wanted)), Some((line, got))) => text_fits(pattern, line) && lines_fit(wanted, got),
        _ => false,
    }
}

fn compare(step: &Step, got: &str) -> Vec<String> {
    let mut found = Vec::new();
    match &step.answer {
        None => {}
        Some((language, wanted)) if language == "json" => {
            let wanted: Value = serde_json::from_str(wanted).unwrap_or_else(|e| panic!("{e} in the answer to\n{}", step.command));
            match serde_json::from_str(got) {
                Ok(got) => faults("", &wanted, &got, &mut found),
                Err(error) => found.push(format!("{error}")),
            }
        }
        Some((_, wanted)) => {
            let (wanted, got): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), got.trim().lines().collect());
            if !lines_fit(&wanted, &got) {
                found.push("the lines differ".to_owned());
            }
        }
    }
    found
}

/// The demo, on its first morning, with what it printed for the shell.
struct Demo {
    child: Child,
    exports: String,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nuanfan"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NUANFAN_")) {
            command.env_remove(name);
        }
        command.env_remove("DATABASE_URL").arg("--data-folder").arg(folder);
        command.args(["--set", "log.filter=warn", "--set", "admin_listen=127.0.0.1:0"]);
        command.args(["demo", "--first-date", "2026-11-23", "--port", "0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut exports = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !exports.contains("COURIER_CODE=") {
            let line = lines.next().expect("the demo ended before it was ready").unwrap();
            if line.starts_with("export ") {
                exports.push_str(&line);
                exports.push('\n');
            }
        }
        // Its standard output stays open: it must not fail because nobody reads on.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, exports }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Types the commands into one shell; the answer to each.
fn typed(demo: &Demo, steps: &[Step], folder: &Path) -> Vec<String> {
    let commands: String = steps.iter().map(|step| format!("{}\nprintf '{BETWEEN}'\n", step.command)).collect();
    let binary = Path::new(env!("CARGO_BIN_EXE_nuanfan")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.current_dir(folder).env("PATH", path).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    let mut input = shell.stdin.take().unwrap();
    let script = format!("{}\n{commands}", demo.exports);
    let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
    let output = shell.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap().split(BETWEEN).map(|answer| answer.trim().to_owned()).collect()
}

fn is_what_the_demo_answers(file: &str, part: &str) {
    let folder = tempfile::tempdir().unwrap();
    let steps = steps(file, part);
    let demo = Demo::start(&folder.path().join("data"));
    let answers = typed(&demo, &steps, folder.path());
    assert_eq!(answers.len(), steps.len() + 1, "the shell ended early: {answers:#?}");
    let mut wrong = String::new();
    for (step, answer) in steps.iter().zip(&answers) {
        let found = compare(step, answer);
        if !found.is_empty() {
            wrong.push_str(&format!("\n{}--> {answer}\n  ! {}\n", step.command, found.join("\n  ! ")));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_readme_s_lunch_is_what_the_demo_answers() {
    is_what_the_demo_answers("README.md", "lunch");
}

#[test]
fn the_officer_s_month_is_what_the_demo_answers() {
    is_what_the_demo_answers("docs/OFFICERS-MONTH.md", "month");
}

#[test]
fn both_readmes_tell_the_same_lunch() {
    assert_eq!(steps("README.md", "lunch"), steps("README.zh-CN.md", "lunch"));
}

#[test]
fn an_answer_that_differs_from_the_readme_is_seen() {
    let judge = |wanted: &str, got: &str| {
        let answer = Some(("json".to_owned(), wanted.to_owned()));
        compare(&Step { command: String::new(), answer }, got).is_empty()
    };
    assert!(judge(r#"{"a":1,"…":"…"}"#, r#"{"a":1,"b":2}"#));
    assert!(!judge(r#"{"a":1}"#, r#"{"a":1,"b":2}"#));
    assert!(!judge(r#"{"a":1,"…":"…"}"#, r#"{"a":2}"#));
    assert!(judge(r#"["ord_…","…"]"#, r#"["ord_1",2,3]"#));
    assert!(!judge(r#"["ord_…"]"#, r#"["sit_1"]"#));
    assert!(!judge(r#"[1]"#, r#"[1,2]"#));
    assert!(lines_fit(&["a…", "…", "z"], &["abc", "b", "c", "z"]));
    assert!(!lines_fit(&["a…", "z"], &["abc", "b", "z"]));
    assert!(text_fits("x…y…z", "x1y2z") && !text_fits("x…y…z", "x1z") && !text_fits("x", "xy"));
}
