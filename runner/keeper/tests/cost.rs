//! What an attempt costs. Prints; asserts nothing about time.

#[expect(dead_code, reason = "each test program needs a part of it")]
mod common;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::Run;
use runner_keeper::protocol::{Exit, Start};

fn per_step(time: Duration, steps: u32) -> f64 {
    time.as_secs_f64() * 1000.0 / f64::from(steps)
}

fn chain(steps: u32, portable: bool, masked: bool) -> f64 {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let begun = Instant::now();
    for attempt in 1..=steps {
        let start = engine.program(attempt.into(), &["/bin/true"]);
        let exited = engine.run(Start { masked, capture: true, ..start });
        assert_eq!((exited.attempt, exited.exit), (attempt.into(), Exit::Code(0)));
    }
    per_step(begun.elapsed(), steps)
}

#[test]
fn a_chain_of_a_thousand_ends_in_order() {
    let bare = Instant::now();
    for _ in 0..1000 {
        assert!(Command::new("/bin/true").stdin(Stdio::null()).status().unwrap().success());
    }
    println!("spawn and wait alone: {:.3} ms a step", per_step(bare.elapsed(), 1000));
    println!("through the keeper:   {:.3} ms a step", chain(1000, false, false));
    println!("masked:               {:.3} ms a step", chain(200, false, true));
    println!("portable:             {:.3} ms a step", chain(200, true, false));
}
