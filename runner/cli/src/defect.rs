//! What becomes of a panic: one of a step is that step's failure, any other ends the program at once, as a kill would, and
//! the run can be resumed.

use std::panic::PanicHookInfo;

use crate::exit::Exit;
use crate::output;

/// Sees to it that a defect of the program is told and nothing goes on with it.
///
/// Only its place is told: what it says might hold a secret. Who sets `RUST_BACKTRACE` is told all.
#[expect(clippy::exit, reason = "what is broken must not go on, on whatever thread that was found")]
pub(crate) fn attend() {
    let whole = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        if runner_sdk::contain::is_contained() {
            return;
        }
        if whole {
            told(panic);
        } else {
            let place = panic.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
            let hint = "nothing that was finished is lost; `RUST_BACKTRACE=1` shows more, which may hold secrets";
            output::error(format!("this is a defect of runner{place}, please report it"), Some(hint));
        }
        std::process::exit(i32::from(Exit::Unexpected.code()));
    }));
}
