//! Helper processes of in-process work.
//!
//! Each runs in a process group of its own. The group is killed when its leader has ended, or when the work that wanted
//! it is dropped: nothing stays behind but what left the group on purpose. What a process left in its pipes when it ended
//! is read; nobody waits for those who still hold them open.

mod output;
mod real;

pub use real::RealProcesses;

#[cfg(test)]
mod tests;
