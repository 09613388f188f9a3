//! The traits that a step type implements.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::command::{Captured, Command, Exit, Finished};
use crate::context::{Context, Place};
use crate::error::Result;
use crate::example::Example;

/// What a step type can do beyond running. Declared, so that the manual tells and the conformance tests hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Says what would change.
    Plan,
    /// Says whether an interrupted attempt has done its work.
    Check,
    /// Takes back what it did.
    Undo,
    /// May stand with `service: true`.
    Service,
    /// Asks a person instead of running.
    Asks,
    /// Leaves nothing behind: it only looks, waits or tells, so there is nothing to be undone.
    Traceless,
}

/// A program that the step needs on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Need {
    /// The program's name on `PATH`.
    pub program: &'static str,
    /// The Debian package that has it.
    pub package: &'static str,
    /// How to get it, in one line.
    pub how: &'static str,
}

/// What `plan` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Running the step would change nothing.
    Nothing,
    /// It would change something: one line, and a diff where there is one.
    Would {
        /// What would happen, in one lower-case line.
        summary: String,
        /// A unified diff; empty where there is none.
        diff: String,
    },
}

/// A step type: the struct of its `with:`, with doc comments that people read.
///
/// The struct derives `Deserialize` and `JsonSchema` with `deny_unknown_fields`.
pub trait Step: DeserializeOwned + JsonSchema + Send + Sync + Sized + 'static {
    /// What the step leaves for later ones. It decodes what it encodes.
    type Output: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// `namespace.verb`.
    const NAME: &'static str;
    /// Whether doing it twice is the same as doing it once. It decides what an interrupted attempt may do.
    const IDEMPOTENT: bool;
    /// Raised when the same `with:` begins to mean something else; part of a step's fingerprint.
    const BEHAVIOUR: u32 = 1;
    /// Whether it mostly waits, and so takes no parallel slot.
    const WAITS: bool = false;
    /// Whether running it only computes, for microseconds, and neither waits nor reads nor writes: it is done on the spot.
    const INSTANT: bool = false;
    /// Whether its log is for the person who watches, and shown as it ends.
    const SPEAKS: bool = false;
    /// What it can do beyond running.
    const ABILITIES: &'static [Ability] = &[];
    /// Whether [`Step::reads`] may name files.
    const READS: bool = false;
    /// Programs it needs on this machine.
    const NEEDS: &'static [Need] = &[];
    /// Examples that are run by the tests.
    const EXAMPLES: &'static [Example];

    /// Checks what types alone cannot say, such as two fields that exclude each other. Called before anything starts
    /// where `with:` has no templates, else before the step starts.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// Files whose content counts as part of the step's definition; of a folder, all files in it.
    fn reads(&self) -> Vec<std::path::PathBuf> {
        Vec::new()
    }

    /// What would change; `None` where it cannot say.
    fn plan(&self, context: &Context) -> impl Future<Output = Result<Option<Change>>> + Send {
        let _ = context;
        async { Ok(None) }
    }

    /// Whether an interrupted attempt has done its work: the outputs if it has, `None` if it has not.
    fn check(&self, context: &Context) -> impl Future<Output = Result<Option<Self::Output>>> + Send {
        let _ = context;
        async { Ok(None) }
    }

    /// Takes back what the step did. Doing it twice is the same as doing it once: an attempt that was interrupted is
    /// repeated.
    fn undo(&self, output: &Self::Output, context: &Context) -> impl Future<Output = Result<()>> + Send {
        let _ = (output, context);
        async { Ok(()) }
    }
}

/// A step that is one process. Both functions are pure, so that any engine life can finish what another one started.
pub trait Process: Step {
    /// The process to start.
    fn command(&self, place: &Place) -> Result<Command>;

    /// What the ended process means. Called for every exit.
    fn finish(&self, place: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Self::Output>>;

    /// The exit codes by which alone it is known that [`Process::finish`] succeeds, whatever the process printed; `None` where
    /// more than the code decides. What follows such a step may be let go before the engine has heard of its end.
    fn decided_by(&self) -> Option<Vec<i32>> {
        None
    }

    /// For `service: true`: what the running process has said so far, as outputs, once it says enough; `ready:` sees it.
    fn started(&self, captured: &Captured) -> Option<Self::Output> {
        let _ = captured;
        None
    }
}

/// A step that runs inside the engine and ends with it.
pub trait InProcess: Step {
    /// Does the work. Returns soon after [`Context::cancelled`] resolves.
    fn run(&self, context: &Context) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// The long-running half of a process step whose program is this binary ([`Command::builtin`]).
pub trait Serve: Process {
    /// Serves until the process is stopped. What [`Context::announce`] says goes to standard output, where
    /// [`Process::started`] reads it; the log goes to standard error.
    fn serve(&self, context: &Context) -> impl Future<Output = Result<()>> + Send;
}

/// The outputs of a step that leaves none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nothing {}
