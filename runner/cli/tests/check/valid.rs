//! What is right is not reported.

use std::path::Path;

use runner_engine::diagnostic::{Diagnostic, render};

use super::files::{folder, told, told_of, yaml};

fn nothing(of: &str, found: &[Diagnostic]) {
    assert!(found.is_empty(), "{of}\n{}", render(found, 120, false));
}

#[test]
fn every_example_of_every_step_is_valid() {
    let mut examples = 0;
    for step in runner_steps::all() {
        for example in step.examples {
            let steps: Vec<_> = example.steps.lines().map(|line| format!("  {line}")).collect();
            nothing(step.name, &told_of(&format!("steps:\n{}\n", steps.join("\n"))));
            examples += 1;
        }
    }
    assert!(examples > 25, "{examples} examples only");
}

#[test]
fn every_shipped_workflow_is_valid() {
    let files = yaml(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows"));
    assert!(files.len() >= 4, "{} workflows only", files.len());
    for path in files.into_iter().filter(|path| !path.to_string_lossy().ends_with(".test.yaml")) {
        nothing(&path.display().to_string(), &told(&path));
    }
}

#[test]
fn a_workflow_that_uses_everything_is_valid() {
    let files = yaml(&folder("good"));
    assert!(!files.is_empty());
    for path in files {
        nothing(&path.display().to_string(), &told(&path));
    }
}
