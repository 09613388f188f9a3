//! How a run is shown.

mod plain;

use std::path::Path;

use runner_engine::run::Run;

use crate::args::Format;
use crate::drive::Reporter;

/// The reporter for a format.
pub(crate) fn choose(_format: Format, run: &Run, folder: &Path) -> Box<dyn Reporter> {
    Box::new(plain::Plain::new(run, folder))
}
