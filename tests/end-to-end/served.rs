//! A service that stays when both its engine and its keeper are killed.

use rustix::process::Signal;

use crate::support::await_that;

const WORKFLOW: &str = "
steps:
  - {id: page, uses: file.write, with: {path: site/index.html, content: '<p>hello'}}
  - {id: server, service: true, ready: output.port > 0, uses: http.serve, with: {folder: site}}
  - id: gate
    interrupted: repeat
    until: {that: output.exit_code == 0, every: 20ms, within: 1m}
    uses: exec.run
    with: {argv: [test, -e, go], success_codes: [0, 1]}
  - {id: get, interrupted: repeat, uses: http.request, with: {url: '{{steps.server.outputs.url}}'}}
";

#[test]
fn what_needs_a_service_never_meets_the_one_that_is_stopped() {
    for _ in 0..3 {
        let project = crate::project(WORKFLOW);
        let engine = project.spawn(&["run", "w"]);
        await_that("the gate", || !project.runs().is_empty() && project.journal().attempts("gate") > 1);
        engine.signal(Signal::KILL);
        engine.end();
        assert!(project.kill_keeper());
        project.write("go", "");
        project.run(&["resume"]).expect(0);
        let journal = project.journal();
        assert_eq!(journal.outputs_of("get")["body"], "<p>hello");
        assert_eq!((journal.attempts("server"), journal.attempts("get")), (2, 1));
        assert!(project.processes().is_empty(), "{:?}", project.processes());
    }
}
