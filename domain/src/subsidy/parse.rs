//! From text to typed documents and cases, with every fault of shape at once.

use super::cases::Case;
use super::document::Document;
use super::finding::{Finding, Severity};
use super::read::tree;
use super::shape;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a text came to.
#[derive(Debug, Clone)]
pub struct Parsed<T> {
    /// The value, placeholders standing where `findings` name a fault; absent when the text could not be read at all.
    pub value: Option<T>,
    /// Faults of shape.
    pub findings: Vec<Finding>,
}

impl<T> Parsed<T> {
    /// The value, if nothing is wrong with it.
    pub fn into_result(self) -> Result<T, Vec<Finding>> {
        match self.value {
            Some(value) if !self.findings.iter().any(Finding::is_error) => Ok(value),
            _ => Err(self.findings),
        }
    }
}

/// Reads a policy document from YAML or JSON.
#[must_use]
pub fn document(text: &str) -> Parsed<Document> {
    parse(text, &shape::document())
}

/// Reads a list of cases from YAML or JSON.
#[must_use]
pub fn cases(text: &str) -> Parsed<Vec<Case>> {
    let mut parsed = parse(text, &shape::case_list());
    // People annotate cases; a remark under a key of their own must not stop the replay.
    for finding in parsed.findings.iter_mut().filter(|f| f.code == "unknown_key") {
        finding.severity = Severity::Warning;
    }
    parsed
}

fn parse<T: DeserializeOwned>(text: &str, shape: &shape::Shape) -> Parsed<T> {
    let mut findings = Vec::new();
    let mut value: Value = match tree(text) {
        Ok(value) => value,
        Err(unreadable) => {
            findings.push(
                Finding::error("", "unreadable")
                    .zh(format!("文件读不懂: {unreadable}"), "检查缩进、引号、重复的键; JSON 以 { 开头")
                    .en(format!("the text cannot be read: {unreadable}"), "check indentation, quotes and doubled keys"),
            );
            return Parsed { value: None, findings };
        }
    };
    shape::walk(shape, &mut value, "", &mut findings);
    match serde_json::from_value(value) {
        Ok(value) => Parsed { value: Some(value), findings },
        Err(error) => {
            // The shape and the types say the same; a test holds them together. Should they part, this is the honest end.
            findings.push(
                Finding::error("", "unreadable")
                    .zh(format!("文件读不懂: {error}"), "对照 JSON Schema 检查")
                    .en(format!("the text cannot be read: {error}"), "compare it with the JSON Schema"),
            );
            Parsed { value: None, findings }
        }
    }
}
