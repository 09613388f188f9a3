//! The laws of the core, held by a simulated shell.

mod build;
mod claim_attempt;
mod claim_list;
mod crash;
mod random;
mod script;
mod speed;
mod world;

use build::{plan, s};
use script::Script;
use world::World;

#[test]
fn a_chain_ends() {
    let mut world = World::new(&plan(vec![s("a"), s("b"), s("c")], vec![]), Script::default(), 8);
    assert_eq!(world.run(), runner_core::End::Succeeded);
}
