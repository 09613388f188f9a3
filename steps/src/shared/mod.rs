//! What several namespaces say in the same way: words, modes, captured output, how a program ended, differences.

#[cfg(feature = "archive")]
pub mod aside;
#[cfg(any(feature = "exec", feature = "ssh"))]
pub mod capture;
#[cfg(any(feature = "file", feature = "template"))]
pub mod change;
#[cfg(any(feature = "helm", feature = "kube"))]
pub mod cluster;
#[cfg(any(feature = "exec", feature = "helm", feature = "http", feature = "ssh", feature = "vagrant"))]
pub mod ending;
#[cfg(any(feature = "file", feature = "template", feature = "ssh"))]
pub mod mode;
#[cfg(any(feature = "exec", feature = "ssh"))]
pub mod program;
#[cfg(feature = "helm")]
pub mod several;
#[cfg(feature = "ssh")]
pub mod shell;
#[cfg(any(feature = "exec", feature = "http", feature = "ssh"))]
pub mod word;
