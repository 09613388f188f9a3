//! `runner state`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use super::Shape;
use crate::complete;

const STATE: &str = "\
Examples:
  runner state list regions
  runner state set regions.eastus.version 1.5.0
  runner state set regions.eastus.version 1.5.1 --if-version 7
  runner state export > state.json; runner state import state.json
  runner state history regions.eastus";

#[derive(Args, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true, after_help = STATE)]
pub(crate) struct State {
    #[command(subcommand)]
    pub(crate) command: StateCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum StateCommand {
    /// What stands under a key: a text as it is, anything else as JSON
    Get {
        /// The key, such as `regions.eastus.version`
        #[arg(add = ArgValueCandidates::new(complete::keys))]
        key: String,
        /// How it is told; JSON is one object with the key, the value and its version
        #[arg(long, value_enum, default_value_t)]
        output: Shape,
    },
    /// Put a value under a key
    Set {
        /// The key, such as `regions.eastus.version`
        #[arg(add = ArgValueCandidates::new(complete::keys))]
        key: String,
        /// The value: JSON where it is JSON, else a text; `-` reads it from standard input
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// The value is a text, whatever it looks like
        #[arg(long)]
        text: bool,
        #[command(flatten)]
        at: At,
    },
    /// The keys there are, with their values
    List {
        /// Only what lies under this key
        #[arg(add = ArgValueCandidates::new(complete::keys))]
        prefix: Option<String>,
        /// How they are told; JSON is one object a line
        #[arg(long, value_enum, default_value_t)]
        output: Shape,
    },
    /// Forget what stands under a key
    Rm {
        /// The key, such as `regions.eastus`
        #[arg(add = ArgValueCandidates::new(complete::keys))]
        key: String,
        #[command(flatten)]
        at: At,
    },
    /// All of it as one JSON document, for `import`
    Export,
    /// Put in what was exported: all at once, or nothing
    Import {
        /// The exported document; `-` reads it from standard input
        file: PathBuf,
        /// What the document does not have is forgotten
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        at: At,
    },
    /// Every write, the newest first: when it was, what it did, and which step did it
    History {
        /// Only writes that touched this key
        #[arg(add = ArgValueCandidates::new(complete::keys))]
        key: Option<String>,
        /// How many
        #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
        limit: usize,
        /// How they are told; JSON is one object a line
        #[arg(long, value_enum, default_value_t)]
        output: Shape,
    },
}

/// Under which condition something is written, and how that is told.
#[derive(Args, Debug)]
pub(crate) struct At {
    /// Only if this is still the value's version, as `get --output json` tells it; 0: only if nothing stands there
    #[arg(long, value_name = "N")]
    pub(crate) if_version: Option<u64>,
    /// How it is told; JSON is one object with the key and its new version
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}
