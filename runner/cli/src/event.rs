//! The event stream: a fact as one line of JSON.

use runner_engine::driver::Entry;
use runner_engine::ledger::Record;

/// The version of the stream's lines.
const VERSION: u32 = 1;

/// A fact as a line: `v`, `seq` and `time` (milliseconds since 1970), and then its own fields, `event` first.
pub(crate) fn line(fact: &Record<Entry>) -> Result<String, serde_json::Error> {
    let own = serde_json::to_string(&fact.event)?;
    let own = own.strip_prefix('{').unwrap_or(&own);
    Ok(format!("{{\"v\":{VERSION},\"seq\":{},\"time\":{},{own}\n", fact.seq, fact.at))
}
