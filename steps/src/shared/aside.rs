//! Work that blocks, on a thread of its own: the threads of in-process steps are few, and others wait on them.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use runner_sdk::{Error, Result, contain};

/// What the thread leaves: its end, and who waits for it.
struct Desk<T> {
    end: Option<Result<T>>,
    waker: Option<Waker>,
}

/// Carries out `work` on a thread of its own; a panic there is an error. Who is asked to stop has to look for it.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let desk = Arc::new(Mutex::new(Desk { end: None, waker: None }));
    let theirs = Arc::clone(&desk);
    let thread = std::thread::Builder::new().name("step-aside".to_owned()).spawn(move || {
        let end = contain::call(work);
        let mut desk = theirs.lock().unwrap_or_else(PoisonError::into_inner);
        desk.end = Some(end);
        if let Some(waker) = desk.waker.take() {
            waker.wake();
        }
    });
    thread.map_err(|error| Error::transient(format!("there is no thread to work on: {error}")))?;
    let end = std::future::poll_fn(|poll| {
        let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(end) = desk.end.take() {
            return Poll::Ready(end);
        }
        desk.waker = Some(poll.waker().clone());
        Poll::Pending
    });
    end.await
}
