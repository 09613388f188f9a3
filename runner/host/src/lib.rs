//! The real world behind the traits of the sdk: files, processes, HTTP, clock.
//!
//! - [`file`]: [`RealFiles`], whose writes are there whole or not at all, whenever they are killed;
//! - [`http`]: [`RealHttp`], a client that says why it failed, and a server of one folder;
//! - [`kube`]: [`RealKube`], clusters, each with one client;
//! - [`process`]: [`RealProcesses`], helper processes that never outlive the work that wanted them;
//! - [`clock`], [`net`]: time and plain connections;
//! - [`cancel`], [`log`]: how a step is asked to stop, and where what it says goes.
//!
//! [`Host`] holds what all steps of an engine share and makes the [`Context`](runner_sdk::Context) of one attempt.

pub mod cancel;
mod cause;
pub mod clock;
pub mod file;
mod host;
pub mod http;
pub mod kube;
pub mod log;
pub mod net;
pub mod process;

pub use cancel::{CancelToken, Canceller};
pub use clock::RealClock;
pub use file::RealFiles;
pub use host::{Attempt, Host};
pub use http::RealHttp;
pub use kube::{Clients, RealKube};
pub use log::{Append, LaneLog, Mask};
pub use net::RealNet;
pub use process::RealProcesses;
