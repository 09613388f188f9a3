//! Wall time as people read it.

use time::OffsetDateTime;
use time::macros::format_description;

/// Milliseconds since 1970 as `2026-11-21 10:15:02 UTC`.
pub(super) fn clock(milliseconds: u64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    at(milliseconds).format(format).unwrap_or_else(|_| milliseconds.to_string())
}

/// Milliseconds since 1970 as `20261121-101502`, which sorts by time.
pub(super) fn stamp(milliseconds: u64) -> String {
    let format = format_description!("[year][month][day]-[hour][minute][second]");
    at(milliseconds).format(format).unwrap_or_else(|_| milliseconds.to_string())
}

fn at(milliseconds: u64) -> OffsetDateTime {
    let nanoseconds = i128::from(milliseconds) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
