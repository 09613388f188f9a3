//! One step.

use super::Decoder;
use super::fields::Fields;
use crate::diagnostic::Span;
use crate::language::ast::{Action, Cache, Foreach, Inline, Interrupted, Service, Spanned, Step};
use crate::language::reader::Node;

/// What kind of step it is, by the key that says what it does.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Uses,
    Run,
    Group,
}

/// Keys of every kind of step.
const COMMON: [&str; 18] = [
    "id",
    "name",
    "uses",
    "run",
    "steps",
    "when",
    "confirm",
    "needs",
    "foreach",
    "as",
    "key",
    "max_parallel",
    "on_error",
    "timeout",
    "env",
    "dir",
    "outputs",
    "with",
];
/// Keys that only a step of a type has, and what to do elsewhere.
const LEAF: [(&str, &str); 10] = [
    ("retry", "put `retry` on the steps inside, or under `defaults`"),
    ("grace", "put `grace` on the steps inside, or under `defaults`"),
    ("until", "put `until` on a step inside"),
    ("service", "put `service` on a step inside"),
    ("ready", "put `ready` on a step inside"),
    ("check", "put `check` on the steps inside"),
    ("undo", "put `undo` on the steps inside: what holds them is undone step by step"),
    ("interrupted", "put `interrupted` on the steps inside"),
    ("publishes", "put `publishes` on the steps inside"),
    ("cache", "put `cache` on the steps inside"),
];
const GROUP: [&str; 1] = ["finally"];
const LATER: [&str; 1] = ["schedule"];
const INTERRUPTED: [(&str, Interrupted); 3] =
    [("repeat", Interrupted::Repeat), ("check", Interrupted::Check), ("stop", Interrupted::Stop)];

/// The keys of a step, of whatever kind.
pub(super) fn keys() -> Vec<&'static str> {
    COMMON.into_iter().chain(LEAF.map(|(key, _)| key)).chain(GROUP).collect()
}

impl Decoder<'_> {
    /// A step; none when it has no id by which anything could speak of it.
    pub(super) fn step(&mut self, node: &Node) -> Option<Step> {
        let fields = self.fields(node, "a step", &keys(), &LATER)?;
        let kind = self.kind(&fields);
        self.fitting(&fields, kind);
        let id = self.id(&fields);
        let get = |key: &str| fields.get(key);
        let leaf = |key: &str| if matches!(kind, Some(Kind::Uses) | None) { fields.get(key) } else { None };
        let (action, finally) = self.action(&fields, kind);
        let step = Step {
            span: id.as_ref().map_or(node.head, |id| id.span),
            id: id.unwrap_or_else(|| Spanned::new(String::new(), node.head)),
            name: get("name").and_then(|node| self.text(node)),
            action,
            with: get("with").filter(|_| kind != Some(Kind::Group)).map(|node| self.with(node)),
            when: get("when").and_then(|node| self.expr(node)),
            confirm: get("confirm").and_then(|node| self.text(node)),
            needs: self.needs(fields.key("needs"), get("needs")),
            follows: Vec::new(),
            foreach: self.foreach(&fields),
            on_error: get("on_error").and_then(|node| self.on_error(node)),
            retry: leaf("retry").and_then(|node| self.retry(node)),
            timeout: get("timeout").and_then(|node| self.time(node)),
            grace: leaf("grace").and_then(|node| self.duration(node)),
            until: leaf("until").and_then(|node| self.until(node)),
            service: if matches!(kind, Some(Kind::Uses) | None) { self.service(&fields) } else { None },
            check: leaf("check").and_then(|node| self.inline(node, "`check`")),
            undo: leaf("undo").and_then(|node| self.inline(node, "`undo`")),
            interrupted: leaf("interrupted").and_then(|node| self.choice(node, &INTERRUPTED, &[])),
            env: get("env").map(|node| self.env(node)).unwrap_or_default(),
            dir: get("dir").and_then(|node| self.text(node)),
            publishes: leaf("publishes").map(|node| self.publishes(node)).unwrap_or_default(),
            cache: leaf("cache").and_then(|node| self.cache(fields.key("cache").unwrap_or(node.head), node)),
            finally,
            outputs: get("outputs").map(|node| self.outputs(node)).unwrap_or_default(),
        };
        (!step.id.value.is_empty()).then_some(step)
    }

    fn id(&mut self, fields: &Fields<'_>) -> Option<Spanned<String>> {
        let Some(node) = fields.get("id") else {
            self.missing(fields.head, "a step", "id");
            return None;
        };
        let id = self.literal(node)?;
        // A wrong id still names its step, so that what refers to it is not reported too.
        self.identifier(&id.value, id.span, "a step");
        Some(id)
    }

    fn kind(&mut self, fields: &Fields<'_>) -> Option<Kind> {
        let all = [("uses", Kind::Uses), ("run", Kind::Run), ("steps", Kind::Group)];
        let mut given = all.into_iter().filter(|(key, _)| fields.has(key));
        let Some((first, kind)) = given.next() else {
            let hint = "`uses` names a step type, `run` another workflow, `steps` lists the steps of a group";
            self.error_hint(fields.head, "a step needs one of `uses`, `run` and `steps`", hint);
            return None;
        };
        let Some((second, _)) = given.next() else { return Some(kind) };
        let span = fields.key(second).unwrap_or(fields.head);
        self.error(span, format!("a step does one thing: `{first}` and `{second}` exclude each other"));
        None
    }

    /// Reports keys that do not fit the kind of step, or each other.
    fn fitting(&mut self, fields: &Fields<'_>, kind: Option<Kind>) {
        let mut unfit = |key: &str, message: String, hint: &str| {
            if let Some(span) = fields.key(key) {
                self.error_hint(span, message, hint);
            }
        };
        if let Some(kind @ (Kind::Run | Kind::Group)) = kind {
            let what = if kind == Kind::Run { "a step that runs a workflow" } else { "a group" };
            for (key, hint) in LEAF {
                unfit(key, format!("`{key}` does not fit {what}"), hint);
            }
        }
        if let Some(Kind::Uses | Kind::Run) = kind {
            unfit("finally", "`finally` fits groups and workflows only".into(), "put the step into a group: `steps`");
        }
        if kind == Some(Kind::Group) {
            unfit("with", "`with` does not fit a group".into(), "put `with` on the steps inside");
        }
        if !fields.has("foreach") {
            for key in ["as", "key", "max_parallel"] {
                unfit(key, format!("`{key}` needs `foreach`"), "`foreach` says what to go through");
            }
        }
        let undoes = fields.get("on_error").is_some_and(|node| node.as_text() == Some("undo"));
        if undoes && kind == Some(Kind::Uses) {
            let message = "`on_error: undo` does not fit a step of a type".into();
            unfit("on_error", message, "put it on the group or workflow that is to be undone when this step fails");
        }
        let serves = fields.get("service").is_some_and(|node| node.as_text() == Some("true"));
        if fields.has("ready") && !fields.has("service") {
            unfit("ready", "`ready` needs `service: true`".into(), "for a step that ends by itself there is `until`");
        }
        if serves && matches!(kind, Some(Kind::Uses) | None) {
            unfit("until", "`until` does not fit a service".into(), "`ready` says when a service is ready");
            unfit("undo", "`undo` does not fit a service".into(), "a service is not undone but stopped");
            unfit("cache", "`cache` does not fit a service".into(), "what a service does lasts as long as it runs");
        }
        if fields.has("cache") {
            let hint = "what is made again from its inputs at any time need not be taken back";
            unfit("undo", "`undo` does not fit a step with `cache`".into(), hint);
            let hint = "a poll looks at what is so now";
            unfit("until", "`until` does not fit a step with `cache`".into(), hint);
        }
    }

    fn action(&mut self, fields: &Fields<'_>, kind: Option<Kind>) -> (Action, Vec<Step>) {
        let (steps, finally) = if fields.has("steps") { self.body(fields, "a group") } else { Default::default() };
        let literal = |decoder: &mut Self, key: &str| fields.get(key).and_then(|node| decoder.literal(node));
        let uses = literal(self, "uses").filter(|uses| self.step_type(uses));
        let run = literal(self, "run").filter(|run| self.callee(run));
        let action = match kind {
            Some(Kind::Uses) => uses.map(Action::Uses),
            Some(Kind::Run) => run.map(Action::Run),
            Some(Kind::Group) => Some(Action::Group(steps)),
            None => None,
        };
        (action.unwrap_or(Action::Unknown), finally)
    }

    /// `uses: NAMESPACE.VERB`.
    fn step_type(&mut self, uses: &Spanned<String>) -> bool {
        let name = |text: &str| super::scalar::is_identifier(text);
        if uses.value.split_once('.').is_some_and(|(namespace, verb)| name(namespace) && name(verb)) {
            return true;
        }
        let hint = "a step type has a namespace and a verb, such as `exec.run`";
        self.error_hint(uses.span, format!("`{}` cannot be a step type", uses.value), hint);
        false
    }

    /// `run: NAME` or `run: ./PATH.yaml`: literal, so that everything is known before anything starts.
    fn callee(&mut self, run: &Spanned<String>) -> bool {
        let text = run.value.as_str();
        if text.contains("{{") {
            self.error_hint(
                run.span,
                "`run` cannot be a template",
                "name the workflow; choose among several by `when`",
            );
            return false;
        }
        let path = text.starts_with("./") || text.starts_with("../");
        if !path && (text.contains('/') || std::path::Path::new(text).extension().is_some()) {
            self.error_hint(
                run.span,
                format!("`{text}` is neither a name nor a path"),
                format!("a path starts with `./`: `./{text}`"),
            );
            return false;
        }
        let words = text.split_whitespace().count();
        if words != 1 {
            let hint = "`run` names a workflow; a command is `uses: exec.run`";
            self.error_hint(run.span, format!("`{text}` cannot be a workflow"), hint);
            return false;
        }
        true
    }

    fn foreach(&mut self, fields: &Fields<'_>) -> Option<Foreach> {
        let binding = fields.get("as").and_then(|node| self.binding(node));
        let key = fields.get("key").and_then(|node| self.expr(node));
        let max_parallel = fields.get("max_parallel").and_then(|node| self.count(node));
        let node = fields.get("foreach")?;
        if node.as_sequence().is_some() {
            self.mismatch(node, "an expression", Some("write the list as one: `foreach: \"['a', 'b']\"`".into()));
            return None;
        }
        Some(Foreach { items: self.expr(node)?, binding, key, max_parallel })
    }

    fn service(&mut self, fields: &Fields<'_>) -> Option<Service> {
        let ready = fields.get("ready").and_then(|node| self.expr(node));
        let service = fields.get("service").and_then(|node| self.boolean(node))?;
        if !service.value
            && let Some(span) = fields.key("ready")
        {
            self.error(span, "`ready` needs `service: true`");
        }
        service.value.then_some(Service { span: service.span, ready })
    }

    /// `check` or `undo`.
    fn inline(&mut self, node: &Node, what: &str) -> Option<Inline> {
        let fields = self.fields(node, what, &["uses", "with"], &[])?;
        let with = fields.get("with").map(|node| self.with(node));
        if !fields.has("uses") {
            self.missing(fields.head, what, "uses");
        }
        let uses = fields.get("uses").and_then(|node| self.literal(node)).filter(|uses| self.step_type(uses))?;
        Some(Inline { uses, with })
    }

    fn cache(&mut self, span: Span, node: &Node) -> Option<Cache> {
        let fields = self.fields(node, "`cache`", &["inputs", "outputs"], &[])?;
        if !fields.has("inputs") {
            self.missing(fields.head, "`cache`", "inputs");
        }
        let mut cache = Cache { span, inputs: Vec::new(), values: Vec::new(), outputs: Vec::new() };
        if let Some(inputs) = fields.get("inputs") {
            let hint = inputs.as_text().map(|text| format!("write `[\"{text}\"]`"));
            for item in self.items(inputs, "a list of paths, patterns and values", hint).unwrap_or_default() {
                if item.as_mapping().is_none() {
                    cache.inputs.extend(self.text(item));
                    continue;
                }
                let Some(fields) = self.fields(item, "a value of `cache.inputs`", &["value"], &[]) else { continue };
                match fields.get("value") {
                    Some(value) => cache.values.extend(self.text(value)),
                    None => self.missing(fields.head, "a value of `cache.inputs`", "value"),
                }
            }
        }
        cache.outputs = fields.get("outputs").map(|outputs| self.publishes(outputs)).unwrap_or_default();
        Some(cache)
    }

    fn publishes(&mut self, node: &Node) -> Vec<crate::language::ast::Text> {
        let hint = node.as_text().map(|text| format!("write `[\"{text}\"]`"));
        let items = self.items(node, "a list of paths", hint).unwrap_or_default();
        items.iter().filter_map(|item| self.text(item)).collect()
    }
}
