//! Following a run that is under way.

use crate::drive::Refusal;
use crate::past::{Facts, Past};
use crate::watch::Watch;

/// Tells `show` of new facts, and whenever a program of the run has said something, until the run is no longer driven or
/// `show` has had enough.
pub(crate) fn follow(past: &mut Past, mut show: impl FnMut(&Past, &Facts) -> bool) -> Result<(), Refusal> {
    // Watched before the first look, so that nothing is missed in between.
    let mut watch = Watch::of(past.folder.path());
    loop {
        // Asked first: what an engine wrote before it was gone is then still read.
        let live = past.engine()?.is_some();
        let more = past.poll()?;
        if !show(past, &more) || !live {
            return Ok(());
        }
        watch.wait();
    }
}
