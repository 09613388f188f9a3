//! What the texts of a program mention.

use serde_json::{Map, Value};

use crate::expression::Reference;
use crate::language::ast::InputType;
use crate::program::{Fields, Program};

/// Every name that any text refers to.
fn references(program: &Program) -> impl Iterator<Item = Reference> + '_ {
    let words = program.words().flat_map(|words| words.template.references().to_vec());
    let decisions =
        program.decisions().flat_map(|decision| decision.expression.references().cloned().collect::<Vec<_>>());
    let fields = program.steps.iter().flat_map(|step| step.fields().flat_map(Fields::references));
    words.chain(decisions).chain(fields)
}

/// The environment names that the texts mention.
pub(super) fn env_names(program: &Program) -> std::collections::BTreeSet<String> {
    let texts = references(program)
        .filter(|reference| reference.root() == "env")
        .filter_map(|reference| reference.segments.get(1).cloned());
    // The inputs of called files are filled while the run goes on; a secret one is not, since this is written down.
    let called = program.units.iter().skip(1).flat_map(|unit| &unit.workflow.inputs);
    let inputs = called
        .filter(|input| input.kind.value != InputType::Secret)
        .flat_map(|input| input.env.iter().map(|name| name.value.clone()));
    texts.chain(inputs).collect()
}

/// The same, with their values; those not set are left out.
pub(super) fn env(program: &Program, env: &std::collections::BTreeMap<String, String>) -> Map<String, Value> {
    env_names(program)
        .into_iter()
        .filter_map(|name| Some((name.clone(), Value::from(env.get(&name)?.clone()))))
        .collect()
}

/// Whether any text mentions what deployments leave behind.
pub(super) fn state(program: &Program) -> bool {
    references(program).any(|reference| reference.root() == "state")
}
