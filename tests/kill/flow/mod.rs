//! Workflows that are made up: what they consist of, what they look like, and what is to be seen of them from outside.
//!
//! Every step has an id that no other has, and every attempt of it leaves a trace under one name: the id, and a hyphen and
//! the key for each foreach around it. So a path of the journal and a line of the trace tell the same name.

mod expect;
mod grow;
mod yaml;

pub(crate) use expect::{Expected, name_of};

/// A workflow and all that it calls.
#[derive(Debug)]
pub(crate) struct Flow {
    /// What it was grown from.
    pub(crate) seed: u64,
    /// `--parallel`.
    pub(crate) parallel: u64,
    body: Body,
}

/// Steps, and those of `finally`.
#[derive(Debug, Default)]
struct Body {
    steps: Vec<Item>,
    last: Vec<Item>,
}

/// A step of a list.
#[derive(Debug)]
struct Item {
    id: String,
    /// What it needs, by its place in the list; nothing said: the one before.
    needs: Option<Vec<usize>>,
    foreach: Option<Foreach>,
    what: What,
}

/// A step is carried out once for each key.
#[derive(Debug)]
struct Foreach {
    keys: Vec<&'static str>,
    max_parallel: Option<u64>,
}

#[derive(Debug)]
enum What {
    Leaf(Leaf),
    Group(Body),
    /// Another workflow.
    Call(Body),
}

/// What a step does, and what becomes of it when it is in doubt.
#[derive(Debug)]
struct Leaf {
    work: Work,
    rule: Rule,
    /// Hundredths of a second.
    takes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// A process.
    Plain,
    /// A process of which only the exit code counts, so that what follows may be let go ahead of its turn. It fails so
    /// often before it succeeds.
    Quiet(u64),
    /// It says which file it leaves.
    Publishes,
    /// It fails so often before it succeeds.
    Flaky(u64),
    /// It is asked so often before it is done.
    Polled(u64),
    /// Its first attempt hangs until its timeout.
    Slow,
    /// It prints more than the journal takes.
    Large,
    /// Its program does not exist, which is ignored.
    Absent,
    /// A process that stays.
    Service,
    /// It needs the service at this place of its list.
    Served(usize),
    /// In-process: it adds to the state.
    State,
    /// In-process: it writes a file.
    Writes,
    /// In-process: it says something.
    Says,
}

/// `interrupted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Repeat,
    Check,
    Stop,
}

impl Work {
    /// How often it ends without success before it succeeds.
    fn failures(self) -> u64 {
        match self {
            Self::Quiet(failures) | Self::Flaky(failures) | Self::Polled(failures) => failures,
            _ => 0,
        }
    }

    /// Whether what it prints is worth comparing.
    fn is_said(self) -> bool {
        matches!(self, Self::Plain | Self::Publishes | Self::Flaky(_) | Self::Polled(_) | Self::Slow)
    }

    /// Whether there is something to take back when it has succeeded.
    fn is_undone(self) -> bool {
        self.is_process() && !matches!(self, Self::Service | Self::Absent)
    }

    fn is_process(self) -> bool {
        !matches!(self, Self::State | Self::Writes | Self::Says)
    }
}
