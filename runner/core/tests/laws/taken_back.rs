//! Small plans that are undone, or ask a person.

use std::sync::Arc;

use runner_core::plan::Interrupted::{Check, Stop};
use runner_core::{Plan, When};

use crate::build::{g, plan, s, undoing};
use crate::script::{Outcome, Script};

/// More plans for the crashes.
pub(crate) fn plans() -> Vec<(&'static str, Arc<Plan>, Script)> {
    let none = Script::default;
    vec![
        (
            "undo",
            undoing(vec![s("a").undo(true), s("b").undo(false).interrupted(Stop), s("c")], vec![s("f")]),
            none().outcome("c", &[Outcome::Permanent]).outcome("undo:a", &[Outcome::Transient, Outcome::Ok]),
        ),
        (
            "undo of a group",
            plan(
                vec![
                    g(
                        "n",
                        vec![s("a").undo(true).needs(&[]), s("b").each(None).undo(false).needs(&[]), s("c")],
                        vec![],
                    )
                    .undoes(),
                    s("z").when(When::Status).undo(true),
                ],
                vec![],
            ),
            none().items("b", &["x", "y"]).outcome("c", &[Outcome::Permanent]),
        ),
        (
            "questions",
            plan(
                vec![s("v").service().retry(9), s("a").approval(), g("n", vec![s("b")], vec![]).confirm(), s("c")],
                vec![s("f").confirm()],
            ),
            none(),
        ),
        (
            "undo afterwards",
            plan(
                vec![
                    g("n", vec![s("v").service().retry(9), s("a").undo(false)], vec![s("e")]),
                    s("b").undo(true).interrupted(Check).each(None),
                ],
                vec![s("f")],
            ),
            none().items("b", &["x", "y"]).undone_afterwards(),
        ),
        (
            "undo beside a service",
            undoing(
                vec![
                    g("n", vec![s("v").service().retry(9), s("a").undo(true)], vec![]),
                    s("c").leaves_nothing(),
                    s("d"),
                ],
                vec![],
            ),
            none().outcome("d", &[Outcome::Permanent]),
        ),
    ]
}
