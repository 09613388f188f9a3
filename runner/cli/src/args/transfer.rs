//! `runner export` and `runner import`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::Shape;
use crate::complete;

const EXPORT: &str = "\
Examples:
  runner export                   the newest run, to <its id>.tar.zst
  runner export 20261121-1015 --to - | ssh elsewhere runner import -";

#[derive(Args, Debug)]
#[command(after_help = EXPORT)]
pub(crate) struct Export {
    /// The run: its id or a unique prefix [default: the newest]
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) run: Option<String>,
    /// The archive; `-` is standard output [default: <id>.tar.zst]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// How it is told
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The archive; `-` is standard input
    pub(crate) file: PathBuf,
    /// How it is told
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}
