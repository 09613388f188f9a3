//! Outputs that are too large for the journal.

use super::project;

/// A step that prints 100,000 letters.
const BIG: &str = r"
  - id: big
    uses: exec.run
    with: {script: 'head -c 100000 /dev/zero | tr \\0 x', capture: text}
";

#[test]
fn a_large_output_is_seen_whole_by_the_steps_own_texts() {
    let project = project(&format!(
        "name: w\nsteps:{BIG}    until: {{that: 'size(output.stdout) == 100000', every: 1s, within: 2s}}\n    outputs: {{again: '{{{{output.stdout}}}}'}}
  - id: use
    uses: assert.that
    with: {{that: 'size(steps.big.outputs.again) == 100000 && size(steps.big.outputs.stdout) == 100000'}}
"
    ));
    project.run(&["run", "w"]).expect(0);
}

#[test]
fn large_outputs_of_a_workflow_stay_out_of_its_journal() {
    let project = project(&format!("name: w\nsteps:{BIG}outputs: {{text: '{{{{steps.big.outputs.stdout}}}}'}}\n"));
    project.run(&["run", "w"]).expect(0);
    let journal = std::fs::read(project.run_folder().join("journal")).unwrap();
    assert!(journal.len() < 50_000, "{} bytes", journal.len());
}
