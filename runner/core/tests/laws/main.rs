//! The laws of the core, held by a simulated shell.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the core has no clock and no environment; its tests may"
)]

mod build;
mod claim_attempt;
mod claim_edit;
mod claim_list;
mod claim_question;
mod claim_service;
mod claim_stop;
mod claim_undo;
mod crash;
mod crash_edit;
mod keeper;
mod random;
mod script;
mod speed;
mod taken_back;
mod undo_law;
mod world;

use build::{plan, s};
use script::Script;
use world::World;

#[test]
fn a_chain_ends() {
    let mut world = World::new(&plan(vec![s("a"), s("b"), s("c")], vec![]), Script::default(), 8);
    assert_eq!(world.run(), runner_core::End::Succeeded);
}
