//! Examples are data: shown by `runner steps NAME`, and executed by the conformance tests.

/// One example of a step type, executed in an empty project folder.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What it shows, as a short title in lower case.
    pub title: &'static str,
    /// A list of steps in YAML, as it would stand under `steps:`.
    pub steps: &'static str,
    /// A CEL expression over `steps` that holds after the run, such as `steps.hello.outputs.stdout == 'hello'`.
    pub expect: &'static str,
    /// What the example needs beyond the binary, by the name of a test fixture: `vagrant`, `sshd`. Empty: nothing.
    pub fixture: &'static str,
}

impl Example {
    /// An example that needs nothing but the binary.
    pub const fn new(title: &'static str, steps: &'static str, expect: &'static str) -> Self {
        Self { title, steps, expect, fixture: "" }
    }

    /// The same example, run only where the named fixture is there.
    #[must_use]
    pub const fn with(mut self, fixture: &'static str) -> Self {
        self.fixture = fixture;
        self
    }
}
