//! Archives through the binary: whole folders or nothing, and content that counts.

use crate::project;
use crate::support::{Project, await_that};

/// What is beside the project's own files: folders that are being filled.
fn beside(project: &Project) -> Vec<String> {
    let entries = std::fs::read_dir(project.path()).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".public.runner-")).collect()
}

#[test]
fn a_folder_that_is_being_unpacked_when_its_engine_dies_is_whole_after_the_resume() {
    let project = project(
        "steps:
  - {id: unpack, uses: archive.unpack, with: {from: many.tar, to: public}}
",
    );
    let script =
        "mkdir many && for n in $(seq 1000); do echo $n >many/$n; done && tar -cf many.tar -C many . && rm -r many";
    let made = std::process::Command::new("sh").arg("-c").arg(script).current_dir(project.path()).status().unwrap();
    assert!(made.success());
    let life = project.spawn(&["run", "w"]);
    await_that("the folder beside", || !beside(&project).is_empty() || project.path().join("public").exists());
    life.kill();
    assert!(!project.path().join("public").exists(), "nothing stands there before all of it does");
    assert_eq!(beside(&project).len(), 1);
    project.run(&["resume"]).expect(0);
    assert_eq!(std::fs::read_dir(project.path().join("public")).unwrap().count(), 1000);
    assert_eq!(project.read("public/1000"), "1000\n");
    assert!(beside(&project).is_empty(), "what the killed one left is gone");
}

#[test]
fn the_content_of_an_archive_is_part_of_what_a_step_is() {
    let project =
        project("steps: [{id: a, uses: archive.unpack, dir: inside, with: {from: x.tar, to: out, replace: true}}]");
    let fingerprint = |text: &str| {
        project.write("inside/site/page", text);
        let mut tar = std::process::Command::new("tar");
        let made = tar.args(["--mtime=@0", "-cf", "x.tar", "site"]).current_dir(project.path().join("inside")).status();
        assert!(made.unwrap().success());
        project.run(&["run", "w"]).expect(0);
        assert_eq!(project.read("inside/out/site/page"), text);
        project.journal().about("attempt_started", "a").next().unwrap().event["fingerprint"].clone()
    };
    let (one, two, again) = (fingerprint("one"), fingerprint("two"), fingerprint("one"));
    assert!(one.is_string() && one == again && one != two, "{one} {two} {again}");
}
