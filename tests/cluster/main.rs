//! The control plane of the tests is a real one, and misbehaves as it is told. `tests/run cluster` builds it and runs these.

#[path = "../support/k0rdent/mod.rs"]
mod stand_in;
#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod fault;
mod helm;
mod k0rdent;
mod life;
mod node;
mod published;
mod real;
mod steps;
mod watch;
