//! `runner doctor --repair RUN`: what can be done about a run that is refused because of what it has written down.

use std::path::Path;

use runner_core::Path as Step;
use runner_engine::driver::{self, Entry};
use runner_engine::ledger::{Damage, Health, Lock, RunFolder, Runs, examine};
use serde_json::json;

use crate::args;
use crate::ask::{self, Answer};
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::output;
use crate::words;

/// Mends a run: a torn end is cut, which nobody acted on; damage is set aside if the person agrees.
pub(crate) fn repair(project: &Path, run: &str, args: &args::Doctor) -> Result<Exit, Refusal> {
    let folder = Runs::of(project).find(run)?;
    let _lock = Lock::try_take(&folder.lock(), &format!("the run `{}`", folder.id()), drive::holder())?;
    if !folder.has_begun() {
        let message = format!("the run `{}` was killed before it began; it has done nothing", folder.id());
        return Err(Refusal::new(Exit::Usage, message));
    }
    match examine::<Entry>(folder.path())? {
        Health::Sound { records, torn } => {
            if torn > 0 {
                // A life does it when it takes the run up.
                driver::Past::open(&folder)?;
            }
            told(args, &sound(&folder, records, torn), &json!({"run": folder.id(), "records": records, "cut": torn}));
            Ok(Exit::Done)
        }
        Health::Damaged(damage) => mend(&folder, &damage, args),
    }
}

fn mend(folder: &RunFolder, damage: &Damage<Entry>, args: &args::Doctor) -> Result<Exit, Refusal> {
    let loss = driver::loss(damage);
    if !loss.has_begun {
        let message = format!("{}; nothing is left that tells what the run is", damage.error);
        return Err(Refusal::new(Exit::Ledger, message).hint("start it anew with `runner run`"));
    }
    output::note(damage.error.to_string());
    output::note(format!("kept would be {}, those before the damage", words::counted(loss.kept, "record")));
    if !loss.in_doubt.is_empty() {
        output::note(format!("under way there, and in doubt: {}", names(&loss.in_doubt)));
    }
    if !loss.forgotten.is_empty() {
        let names = names(&loss.forgotten);
        output::note(format!("run behind it, which would be forgotten, so that they run again: {names}"));
    }
    match ask::agree("set the damaged journal aside, and go on from what stands before the damage?", args.yes) {
        Answer::Yes => {}
        Answer::No => return Err(Refusal::new(Exit::Paused, "nothing was changed")),
        Answer::Nobody => {
            return Err(Refusal::new(Exit::Paused, "nothing was changed").hint("`--yes` agrees to it"));
        }
    }
    let aside = driver::mend(folder, damage)?;
    let text = format!(
        "the damaged journal is `{}`; `runner resume {}` goes on from record {}",
        aside.display(),
        folder.id(),
        loss.kept
    );
    let paths = |steps: &[Step]| steps.iter().map(ToString::to_string).collect::<Vec<_>>();
    let told_as = json!({
        "run": folder.id(),
        "kept": loss.kept,
        "aside": aside,
        "in_doubt": paths(&loss.in_doubt),
        "forgotten": paths(&loss.forgotten),
    });
    told(args, &text, &told_as);
    Ok(Exit::Done)
}

fn sound(folder: &RunFolder, records: u64, torn: u64) -> String {
    let records = words::counted(usize::try_from(records).unwrap_or(usize::MAX), "record");
    match torn {
        0 => format!("the journal of `{}` is whole: {records}", folder.id()),
        _ => format!(
            "cut {torn} bytes from the journal of `{}`: the rest of a flush that never ended, on which nobody has acted; \
             {records} are whole",
            folder.id()
        ),
    }
}

fn told(args: &args::Doctor, text: &str, told_as: &serde_json::Value) {
    output::line(if args.output == args::Shape::Json { told_as.to_string() } else { text.to_owned() });
}

fn names(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("`{step}`")).collect::<Vec<_>>().join(", ")
}
