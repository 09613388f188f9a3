//! A run that goes on after its workflow, its inputs or its files were edited: what that means, shown and agreed to first.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use runner_core::{Comparison, Finding, Revision, Verdict};
use runner_engine::driver::Folded;
use runner_engine::ledger::{Runs, read_state};
use runner_engine::program::{Library, Program};
use runner_engine::run::{Before, Record, Request, Run, prepare};
use serde_json::json;

use crate::args;
use crate::ask::{self, Answer};
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::library::Workflows;
use crate::output;
use crate::words;

/// What the run is to be made of, and what that means for it.
pub(crate) struct Edit {
    run: Run,
    /// What is not what it was, in a few words each.
    changes: Vec<String>,
    comparison: Comparison,
}

/// What was edited since a run was recorded; `None` where that is nothing that concerns it.
pub(crate) fn look(
    project: &Path,
    folded: &Folded,
    recorded: &Run,
    inputs: &[String],
    (renamed, select): (&[String], &args::Select),
) -> Result<Option<Edit>, Refusal> {
    let anew = Anew::read(project, recorded, inputs, (renamed, select))?;
    let same = anew.run.record.is_as(&recorded.record);
    if same && anew.renamed.is_empty() && anew.again.is_empty() && !anew.run.program.reads() {
        return Ok(None);
    }
    let edit = anew.compared(folded, recorded)?;
    Ok(if same && edit.comparison.keeps_all() { None } else { Some(edit) })
}

/// What a run is made of now, and what a person says of its steps.
pub(crate) struct Anew {
    run: Run,
    renamed: Vec<(runner_core::Path, runner_core::Path)>,
    again: Vec<runner_core::Path>,
}

impl Anew {
    /// Reads everything that may have been edited. What was read once for the run, and its inputs, stay.
    pub(crate) fn read(
        project: &Path,
        recorded: &Run,
        inputs: &[String],
        (renamed, select): (&[String], &args::Select),
    ) -> Result<Self, Refusal> {
        let library = Workflows::of(project);
        let as_recorded = "`--as-recorded` goes on with what was recorded";
        let main = recorded.record.files.first().map(|file| library.open(&file.key, None));
        let main = match main {
            Some(Ok(main)) => main,
            Some(Err(error)) => {
                let message = format!("the workflow of the run cannot be read any more: {}", error.message);
                return Err(Refusal::new(Exit::Paused, message).hint(format!("put it back; or {as_recorded}")));
            }
            None => return Err(Refusal::new(Exit::Ledger, "the record of the run names no file")),
        };
        let here = std::env::current_dir().map_err(|error| Refusal::invalid(error.to_string()))?;
        let request = Request {
            main,
            library: &library,
            registry: &drive::registry(project),
            project: project.to_path_buf(),
            working_directory: here,
            inputs,
            inputs_file: None,
            env: drive::environment(),
            parallel: recorded.record.parallel,
            state: read_state(Runs::of(project).home())?,
            now: drive::now(),
            before: Some(Before { record: &recorded.record, program: &recorded.program }),
        };
        let run = prepare(&request).map_err(|diagnostics| {
            drive::show(&diagnostics);
            Refusal::invalid("the run cannot go on with what was edited; nothing was done").hint(as_recorded)
        })?;
        drive::show(&run.warnings);
        let run = run.select(select.of_old(&recorded.record.select))?;
        let renamed = renames(renamed, &recorded.program, &run.program)?;
        let again = again(&select.from, &run.program)?;
        Ok(Self { run, renamed, again })
    }

    /// What that means for what was done so far.
    pub(crate) fn compared(self, folded: &Folded, recorded: &Run) -> Result<Edit, Refusal> {
        let Self { run, renamed, again } = self;
        let comparison = folded.compare(recorded, &run, (&renamed, &again))?;
        if let Some(first) = comparison.torn.first() {
            let message = format!("`{first}` is under way, and is something else or stands elsewhere now");
            let hint = "let it end first: `runner resume --as-recorded`, or `runner cancel`";
            return Err(Refusal::new(Exit::Paused, message).hint(hint));
        }
        let mut changes = changes(&recorded.record, &run.record);
        changes.extend(again.iter().map(|path| format!("to be done again from `{path}`")));
        if changes.is_empty() && !comparison.keeps_all() {
            changes.push("files that steps read changed".to_owned());
        }
        Ok(Edit { run, changes, comparison })
    }
}

/// With `--as-recorded` nothing is given but secrets that were not written down.
pub(crate) fn refuse_inputs(recorded: &Run, inputs: &[String]) -> Result<(), Refusal> {
    let secret = |name: &str| recorded.record.secret_inputs.get(name).is_some_and(serde_json::Value::is_null);
    let name = |input: &String| input.split('=').next().unwrap_or_default().to_owned();
    match inputs.iter().map(name).find(|name| !secret(name)) {
        Some(name) => {
            let message = format!("`--input {name}=…` would change an input, and the run goes on as it was recorded");
            Err(Refusal::new(Exit::Usage, message).hint("leave out `--input` or `--as-recorded`"))
        }
        None => Ok(()),
    }
}

/// The steps that a person renamed, as paths without the keys of items.
fn renames(
    renamed: &[String],
    before: &Program,
    after: &Program,
) -> Result<Vec<(runner_core::Path, runner_core::Path)>, Refusal> {
    let usage = |message: String| Err(Refusal::new(Exit::Usage, message));
    let (old_steps, new_steps) = (steps(before), steps(after));
    let mut all: Vec<(runner_core::Path, runner_core::Path)> = Vec::new();
    for pair in renamed {
        let Some((old, new)) = pair.split_once('=') else {
            return usage(format!("`--renamed {pair}` is not of the form `OLD=NEW`"));
        };
        let (old, new) = (runner_core::Path::parse(old), runner_core::Path::parse(new));
        for (path, steps, when) in [(&old, &old_steps, "was"), (&new, &new_steps, "is")] {
            if !steps.contains(path.as_str()) {
                let near = runner_engine::diagnostic::did_you_mean(path.as_str(), steps.iter().map(String::as_str));
                let refusal = Refusal::new(Exit::Usage, format!("`--renamed {pair}`: there {when} no step `{path}`"));
                return Err(near.into_iter().fold(refusal, Refusal::hint));
            }
        }
        let list = |path: &runner_core::Path| path.as_str().rsplit_once('/').map(|(list, _)| list.to_owned());
        let stood = list(&old).map(|list| {
            let moved = all.iter().find(|(old, _)| old.as_str() == list);
            moved.map_or(list.clone(), |(_, new)| new.as_str().to_owned())
        });
        if stood != list(&new) {
            return usage(format!("`--renamed {pair}`: a step that stands in another list is another step"));
        }
        all.push((old, new));
    }
    Ok(all)
}

/// The steps that are to be done again.
fn again(from: &[String], program: &Program) -> Result<Vec<runner_core::Path>, Refusal> {
    let known = steps(program);
    let path = |text: &String| {
        let path = runner_core::Path::parse(text);
        let bare = path.without_keys();
        if known.contains(bare.as_str()) {
            return Ok(path);
        }
        let near = runner_engine::diagnostic::did_you_mean(bare.as_str(), known.iter().map(String::as_str));
        let refusal = Refusal::new(Exit::Usage, format!("`--from {text}`: there is no such step"));
        Err(near.into_iter().fold(refusal, Refusal::hint))
    };
    from.iter().map(path).collect()
}

/// The paths of all steps of a program, without keys of items.
fn steps(program: &Program) -> BTreeSet<String> {
    program.paths().into_iter().map(|(path, _)| path.to_string()).collect()
}

/// What is not what it was, in a few words each.
pub(crate) fn changes(old: &Record, new: &Record) -> Vec<String> {
    let mut changes = Vec::new();
    for file in &new.files {
        match old.files.iter().find(|known| known.key == file.key) {
            None => changes.push(format!("`{}` is called now", file.key)),
            Some(known) if known.text != file.text => changes.push(format!("`{}` changed", file.key)),
            Some(_) => {}
        }
    }
    let gone = old.files.iter().filter(|file| !new.files.iter().any(|known| known.key == file.key));
    changes.extend(gone.map(|file| format!("`{}` is not called any more", file.key)));
    for (what, old, new) in [
        ("the input", &old.inputs, &new.inputs),
        ("the loaded file", &old.load, &new.load),
        ("the variable", &old.env, &new.env),
    ] {
        let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        changes.extend(
            names
                .into_iter()
                .filter(|name| old.get(*name) != new.get(*name))
                .map(|name| format!("{what} `{name}` changed")),
        );
    }
    if old.secret_inputs != new.secret_inputs {
        changes.push("a secret input comes from elsewhere".to_owned());
    }
    if old.select != new.select {
        changes.push(format!("confined to what `{}` says", new.select.said()));
    }
    changes
}

impl Edit {
    /// Whether all that is finished stays, and nothing is new.
    pub(crate) fn keeps_all(&self) -> bool {
        let open = |found: &Finding| matches!(found.verdict, Verdict::New | Verdict::Open);
        self.comparison.keeps_all() && !self.comparison.found.iter().any(open)
    }

    /// The edit as that of another run, which begins now.
    pub(crate) fn taken_by(self, id: &str, from: &str) -> Result<(Run, Revision), Refusal> {
        let mut run = self.run.begun(drive::now()).named(id);
        run.record.taken_from = Some(from.to_owned());
        let mut revision = self.comparison.revision;
        revision.record = serde_json::to_value(&run.record)
            .map_err(|error| Refusal::new(Exit::Unexpected, format!("the record cannot be written down: {error}")))?;
        Ok((run, revision))
    }

    /// What is to be driven, and the fact that says so.
    pub(crate) fn into_parts(self) -> (Run, Revision) {
        (self.run, self.comparison.revision)
    }

    /// Shows what the edit means, and has the person agree where something that is finished would run again that does not
    /// declare that twice is the same as once.
    pub(crate) fn agree(&self, yes: bool) -> Result<(), Refusal> {
        output::note(self.told().trim_end());
        let asked: Vec<_> = self.asked().map(|found| format!("`{}`", found.path)).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let again = if asked.len() == 1 { "has finished, and runs" } else { "have finished, and run" };
        let what = format!("{} {again} again, though twice may not be the same as once", asked.join(", "));
        match ask::agree(&format!("{what}. Agreed?"), yes) {
            Answer::Yes => Ok(()),
            Answer::No => Err(Refusal::new(Exit::Paused, "not agreed; nothing was done")
                .hint("`runner resume --as-recorded` goes on with what was recorded")),
            Answer::Nobody => Err(Refusal::new(Exit::Paused, what).hint(
                "`--yes` agrees, `--as-recorded` goes on with what was recorded, `--plan` only shows what would be",
            )),
        }
    }

    /// The finished steps that would run again and that are not declared idempotent.
    fn asked(&self) -> impl Iterator<Item = &Finding> {
        let index = self.run.program.paths();
        self.comparison.found.iter().filter(move |found| {
            let again = matches!(found.verdict, Verdict::Changed | Verdict::After(_)) && found.finished;
            let path = found.path.without_keys();
            let step = index.iter().find(|(known, _)| *known == path).map(|(_, at)| &self.run.program.steps[*at]);
            let idempotent = step.and_then(|step| step.uses.as_ref()).is_some_and(|uses| uses.step.idempotent);
            again && !idempotent
        })
    }

    /// What becomes of the steps that are not kept, as lines.
    fn told(&self) -> String {
        let mut text = String::new();
        if !self.changes.is_empty() {
            let _ = writeln!(text, "since the run was recorded: {}", self.changes.join(", "));
        }
        let kept = self.comparison.found.iter().filter(|found| found.verdict == Verdict::Kept).count();
        for found in &self.comparison.found {
            let (word, why) = said(found);
            if !matches!(found.verdict, Verdict::Kept | Verdict::Open) {
                let _ = writeln!(text, "  {word:<9} {}{why}", found.path);
            }
        }
        let _ = writeln!(text, "  {} kept", words::counted(kept, "finished step"));
        text
    }
}

/// What becomes of a step: the word for it, and why.
fn said(found: &Finding) -> (&'static str, String) {
    match &found.verdict {
        Verdict::Kept => ("kept", String::new()),
        Verdict::Changed => ("changed", String::new()),
        Verdict::After(step) => ("again", format!(": it depends on `{step}`")),
        Verdict::New => ("new", String::new()),
        Verdict::Gone => ("gone", String::new()),
        Verdict::Open => ("will run", String::new()),
    }
}

/// `resume --plan`: what would be, and what steps would change; nothing is done.
pub(crate) fn plan(
    project: &Path,
    folded: &Folded,
    recorded: &Run,
    edit: Option<&Edit>,
    format: args::Format,
) -> Result<Exit, Refusal> {
    let (run, verdicts) = match edit {
        Some(edit) => (&edit.run, &edit.comparison.found[..]),
        None => (recorded, &[][..]),
    };
    let state = folded.going_on(edit.map(|edit| &edit.comparison.revision));
    let foreseen = crate::command::foreseen(project, run, state, (folded.large(), folded.seals()))?;
    let verdict = |path: &runner_core::Path| verdicts.iter().find(|found| found.path == *path);
    let gone = verdicts.iter().filter(|found| found.verdict == Verdict::Gone);
    let difference = |path: &runner_core::Path| match (edit, verdict(path)) {
        (Some(edit), Some(Finding { verdict: Verdict::Changed, .. })) => {
            folded.difference(recorded, run, &edit.comparison, path)
        }
        _ => String::new(),
    };
    if format == args::Format::Json {
        for step in &foreseen {
            let mut line = json!(step);
            line["v"] = 1.into();
            if let Some(found) = verdict(&step.path).filter(|found| found.verdict != Verdict::Open) {
                line["since"] = said(found).0.into();
                if let Verdict::After(step) = &found.verdict {
                    line["after"] = json!(step);
                }
            }
            let difference = difference(&step.path);
            if !difference.is_empty() {
                line["diff"] = difference.into();
            }
            output::line(line.to_string());
        }
        gone.for_each(|gone| output::line(json!({"v": 1, "path": gone.path, "what": "gone"}).to_string()));
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    if let Some(edit) = edit {
        let _ = writeln!(text, "since the run was recorded: {}", edit.changes.join(", "));
    }
    for step in &foreseen {
        let since = verdict(&step.path).filter(|found| !matches!(found.verdict, Verdict::Open | Verdict::Kept));
        crate::command::told(step, since.map(said), &mut text);
        for line in difference(&step.path).lines() {
            let _ = writeln!(text, "            {line}");
        }
    }
    for gone in gone {
        let _ = writeln!(text, "gone      {}", gone.path);
    }
    output::print(&words::for_stdout(&text));
    Ok(Exit::Done)
}
