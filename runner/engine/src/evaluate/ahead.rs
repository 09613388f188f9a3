//! Whether a step may be permitted ahead of its turn, as far as its texts and step types tell.

use runner_core::{Node, NodeId, State};
use runner_sdk::Kind;

use super::definition::Layer;
use super::facts::Sight;
use super::{Evaluator, Rendered};
use crate::program::{Definition, Uses, Words, steps_of};

impl Evaluator {
    /// Says whether the keeper can hold attempts back until their turn has come.
    pub fn permit(&self, can: bool) {
        self.permits.set(can);
    }

    /// The exit codes by which alone an attempt's success is decided; `None` where more decides.
    pub fn decided_by(&self, definition: &Definition, rendered: &Rendered) -> Option<Vec<i32>> {
        // Where there are secrets, what a step leaves is looked through for them.
        let plain = definition.outputs.is_empty()
            && definition.cache.is_none()
            && rendered.publishes.is_empty()
            && self.facts.secrets.is_empty();
        if plain { rendered.instance.decided_by() } else { None }
    }

    pub(super) fn may_go_ahead(&self, state: &State, node: NodeId) -> bool {
        let Some(definition) = self.definition(state, node).filter(|_| self.permits.get()) else { return false };
        let Some(uses) = definition.uses.as_ref().filter(|uses| uses.step.kind == Kind::Process) else { return false };
        // Whether it is done at all is asked when its turn has come.
        if definition.cache.is_some() {
            return false;
        }
        let mut open =
            state.needs_of(node).map(|need| state.node(need)).filter(|need| !need.status.is_end()).peekable();
        self.facts.secrets.is_empty()
            && (open.peek().is_none()
                || open.all(|need| self.is_decided_by_exit_code(need))
                    && self.knows_all(state, node, definition)
                    && self.reads_nothing(state, node, uses))
    }

    fn is_decided_by_exit_code(&self, need: &Node) -> bool {
        let definition = need.step.map(|index| &self.program.steps[index]);
        let rendered = self.rendered(&need.path, need.attempts());
        definition.zip(rendered).is_some_and(|(definition, rendered)| self.decided_by(definition, &rendered).is_some())
    }

    /// Whether nothing that a step's definition is made of is still to come.
    fn knows_all(&self, state: &State, node: NodeId, definition: &Definition) -> bool {
        let Some(ids) = &definition.refers else { return false };
        let mut around = Some(node);
        while let Some(list) = around.and_then(|inner| state.node(inner).parent) {
            let path = &state.node(list).path;
            let comes = |id: &String| state.find(&path.child(id)).is_some_and(|at| !state.node(at).status.is_end());
            if ids.iter().any(comes) {
                return false;
            }
            around = Some(list);
        }
        steps_of(self.words_around(state, node)).is_some_and(|ids| ids.is_empty())
    }

    /// Whether no file's content counts as part of the definition, which what comes before may write.
    fn reads_nothing(&self, state: &State, node: NodeId, uses: &Uses) -> bool {
        let with = uses.with.render(&self.scope(state, node, Sight::Value));
        let instance = with.ok().and_then(|with| uses.step.decode(with.into()).ok());
        instance.is_some_and(|instance| instance.reads().is_empty())
    }

    /// The texts of what stands around a step and sets its environment or folder.
    fn words_around(&self, state: &State, node: NodeId) -> Vec<&Words> {
        let around =
            self.layers(state, node).into_iter().filter(|layer| !matches!(layer, Layer::Step(of) if *of == node));
        around.flat_map(|layer| self.words_of(state, layer)).collect()
    }
}
