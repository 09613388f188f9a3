//! What of its workflow a run is confined to.

use std::sync::Arc;

use runner_core::{Body, Kind, Path, Selection, Step};
use serde::{Deserialize, Serialize};

use super::Run;
use crate::diagnostic::did_you_mean;
use crate::program::Program;

/// The steps that a person has named, as paths such as `region[eastus]/wait`; one without a key stands for every item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Select {
    /// These, and what depends on them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// These, and what they need.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub until: Vec<String>,
    /// These alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// All but these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<String>,
}

/// Why a run cannot be confined so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unselectable {
    /// What is wrong.
    pub message: String,
    /// What may help.
    pub hint: Option<String>,
}

impl Select {
    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// As it is written on the command line.
    pub fn said(&self) -> String {
        let named = [("from", &self.from), ("until", &self.until), ("only", &self.only), ("skip", &self.skip)];
        let words = named.iter().flat_map(|(flag, paths)| paths.iter().map(move |path| format!("--{flag} {path}")));
        words.collect::<Vec<_>>().join(" ")
    }

    /// What that is in a program.
    pub(super) fn within(&self, program: &Program) -> Result<Selection, Unselectable> {
        let each = |flag: &str, paths: &[String], also: Option<Side>| {
            let mut all = Vec::new();
            for path in paths {
                all.extend(named(program, flag, path, also)?);
            }
            Ok(all)
        };
        let only = [
            each("from", &self.from, Some(Side::After))?,
            each("until", &self.until, Some(Side::Before))?,
            each("only", &self.only, None)?,
        ];
        let only = only.into_iter().filter(|list| !list.is_empty()).collect();
        Ok(Selection { only, skip: each("skip", &self.skip, None)? })
    }
}

/// What runs with a step that is named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// The step at a path, and in each list down to it the steps on one side of it.
fn named(program: &Program, flag: &str, text: &str, also: Option<Side>) -> Result<Vec<Path>, Unselectable> {
    let plan = &program.plan;
    let path = Path::parse(text);
    let (mut body, mut around, mut found) = (Some(&plan.root), Path::root(), Vec::new());
    for (id, key) in path.parts() {
        let all = body.into_iter().flat_map(|body| body.steps.iter().chain(&body.finally));
        let Some(step) = all.map(|&at| plan.step(at)).find(|step| step.id == id) else {
            return Err(unknown(program, flag, text));
        };
        if key.is_some() && step.foreach.is_none() {
            let message = format!("`--{flag} {text}`: `{}` is no `foreach`, and has no items", around.child(id));
            return Err(Unselectable { message, hint: None });
        }
        if let (Some(also), Some(list)) = (also, body) {
            let list: Vec<_> = list.steps.iter().map(|&at| plan.step(at)).collect();
            let at = list.iter().position(|of| of.id == id);
            found.extend(at.into_iter().flat_map(|at| beside(&list, at, also)).map(|id| around.child(id)));
        }
        around = around.child(id);
        around = key.map_or_else(|| around.clone(), |key| Path::parse(&format!("{around}[{key}]")));
        body = inside(step);
    }
    if around.is_root() || around.as_str() != text {
        return Err(unknown(program, flag, text));
    }
    found.push(around);
    Ok(found)
}

fn inside(step: &Step) -> Option<&Body> {
    match &step.kind {
        Kind::Body { body, .. } => Some(body),
        Kind::Leaf(_) => None,
    }
}

/// The ids of the steps of a list that a step needs, directly or not, or that need it.
fn beside<'p>(list: &[&'p Step], at: usize, side: Side) -> Vec<&'p str> {
    let next = |of: usize| -> Vec<usize> {
        match side {
            Side::Before => list[of].needs.clone(),
            Side::After => (0..list.len()).filter(|&later| list[later].needs.contains(&of)).collect(),
        }
    };
    let (mut seen, mut open) = (vec![false; list.len()], next(at));
    while let Some(of) = open.pop() {
        if !std::mem::replace(&mut seen[of], true) {
            open.extend(next(of));
        }
    }
    (0..list.len()).filter(|&of| seen[of]).map(|of| list[of].id.as_str()).collect()
}

fn unknown(program: &Program, flag: &str, text: &str) -> Unselectable {
    let paths: Vec<_> = program.paths().into_iter().map(|(path, _)| path.to_string()).collect();
    let bare = Path::parse(text).without_keys();
    let hint = did_you_mean(bare.as_str(), paths.iter().map(String::as_str));
    Unselectable { message: format!("`--{flag} {text}`: there is no such step"), hint }
}

impl Run {
    /// The run confined to what a person has named. That a step that runs reads the outputs of one that does not is told.
    pub fn select(mut self, select: Select) -> Result<Self, Unselectable> {
        let selection = select.within(&self.program)?;
        if let Some((reader, read)) = reads_left_out(&self.program, &selection) {
            let message = format!("`{reader}` reads the outputs of `{read}`, which is left out by `{}`", select.said());
            let hint = Some("take in both or neither; a new run can take them over with `--from-run`".to_owned());
            return Err(Unselectable { message, hint });
        }
        let Some(program) = Arc::get_mut(&mut self.program) else {
            let message = "the run is under way: what it leaves out stands".to_owned();
            return Err(Unselectable { message, hint: None });
        };
        program.confine(selection);
        self.record.select = select;
        Ok(self)
    }
}

/// A step that runs and reads the outputs of one that does not.
fn reads_left_out(program: &Program, selection: &Selection) -> Option<(Path, Path)> {
    if selection.is_all() {
        return None;
    }
    let paths = program.paths();
    // Of items, whatever one of them runs; a `finally:` can look at what there is.
    let runs = |path: &Path| !selection.leaves_out(path, false);
    paths.iter().filter(|(path, _)| runs(path)).find_map(|(path, at)| {
        let references = program.steps[*at].references();
        let read =
            references.iter().filter(|of| of.root() == "steps" && of.segments.get(2).is_some_and(|s| s == "outputs"));
        read.filter_map(|of| of.segments.get(1)).find_map(|id| {
            let lists = std::iter::successors(parent(path), parent);
            let of = lists.map(|list| list.child(id)).find(|of| paths.iter().any(|(known, _)| known == of))?;
            (!runs(&of)).then(|| (path.clone(), of))
        })
    })
}

/// The list in which a step stands.
fn parent(path: &Path) -> Option<Path> {
    if path.is_root() {
        return None;
    }
    Some(path.as_str().rsplit_once('/').map_or_else(Path::root, |(list, _)| Path::parse(list)))
}
