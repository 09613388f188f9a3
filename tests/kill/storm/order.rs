//! Nothing begins before what it needs has ended well, and nothing begins again once what needs it has begun.

use super::Storm;
use crate::trace::Traces;

impl Storm<'_> {
    /// Holds the traces against the order that the workflow demands.
    pub(super) fn in_order(&self, traces: &Traces) {
        for (first, second) in &self.expected.order {
            let (Some(before), Some(after)) = (traces.get(first), traces.get(second)) else { continue };
            let Some((_, begun)) = after.begun.first() else { continue };
            let expected = self.expected.steps[first];
            let enough = expected.failures() + 1;
            let done = before.done.iter().filter(|(_, place)| place < begun).count();
            assert!(done >= enough, "`{second}` began before `{first}` was done: {}", self.place());
            // What belongs to a round runs again in the next one.
            let again = before.begun.iter().any(|(_, place)| place > begun);
            assert!(expected.last || !again, "`{first}` began again once `{second}` had begun: {}", self.place());
        }
    }
}
