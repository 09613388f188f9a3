//! `runner run NAME --help`: what a workflow is for and what it takes.

use std::fmt::Write as _;
use std::path::Path;

use clap::CommandFactory;
use runner_engine::diagnostic::Sink;
use runner_engine::language;
use runner_engine::language::ast::{Bound, Input, InputType, SecretSource, Workflow};

use crate::args::{self, Cli};
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::library::Workflows;
use crate::output;
use crate::words;

/// Shows what a workflow is for and takes; without one, the command's own help.
pub(crate) fn help(project: &Path, args: &args::Run) -> Result<Exit, Refusal> {
    let Some(name) = args.workflow.as_deref() else {
        return Ok(of_command());
    };
    let opened = super::opened(&Workflows::of(project), name)?;
    let mut sink = Sink::new();
    let workflow = language::parse(&opened.source, &mut sink);
    let Some(workflow) = workflow else {
        drive::show(&sink.finish());
        return Ok(Exit::Invalid);
    };
    let mut text = String::new();
    if let Some(description) = &workflow.description {
        text.push_str(description.value.trim_end());
        text.push_str("\n\n");
    }
    let _ = writeln!(text, "{} runner run {name} [OPTIONS]", output::bold("Usage:"));
    inputs(&workflow, &mut text);
    secrets(&workflow, &mut text);
    let _ = writeln!(text, "\n{}\n  {}", output::bold("Example:"), example(name, &workflow));
    text.push_str("\n`runner run --help` shows the options\n");
    output::print(&words::for_stdout(&text));
    Ok(Exit::Done)
}

fn of_command() -> Exit {
    let mut cli = Cli::command();
    cli.build();
    if let Some(run) = cli.find_subcommand_mut("run") {
        let help = run.render_help();
        output::print(&if output::colour_on_stdout() { help.ansi().to_string() } else { help.to_string() });
    }
    Exit::Done
}

fn inputs(workflow: &Workflow, text: &mut String) {
    if workflow.inputs.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", output::bold("Inputs:"));
    let width = workflow.inputs.iter().map(|input| input.name.value.chars().count()).max().unwrap_or(0);
    for input in &workflow.inputs {
        let name = format!("{:width$}", input.name.value);
        let _ = writeln!(text, "  {}  {}", output::bold(&name), facts(input).join(", "));
        if let Some(description) = &input.description {
            let indent = width + 4;
            let wrapped = words::wrapped(&description.value, output::columns().saturating_sub(indent), indent);
            let _ = writeln!(text, "{}{wrapped}", " ".repeat(indent));
        }
    }
}

/// What is to be known of an input, in the order in which people ask.
fn facts(input: &Input) -> Vec<String> {
    let mut facts = vec![match (&input.kind.value, &input.items) {
        (InputType::Array, Some(items)) => format!("array of {}", items.value.name()),
        (kind, _) => kind.name().to_owned(),
    }];
    match &input.default {
        Some(default) => facts.push(format!("default {}", plain(&default.value))),
        None => facts.push("required".to_owned()),
    }
    if let Some(choices) = &input.choices {
        facts.push(format!("one of {}", choices.value.iter().map(plain).collect::<Vec<_>>().join(", ")));
    }
    if let Some(pattern) = &input.pattern {
        facts.push(format!("matching `{}`", pattern.value));
    }
    facts.extend(input.min.as_ref().map(|min| format!("at least {}", bound(&min.value))));
    facts.extend(input.max.as_ref().map(|max| format!("at most {}", bound(&max.value))));
    if let Some((first, deprecated)) = input.env.split_first() {
        let deprecated: Vec<_> = deprecated.iter().map(|name| name.value.as_str()).collect();
        let more =
            if deprecated.is_empty() { String::new() } else { format!(" (deprecated: {})", deprecated.join(", ")) };
        facts.push(format!("env {}{more}", first.value));
    }
    facts
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn bound(bound: &Bound) -> String {
    match bound {
        Bound::Number(number) => number.to_string(),
        Bound::Length(length) => length.to_string(),
        Bound::Duration(duration) => runner_sdk::unit::Duration(*duration).to_string(),
        Bound::Size(size) => runner_sdk::unit::Size(*size).to_string(),
    }
}

fn secrets(workflow: &Workflow, text: &mut String) {
    if workflow.secrets.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", output::bold("Secrets:"));
    let width = workflow.secrets.iter().map(|secret| secret.name.value.chars().count()).max().unwrap_or(0);
    for secret in &workflow.secrets {
        let from = match &secret.from {
            SecretSource::Env(name) => format!("env {}", name.value),
            SecretSource::File(path) => format!("file {}", path.value),
            SecretSource::Shell(line) => format!("command {}", line.value),
            SecretSource::Program(argv) => {
                format!("command {}", argv.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(" "))
            }
        };
        let _ = writeln!(text, "  {:width$}  {from}", secret.name.value);
    }
}

/// A line that can be typed: with every input that must be given.
fn example(name: &str, workflow: &Workflow) -> String {
    let required = workflow.inputs.iter().filter(|input| input.default.is_none());
    let given = required.map(|input| format!(" --input {}={}", input.name.value, sample(input)));
    format!("runner run {name}{}", given.collect::<String>())
}

fn sample(input: &Input) -> String {
    if let Some(first) = input.choices.as_ref().and_then(|choices| choices.value.first()) {
        return plain(first);
    }
    let sample = match input.kind.value {
        InputType::String => "TEXT",
        InputType::Integer => "1",
        InputType::Number => "0.5",
        InputType::Boolean => "true",
        InputType::Array => "'[…]'",
        InputType::Object => "'{…}'",
        InputType::Path => "./PATH",
        InputType::Duration => "10m",
        InputType::Size => "4Gi",
        InputType::Secret => "env:NAME",
    };
    sample.to_owned()
}
