//! The names of all fail points.

use crate::protocol::{Reply, Request};
use crate::receipts::Record;

macro_rules! points {
    ($($(#[$doc:meta])* $point:ident = $name:literal,)*) => {
        /// A place in the code at which a test may have a process killed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Point {
            $($(#[$doc])* $point,)*
        }

        impl Point {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$point,)*];

            /// Its name; what stands before the first point is who passes it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }
        }
    };
}

points! {
    /// A run's folder is there, and nobody has its lock.
    RunCreated = "engine.run.created",
    /// A journal's file is there; its name is not durable.
    JournalCreated = "engine.journal.created",
    /// An empty journal is durable.
    JournalBegun = "engine.journal.begun",
    /// A fact is in the memory of the journal's next flush.
    FactAppended = "engine.journal.appended",
    /// A flush is about to be written.
    FlushBegins = "engine.journal.flush.begins",
    /// A flush is written, and not durable.
    FlushWritten = "engine.journal.flush.written",
    /// A flush is durable, and `synced` does not say so.
    FlushSynced = "engine.journal.flush.synced",
    /// A flush is durable, and `synced` says so.
    FlushNamed = "engine.journal.flush.named",
    /// The journal is trimmed to its content; this is not durable.
    JournalTrimmed = "engine.journal.trimmed",
    /// A new life wrote the last flush again, and did not sync it.
    JournalRewritten = "engine.journal.rewritten",
    /// A new life made what it has read durable.
    JournalTaken = "engine.journal.taken",
    /// A checkpoint is about to be opened.
    CheckpointOpening = "engine.checkpoint.opening",
    /// A batch of a checkpoint is applied, and not flushed.
    CheckpointApplied = "engine.checkpoint.applied",
    /// A batch of a checkpoint is flushed.
    CheckpointFlushed = "engine.checkpoint.flushed",
    /// The lock of the state is taken for a write.
    StateLocked = "engine.state.locked",
    /// A write of the state is durable, and its step does not know.
    StateWritten = "engine.state.written",
    /// The index of the state is written.
    StateIndexed = "engine.state.indexed",
    /// A blob is written and synced beside its name.
    BlobWritten = "engine.blob.written",
    /// A blob has its name, which is not durable.
    BlobNamed = "engine.blob.named",
    /// A blob is durable.
    BlobStored = "engine.blob.stored",
    /// A file to be published is synced beside its name.
    FileWritten = "engine.file.written",
    /// A published file has its name, which is not durable.
    FileNamed = "engine.file.named",
    /// What a step names under `publishes` is synced.
    FilesSynced = "engine.file.synced",
    /// Facts are durable, and what one asks for is about to be done.
    Acting = "engine.acting",
    /// What a fact asks for is done.
    Acted = "engine.acted",
    /// In-process work is about to begin.
    TaskBegins = "engine.task.begins",
    /// In-process work has ended, and the loop does not know.
    TaskEnded = "engine.task.ended",
    /// A keeper is about to be started.
    KeeperStarting = "engine.keeper.starting",
    /// A keeper was started, and is not connected.
    KeeperStarted = "engine.keeper.started",
    /// The keeper's connection ended.
    KeeperLost = "engine.keeper.lost",
    /// The new life is a fact that is not durable.
    LifeBegins = "engine.recovery.begins",
    /// The new life is durable, and no keeper has heard of it.
    LifeDurable = "engine.recovery.durable",
    /// The lock of a keeper that is no more is taken.
    KeeperSeized = "engine.recovery.seized",
    /// The keeper was met, or none lives.
    KeeperMet = "engine.recovery.met",
    /// What became of all attempts in flight is a fact that is not durable.
    Recovered = "engine.recovery.settled",
    /// What was under way besides attempts goes on.
    TakenOver = "engine.recovery.over",
    /// The round has ended, and the keeper does not know.
    Leaving = "engine.leaving",
    /// The keeper has left, and the journal is open.
    KeeperLeft = "engine.leaving.alone",
    /// About to introduce itself.
    SendHello = "engine.send.hello",
    /// About to have an attempt started.
    SendStart = "engine.send.start",
    /// About to have an attempt stopped.
    SendStop = "engine.send.stop",
    /// About to say that a service is ready.
    SendReady = "engine.send.ready",
    /// About to have a lock shared.
    SendLock = "engine.send.lock",
    /// About to have a lock let go.
    SendUnlock = "engine.send.unlock",
    /// About to say how many attempts may have a place.
    SendPlaces = "engine.send.places",
    /// About to take back what was permitted ahead.
    SendRecall = "engine.send.recall",
    /// About to say that the run has ended.
    SendEnd = "engine.send.end",
    /// A message was sent.
    Sent = "engine.sent",
    /// Accepted by the keeper.
    HeardWelcome = "engine.heard.welcome",
    /// Told that an attempt was started.
    HeardStarted = "engine.heard.started",
    /// Told that an attempt has ended.
    HeardExited = "engine.heard.exited",
    /// Told that an attempt could not be started.
    HeardSpawnFailed = "engine.heard.spawn_failed",
    /// Told what was taken back that had been permitted ahead.
    HeardTakenBack = "engine.heard.taken_back",
    /// Told whether a lock is shared.
    HeardLocked = "engine.heard.locked",
    /// The keeper's lock is taken, and nameless.
    KeeperLocked = "keeper.locked",
    /// The keeper's lock says who has it and where it listens.
    KeeperSigned = "keeper.signed",
    /// About to append its own receipt.
    ReceiptKeeper = "keeper.receipt.keeper",
    /// About to append that an attempt will be started.
    ReceiptSpawning = "keeper.receipt.spawning",
    /// A process was started; about to append which.
    ReceiptSpawned = "keeper.receipt.spawned",
    /// About to append that an attempt has ended.
    ReceiptEnded = "keeper.receipt.ended",
    /// About to append that an attempt could not be started.
    ReceiptFailed = "keeper.receipt.failed",
    /// Its own receipt is written.
    WroteKeeper = "keeper.receipt.keeper.written",
    /// That an attempt will be started is written.
    WroteSpawning = "keeper.receipt.spawning.written",
    /// Which process was started is written.
    WroteSpawned = "keeper.receipt.spawned.written",
    /// That an attempt has ended is written.
    WroteEnded = "keeper.receipt.ended.written",
    /// That an attempt could not be started is written.
    WroteFailed = "keeper.receipt.failed.written",
    /// Receipts are durable, as no engine is connected.
    ReceiptSynced = "keeper.receipt.synced",
    /// The exit of an attempt's leader was collected.
    Reaped = "keeper.reaped",
    /// An engine connected, and did not say who it is.
    Accepted = "keeper.accepted",
    /// The engine's connection ended.
    Parted = "keeper.parted",
    /// About to leave: nobody can connect any more.
    KeeperLeaving = "keeper.leaving",
    /// Heard an introduction.
    KeeperHeardHello = "keeper.heard.hello",
    /// Heard that an attempt is to be started.
    KeeperHeardStart = "keeper.heard.start",
    /// Heard that an attempt is to be stopped.
    KeeperHeardStop = "keeper.heard.stop",
    /// Heard that a service is ready.
    KeeperHeardReady = "keeper.heard.ready",
    /// Heard that a lock is to be shared.
    KeeperHeardLock = "keeper.heard.lock",
    /// Heard that a lock is to be let go.
    KeeperHeardUnlock = "keeper.heard.unlock",
    /// Heard how many attempts may have a place.
    KeeperHeardPlaces = "keeper.heard.places",
    /// Heard that what was permitted ahead is taken back.
    KeeperHeardRecall = "keeper.heard.recall",
    /// Heard that the run has ended.
    KeeperHeardEnd = "keeper.heard.end",
    /// About to accept an engine.
    SayWelcome = "keeper.say.welcome",
    /// About to tell that an attempt was started.
    SayStarted = "keeper.say.started",
    /// About to tell that an attempt has ended.
    SayExited = "keeper.say.exited",
    /// About to tell that an attempt could not be started.
    SaySpawnFailed = "keeper.say.spawn_failed",
    /// About to tell what was taken back.
    SayTakenBack = "keeper.say.taken_back",
    /// About to tell whether a lock is shared.
    SayLocked = "keeper.say.locked",
}

impl Point {
    /// The engine is about to send this.
    pub const fn sends(request: &Request) -> Option<Self> {
        match request {
            Request::Hello(_) => Some(Self::SendHello),
            Request::Start(_) => Some(Self::SendStart),
            Request::Stop { .. } => Some(Self::SendStop),
            Request::Ready { .. } => Some(Self::SendReady),
            // No engine says this yet.
            Request::Masks { .. } => None,
            Request::Places { .. } => Some(Self::SendPlaces),
            Request::Recall => Some(Self::SendRecall),
            Request::Lock { .. } => Some(Self::SendLock),
            Request::Unlock { .. } => Some(Self::SendUnlock),
            Request::End => Some(Self::SendEnd),
        }
    }

    /// The engine heard this.
    pub const fn heard(reply: &Reply) -> Option<Self> {
        match reply {
            Reply::Welcome(_) => Some(Self::HeardWelcome),
            // No part of a run that is killed and resumed.
            Reply::Refused { .. } => None,
            Reply::TakenBack { .. } => Some(Self::HeardTakenBack),
            Reply::Started(_) => Some(Self::HeardStarted),
            Reply::Exited(_) => Some(Self::HeardExited),
            Reply::SpawnFailed { .. } => Some(Self::HeardSpawnFailed),
            Reply::Locked { .. } => Some(Self::HeardLocked),
        }
    }

    pub(crate) const fn obeys(request: &Request) -> Option<Self> {
        match request {
            Request::Hello(_) => Some(Self::KeeperHeardHello),
            Request::Start(_) => Some(Self::KeeperHeardStart),
            Request::Stop { .. } => Some(Self::KeeperHeardStop),
            Request::Ready { .. } => Some(Self::KeeperHeardReady),
            // No engine says this yet.
            Request::Masks { .. } => None,
            Request::Places { .. } => Some(Self::KeeperHeardPlaces),
            Request::Recall => Some(Self::KeeperHeardRecall),
            Request::Lock { .. } => Some(Self::KeeperHeardLock),
            Request::Unlock { .. } => Some(Self::KeeperHeardUnlock),
            Request::End => Some(Self::KeeperHeardEnd),
        }
    }

    pub(crate) const fn says(reply: &Reply) -> Option<Self> {
        match reply {
            Reply::Welcome(_) => Some(Self::SayWelcome),
            // No part of a run that is killed and resumed.
            Reply::Refused { .. } => None,
            Reply::TakenBack { .. } => Some(Self::SayTakenBack),
            Reply::Started(_) => Some(Self::SayStarted),
            Reply::Exited(_) => Some(Self::SayExited),
            Reply::SpawnFailed { .. } => Some(Self::SaySpawnFailed),
            Reply::Locked { .. } => Some(Self::SayLocked),
        }
    }

    /// About to append this receipt, and with it written.
    pub(crate) const fn receipts(record: &Record) -> (Self, Self) {
        match record {
            Record::Keeper(_) => (Self::ReceiptKeeper, Self::WroteKeeper),
            Record::Spawning(_) => (Self::ReceiptSpawning, Self::WroteSpawning),
            Record::Spawned(_) => (Self::ReceiptSpawned, Self::WroteSpawned),
            Record::Ended(_) => (Self::ReceiptEnded, Self::WroteEnded),
            Record::Failed(_) => (Self::ReceiptFailed, Self::WroteFailed),
        }
    }
}
