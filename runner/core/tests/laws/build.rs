//! Plans in few words.

use std::sync::Arc;

use runner_core::{Body, Compensation, Foreach, Interrupted, Kind, Leaf, OnError, Plan, Retry, Step, Until, When};

/// A step to be. Without [`S::needs`] it follows the one before it.
#[derive(Clone, Debug)]
pub(crate) struct S {
    pub(crate) id: String,
    needs: Option<Vec<usize>>,
    when: When,
    foreach: Option<Foreach>,
    on_error: OnError,
    leaf: Leaf,
    body: Option<(Vec<S>, Vec<S>)>,
    timeout: Option<u64>,
    undoes: bool,
    confirm: bool,
}

pub(crate) fn s(id: &str) -> S {
    let retry = Retry { delay: 10, ..Retry::default() };
    S {
        id: id.to_owned(),
        needs: None,
        when: When::Success,
        foreach: None,
        on_error: OnError::Stop,
        leaf: Leaf { retry, interrupted: Interrupted::Repeat, ..Leaf::default() },
        body: None,
        timeout: None,
        undoes: false,
        confirm: false,
    }
}

/// A group.
pub(crate) fn g(id: &str, steps: Vec<S>, finally: Vec<S>) -> S {
    S { body: Some((steps, finally)), ..s(id) }
}

impl S {
    pub(crate) fn needs(mut self, needs: &[usize]) -> Self {
        self.needs = Some(needs.to_vec());
        self
    }
    pub(crate) fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }
    pub(crate) fn each(mut self, max_parallel: Option<usize>) -> Self {
        self.foreach = Some(Foreach { max_parallel });
        self
    }
    pub(crate) fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }
    pub(crate) fn retry(mut self, attempts: u32) -> Self {
        self.leaf.retry.attempts = attempts;
        self
    }
    pub(crate) fn until(mut self, every: u64, within: Option<u64>) -> Self {
        self.leaf.until = Some(Until { every, within });
        self
    }
    pub(crate) fn service(mut self) -> Self {
        self.leaf.service = true;
        self
    }
    pub(crate) fn interrupted(mut self, rule: Interrupted) -> Self {
        self.leaf.interrupted = rule;
        self
    }
    /// A person has to agree before it begins.
    pub(crate) fn confirm(mut self) -> Self {
        self.confirm = true;
        self
    }
    /// It is a question to a person.
    pub(crate) fn approval(mut self) -> Self {
        (self.leaf.approval, self.leaf.waits) = (true, true);
        self
    }
    /// A group that undoes itself when it fails.
    pub(crate) fn undoes(mut self) -> Self {
        self.undoes = true;
        self
    }
    pub(crate) fn undo(mut self, repeats: bool) -> Self {
        let retry = Retry { attempts: 2, delay: 10, ..Retry::default() };
        self.leaf.undo = Compensation::Undo { retry, repeats };
        self
    }
    pub(crate) fn leaves_nothing(mut self) -> Self {
        self.leaf.undo = Compensation::Nothing;
        self
    }
    pub(crate) fn waits(mut self) -> Self {
        self.leaf.waits = true;
        self
    }
    pub(crate) fn timeout(mut self, timeout: u64) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// The plan of a workflow with these lists.
pub(crate) fn plan(steps: Vec<S>, finally: Vec<S>) -> Arc<Plan> {
    plan_within(steps, finally, None)
}

/// The plan of a workflow that undoes itself when it fails.
pub(crate) fn undoing(steps: Vec<S>, finally: Vec<S>) -> Arc<Plan> {
    let mut plan = Arc::unwrap_or_clone(plan(steps, finally));
    plan.undo = true;
    Arc::new(plan)
}

pub(crate) fn plan_within(steps: Vec<S>, finally: Vec<S>, timeout: Option<u64>) -> Arc<Plan> {
    let mut plan = Plan { timeout, ..Plan::default() };
    plan.root = body(&mut plan, steps, finally);
    Arc::new(plan)
}

fn body(plan: &mut Plan, steps: Vec<S>, finally: Vec<S>) -> Body {
    let mut list = |steps: Vec<S>| steps.into_iter().enumerate().map(|(at, step)| add(plan, at, step)).collect();
    Body { steps: list(steps), finally: list(finally) }
}

fn add(plan: &mut Plan, at: usize, step: S) -> usize {
    let kind = match step.body {
        None => Kind::Leaf(step.leaf),
        Some((steps, finally)) => {
            Kind::Body { body: body(plan, steps, finally), timeout: step.timeout, undo: step.undoes }
        }
    };
    let needs = step.needs.unwrap_or_else(|| at.checked_sub(1).into_iter().collect());
    let (id, when, foreach, on_error, confirm) = (step.id, step.when, step.foreach, step.on_error, step.confirm);
    plan.steps.push(Step { id, needs, when, foreach, kind, on_error, confirm });
    plan.steps.len() - 1
}
