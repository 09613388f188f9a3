//! Following a run that is under way.

use std::time::Duration;

use crate::drive::Refusal;
use crate::past::{Facts, Past};

/// How often is looked for more. Another process appends to plain files: there is no event for that on every system.
const GLANCE: Duration = Duration::from_millis(100);

/// Tells `show` of new facts, and of the passing of time, until the run is no longer driven or `show` has had enough.
pub(crate) fn follow(past: &mut Past, mut show: impl FnMut(&Past, &Facts) -> bool) -> Result<(), Refusal> {
    loop {
        // Asked first: what an engine wrote before it was gone is then still read.
        let live = past.engine()?.is_some();
        let more = past.poll()?;
        if !show(past, &more) || !live {
            return Ok(());
        }
        std::thread::sleep(GLANCE);
    }
}
