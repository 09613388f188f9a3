//! The step library: one file for each `uses: <namespace>.<verb>`.
//!
//! `src/<namespace>/<verb>.rs` holds the step type: the struct of its `with:`, whose doc comments are its manual page, its
//! output, its examples, and what it does. `src/<namespace>/mod.rs` lists the types of the namespace in `STEPS`. To add a
//! step, add its file and its line there. The list is explicit because a registry filled by the linker is silently empty
//! when nothing names this crate.

#[cfg(feature = "approval")]
pub mod approval;
#[cfg(feature = "archive")]
pub mod archive;
#[cfg(feature = "assert")]
pub mod assert;
#[cfg(feature = "certificate")]
pub mod certificate;
#[cfg(feature = "exec")]
pub mod exec;
#[cfg(feature = "file")]
pub mod file;
#[cfg(feature = "helm")]
pub mod helm;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "kube")]
pub mod kube;
#[cfg(feature = "log")]
pub mod log;
pub mod shared;
#[cfg(feature = "ssh")]
pub mod ssh;
#[cfg(feature = "state")]
pub mod state;
#[cfg(feature = "tcp")]
pub mod tcp;
#[cfg(feature = "template")]
pub mod template;
#[cfg(feature = "vagrant")]
pub mod vagrant;
#[cfg(any(feature = "certificate", feature = "http"))]
mod x509;

#[cfg(test)]
mod testing;

use runner_sdk::StepType;

/// The step types of each namespace that is built in, in the order of their names.
pub fn namespaces() -> Vec<&'static [StepType]> {
    vec![
        #[cfg(feature = "approval")]
        approval::STEPS,
        #[cfg(feature = "archive")]
        archive::STEPS,
        #[cfg(feature = "assert")]
        assert::STEPS,
        #[cfg(feature = "certificate")]
        certificate::STEPS,
        #[cfg(feature = "exec")]
        exec::STEPS,
        #[cfg(feature = "file")]
        file::STEPS,
        #[cfg(feature = "helm")]
        helm::STEPS,
        #[cfg(feature = "http")]
        http::STEPS,
        #[cfg(feature = "kube")]
        kube::STEPS,
        #[cfg(feature = "log")]
        log::STEPS,
        #[cfg(feature = "ssh")]
        ssh::STEPS,
        #[cfg(feature = "state")]
        state::STEPS,
        #[cfg(feature = "tcp")]
        tcp::STEPS,
        #[cfg(feature = "template")]
        template::STEPS,
        #[cfg(feature = "vagrant")]
        vagrant::STEPS,
    ]
}

/// Every step type that is built in.
pub fn all() -> Vec<&'static StepType> {
    namespaces().into_iter().flatten().collect()
}

/// The step type called `name`, such as `exec.run`.
pub fn find(name: &str) -> Option<&'static StepType> {
    all().into_iter().find(|step| step.name == name)
}

/// The step that the front page shows is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct FrontPage;
