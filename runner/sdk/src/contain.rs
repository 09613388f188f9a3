//! A panic of a step is that step's failure, and nobody else's.
//!
//! The hook of the program asks [`is_contained`]: what panics outside of steps is a defect of the program, which it does not
//! go on with.

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use crate::{Error, Result};

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread would be a step's own.
pub fn is_contained() -> bool {
    WITHIN.get()
}

/// Calls a step's code; a panic in it is a permanent error.
pub fn call<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let outer = WITHIN.replace(true);
    // What it leaves half done is its own: nobody looks at the step again after that error.
    let ended = catch_unwind(AssertUnwindSafe(work));
    WITHIN.set(outer);
    ended.unwrap_or_else(|panic| Err(broken(&*panic)))
}

/// A future of a step; a panic in it is a permanent error.
pub(crate) async fn future<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        let mut polled = None;
        let ended = call(|| {
            polled = Some(work.as_mut().poll(context));
            Ok(())
        });
        match (ended, polled) {
            (Ok(()), Some(polled)) => polled,
            (Err(error), _) => std::task::Poll::Ready(Err(error)),
            (Ok(()), None) => std::task::Poll::Pending,
        }
    })
    .await
}

fn broken(panic: &(dyn Any + Send)) -> Error {
    let reason = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::permanent(format!("the step itself is broken: {}", reason.unwrap_or("it gives no reason")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_reason() {
        std::panic::set_hook(Box::new(|_| {}));
        let error = call(|| -> Result<()> { panic!("no {}", "way") }).unwrap_err();
        assert_eq!(error.to_string(), "the step itself is broken: no way");
        assert!(!is_contained());
        let within = call(|| Ok((is_contained(), call(|| Ok(is_contained())).unwrap_or_default(), is_contained())));
        assert_eq!(within.unwrap(), (true, true, true));
    }

    #[test]
    fn so_is_one_of_a_future_between_two_waits() {
        std::panic::set_hook(Box::new(|_| {}));
        let mut polls = 0;
        let mut work = pin!(future(std::future::poll_fn(move |_| -> std::task::Poll<Result<()>> {
            polls += 1;
            assert!(polls < 2, "enough");
            std::task::Poll::Pending
        })));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(work.as_mut().poll(&mut context).is_pending());
        let std::task::Poll::Ready(Err(error)) = work.as_mut().poll(&mut context) else { panic!("it panicked") };
        assert_eq!(error.to_string(), "the step itself is broken: enough");
    }

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Broken {}

    impl crate::Step for Broken {
        type Output = ();
        const NAME: &'static str = "test.broken";
        const IDEMPOTENT: bool = false;
        const EXAMPLES: &'static [crate::Example] = &[];
        fn validate(&self) -> Result<()> {
            panic!("validate")
        }
    }

    impl crate::Process for Broken {
        fn command(&self, _: &crate::Place) -> Result<crate::Command> {
            panic!("command")
        }
        fn finish(&self, _: &crate::Place, _: crate::Exit, _: &crate::Captured) -> Result<crate::Finished<()>> {
            panic!("finish")
        }
        fn started(&self, _: &crate::Captured) -> Option<()> {
            panic!("started")
        }
    }

    #[test]
    fn what_a_step_type_is_asked_for_is_contained() {
        static BROKEN: crate::StepType = crate::StepType::process::<Broken>();
        std::panic::set_hook(Box::new(|_| {}));
        let step = BROKEN.decode(serde_json::json!({})).unwrap();
        let here = std::path::PathBuf::from("/");
        let (project, dir, source) = (here.clone(), here.clone(), here);
        let place = crate::Place { project, dir, source, run: String::new(), step: "broken".to_owned(), attempt: 1 };
        let captured = crate::Captured::default();
        let said = |error: Error| error.to_string();
        assert!(said(step.validate().unwrap_err()).ends_with("broken: validate"));
        assert!(said(step.command(&place).unwrap_err()).ends_with("broken: command"));
        assert!(said(step.finish(&place, crate::Exit::Code(0), &captured).unwrap_err()).ends_with("broken: finish"));
        assert!(step.started(&captured).is_none());
    }
}
