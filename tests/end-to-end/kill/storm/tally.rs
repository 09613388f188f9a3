//! What happened over many runs.

use std::fmt;

/// Counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::kill) struct Tally {
    /// Runs that went to their end.
    pub(in crate::kill) runs: usize,
    /// Engine lives.
    pub(in crate::kill) lives: usize,
    /// SIGKILLs dealt.
    pub(in crate::kill) kills: usize,
    /// Of these, to keepers.
    pub(in crate::kill) keepers: usize,
    /// Attempts that a later life found running.
    pub(in crate::kill) adopted: usize,
    /// Attempts whose end a later life took from a receipt.
    pub(in crate::kill) taken: usize,
    /// Attempts that a later life found not begun.
    pub(in crate::kill) not_begun: usize,
    /// Process attempts in doubt.
    pub(in crate::kill) doubts: usize,
    /// Effects that were there more often than in an undisturbed run.
    pub(in crate::kill) repeated: usize,
    /// How often a person was asked.
    pub(in crate::kill) paused: usize,
}

impl Tally {
    /// Adds another run's.
    pub(in crate::kill) fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.runs, other.runs),
            (&mut self.lives, other.lives),
            (&mut self.kills, other.kills),
            (&mut self.keepers, other.keepers),
            (&mut self.adopted, other.adopted),
            (&mut self.taken, other.taken),
            (&mut self.not_begun, other.not_begun),
            (&mut self.doubts, other.doubts),
            (&mut self.repeated, other.repeated),
            (&mut self.paused, other.paused),
        ];
        for (mine, others) in pairs {
            *mine += others;
        }
    }

    /// Takes the counts from what an engine says when it takes up a run.
    pub(super) fn hear(&mut self, said: &str) {
        let Some((_, counts)) = said.split_once("taken up again: ") else { return };
        let line = counts.lines().next().unwrap_or_default();
        let numbers: Vec<usize> = line.split(", ").filter_map(|part| part.split(' ').next()?.parse().ok()).collect();
        let [adopted, taken, not_begun, _] = numbers[..] else { panic!("not understood: {line}") };
        self.adopted += adopted;
        self.taken += taken;
        self.not_begun += not_begun;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, lives, kills, keepers, adopted, taken, not_begun, doubts, repeated, paused } = self;
        write!(
            f,
            "{kills} kills ({keepers} of keepers) over {lives} lives of {runs} runs: {adopted} adopted, {taken} taken \
             from receipts, {not_begun} not begun, {doubts} in doubt, {repeated} repeated, {paused} pauses"
        )
    }
}
