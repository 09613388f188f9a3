//! A secret as a person gives it.

use std::fmt;

/// A secret input: where it comes from, or itself.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretGiven {
    /// `env:NAME`: an environment variable.
    Env(String),
    /// `file:PATH`: a file's content.
    File(String),
    /// `command:TEXT`: what a command line prints.
    Command(String),
    /// The secret itself, which is never recorded.
    Literal(String),
}

impl SecretGiven {
    /// Reads `env:NAME`, `file:PATH` and `command:…`; everything else is the secret itself.
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Self::Env(name.to_owned()),
            Some(("file", path)) if !path.is_empty() => Self::File(path.to_owned()),
            Some(("command", line)) if !line.trim().is_empty() => Self::Command(line.to_owned()),
            _ => Self::Literal(text.to_owned()),
        }
    }

    /// Whether it says where the secret is, so that it can be recorded.
    pub fn is_reference(&self) -> bool {
        !matches!(self, Self::Literal(_))
    }

    /// The reference as it is recorded; none for a literal.
    pub fn reference(&self) -> Option<String> {
        match self {
            Self::Env(name) => Some(format!("env:{name}")),
            Self::File(path) => Some(format!("file:{path}")),
            Self::Command(line) => Some(format!("command:{line}")),
            Self::Literal(_) => None,
        }
    }
}

// A literal is never shown, not even by accident.
impl fmt::Debug for SecretGiven {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reference().unwrap_or_else(|| "literal".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_never_shown() {
        let secret = SecretGiven::parse("hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!((secret.reference(), secret.is_reference()), (None, false));
        assert_eq!(SecretGiven::parse("env:TOKEN"), SecretGiven::Env("TOKEN".into()));
        assert_eq!(SecretGiven::parse("command:pass show a:b").reference().as_deref(), Some("command:pass show a:b"));
        assert_eq!(SecretGiven::parse("env:"), SecretGiven::Literal("env:".into()));
    }
}
