//! A world in memory, so that steps are tested without one: files in a map, a clock that is turned by hand, processes
//! that follow a script, a log that is kept.
//!
//! ```ignore
//! let world = World::new();                              // the step stands in `/project`
//! world.files.put("/project/page.txt", "hello");
//! world.processes.script(|command| Ok(ran(0, "stdout", "stderr")));
//! let output = world.run::<Write>(json!({"path": "page.txt", "content": "hello"})).await?;
//! assert_eq!(world.log.lines(), ["…"]);
//! ```

mod clock;
mod files;
mod http;
mod kube;
mod log;
mod processes;
mod render;
mod state;
mod world;

pub(crate) use clock::TestClock;
pub(crate) use files::MapFiles;
pub(crate) use http::{TestHttp, TestNet};
pub(crate) use kube::TestKube;
pub(crate) use log::TestLog;
pub(crate) use processes::{TestProcesses, ran};
pub(crate) use state::MapState;
pub(crate) use world::{World, captured, decode, place};
