//! The values that templates and expressions see when they are evaluated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::problem::{Problem, nearest};
use super::reference::{Reference, path_text};

/// Values found by name and computed when asked for.
///
/// `steps` is one: `get("build")` gives that step's record without touching the outputs of any other step.
pub trait Names: Send + Sync {
    /// What stands behind `name`, `None` when there is no such name.
    fn get(&self, name: &str) -> Option<Entry>;
    /// Every name there is, for messages and for taking the whole.
    fn names(&self) -> Vec<String>;
}

/// What stands behind a name.
#[derive(Clone)]
pub enum Entry {
    /// A value, shared: it is never copied to be looked into.
    Value(Arc<Value>),
    /// More names.
    Names(Arc<dyn Names>),
}

impl Entry {
    /// Entry from names computed when asked for.
    pub fn names(names: impl Names + 'static) -> Self {
        Self::Names(Arc::new(names))
    }

    /// The whole as one value. For names that means to compute every one of them.
    pub fn whole(&self) -> Arc<Value> {
        match self {
            Self::Value(value) => Arc::clone(value),
            Self::Names(names) => {
                let all = names.names().into_iter().filter_map(|name| {
                    let value = Arc::unwrap_or_clone(names.get(&name)?.whole());
                    Some((name, value))
                });
                Arc::new(Value::Object(all.collect::<Map<_, _>>()))
            }
        }
    }
}

impl From<Value> for Entry {
    fn from(value: Value) -> Self {
        Self::Value(Arc::new(value))
    }
}

impl From<Arc<Value>> for Entry {
    fn from(value: Arc<Value>) -> Self {
        Self::Value(value)
    }
}

impl From<Arc<dyn Names>> for Entry {
    fn from(names: Arc<dyn Names>) -> Self {
        Self::Names(names)
    }
}

impl Names for BTreeMap<String, Entry> {
    fn get(&self, name: &str) -> Option<Entry> {
        BTreeMap::get(self, name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(out, "{value}"),
            Self::Names(names) => out.debug_set().entries(names.names()).finish(),
        }
    }
}

/// What `success()` and `failure()` answer; `always()` is true whatever they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// No need failed, was cancelled, or was skipped because of one that was.
    pub success: bool,
    /// There is a failure among all needs' needs.
    pub failure: bool,
}

impl Default for Status {
    /// Nothing has failed so far.
    fn default() -> Self {
        Self { success: true, failure: false }
    }
}

/// The names in force at one place: its own layer over the layers of what surrounds it.
///
/// Building one costs a few pointers; a child over a shared parent costs one.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    own: BTreeMap<String, Entry>,
    parent: Option<Arc<Scope>>,
    status: Status,
    /// The inputs that are numbers with a fraction, also where they are given without one.
    doubles: Arc<BTreeSet<String>>,
}

impl Scope {
    /// A scope without names.
    pub fn new(status: Status) -> Self {
        Self { status, ..Self::default() }
    }

    /// A layer over `parent`, with its status; names set here hide those of the parent.
    pub fn over(parent: &Arc<Scope>) -> Self {
        let (parent, doubles) = (Arc::clone(parent), Arc::clone(&parent.doubles));
        Self { own: BTreeMap::new(), status: parent.status, parent: Some(parent), doubles }
    }

    /// The same scope with one more name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, entry: impl Into<Entry>) -> Self {
        self.set(name, entry);
        self
    }

    /// Sets a name in this layer.
    pub fn set(&mut self, name: impl Into<String>, entry: impl Into<Entry>) {
        self.own.insert(name.into(), entry.into());
    }

    /// The same scope with these inputs as numbers with a fraction.
    #[must_use]
    pub fn with_doubles(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.doubles = Arc::new(names.into_iter().collect());
        self
    }

    /// Whether an input is a number with a fraction.
    pub(super) fn is_double(&self, input: &str) -> bool {
        self.doubles.contains(input)
    }

    /// The same scope with another status.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// What the status functions answer here.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What stands behind the root `name`.
    pub fn get(&self, name: &str) -> Option<Entry> {
        let mut scope = self;
        loop {
            if let Some(entry) = scope.own.get(name) {
                return Some(entry.clone());
            }
            scope = scope.parent.as_deref()?;
        }
    }

    /// Every root in force here, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = std::collections::BTreeSet::new();
        let mut scope = Some(self);
        while let Some(layer) = scope {
            names.extend(layer.own.keys().cloned());
            scope = layer.parent.as_deref();
        }
        names.into_iter().collect()
    }

    /// The shared value that holds `segments`, and how many of them lead to it; the rest is inside it.
    /// `Err` is the index of the segment that is not there.
    pub(super) fn fetch(&self, segments: &[String]) -> Result<(Arc<Value>, usize), usize> {
        match self.reach(segments)? {
            (Entry::Value(value), taken) => Ok((value, taken)),
            (names, taken) => Ok((names.whole(), taken)),
        }
    }

    /// The last entry on the way along `segments`, and how many of them led to it. Names are there only when all did.
    pub(super) fn reach(&self, segments: &[String]) -> Result<(Entry, usize), usize> {
        let Some((root, rest)) = segments.split_first() else { return Err(0) };
        let mut entry = self.get(root).ok_or(0_usize)?;
        for (index, segment) in rest.iter().enumerate() {
            match entry {
                Entry::Value(_) => return Ok((entry, index + 1)),
                Entry::Names(names) => entry = names.get(segment).ok_or(index + 1)?,
            }
        }
        Ok((entry, segments.len()))
    }

    /// Why `reference` leads nowhere, or `None` when it leads to a value.
    pub(super) fn explain(&self, reference: &Reference) -> Option<Problem> {
        let segments = &reference.segments;
        let at = match self.fetch(segments) {
            Err(at) => at,
            Ok((value, taken)) => match descend(&value, &segments[taken..]) {
                Ok(_) => return None,
                Err(Dead { index, null, names }) => {
                    let at = taken + index;
                    if null {
                        return Some(self.null(reference, at));
                    }
                    return Some(unknown(reference, at, &names));
                }
            },
        };
        let names = match at {
            0 => self.names(),
            _ => self.names_below(&segments[..at]),
        };
        Some(unknown(reference, at, &names))
    }

    fn names_below(&self, segments: &[String]) -> Vec<String> {
        let mut entry = segments.first().and_then(|root| self.get(root));
        for segment in segments.iter().skip(1) {
            entry = match entry {
                Some(Entry::Names(names)) => names.get(segment),
                _ => None,
            };
        }
        match entry {
            Some(Entry::Names(names)) => names.names(),
            _ => Vec::new(),
        }
    }

    /// The problem of reaching into the null in front of segment `at`.
    fn null(&self, reference: &Reference, at: usize) -> Problem {
        let path = path_text(&reference.segments[..at]);
        let why = self.fate(&reference.segments[..at]);
        let message = match why {
            Some(why) => format!("`{path}` is null: {why}"),
            None => format!("`{path}` is null, it has no `{}`", reference.segments[at]),
        };
        Problem::new(reference.offset, message)
    }

    /// What became of the step that `path` leads through, where it did not succeed.
    pub(super) fn fate(&self, path: &[String]) -> Option<String> {
        let [root, id, field, ..] = path else { return None };
        if root != "steps" || field != "outputs" {
            return None;
        }
        let mut segments = vec![root.clone(), id.clone()];
        let mut named = format!("step `{id}`");
        if let [_, _, items, key, ..] = path
            && items == "items"
        {
            segments.extend([items.clone(), key.clone()]);
            named = format!("item `{key}` of step `{id}`");
        }
        segments.push("status".to_owned());
        let (value, taken) = self.fetch(&segments).ok()?;
        let status = descend(&value, &segments[taken..]).ok()?.as_str()?;
        Some(match status {
            "skipped" | "cancelled" => format!("{named} was {status}"),
            "failed" => format!("{named} failed"),
            "succeeded" => format!("{named} succeeded without outputs"),
            other => format!("{named} is {other}"),
        })
    }
}

/// Where a path inside a value ends too early.
pub(super) struct Dead {
    /// Index of the segment that is not there.
    pub(super) index: usize,
    /// What stands before it is null.
    pub(super) null: bool,
    /// The names that are there instead.
    pub(super) names: Vec<String>,
}

/// Follows `segments` into `value`: names of objects, indices of arrays.
pub(super) fn descend<'v>(value: &'v Value, segments: &[String]) -> Result<&'v Value, Dead> {
    let mut value = value;
    for (index, segment) in segments.iter().enumerate() {
        let next = match value {
            Value::Object(object) => object.get(segment),
            Value::Array(array) => segment.parse::<usize>().ok().and_then(|at| array.get(at)),
            _ => None,
        };
        value = next.ok_or_else(|| Dead {
            index,
            null: value.is_null(),
            names: value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default(),
        })?;
    }
    Ok(value)
}

fn unknown(reference: &Reference, at: usize, names: &[String]) -> Problem {
    let segment = reference.segments.get(at).map_or("", String::as_str);
    let message = match at {
        0 => format!("unknown name `{segment}`"),
        _ => format!("`{}` has no `{segment}`", path_text(&reference.segments[..at])),
    };
    Problem::new(reference.place(at), message).maybe_hint(nearest(segment, names.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;

    fn reference(path: &str) -> Reference {
        Reference::plain(path.split('.').map(str::to_owned).collect(), 0)
    }

    #[test]
    fn a_layer_hides_names_of_the_layer_below() {
        let outer = Arc::new(Scope::default().with("item", json!(1)).with("inputs", json!({})));
        let inner = Scope::over(&outer).with("item", json!(2));
        assert_eq!(*inner.get("item").unwrap().whole(), json!(2));
        assert_eq!(inner.names(), ["inputs", "item"]);
    }

    struct Counting(Arc<AtomicUsize>);

    impl Names for Counting {
        fn get(&self, name: &str) -> Option<Entry> {
            self.0.fetch_add(1, Ordering::SeqCst);
            (name != "none").then(|| json!({"status": name, "outputs": null}).into())
        }
        fn names(&self) -> Vec<String> {
            vec!["skipped".into(), "failed".into()]
        }
    }

    #[test]
    fn only_the_asked_member_is_computed() {
        let asked = Arc::new(AtomicUsize::new(0));
        let scope = Scope::default().with("steps", Entry::names(Counting(Arc::clone(&asked))));
        let (value, taken) = scope.fetch(&reference("steps.skipped.status").segments).unwrap();
        assert_eq!((value["status"].as_str(), taken), (Some("skipped"), 2));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn reaching_into_null_names_the_step() {
        let scope = Scope::default().with("steps", Entry::names(Counting(Arc::default())));
        let told = |path| scope.explain(&reference(path)).map(|problem| problem.message);
        assert_eq!(
            told("steps.skipped.outputs.x"),
            Some("`steps.skipped.outputs` is null: step `skipped` was skipped".into())
        );
        assert_eq!(
            told("steps.failed.outputs.x.y"),
            Some("`steps.failed.outputs` is null: step `failed` failed".into())
        );
        assert_eq!(told("steps.none"), Some("`steps` has no `none`".into()));
        assert_eq!(told("steps.failed.status"), None);
        assert_eq!(told("nope"), Some("unknown name `nope`".into()));
    }

    #[test]
    fn whole_takes_every_name() {
        let scope = Scope::default().with("steps", Entry::names(Counting(Arc::default())));
        let whole = scope.get("steps").unwrap().whole();
        assert_eq!(whole.as_object().unwrap().len(), 2);
    }
}
