//! How a running step is asked to stop.

use std::sync::Arc;

use runner_sdk::Future;
use runner_sdk::world::Cancel;
use tokio::sync::watch;

/// The side that asks. Dropping it without [`Canceller::cancel`] leaves the step running.
#[derive(Debug)]
pub struct Canceller(watch::Sender<bool>);

/// The side that is asked.
#[derive(Clone, Debug)]
pub struct CancelToken(watch::Receiver<bool>);

impl CancelToken {
    /// Both sides of a question not asked yet.
    #[expect(clippy::new_ret_no_self, reason = "a token alone could never be cancelled")]
    pub fn new() -> (Canceller, Arc<dyn Cancel>) {
        let (sender, receiver) = watch::channel(false);
        (Canceller(sender), Arc::new(Self(receiver)))
    }
}

impl Canceller {
    /// Asks the step to stop. Asking twice is the same as asking once.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

impl Cancel for CancelToken {
    fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    fn cancelled(&self) -> Future<'_, ()> {
        let mut receiver = self.0.clone();
        Box::pin(async move {
            if receiver.wait_for(|asked| *asked).await.is_err() {
                // Nobody is left who could ask.
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn asking_wakes_those_who_wait_and_those_who_come_later() {
        let (canceller, token) = CancelToken::new();
        assert!(!token.is_cancelled());
        let waiting = tokio::spawn({
            let token = Arc::clone(&token);
            async move { token.cancelled().await }
        });
        tokio::task::yield_now().await;
        canceller.cancel();
        canceller.cancel();
        waiting.await.unwrap();
        token.cancelled().await;
        assert!(token.is_cancelled());
    }

    #[tokio::test]
    async fn a_canceller_that_is_gone_has_not_asked() {
        let (canceller, token) = CancelToken::new();
        let mut asked = token.cancelled();
        drop(canceller);
        let pending = std::future::poll_fn(|poll| std::task::Poll::Ready(asked.as_mut().poll(poll).is_pending()));
        assert!(pending.await);
        assert!(!token.is_cancelled());
    }

    #[tokio::test]
    async fn a_question_asked_before_the_canceller_went_still_counts() {
        let (canceller, token) = CancelToken::new();
        canceller.cancel();
        drop(canceller);
        token.cancelled().await;
        assert!(token.is_cancelled());
    }
}
