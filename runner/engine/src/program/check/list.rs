//! Which steps a text may speak of: those that have surely ended when it is read.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::diagnostic::did_you_mean;
use crate::expression::Type;
use crate::language::ast::{Action, Interrupted, Needs, Step};

/// So many needs are followed in a list before every step counts as followed; only lists made to be hard have more.
const LOOKS: usize = 20_000_000;

/// In a longer list no similar id is looked for.
const SEARCHED: usize = 1_000;

/// A list of steps, and what is known of each so far.
pub(super) struct List<'p> {
    pub(super) steps: &'p [Step],
    index: HashMap<&'p str, usize>,
    /// The type behind `steps.ID` of those that were gone through.
    records: RefCell<Vec<Type>>,
    /// Whether the needs are right; where they are not, that is said already, and nothing is concluded from them.
    certain: bool,
    looks: Cell<usize>,
}

/// Where in a list a text stands.
#[derive(Clone, Copy)]
pub(super) enum At {
    /// At a step of the body.
    Body(usize),
    /// At a step of `finally`, which follows the whole body.
    Finally(usize),
    /// Behind everything: `outputs`.
    End,
}

/// The lists around a text, the innermost first.
#[derive(Clone, Copy)]
pub(super) struct Layer<'l> {
    pub(super) outer: Option<&'l Layer<'l>>,
    pub(super) body: &'l List<'l>,
    pub(super) finally: &'l List<'l>,
    pub(super) at: At,
}

/// What is known of a step that has ended.
pub(super) struct Known {
    /// The type behind `steps.ID`.
    pub(super) of: Type,
    /// Whether it stands for its items.
    pub(super) items: bool,
    /// Whether a `check` of another type may say that it is done, which then gives no outputs of its own.
    pub(super) checked: bool,
}

/// What an id leads to.
pub(super) enum Found {
    /// A step that has ended.
    Ended(Known),
    /// A step that may not have ended: why, and what to do.
    Early(String, Option<String>),
    /// No step: what may have been meant.
    Unknown(Option<String>),
}

impl<'p> List<'p> {
    pub(super) fn new(steps: &'p [Step]) -> Self {
        let mut index = HashMap::with_capacity(steps.len());
        for (at, step) in steps.iter().enumerate() {
            index.entry(step.id.value.as_str()).or_insert(at);
        }
        let known = |step: &Step| match &step.needs {
            Needs::These(ids, _) => ids.iter().all(|id| index.contains_key(id.value.as_str())),
            _ => true,
        };
        let certain = steps.iter().all(known);
        let records = RefCell::new(vec![Type::Dyn; steps.len()]);
        Self { steps, index, records, certain, looks: Cell::new(0) }
    }

    /// The steps, each behind those it waits for. Steps that wait for each other come last.
    pub(super) fn order(&mut self) -> Vec<usize> {
        let mut open: Vec<usize> = self.steps.iter().map(|step| step.follows.len()).collect();
        let mut behind: Vec<Vec<usize>> = vec![Vec::new(); self.steps.len()];
        for (at, step) in self.steps.iter().enumerate() {
            for need in &step.follows {
                behind[*need].push(at);
            }
        }
        let mut order: Vec<usize> = (0..open.len()).filter(|at| open[*at] == 0).collect();
        let mut next = 0;
        while let Some(at) = order.get(next).copied() {
            next += 1;
            for later in &behind[at] {
                open[*later] -= 1;
                if open[*later] == 0 {
                    order.push(*later);
                }
            }
        }
        if order.len() < open.len() {
            self.certain = false;
            order.extend((0..open.len()).filter(|at| open[*at] > 0));
        }
        order
    }

    /// Keeps what is behind `steps.ID`.
    pub(super) fn record(&self, at: usize, of: Type) {
        self.records.borrow_mut()[at] = of;
    }

    fn known(&self, at: usize) -> Known {
        let step = &self.steps[at];
        let checked = match (&step.action, &step.check, step.interrupted.map(|rule| rule.value)) {
            (Action::Uses(own), Some(check), None | Some(Interrupted::Check)) => own.value != check.uses.value,
            _ => false,
        };
        Known { of: self.records.borrow()[at].clone(), items: step.foreach.is_some(), checked }
    }

    /// Whether a step starts only when another one has ended.
    fn follows(&self, from: usize, to: usize) -> bool {
        if !self.certain || self.steps[from].follows.contains(&to) {
            return true;
        }
        self.looks.set(self.looks.get() + self.steps.len() / 64);
        let mut seen = vec![false; self.steps.len()];
        let mut way = vec![from];
        while let Some(at) = way.pop() {
            self.looks.set(self.looks.get() + 1);
            if at == to || self.looks.get() > LOOKS {
                return true;
            }
            for need in &self.steps[at].follows {
                if !std::mem::replace(&mut seen[*need], true) {
                    way.push(*need);
                }
            }
        }
        false
    }

    /// Why the step `to` may not have ended when `from` starts.
    fn early(&self, from: usize, to: usize) -> Found {
        let (this, other) = (&self.steps[from], &self.steps[to].id.value);
        let name = &this.id.value;
        if from == to {
            if matches!(this.action, Action::Group(_)) {
                return Found::Early(format!("`{other}` has not ended while the steps in it run"), None);
            }
            let hint = "`output` is its own result, in `until`, `ready` and `outputs`";
            return Found::Early(format!("`{other}` is this step itself, which has not ended"), Some(hint.to_owned()));
        }
        let message = format!("`{other}` may not have ended when `{name}` starts");
        if self.follows(to, from) {
            return Found::Early(message, Some(format!("`{other}` waits for `{name}`, not the other way round")));
        }
        let hint = match &this.needs {
            Needs::Previous => match from.checked_sub(1) {
                Some(before) => {
                    let before = &self.steps[before].id.value;
                    format!("`{name}` follows `{before}`; let it wait for both: `needs: [{before}, {other}]`")
                }
                None => format!("let it wait: `needs: [{other}]`"),
            },
            _ => format!("add `{other}` to the `needs` of `{name}`"),
        };
        Found::Early(message, Some(hint))
    }
}

impl Layer<'_> {
    /// What an id leads to, from the innermost list outwards.
    pub(super) fn find(&self, id: &str) -> Found {
        let mut layer = Some(self);
        while let Some(Layer { outer, body, finally, at }) = layer {
            match (body.index.get(id), finally.index.get(id), *at) {
                (Some(&to), _, At::Body(from)) if from == to || !body.follows(from, to) => return body.early(from, to),
                (Some(&to), ..) => return Found::Ended(body.known(to)),
                (None, Some(_), At::Body(from)) => {
                    let name = &body.steps[from].id.value;
                    let message = format!("`{id}` stands in `finally`, which starts after `{name}`");
                    return Found::Early(message, None);
                }
                (None, Some(&to), At::Finally(from)) if from == to || !finally.follows(from, to) => {
                    return finally.early(from, to);
                }
                (None, Some(&to), _) => return Found::Ended(finally.known(to)),
                (None, None, _) => layer = *outer,
            }
        }
        Found::Unknown(self.meant(id))
    }

    /// What may have been meant by an id that leads nowhere.
    fn meant(&self, id: &str) -> Option<String> {
        let (mut known, mut outermost) = (Vec::new(), self);
        let mut layer = Some(self);
        while let Some(now) = layer {
            if now.body.steps.len() + now.finally.steps.len() > SEARCHED {
                return None;
            }
            known.extend(now.body.index.keys().chain(now.finally.index.keys()).copied());
            outermost = now;
            layer = now.outer;
        }
        let lists = [outermost.body.steps, outermost.finally.steps];
        if let Some(group) = lists.into_iter().find_map(|steps| inside(steps, id)) {
            return Some(format!("it stands inside the group `{group}`, of which only the `outputs` are seen outside"));
        }
        known.sort_unstable();
        did_you_mean(id, known.iter().copied()).or_else(|| {
            let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            (known.len() <= 12 && !known.is_empty()).then(|| format!("there are {}", names.join(", ")))
        })
    }
}

/// The innermost group in which a step stands.
fn inside<'s>(steps: &'s [Step], id: &str) -> Option<&'s str> {
    steps.iter().find_map(|step| {
        let is_here = step.lists().flatten().any(|inner| inner.id.value == id);
        let own = is_here.then_some(step.id.value.as_str());
        own.or_else(|| step.lists().find_map(|list| inside(list, id)))
    })
}
