//! The machine was restarted: what was under way is in doubt, unless a receipt that was made durable tells how it ended.
//!
//! Nothing is restarted: everything of the run is killed, and a build with fail points can be told that the boot is another.

use crate::clock::Pretence;
use crate::support::await_that;

const WORKFLOW: &str = "
steps:
  - {id: done, uses: exec.run, with: {script: 'echo done >>effects'}}
  - {id: asks, uses: exec.run, with: {script: 'echo asks >>effects; until [ -e go ]; do sleep 0.02; done; echo asks >>ended'}}
  - {id: again, needs: [done], uses: exec.run, interrupted: repeat, with: {script: 'echo again >>effects; until [ -e go ]; do sleep 0.02; done'}}
  - {id: last, needs: all, uses: exec.run, with: {script: 'echo last >>effects'}}
";

#[test]
fn what_was_under_way_when_the_machine_went_down_is_in_doubt() {
    let Some((project, pretence)) = Pretence::of(WORKFLOW) else { return };
    let life = project.spawn(&["run", "w"]);
    await_that("both steps", || ["asks", "again"].iter().all(|step| project.read("effects").contains(step)));
    life.kill();
    project.kill_keeper();
    project.kill_all();
    project.await_silence();
    pretence.say(0, "-other");
    project.write("go", "");
    let ended = project.run(&["resume"]).expect(22);
    assert!(ended.stderr.contains("the machine was restarted while it ran"), "{ended}");
    assert!(ended.stderr.contains("--done asks"), "{ended}");
    project.run(&["resume", "--done", "asks"]).expect(0);
    let mut effects: Vec<_> = project.read("effects").lines().map(str::to_owned).collect();
    effects.sort();
    assert_eq!(effects, ["again", "again", "asks", "done", "last"], "what had ended is not repeated");
}

#[test]
fn an_end_that_the_keeper_made_durable_is_taken_in_any_boot() {
    let Some((project, pretence)) = Pretence::of(WORKFLOW) else { return };
    let life = project.spawn(&["run", "w"]);
    await_that("both steps", || ["asks", "again"].iter().all(|step| project.read("effects").contains(step)));
    life.kill();
    project.write("go", "");
    // Without an engine it syncs their ends, and leaves.
    project.await_silence();
    pretence.say(0, "-other");
    let ended = project.run(&["resume"]).expect(0);
    assert!(ended.stderr.contains("2 ended meanwhile"), "{ended}");
    assert_eq!(project.journal().doubts().len(), 0);
    assert_eq!((project.read("ended").as_str(), project.read("effects").lines().count()), ("asks\n", 4));
}
