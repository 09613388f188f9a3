//! `tcp.wait`.

use std::io;

use runner_sdk::unit::Duration;
use runner_sdk::{Ability, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Waits until a port accepts connections.
///
/// A refused connection, no answer and a name that is not known yet are what it waits out; the step's `timeout` bounds the
/// whole. It takes no parallel slot.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// The host, by name or address.
    pub host: String,
    /// The port.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// The pause between two attempts.
    #[serde(default = "every")]
    pub every: Duration,
    /// How long one attempt may take.
    #[serde(default = "attempt_timeout")]
    pub attempt_timeout: Duration,
}

fn every() -> Duration {
    Duration(std::time::Duration::from_secs(1))
}

fn attempt_timeout() -> Duration {
    Duration(std::time::Duration::from_secs(5))
}

/// What accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The host as given.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How many attempts it took.
    pub attempts: u64,
}

impl Wait {
    fn place(&self) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    async fn connect(&self, context: &Context) -> Result<io::Result<()>> {
        let connecting = context.net.connect(&self.host, self.port, self.attempt_timeout.0);
        context.unless_cancelled(async { Ok(connecting.await) }).await
    }
}

impl Step for Wait {
    type Output = Output;
    const NAME: &'static str = "tcp.wait";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const WAITS: bool = true;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "until a server accepts connections",
        "- id: folder
  uses: file.directory
  with: {path: site}
- id: server
  uses: http.serve
  service: true
  ready: output.port > 0
  with: {folder: site}
- id: open
  uses: tcp.wait
  timeout: 30s
  with: {host: 127.0.0.1, port: '{{steps.server.outputs.port}}', every: 100ms}",
        "steps.open.outputs.attempts >= 1 && steps.open.outputs.port == steps.server.outputs.port",
    )];

    fn validate(&self) -> Result<()> {
        let bad = |message: String| Err(Error::input(message));
        if self.host.is_empty() || self.host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/') {
            return bad(format!("`{}` is not a host", self.host));
        }
        if self.port == 0 {
            return bad("`port` is 0, on which nothing listens".to_owned());
        }
        // Without a pause it would do nothing but ask.
        if self.every.0.is_zero() || self.attempt_timeout.0.is_zero() {
            return bad("`every` and `attempt_timeout` are longer than zero".to_owned());
        }
        Ok(())
    }
}

impl InProcess for Wait {
    async fn run(&self, context: &Context) -> Result<Output> {
        let (place, mut last) = (self.place(), String::new());
        for attempt in 1_u64.. {
            // Asked between attempts too: one that fails at once never waits.
            if context.cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            let error = match self.connect(context).await? {
                Ok(()) => {
                    context.log(format!("`{place}` accepts connections"));
                    return Ok(Output { host: self.host.clone(), port: self.port, attempts: attempt });
                }
                Err(error) => error,
            };
            let why = reason(&error);
            // Neither time nor the other side will change these.
            if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) {
                return Err(Error::permanent(format!("cannot connect to `{place}`: {why}")));
            }
            context.progress(attempt, 0, &format!("`{place}`: {why}"));
            if why != last {
                context.log(format!("waiting for `{place}`: {why}"));
                last = why;
            }
            context.sleep(self.every.0).await?;
        }
        Err(Error::transient(format!("`{place}` accepts no connections: {last}")))
    }
}

/// Why a connection failed, in the words people know.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(text);
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::World;

    #[tokio::test]
    async fn it_waits_out_what_passes_and_says_what_it_waits_for_once() {
        let world = World::new();
        let mut answers = vec![
            Ok(()),
            Err(io::ErrorKind::TimedOut.into()),
            Err(io::ErrorKind::ConnectionRefused.into()),
            Err(io::ErrorKind::ConnectionRefused.into()),
            Err(io::Error::other("failed to lookup address information: Name or service not known")),
        ];
        world.net.answer(move |host, port| {
            assert_eq!((host, port), ("db.test", 5432));
            answers.pop().unwrap()
        });
        let output = world.run::<Wait>(json!({"host": "db.test", "port": 5432})).await.unwrap();
        assert_eq!(output, Output { host: "db.test".into(), port: 5432, attempts: 5 });
        assert_eq!(
            world.log.lines(),
            [
                "waiting for `db.test:5432`: name or service not known",
                "waiting for `db.test:5432`: connection refused",
                "waiting for `db.test:5432`: timed out",
                "`db.test:5432` accepts connections",
            ]
        );
        let progress = world.log.progress();
        assert_eq!(progress.len(), 4);
        assert_eq!(progress[1], (2, 0, "`db.test:5432`: connection refused".to_owned()));
    }

    #[tokio::test]
    async fn it_stops_when_asked_to_and_at_what_does_not_pass() {
        let world = World::new();
        world.cancel();
        let error = world.run::<Wait>(json!({"host": "::1", "port": 1})).await.unwrap_err();
        assert_eq!(error, Error::cancelled());
        let world = World::new();
        world.net.answer(|_, _| Err(io::ErrorKind::PermissionDenied.into()));
        let error = world.run::<Wait>(json!({"host": "::1", "port": 1})).await.unwrap_err();
        assert_eq!(error, Error::permanent("cannot connect to `[::1]:1`: permission denied"));
    }

    #[tokio::test]
    async fn what_cannot_work_is_refused() {
        let world = World::new();
        for wrong in [
            json!({"host": "", "port": 1}),
            json!({"host": "a b", "port": 1}),
            json!({"host": "http://a", "port": 1}),
            json!({"host": "a", "port": 0}),
            json!({"host": "a", "port": 1, "every": "0s"}),
        ] {
            let error = world.run::<Wait>(wrong.clone()).await.unwrap_err();
            assert_eq!(error.kind, runner_sdk::ErrorKind::Input, "{wrong}");
        }
    }
}
