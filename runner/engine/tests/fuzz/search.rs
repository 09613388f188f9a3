//! The search: change, try, keep what is new.

use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use super::mutate::{Random, mutate};

/// One input may take no longer, on a busy machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(10);

/// A search from the corpus on.
pub(crate) struct Search {
    seed: u64,
    corpus: Vec<Vec<u8>>,
    kept: usize,
    tried: usize,
}

impl Search {
    /// One that starts from the files in the repository.
    pub(crate) fn new() -> Self {
        let seed = std::env::var("FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_260_101);
        let mut files = Vec::new();
        for folder in ["corpus", "bad"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixture").join(folder);
            let entries = fs::read_dir(folder).expect("the corpus");
            files.extend(entries.map(|entry| entry.expect("an entry").path()));
        }
        files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        files.sort();
        let corpus = files.iter().map(|path| fs::read(path).expect("a file")).collect();
        Self { seed, corpus, kept: 0, tried: 0 }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn corpus(&self) -> &[Vec<u8>] {
        &self.corpus
    }

    pub(crate) fn tried(&self) -> usize {
        self.tried
    }

    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// Tries inputs for a time; the first that panics or takes too long, in words. `target` returns what it saw, as a shape:
    /// an input with a new one is changed further.
    pub(crate) fn run(&mut self, time: Duration, target: impl Fn(&[u8]) -> u64) -> Option<String> {
        let mut random = Random::new(self.seed);
        let mut shapes = HashSet::new();
        let started = Instant::now();
        let first: Vec<_> = self.corpus.clone();
        let files = first.len();
        let mut queue = first.into_iter();
        while started.elapsed() < time {
            let fresh = queue.next();
            let is_first = fresh.is_some();
            let input = fresh.unwrap_or_else(|| {
                // Half of the time from a file of the repository, so that what was found on the way does not drown them.
                let among = if random.below(2) == 0 { files } else { self.corpus.len() };
                let one = &self.corpus[random.below(among)].clone();
                let other = &self.corpus[random.below(self.corpus.len())].clone();
                mutate(one, other, &mut random)
            });
            self.tried += 1;
            let before = Instant::now();
            let seen = catch_unwind(AssertUnwindSafe(|| target(&input)));
            match seen {
                Err(panic) => return Some(describe(&input, &message(panic.as_ref()))),
                Ok(_) if before.elapsed() > PATIENCE => return Some(describe(&input, "took too long")),
                Ok(shape) if shapes.insert(shape) && !is_first => {
                    self.kept += 1;
                    self.corpus.push(input);
                }
                Ok(_) => {}
            }
        }
        None
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic").to_owned()
}

fn describe(input: &[u8], what: &str) -> String {
    format!("{what}, with the input b\"{}\"", input.escape_ascii())
}
