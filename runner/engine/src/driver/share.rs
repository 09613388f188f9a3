//! What the keeper is told of the run: who speaks, what must not be seen, and which locks it shares.

use runner_keeper::protocol::{Hello, PROTOCOL, Request, Text};

use super::Driver;

impl Driver<'_> {
    /// The locks that the keeper shares: those of the run's group and of the callees' under way.
    pub(super) fn shared_locks(&self) -> Vec<std::path::PathBuf> {
        let own = self.options.group.as_ref().zip(self.options.locks.as_ref());
        let own = own.map(|(group, state)| crate::ledger::keeper_lock_path(state, group));
        own.into_iter().chain(self.evaluator.groups().shared(None)).collect()
    }

    /// Tells the keeper of groups that were taken or let go.
    pub(super) async fn share_groups(&mut self) {
        for (path, begun) in std::mem::take(&mut self.entered) {
            let groups = self.evaluator.groups();
            let locks = if begun { groups.shared(Some(&path)) } else { groups.release(&path).into_iter().collect() };
            for lock in locks {
                let path = Text::from(lock);
                let request = if begun { Request::Lock { path } } else { Request::Unlock { path } };
                if let Some(link) = &mut self.link {
                    link.send(&request).await;
                }
            }
        }
    }

    pub(super) fn hello(&self) -> Hello {
        let recorded = self.run.record.env.iter();
        let recorded = recorded.filter_map(|(name, value)| Some((Text::from(name), Text::from(value.as_str()?))));
        let inherited = self.options.environment.iter().map(|(name, value)| (Text::from(name), Text::from(value)));
        Hello {
            protocol: PROTOCOL,
            epoch: u64::from(self.machine.state().epoch()),
            environment: inherited.chain(recorded).collect(),
            masks: self.run.facts.known.all(),
        }
    }

    /// Tells the keeper what must not be seen any more. What needs a secret starts after the one that made it has ended,
    /// so the keeper knows it by then.
    pub(super) async fn share_secrets(&mut self) {
        if let Some(link) = &mut self.link {
            let masks = self.run.facts.known.untold();
            if !masks.is_empty() {
                link.send(&Request::Masks { masks }).await;
            }
        }
    }
}
