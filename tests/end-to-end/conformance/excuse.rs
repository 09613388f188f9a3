//! What cannot be asked of a step type, with the reason.

use runner_sdk::{Ability, StepType};

use super::life::LONG;

/// Something that is asked of step types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// A cancel in the middle of an attempt is heard within its grace.
    Cancel,
    /// The same step a second time gives the same, and changes nothing.
    Twice,
    /// What `plan` says would change is what is then seen to have changed.
    Plan,
    /// `undo` leaves what was there before.
    Undo,
}

const AT_ONCE: &str = "it waits for nothing and nobody, so there is no middle";
const ENTRIES: &str = "it waits for nothing and nobody; that it stops between entries is held by its own tests";
const MACHINE: &str = "what it changes is a machine and no file of the project; that a plan then finds nothing is held";

const RELEASE: &str = "what it changes is a cluster and no file of the project; that a plan then finds nothing is held";

const ASKED: &str =
    "no attempt of it ever runs: a person's answer is its end, and a run that waits for one holds nothing";

const EXCUSED: &[(&str, Claim, &str)] = &[
    ("approval.wait", Claim::Cancel, ASKED),
    ("archive.pack", Claim::Cancel, ENTRIES),
    ("archive.unpack", Claim::Cancel, ENTRIES),
    ("assert.that", Claim::Cancel, AT_ONCE),
    ("certificate.authority", Claim::Cancel, AT_ONCE),
    ("certificate.issue", Claim::Cancel, AT_ONCE),
    ("file.copy", Claim::Cancel, AT_ONCE),
    ("file.directory", Claim::Cancel, AT_ONCE),
    ("file.read", Claim::Cancel, AT_ONCE),
    ("file.remove", Claim::Cancel, AT_ONCE),
    ("file.write", Claim::Cancel, AT_ONCE),
    ("helm.install", Claim::Plan, RELEASE),
    ("helm.install", Claim::Undo, RELEASE),
    ("helm.rollback", Claim::Plan, RELEASE),
    ("helm.rollback", Claim::Undo, RELEASE),
    ("helm.uninstall", Claim::Plan, RELEASE),
    ("helm.upgrade", Claim::Plan, RELEASE),
    ("helm.upgrade", Claim::Undo, RELEASE),
    ("log.print", Claim::Cancel, AT_ONCE),
    ("state.append", Claim::Cancel, AT_ONCE),
    ("state.append", Claim::Twice, "a second step appends again; the same one does not, which is held on its own"),
    ("state.get", Claim::Cancel, AT_ONCE),
    ("state.remove", Claim::Cancel, AT_ONCE),
    ("state.set", Claim::Cancel, AT_ONCE),
    ("template.render", Claim::Cancel, AT_ONCE),
    ("vagrant.destroy", Claim::Plan, MACHINE),
    ("vagrant.halt", Claim::Plan, MACHINE),
    ("vagrant.up", Claim::Plan, MACHINE),
    ("vagrant.up", Claim::Undo, MACHINE),
];

/// Whether the type is not asked for it.
pub(super) fn excused(step: &StepType, claim: Claim) -> bool {
    EXCUSED.iter().any(|(name, of, _)| *name == step.name && *of == claim)
}

/// Whether the claim would be asked of the type, were it not excused.
fn applies(step: &StepType, claim: Claim) -> bool {
    match claim {
        Claim::Cancel => LONG.iter().all(|(name, ..)| *name != step.name),
        Claim::Twice => step.idempotent,
        Claim::Plan => step.can(Ability::Plan),
        Claim::Undo => step.can(Ability::Undo),
    }
}

#[test]
fn every_excuse_is_of_a_step_type_that_needs_it_and_has_a_reason() {
    for (at, (name, claim, reason)) in EXCUSED.iter().enumerate() {
        let step = runner_steps::find(name).unwrap_or_else(|| panic!("`{name}` is excused and does not exist"));
        assert!(applies(step, *claim), "`{name}` needs no excuse from {claim:?}");
        assert!(reason.len() > 20, "`{name}`: why?");
        let before = at.checked_sub(1).map(|at| EXCUSED[at]);
        let ordered = before.is_none_or(|(other, of, _)| (other, of as u8) < (*name, *claim as u8));
        assert!(ordered, "the table is in order and holds nothing twice: `{name}`");
    }
}
