//! What is said of each file of `tests/fixture/bad/program` is frozen beside it: `UPDATE=1 cargo test` writes it anew.

use std::fs;

use runner_engine::diagnostic::{Severity, render};

use super::files::{folder, told, yaml};

#[test]
fn every_bad_program_says_exactly_what_is_frozen() {
    let files = yaml(&folder("bad/program"));
    assert!(files.len() > 20, "{} fixtures only", files.len());
    let mut wrong = Vec::new();
    for path in &files {
        let now = render(&told(path), 120, false);
        let frozen = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&frozen, &now).expect("the frozen text is written");
        }
        let then = fs::read_to_string(&frozen).unwrap_or_default();
        if now != then || now.is_empty() {
            wrong.push(format!("--- {} was\n{then}+++ is\n{now}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_with_ten_mistakes_reports_ten() {
    let found = told(&folder("bad/program/ten_mistakes.yaml"));
    assert_eq!(found.iter().filter(|found| found.severity == Severity::Error).count(), 10);
}
