//! The messages between engine and keeper: one of every kind, with everything in it that may be in it.

use runner_keeper::protocol::{
    Bytes, Exit, Exited, FailureKind, Hello, Leftover, Marks, Mask, Range, Ranges, Reason, Reply, Request, Running,
    SpawnFailure, Start, Started, Text, Welcome,
};
use runner_keeper::seal::Key;
use serde_json::{Value, json};

use crate::{own, sets};

fn started() -> Started {
    Started { attempt: 7, pid: 42, start_time: Some(99), lane: 3, begin: Marks { out: 1, data: 2, progress: 3 } }
}

fn requests() -> Vec<Request> {
    let text = |text: &str| Text::from(text);
    let start = Start {
        attempt: 7,
        epoch: 2,
        argv: vec![text("sh"), text("-c")],
        env: vec![(text("A"), Some(text("b"))), (text("C"), None)],
        dir: text("/project"),
        stdin: Some(Bytes(vec![0, 255, 10])),
        capture: true,
        seal: Some(Key::new([7; Key::LENGTH])),
        timeout_ms: Some(1000),
        grace_ms: 10_000,
        codes: Some(vec![0, 3]),
        takes_place: true,
        behind: Some(vec![5, 6]),
        ..Start::default()
    };
    let hello = Hello {
        protocol: runner_keeper::protocol::PROTOCOL,
        epoch: 2,
        environment: vec![(text("PATH"), text("/bin"))],
        masks: vec![Mask::new("secrets.word", "value")],
    };
    vec![
        Request::Hello(Box::new(hello)),
        Request::Start(Box::new(start)),
        Request::Start(Box::new(Start { pty: true, masked: true, service: true, ..Start::default() })),
        Request::Stop { attempt: 7, kill: true },
        Request::Ready { attempt: 7 },
        Request::Masks { masks: vec![Mask::new("secrets.word", "value")] },
        Request::Lock { path: text("/locks/a") },
        Request::Unlock { path: text("/locks/a") },
        Request::Places { most: 4 },
        Request::Recall,
        Request::End,
    ]
}

fn replies() -> Vec<Reply> {
    let range = |from, to| Range { from, to };
    let exited = |exit, reason| {
        Reply::Exited(Box::new(Exited {
            attempt: 7,
            exit,
            reason,
            ranges: Ranges { lane: 3, out: range(1, 2), data: range(3, 4), progress: range(5, 6) },
            duration_ms: 12,
            max_rss: 13,
            leftovers: vec![Leftover { pid: 43, name: "daemon".to_owned() }],
            data_secrets: vec!["secrets.word".to_owned()],
            data_sealed: true,
            data_lost: true,
        }))
    };
    let failed = |kind| {
        let failure = SpawnFailure { kind, message: "no".to_owned() };
        Reply::SpawnFailed { attempt: 7, failure }
    };
    let welcome = Welcome {
        protocol: runner_keeper::protocol::PROTOCOL,
        session: 41,
        pid: 41,
        running: vec![Running { started: started(), age_ms: 5, service: true }],
        receipts_len: 1234,
    };
    vec![
        Reply::Welcome(Box::new(welcome)),
        Reply::Refused { attempt: Some(7), reason: "older".to_owned() },
        Reply::Refused { attempt: None, reason: "older".to_owned() },
        Reply::Started(started()),
        exited(Exit::Code(3), Reason::Exited),
        exited(Exit::Signal(9), Reason::TimedOut),
        exited(Exit::Signal(15), Reason::Stopped),
        exited(Exit::Signal(9), Reason::Killed),
        failed(FailureKind::NotFound),
        failed(FailureKind::PermissionDenied),
        failed(FailureKind::BadFolder),
        failed(FailureKind::Exhausted),
        failed(FailureKind::Other),
        Reply::TakenBack { attempts: vec![7, 8] },
        Reply::Locked { path: Text::from("/locks/a"), held: true },
    ]
}

/// The messages, one a line, each with whose it is.
pub(crate) fn frozen() -> String {
    let requests = requests().into_iter().map(|request| json!({"request": request}));
    let replies = replies().into_iter().map(|reply| json!({"reply": reply}));
    requests.chain(replies).map(|line| format!("{line}\n")).collect::<Vec<_>>().concat()
}

/// Whether everything that a value says is said by another, which may say more.
fn within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|of| within(value, of)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| within(part, whole))
        }
        (part, whole) => part == whole,
    }
}

#[test]
fn messages_of_every_release_are_understood() {
    for (version, folder) in sets() {
        let lines = std::fs::read_to_string(folder.join("messages.jsonl")).unwrap();
        assert!(lines.lines().count() > 20, "{version}");
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let again = match (line.get("request"), line.get("reply")) {
                (Some(request), _) => {
                    serde_json::from_value::<Request>(request.clone()).map(|request| json!({"request": request}))
                }
                (None, reply) => {
                    serde_json::from_value::<Reply>(reply.unwrap().clone()).map(|reply| json!({"reply": reply}))
                }
            };
            let again = again.unwrap_or_else(|error| panic!("{version}: {error}: {line}"));
            assert!(within(&line, &again), "{version}: {line}\nis understood as\n{again}");
        }
    }
}

#[test]
fn messages_of_this_release_are_those_that_are_frozen() {
    let frozen = std::fs::read_to_string(own().join("messages.jsonl")).unwrap();
    assert_eq!(frozen, self::frozen(), "a message changed: raise the release's version, and freeze a new set");
}
