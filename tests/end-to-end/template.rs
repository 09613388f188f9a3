//! Templates in files: read when the run begins, recorded, and compared when it is taken up again.

use crate::project;
use crate::support::Project;

const RENDERS: &str = "
steps:
  - {id: edit, uses: file.write, with: {path: templates/page.hbs, content: 'edited: \\{{name}}'}}
  - {id: gate, uses: exec.run, with: {script: 'echo x >begun; while [ ! -e go ]; do sleep 0.02; done'}}
  - {id: page, uses: template.render, with: {source: page.hbs, path: page, data: {name: me}}}
";

fn rendering() -> Project {
    let project = project(RENDERS);
    project.write("templates/page.hbs", "as it was: {{name}}");
    project
}

#[test]
fn a_run_renders_the_template_as_it_was_when_it_began() {
    let project = rendering();
    project.write("go", "");
    project.run(&["run", "w"]).expect(0);
    assert_eq!(project.read("page"), "as it was: me");
    assert_eq!(project.read("templates/page.hbs"), "edited: {{name}}");
}

#[test]
fn a_template_that_changed_is_named_when_the_run_is_taken_up_and_what_is_still_to_come_renders_it() {
    for (flag, page) in [(&[][..], "edited: me"), (&["--as-recorded"], "as it was: me")] {
        let project = rendering();
        let life = project.spawn(&["run", "w"]);
        project.await_file("begun");
        life.kill();
        project.write("go", "");
        project.write("templates/page.hbs", "edited: {{name}}");
        let ended = project.run(&[&["resume"][..], flag].concat()).expect(0);
        assert!(!flag.is_empty() || ended.stderr.contains("templates/page.hbs"), "{ended}");
        assert_eq!(project.read("page"), page);
    }
}

#[test]
fn a_template_beside_the_workflow_comes_before_the_projects_and_that_before_the_built_in_one() {
    let project = project(
        "steps: [{id: a, uses: template.render, with: {source: quickstart/page.html.hbs, path: page, data: {name: n, names: []}}}]",
    );
    project.run(&["run", "w"]).expect(0);
    assert!(project.read("page").contains("<h1>This is N</h1>"), "{}", project.read("page"));
    project.write("templates/quickstart/page.html.hbs", "the project's {{name}}");
    project.run(&["run", "w"]).expect(0);
    assert_eq!(project.read("page"), "the project's n");
    project.write("workflows/quickstart/page.html.hbs", "beside {{name}}");
    project.run(&["run", "w"]).expect(0);
    assert_eq!(project.read("page"), "beside n");
}
