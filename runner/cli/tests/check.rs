//! What is said of workflows before anything runs, with the step types that are built in.

#[path = "check/files.rs"]
mod files;
#[path = "check/fixture.rs"]
mod fixture;
#[path = "check/mutate.rs"]
mod mutate;
#[path = "check/valid.rs"]
mod valid;
