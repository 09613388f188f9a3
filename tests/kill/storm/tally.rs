//! What happened over many runs.

use std::fmt;

use crate::support::Ended;

/// Counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Runs that went to their end.
    pub(crate) runs: usize,
    /// Engine lives.
    pub(crate) lives: usize,
    /// SIGKILLs dealt.
    pub(crate) kills: usize,
    /// Of these, to keepers.
    pub(crate) keepers: usize,
    /// Attempts that a later life found running.
    pub(crate) adopted: usize,
    /// Attempts whose end a later life took from a receipt.
    pub(crate) taken: usize,
    /// Attempts that a later life found not begun.
    pub(crate) not_begun: usize,
    /// Attempts that were permitted ahead of their turn.
    pub(crate) permitted: usize,
    /// Process attempts in doubt.
    pub(crate) doubts: usize,
    /// Effects that were there more often than in an undisturbed run.
    pub(crate) repeated: usize,
    /// How often a person was asked.
    pub(crate) paused: usize,
    /// Steps that were undone.
    pub(crate) undone: usize,
}

impl Tally {
    /// Adds another run's.
    pub(crate) fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.runs, other.runs),
            (&mut self.lives, other.lives),
            (&mut self.kills, other.kills),
            (&mut self.keepers, other.keepers),
            (&mut self.adopted, other.adopted),
            (&mut self.taken, other.taken),
            (&mut self.not_begun, other.not_begun),
            (&mut self.permitted, other.permitted),
            (&mut self.doubts, other.doubts),
            (&mut self.repeated, other.repeated),
            (&mut self.paused, other.paused),
            (&mut self.undone, other.undone),
        ];
        for (mine, others) in pairs {
            *mine += others;
        }
    }

    /// Takes the counts from what a life said that was killed; those of one that ended are taken elsewhere.
    pub(super) fn hear_killed(&mut self, ended: &Ended) {
        if ended.code == 137 {
            self.hear(&ended.stderr);
        }
    }

    /// Takes the counts from what an engine says when it takes up a run.
    pub(crate) fn hear(&mut self, said: &str) {
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
        let Self { runs, lives, kills, keepers, adopted, taken, not_begun, .. } = self;
        let Self { permitted, doubts, repeated, paused, undone, .. } = self;
        write!(
            f,
            "{kills} kills ({keepers} of keepers) over {lives} lives of {runs} runs: {adopted} adopted, {taken} taken from \
             receipts, {not_begun} not begun, {permitted} permitted ahead, {doubts} in doubt, {repeated} repeated, \
             {paused} pauses, {undone} undone"
        )
    }
}
