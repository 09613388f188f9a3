//! Masking of bytes that arrive in pieces.

use std::collections::BTreeSet;

use super::{MASK, Masker, SHORTEST};

/// Masks bytes as they arrive. Holds back the end of what it was given only while that may be the beginning of a
/// secret.
#[derive(Debug)]
pub struct Stream {
    masker: Masker,
    /// The undecided end of what was fed.
    held: Vec<u8>,
    /// How many bytes of `held` were already given out, as they are or masked.
    shown: usize,
    /// How many bytes of `held` belong to an occurrence whose mask was already given out.
    covered: usize,
    seen: BTreeSet<String>,
}

impl Stream {
    pub(super) fn new(masker: Masker) -> Self {
        Self { masker, held: Vec::new(), shown: 0, covered: 0, seen: BTreeSet::new() }
    }

    /// Takes bytes and gives what is decided.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.masker.is_empty() && self.held.is_empty() {
            return bytes.to_vec();
        }
        self.held.extend_from_slice(bytes);
        let decided = self.masker.inner.undecided(&self.held);
        self.give(decided, decided)
    }

    /// Gives what is held back although it is undecided, but remembers it: if it turns out to be the beginning of a
    /// secret, the rest will be masked.
    pub fn settle(&mut self) -> Vec<u8> {
        self.give(self.held.len(), self.masker.inner.undecided(&self.held))
    }

    /// Gives what is held back: nothing follows.
    pub fn finish(&mut self) -> Vec<u8> {
        self.give(self.held.len(), self.held.len())
    }

    /// Gives what is held back: nothing follows because it was cut off. The beginning of a secret counts as one.
    pub fn finish_cut(&mut self) -> Vec<u8> {
        if self.covered > 0 || self.held.len() < SHORTEST {
            return self.finish();
        }
        self.held.clear();
        self.shown = 0;
        MASK.into()
    }

    /// Uses another masker from here on. What is held back is kept.
    pub fn replace(&mut self, masker: Masker) {
        self.masker = masker;
    }

    /// Names of the secrets that occurred so far.
    pub fn seen(&self) -> &BTreeSet<String> {
        &self.seen
    }

    /// Gives `held[..until]` masked, then forgets `held[..forget]`; `forget` is at most `until`.
    fn give(&mut self, until: usize, forget: usize) -> Vec<u8> {
        let mut given = Vec::with_capacity(until);
        let mut covered = self.covered;
        let mut at = self.shown;
        for (from, to) in self.occurrences() {
            if from >= until {
                break;
            }
            if from <= forget {
                covered = to;
            }
            if to <= at {
                continue;
            }
            given.extend_from_slice(self.held.get(at..from).unwrap_or_default());
            if from > 0 || self.covered == 0 {
                given.extend_from_slice(MASK.as_bytes());
            }
            at = to;
        }
        given.extend_from_slice(self.held.get(at..until).unwrap_or_default());
        self.shown = at.max(until) - forget;
        self.covered = covered.saturating_sub(forget);
        self.held.drain(..forget);
        given
    }

    /// Where secrets occur in what is held, overlapping ones joined, in order.
    fn occurrences(&mut self) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        if self.covered > 0 {
            found.push((0, self.covered));
        }
        for (from, to, names) in self.masker.inner.matches(&self.held) {
            found.push((from, to));
            if !names.iter().all(|name| self.seen.contains(name)) {
                self.seen.extend(names.iter().cloned());
            }
        }
        found.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::with_capacity(found.len());
        for (from, to) in found {
            match joined.last_mut() {
                Some(last) if from < last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Mask;

    fn masker(values: &[&str]) -> Masker {
        Masker::new(values.iter().map(|value| Mask::new("s", *value)))
    }

    fn fed(masker: &Masker, parts: &[&[u8]]) -> String {
        let mut stream = masker.stream();
        let mut given: Vec<u8> = parts.iter().flat_map(|part| stream.feed(part)).collect();
        given.extend(stream.finish());
        String::from_utf8(given).unwrap()
    }

    #[test]
    fn a_secret_split_anywhere_is_masked_as_if_whole() {
        let masker = masker(&["hunter2", "abcdef", "defghi", "aaaa", "aabaa"]);
        for text in ["x hunter2 y", "hunterhunter2", "abcdefghi", "abcdeabcdef", "aaaaaaa", "aabaabaa", "hunter", "aab"]
        {
            let whole = masker.mask(text);
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let bytes = text.as_bytes();
                    let parts = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                    assert_eq!(fed(&masker, &parts), whole, "{text} at {first} and {second}");
                }
            }
            let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(fed(&masker, &single), whole, "{text} byte by byte");
        }
    }

    #[test]
    fn only_the_beginning_of_a_secret_is_held_back() {
        let mut stream = masker(&["hunter2"]).stream();
        assert_eq!(stream.feed(b"go hunt"), b"go ");
        assert_eq!(stream.feed(b"ing"), b"hunting");
        assert_eq!(stream.feed(b"done\n"), b"done\n");
    }

    #[test]
    fn an_endless_repetition_is_not_held_for_ever() {
        let mut stream = masker(&["aaaa"]).stream();
        let given: usize = (0..10_000).map(|_| stream.feed(b"aaaaaaa").len()).sum();
        assert!(stream.held.len() < 4 && given == MASK.len(), "held {}, given {given}", stream.held.len());
    }

    #[test]
    fn what_was_settled_still_counts_as_the_beginning() {
        let mut stream = masker(&["hunter2"]).stream();
        assert_eq!(stream.feed(b"hunt"), b"");
        assert_eq!(stream.settle(), b"hunt");
        assert_eq!(stream.settle(), b"");
        assert_eq!(stream.feed(b"er2!"), b"***!");
        assert_eq!(stream.feed(b"hunter2"), b"***");
    }

    #[test]
    fn a_new_secret_is_found_in_what_is_held() {
        let mut stream = masker(&["hunter2"]).stream();
        assert_eq!(stream.feed(b"hunt"), b"");
        stream.replace(masker(&["hunter2", "hunting"]));
        assert_eq!(stream.feed(b"ing!"), b"***!");
        assert_eq!(stream.seen().len(), 1);
    }
}
