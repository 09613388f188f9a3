//! No input makes the reader panic, hang or point outside the text.
//!
//! Inputs are made from the files of `tests/fixture/corpus` (and the bad fixtures) by random changes; those that make the
//! reader say or see something new join the corpus for the time of the run. The sequence of inputs is a function of the
//! seed alone, which is printed: `FUZZ_SEED=… FUZZ_SECONDS=60 cargo test -p runner-engine --test fuzz`.

#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/search.rs"]
mod search;
#[path = "fuzz/target.rs"]
mod target;

use std::time::Duration;

use search::Search;

/// For how long; 2 seconds where nothing is said, so that the tests stay quick.
fn seconds() -> Duration {
    let given = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(given.unwrap_or(2))
}

#[test]
fn no_input_makes_the_reader_panic() {
    let mut search = Search::new();
    let found = search.run(seconds(), |bytes| {
        let seen = target::read(bytes);
        seen.check();
        seen.shape()
    });
    assert!(found.is_none(), "seed {}: {}", search.seed(), found.unwrap_or_default());
    assert!(search.tried() > 100, "only {} inputs were tried", search.tried());
    println!("seed {}: {} inputs, {} of them new", search.seed(), search.tried(), search.kept());
}

#[test]
fn a_planted_panic_is_found_from_the_corpus() {
    let mut search = Search::new();
    let at_first = search.corpus().iter().any(|bytes| target::read(bytes).is_planted());
    assert!(!at_first, "the corpus itself must not show it");
    let found = search.run(Duration::from_secs(60), |bytes| {
        let seen = target::read(bytes);
        assert!(!seen.is_planted(), "planted");
        seen.shape()
    });
    let found = found.unwrap_or_default();
    assert!(found.starts_with("planted"), "not found among {} inputs: {found}", search.tried());
}
