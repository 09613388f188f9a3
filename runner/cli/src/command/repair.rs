//! `runner doctor --repair RUN`: what can be done about a run, or the state, that is refused because of what stands in its
//! journal.

use std::path::Path;

use runner_core::Path as Step;
use runner_engine::driver::{self, Entry};
use runner_engine::ledger::{
    Damage, Health, Lock, RunFolder, Runs, State, StateWrite, examine, mend_state, state_loss,
};
use serde_json::json;

use crate::args;
use crate::ask::{self, Answer};
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::output;
use crate::words;

/// What stands for the project's state in place of a run. (No run has a name like it.)
const STATE: &str = "state";

/// Mends a run: a torn end is cut, which nobody acted on; damage is set aside if the person agrees.
pub(crate) fn repair(project: &Path, run: &str, args: &args::Doctor) -> Result<Exit, Refusal> {
    if run == STATE {
        return repair_state(project, args);
    }
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
            Ok(sound(folder.id(), records, torn, args))
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
    agree("set the damaged journal aside, and go on from what stands before the damage?", args)?;
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

/// Mends the state: what can be read behind the damage is kept as well, where it still fits.
fn repair_state(project: &Path, args: &args::Doctor) -> Result<Exit, Refusal> {
    let runs = Runs::of(project);
    let folder = runs.home().join("state");
    let what = format!("the state `{}`", folder.display());
    if !folder.exists() {
        return Err(Refusal::new(Exit::Usage, "the project has no state"));
    }
    let lock = Lock::try_take(&folder.join("lock"), &what, drive::holder())?;
    let damage = match examine::<StateWrite>(&folder)? {
        Health::Sound { records, torn } => {
            drop(lock);
            if torn > 0 {
                // Whoever opens it does it.
                State::open(runs.home(), &drive::holder(), std::time::Duration::ZERO)?;
            }
            return Ok(sound(STATE, records, torn, args));
        }
        Health::Damaged(damage) => damage,
    };
    let loss = state_loss(&damage);
    output::note(damage.error.to_string());
    let (kept, regained) = (words::counted(loss.kept, "write"), words::counted(loss.regained, "write"));
    output::note(format!("kept would be {kept} before the damage and {regained} behind it"));
    if loss.unfit > 0 {
        output::note(format!("{} behind it can be read, but do not fit any more", words::counted(loss.unfit, "write")));
    }
    agree("set the damaged journal aside, and keep what can be kept?", args)?;
    let aside = mend_state(runs.home(), drive::now(), &damage)?;
    let text = format!("the damaged journal is `{}`; `runner state list` shows what is left", aside.display());
    told(args, &text, &json!({"run": STATE, "kept": loss.kept, "regained": loss.regained, "aside": aside}));
    Ok(Exit::Done)
}

fn agree(question: &str, args: &args::Doctor) -> Result<(), Refusal> {
    let refusal = Refusal::new(Exit::Paused, "nothing was changed");
    match ask::agree(question, args.yes) {
        Answer::Yes => Ok(()),
        Answer::No => Err(refusal),
        Answer::Nobody => Err(refusal.hint("`--yes` agrees to it")),
    }
}

/// Tells what was found whole, and what was cut.
fn sound(whose: &str, records: u64, torn: u64, args: &args::Doctor) -> Exit {
    let counted = words::counted(usize::try_from(records).unwrap_or(usize::MAX), "record");
    let text = match torn {
        0 => format!("the journal of `{whose}` is whole: {counted}"),
        _ => format!(
            "cut {torn} bytes from the journal of `{whose}`: the rest of a flush that never ended, on which nobody has acted; \
             {counted} are whole"
        ),
    };
    told(args, &text, &json!({"run": whose, "records": records, "cut": torn}));
    Exit::Done
}

fn told(args: &args::Doctor, text: &str, told_as: &serde_json::Value) {
    output::line(if args.output == args::Shape::Json { told_as.to_string() } else { text.to_owned() });
}

fn names(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("`{step}`")).collect::<Vec<_>>().join(", ")
}
