//! Every schedule of at most two crashes, of which the first is followed by an edit.
//!
//! What is unchanged, and needs nothing that changed, has done its work once at the end, but for the doubts of its rule;
//! what changed has done it at least once since; and the run is where an undisturbed run of the edited workflow is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runner_core::plan::Interrupted::{Check, Stop};
use runner_core::{End, Event, Path, Plan, Status, When};

use crate::build::{g, plan, s};
use crate::crash::{Fate, fates, in_flight, meet, statuses};
use crate::script::{Outcome, Script};
use crate::world::{World, is_alive};

/// A workflow, what becomes of it, and the steps that do not change.
struct Edit {
    name: &'static str,
    before: (Arc<Plan>, Script),
    after: (Arc<Plan>, Script),
    kept: &'static [&'static str],
}

struct Search<'a> {
    edit: &'a Edit,
    statuses: Vec<(Path, Status)>,
    doubts: bool,
    until: Instant,
    schedules: u64,
}

impl Search<'_> {
    fn explore(&mut self, mut world: World, crashes: u32, repeated: &[Path]) {
        while let Some(input) = world.next_input() {
            let mut before = world.clone();
            before.happen(&input);
            world = before.clone();
            let events = world.decide(input);
            if crashes > 0 && Instant::now() < self.until {
                for durable in 0..=events.len() {
                    let mut torn = before.clone();
                    torn.journal = world.journal[..world.journal.len() - events.len() + durable].to_vec();
                    if !torn.journal.iter().any(|(event, _)| matches!(event, Event::RunStarted { .. })) {
                        continue;
                    }
                    self.strike(&torn, crashes - 1, repeated, durable == events.len());
                }
            }
            world.act();
        }
        let edited = world.journal.iter().any(|(event, _)| matches!(event, Event::Revised { .. }));
        if edited {
            self.schedules += 1;
            self.compare(&world, repeated);
        }
    }

    fn strike(&mut self, torn: &World, crashes: u32, repeated: &[Path], acted: bool) {
        let in_flight = in_flight(torn);
        let fates: Vec<Vec<Fate>> = in_flight.iter().map(|of| fates(torn, of, acted, self.doubts)).collect();
        let combinations: usize = fates.iter().map(Vec::len).product();
        for mut number in 0..combinations {
            let mut world = torn.clone();
            let (mut found, mut repeated) = (Vec::new(), repeated.to_vec());
            for (of, fates) in in_flight.iter().zip(&fates) {
                let fate = fates[number % fates.len()].clone();
                number /= fates.len();
                repeated.extend(meet(&mut world, of, &fate));
                found.push((of.0.clone(), of.1, fate.0));
            }
            let edited = world.journal.iter().any(|(event, _)| matches!(event, Event::Revised { .. }));
            let over = world
                .journal
                .iter()
                .any(|(event, _)| matches!(event, Event::RoundEnded { end: End::Succeeded | End::Cancelled, .. }));
            if edited || over {
                world.crash(found);
            } else {
                let (plan, script) = &self.edit.after;
                let comparison = world.edit(plan, script.clone(), &[], found);
                if !comparison.torn.is_empty() {
                    continue;
                }
            }
            self.explore(world, crashes, &repeated);
        }
    }

    fn compare(&self, world: &World, repeated: &[Path]) {
        let journal = || world.journal.iter().fold(String::new(), |text, (event, _)| format!("{text}\n{event:?}"));
        let name = self.edit.name;
        assert_eq!(statuses(world), self.statuses, "{name}: {}", journal());
        assert!(!world.outside.values().any(is_alive), "{name}: something outlives the run: {}", journal());
        for path in self.edit.kept {
            let path = Path::parse(path);
            let again = repeated.iter().filter(|of| **of == path).count();
            let done = world.done.get(&path).copied().unwrap_or(0) as usize;
            assert_eq!(done, 1 + again, "{name}: effects of `{path}`: {}", journal());
        }
        // Whatever stands at the end was done under the definition that it has at the end.
        for (_, node) in world.state().nodes().filter(|(_, node)| node.status == Status::Succeeded) {
            let Some(leaf) = node.leaf() else { continue };
            let fresh = world.script.written(&node.path);
            assert_eq!(leaf.fingerprint, fresh, "{name}: `{}`: {}", node.path, journal());
        }
    }
}

fn edits() -> Vec<Edit> {
    let none = Script::default;
    let same = |name, plan: Arc<Plan>, script: Script, edited: &str, kept| {
        let after = script.clone().edited(edited, "g");
        Edit { name, before: (Arc::clone(&plan), script), after: (plan, after), kept }
    };
    vec![
        same("the first", plan(vec![s("a").interrupted(Check), s("b").interrupted(Stop)], vec![]), none(), "a", &[]),
        same("the second", plan(vec![s("a").interrupted(Stop), s("b"), s("c")], vec![]), none(), "b", &["a"]),
        same(
            "beside",
            plan(vec![s("a").interrupted(Stop), s("b").needs(&[]).interrupted(Check)], vec![]),
            none(),
            "b",
            &["a"],
        ),
        same(
            "in a group",
            plan(vec![g("n", vec![s("x"), s("y")], vec![s("f")]), s("z")], vec![]),
            none(),
            "y",
            &["n/x"],
        ),
        same("before finally", plan(vec![s("a"), s("b").needs(&[])], vec![s("f")]), none(), "a", &["b"]),
        same(
            "a service",
            plan(vec![s("v").service().retry(9), s("b"), s("c").needs(&[])], vec![]),
            none(),
            "v",
            &["c"],
        ),
        same(
            "a step that fails",
            plan(vec![s("a"), s("b").retry(2), s("c").when(When::Status)], vec![]),
            none().outcome("b", &[Outcome::Transient, Outcome::Ok]),
            "b",
            &["a"],
        ),
        Edit {
            name: "other items",
            before: (plan(vec![s("a"), s("b").each(Some(1))], vec![]), none().items("b", &["x", "y"])),
            after: (plan(vec![s("a"), s("b").each(Some(1))], vec![]), none().items("b", &["y", "w"])),
            kept: &["a", "b[w]", "b[y]"],
        },
        Edit {
            name: "gone and new",
            before: (plan(vec![s("a"), s("b"), s("c")], vec![]), none()),
            after: (plan(vec![s("a"), s("n"), s("c").needs(&[0])], vec![]), none()),
            kept: &["a", "n", "c"],
        },
        Edit {
            name: "a gone service",
            before: (plan(vec![s("v").service().retry(9), s("b"), s("c")], vec![]), none()),
            after: (plan(vec![s("b"), s("c")], vec![]), none()),
            kept: &["b", "c"],
        },
    ]
}

#[test]
#[expect(clippy::print_stderr, reason = "the numbers of a torture run are for people")]
fn every_schedule_with_an_edit_ends_as_an_undisturbed_run_of_what_was_edited() {
    let seconds = std::env::var("CRASH_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(6);
    let mut schedules = 0;
    for crashes in [1, 2] {
        let until = Instant::now() + Duration::from_secs(if crashes == 1 { 3600 } else { seconds });
        for edit in edits() {
            for doubts in [false, true] {
                let mut undisturbed = World::new(&edit.after.0, edit.after.1.clone(), 4);
                assert_eq!(undisturbed.run(), End::Succeeded);
                let statuses = statuses(&undisturbed);
                let mut search = Search { edit: &edit, statuses, doubts, until, schedules: 0 };
                search.explore(World::new(&edit.before.0, edit.before.1.clone(), 4), crashes, &[]);
                schedules += search.schedules;
            }
        }
    }
    eprintln!("{schedules} schedules with an edit");
    assert!(schedules > 500);
}
