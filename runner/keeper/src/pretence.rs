//! What a test may pretend: another time of day, another boot of the machine. Only a build with fail points listens.
//!
//! `RUNNER_PRETENCE` names a file with two words: by how many milliseconds the clock is wrong, and what is added to the
//! name of the boot. The first is read again at every look at the clock, as a clock may be set at any moment.

/// Wall time in milliseconds since 1970, as a test would have it.
#[cfg(feature = "failpoints")]
pub fn clock(now: u64) -> u64 {
    words().and_then(|(shift, _)| now.checked_add_signed(shift)).unwrap_or(now)
}

/// The name of a boot, as a test would have it.
#[cfg(feature = "failpoints")]
pub fn boot(id: String) -> String {
    id + &words().map(|(_, boot)| boot).unwrap_or_default()
}

#[cfg(feature = "failpoints")]
fn words() -> Option<(i64, String)> {
    let text = std::fs::read_to_string(std::env::var_os("RUNNER_PRETENCE")?).ok()?;
    let (shift, boot) = text.split_once(' ')?;
    Some((shift.parse().ok()?, boot.trim().to_owned()))
}

/// Wall time in milliseconds since 1970: what is given, in this build.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub const fn clock(now: u64) -> u64 {
    now
}

/// The name of a boot: what is given, in this build.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn boot(id: String) -> String {
    id
}
