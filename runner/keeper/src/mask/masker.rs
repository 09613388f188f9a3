//! All secrets of a run, ready to be looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aho_corasick::AhoCorasick;

use super::{Stream, encodings};
use crate::protocol::Mask;

/// Looks for secrets. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    pub(super) inner: Arc<Patterns>,
}

/// The secrets, prepared. Their values are never printed.
#[derive(Default)]
pub(super) struct Patterns {
    /// Names, by the patterns' order in the automaton: that of their bytes.
    names: Vec<BTreeSet<String>>,
    /// The patterns, sorted.
    sorted: Vec<Vec<u8>>,
    automaton: Option<AhoCorasick>,
    longest: usize,
    secrets: Vec<Mask>,
    unmasked: BTreeSet<String>,
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patterns").field("count", &self.sorted.len()).finish_non_exhaustive()
    }
}

impl Masker {
    /// A masker for these secrets.
    ///
    /// # Panics
    ///
    /// When the secrets are larger than an automaton can be (gigabytes).
    pub fn new(secrets: impl IntoIterator<Item = Mask>) -> Self {
        let mut patterns = Patterns::default();
        let mut forms: BTreeMap<Vec<u8>, BTreeSet<String>> = BTreeMap::new();
        for secret in secrets {
            let of_this = encodings(&secret.value.0);
            if of_this.is_empty() {
                patterns.unmasked.insert(secret.name.clone());
            }
            for form in of_this {
                forms.entry(form).or_default().insert(secret.name.clone());
            }
            patterns.secrets.push(secret);
        }
        patterns.longest = forms.keys().map(Vec::len).max().unwrap_or(0);
        (patterns.sorted, patterns.names) = forms.into_iter().unzip();
        if !patterns.sorted.is_empty() {
            patterns.automaton = Some(AhoCorasick::new(&patterns.sorted).expect("secrets are not gigabytes"));
        }
        Self { inner: Arc::new(patterns) }
    }

    /// A masker for the secrets of this one and further ones.
    #[must_use]
    pub fn with(&self, further: impl IntoIterator<Item = Mask>) -> Self {
        let mut secrets = self.inner.secrets.clone();
        for secret in further {
            if !secrets.contains(&secret) {
                secrets.push(secret);
            }
        }
        Self::new(secrets)
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.inner.automaton.is_none()
    }

    /// Names of secrets that are too short to be looked for.
    pub fn unmasked(&self) -> impl Iterator<Item = &str> {
        self.inner.unmasked.iter().map(String::as_str)
    }

    /// The text with every secret masked.
    pub fn mask(&self, text: &str) -> String {
        // Secrets are cut out whole, so what is left is UTF-8, unless a secret is itself no text.
        String::from_utf8_lossy(&self.mask_bytes(text.as_bytes())).into_owned()
    }

    /// A text that was cut at its end, with every secret masked, also one that was cut.
    pub fn mask_cut(&self, text: &str) -> String {
        let mut stream = self.stream();
        let mut masked = stream.feed(text.as_bytes());
        masked.extend(stream.finish_cut());
        String::from_utf8_lossy(&masked).into_owned()
    }

    /// The bytes with every secret masked.
    pub fn mask_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.stream();
        let mut masked = stream.feed(bytes);
        masked.extend(stream.finish());
        masked
    }

    /// Names of the secrets that occur.
    pub fn names_in(&self, bytes: &[u8]) -> BTreeSet<String> {
        self.inner.matches(bytes).flat_map(|(_, _, names)| names.iter().cloned()).collect()
    }

    /// A masker for bytes that arrive in pieces.
    pub fn stream(&self) -> Stream {
        Stream::new(self.clone())
    }
}

impl Patterns {
    /// All occurrences, also overlapping ones: begin, end, names.
    pub(super) fn matches<'a>(
        &'a self,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = (usize, usize, &'a BTreeSet<String>)> + 'a {
        self.automaton
            .iter()
            .flat_map(move |automaton| automaton.find_overlapping_iter(bytes))
            .map(|found| (found.start(), found.end(), &self.names[found.pattern().as_usize()]))
    }

    /// Where the longest end of `bytes` begins that could be the beginning of a secret; their length if there is none.
    pub(super) fn undecided(&self, bytes: &[u8]) -> usize {
        let from = (bytes.len() + 1).saturating_sub(self.longest);
        (from..bytes.len()).find(|at| self.begins(&bytes[*at..])).unwrap_or(bytes.len())
    }

    /// Whether a secret begins with `part` and goes on after it.
    fn begins(&self, part: &[u8]) -> bool {
        // Those that begin with `part` follow it in order, first of all `part` itself.
        let at = self.sorted.partition_point(|pattern| pattern.as_slice() <= part);
        self.sorted.get(at).is_some_and(|pattern| pattern.starts_with(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker(values: &[&str]) -> Masker {
        Masker::new(values.iter().map(|value| Mask::new(format!("name of {value}"), *value)))
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let masker = masker(&["hunter2", "correct horse"]);
        assert_eq!(masker.mask("hunter2 hunter2, correct horse"), "*** ***, ***");
        assert_eq!(masker.mask("Authorization: Basic dXNlcjpodW50ZXIy"), "Authorization: Basic dXNlcjp***");
        assert_eq!(masker.mask("nothing here"), "nothing here");
        assert_eq!(masker.mask(""), "");
    }

    #[test]
    fn of_a_cut_text_the_beginning_of_a_secret_is_masked() {
        let masker = masker(&["correct horse"]);
        assert_eq!(masker.mask_cut("sh correct ho"), "sh ***");
        assert_eq!(masker.mask_cut("correct horse"), "***");
        assert_eq!(masker.mask_cut("a cor"), "a cor", "too short to tell anything");
        assert_eq!(masker.mask_cut("corrector"), "corrector");
        assert_eq!(Masker::default().mask_cut("correct ho"), "correct ho");
    }

    #[test]
    fn overlapping_secrets_are_masked_as_one() {
        assert_eq!(masker(&["abcdef", "defghi"]).mask("xabcdefghix"), "x***x");
        assert_eq!(masker(&["abcd", "abcdefgh"]).mask("abcdefgh abcdef"), "*** ***ef");
    }

    #[test]
    fn names_tell_which_secret_occurred() {
        let masker = masker(&["hunter2", "unused-one"]);
        assert_eq!(masker.names_in(b"aHVudGVyMg==").into_iter().collect::<Vec<_>>(), ["name of hunter2"]);
        assert!(masker.names_in(b"nothing").is_empty());
    }

    #[test]
    fn a_secret_too_short_to_mask_is_named() {
        let masker = masker(&["abc", "long enough"]);
        assert_eq!(masker.unmasked().collect::<Vec<_>>(), ["name of abc"]);
        assert_eq!(masker.mask("abc"), "abc");
    }

    #[test]
    fn no_secrets_mask_nothing() {
        assert!(Masker::default().is_empty());
        assert_eq!(Masker::default().mask("as it is ö"), "as it is ö");
    }

    #[test]
    fn values_are_not_printed() {
        assert!(!format!("{:?}", masker(&["hunter2"])).contains("hunter2"));
    }

    #[test]
    fn further_secrets_add_to_the_known_ones() {
        let more = masker(&["hunter2"]).with([Mask::new("b", "second-one")]);
        assert_eq!(more.mask("hunter2 second-one"), "*** ***");
    }
}
