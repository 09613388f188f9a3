//! What a killed `helm` leaves, and how it is mended.

use runner_sdk::Result;
use runner_sdk::unit::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::program::Helm;
use super::release::{DEPLOYED, Revision};

/// What becomes of a release on which a `helm` that was killed left its mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// It goes back to the revision that was deployed last, or where none was, it is removed and installed anew.
    #[default]
    Mend,
    /// The step fails, as `helm` itself does.
    Fail,
}

/// How a release is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mending {
    /// It goes back to this revision.
    Back(u32),
    /// It is removed: no revision of it was ever whole.
    Remove,
}

/// How a release with these revisions has to be mended; `None`: nothing is pending.
pub(crate) fn mending(revisions: &[Revision]) -> Option<Mending> {
    let (last, before) = revisions.split_last()?;
    match last.status.as_str() {
        "uninstalling" => return Some(Mending::Remove),
        status if !status.starts_with("pending-") => return None,
        _ => {}
    }
    let with = |status: &str| before.iter().rev().find(|revision| revision.status == status);
    // While something is pending what was in force still says `deployed`; `superseded` is what was in force before a failure.
    Some(with(DEPLOYED).or_else(|| with("superseded")).map_or(Mending::Remove, |good| Mending::Back(good.number)))
}

/// That something is pending, in words.
pub(crate) fn left(release: &str, status: &str) -> String {
    format!("release `{release}` is `{status}`, which a `helm` that was killed left")
}

impl Mending {
    /// What it does, in words.
    pub(crate) fn told(self, release: &str, revisions: &[Revision]) -> String {
        let last = revisions.last().map_or("", |last| last.status.as_str());
        let left = left(release, last);
        match self {
            Self::Back(revision) => format!("{left}: back to revision {revision}"),
            Self::Remove => format!("{left}, and no revision was ever deployed: it is removed"),
        }
    }

    /// Mends it.
    pub(crate) async fn carry_out(self, helm: &Helm<'_>, release: &str, timeout: Duration) -> Result<()> {
        let timeout = timeout.to_string();
        let command = match self {
            Self::Back(revision) => helm.command(&["rollback", release, &revision.to_string()]),
            // What is still being deleted would be in the way of what is installed next.
            Self::Remove => helm.command(&["uninstall", release, "--wait"]),
        };
        helm.succeed(command.args(["--timeout", &timeout])).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statuses: &[&str]) -> Option<Mending> {
        let revision = |(at, status): (usize, &&str)| Revision {
            number: u32::try_from(at).unwrap() + 1,
            status: (*status).to_owned(),
            chart: "c-1".to_owned(),
            app_version: String::new(),
        };
        mending(&statuses.iter().enumerate().map(revision).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_pending_goes_back_to_what_was_deployed_last() {
        assert_eq!(of(&["superseded", "deployed", "pending-upgrade"]), Some(Mending::Back(2)));
        assert_eq!(of(&["superseded", "deployed", "failed", "pending-rollback"]), Some(Mending::Back(2)));
        assert_eq!(of(&["superseded", "superseded", "failed", "pending-upgrade"]), Some(Mending::Back(2)));
    }

    #[test]
    fn what_never_was_deployed_is_removed() {
        assert_eq!(of(&["pending-install"]), Some(Mending::Remove));
        assert_eq!(of(&["failed", "pending-upgrade"]), Some(Mending::Remove));
        assert_eq!(of(&["uninstalling"]), Some(Mending::Remove));
    }

    #[test]
    fn nothing_else_is_touched() {
        for statuses in [&[][..], &["deployed"], &["deployed", "failed"], &["pending-install", "deployed"]] {
            assert_eq!(of(statuses), None, "{statuses:?}");
        }
    }
}
