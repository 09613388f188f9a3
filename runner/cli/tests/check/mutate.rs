//! Whatever a file holds, it is told what is wrong with it, and nothing breaks.

use std::fs;

use super::files::{folder, told_of, yaml};

/// Numbers that are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end.max(1)
    }
}

/// A text with one word of it taken out, doubled, or put where another one stands.
fn mutated(text: &str, random: &mut Random) -> String {
    let words: Vec<&str> = text.split_inclusive([' ', '.', ':', ',', '{', '[', '"', '\n']).collect();
    let (at, other) = (random.below(words.len()), random.below(words.len()));
    let mut mutated: Vec<&str> = words.clone();
    if words.is_empty() {
        return "steps: []".to_owned();
    }
    match random.below(3) {
        0 => {
            mutated.remove(at);
        }
        1 => mutated.insert(at, words[at]),
        _ => mutated[at] = words[other],
    }
    mutated.concat()
}

#[test]
fn no_mutation_of_a_program_makes_the_checks_panic() {
    let mut random = Random(7);
    let mut found = 0;
    for path in [yaml(&folder("bad/program")), yaml(&folder("good"))].concat() {
        let whole = fs::read_to_string(path).expect("the fixture");
        let mut text = whole.clone();
        for round in 0..if cfg!(debug_assertions) { 12 } else { 60 } {
            // Up to four mutations of one file; more leave nothing that could be read.
            text = mutated(if round % 4 == 0 { &whole } else { &text }, &mut random);
            found += usize::from(!told_of(&text).is_empty());
        }
    }
    assert!(found > 100, "{found} of them are wrong");
}
