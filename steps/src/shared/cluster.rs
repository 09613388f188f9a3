//! Which cluster a step works on.

use std::path::PathBuf;

use runner_sdk::{Error, Place, Result, kube};
use schemars::JsonSchema;
use serde::Deserialize;

/// The fields that say it: flattened into the `with:` of every step that works on a cluster.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Cluster {
    /// A kubeconfig file. Without one: that which `KUBECONFIG` names, `~/.kube/config`, or inside a pod the cluster's own.
    #[serde(default)]
    pub kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig; without one, its current context.
    #[serde(default)]
    pub context: Option<String>,
    /// The namespace of objects that do not say theirs; without one, that of the context.
    #[serde(default)]
    pub namespace: Option<String>,
}

impl Cluster {
    /// Refuses names that cannot be, and that a program would take for options.
    pub fn check(&self) -> Result<()> {
        if let Some(context) = self.context.as_deref().filter(|name| odd(name)) {
            return Err(Error::input(format!("`{context}` cannot be a context")));
        }
        let label = |name: &str| {
            let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            name.len() <= 63
                && ends(name.chars().next())
                && ends(name.chars().last())
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        match self.namespace.as_deref() {
            Some(namespace) if !label(namespace) => Err(Error::input(format!("`{namespace}` cannot be a namespace"))
                .hint("at most 63 small letters, digits and `-`, with a letter or digit at both ends")),
            _ => Ok(()),
        }
    }

    /// The cluster itself, from the step's folder.
    pub fn at(&self, place: &Place) -> kube::Cluster {
        kube::Cluster {
            kubeconfig: self.kubeconfig.as_ref().map(|path| place.path(path)),
            context: self.context.clone(),
        }
    }
}

fn odd(name: &str) -> bool {
    name.is_empty() || name.starts_with('-') || name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::place;

    #[test]
    fn names_that_cannot_be_are_refused() {
        let named = |context: &str, namespace: &str| {
            Cluster { context: Some(context.into()), namespace: Some(namespace.into()), ..Cluster::default() }.check()
        };
        assert!(named("arn:aws:eks:eu/a", "kcm-system").is_ok());
        for context in ["", "-o", "a\nb"] {
            assert!(named(context, "a").unwrap_err().message.contains("context"), "{context}");
        }
        for namespace in ["", "-a", "a-", "A", "a.b", &"a".repeat(64)] {
            assert!(named("a", namespace).unwrap_err().message.contains("namespace"), "{namespace}");
        }
    }

    #[test]
    fn the_file_is_one_of_the_steps_folder() {
        let cluster = Cluster { kubeconfig: Some("keys/east".into()), ..Cluster::default() };
        assert_eq!(cluster.at(&place()).kubeconfig, Some("/project/keys/east".into()));
    }
}
