//! `template.render`.

use std::path::PathBuf;

use runner_sdk::{Ability, Change, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::source::Source;
use crate::shared::change;
use crate::shared::mode::Mode;

/// Renders a template to a file.
///
/// The template is a file (`source`) or stands in place (`template`). It sees the members of `data` by their names and
/// nothing else, so that what it needs is written where it is used. It is as strict as a workflow: an unknown name is an
/// error with its place, found before anything runs where the names are known. The file appears whole or not at all.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Render {
    /// The template's file: beside the workflow's file, or in `templates/` of the project. It is read when the run begins;
    /// one whose name is known only then, when the step runs.
    #[schemars(with = "Option<PathBuf>", extend("x-file" = true, "x-names" = "data"))]
    pub source: Option<Source>,
    /// The template itself. It is left as it stands when the step is read, and rendered with `data`.
    #[schemars(extend("x-raw" = true, "x-names" = "data"))]
    pub template: Option<String>,
    /// The file to write.
    pub path: PathBuf,
    /// What the template may speak of: each member by its name.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// Permissions in octal, in quotes. By default those of the file that stands there, else 0644 as the umask allows.
    pub mode: Option<Mode>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The absolute path.
    pub path: String,
    /// Bytes written.
    pub size: u64,
}

impl Render {
    fn rendered(&self, context: &Context) -> Result<String> {
        let data = Value::Object(self.data.clone());
        match (&self.source, &self.template) {
            (Some(source), _) => {
                let (name, text) = source.read(context)?;
                context.render.render(&name, &text, &data)
            }
            (None, Some(text)) => context.render.render("template", text, &data),
            (None, None) => Err(Error::input("either `source` or `template` is needed")),
        }
    }

    fn output(&self, context: &Context, text: &str) -> Output {
        Output { path: context.place.path(&self.path).display().to_string(), size: text.len() as u64 }
    }
}

impl Step for Render {
    type Output = Output;
    const NAME: &'static str = "template.render";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check];
    const READS: bool = true;
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "a template in place",
            "- id: hosts
  uses: template.render
  with:
    path: hosts.ini
    template: |
      {{#each hosts}}
      {{this.name}} address={{this.address}}
      {{/each}}
    data:
      hosts:
        - {name: one, address: 10.0.0.1}
        - {name: two, address: 10.0.0.2}
- id: back
  uses: file.read
  with: {path: hosts.ini, format: lines}",
            "steps.back.outputs.lines == ['one address=10.0.0.1', 'two address=10.0.0.2']",
        ),
        Example::new(
            "a template in a file, written by an earlier step here so that the example is whole",
            "- id: template
  uses: file.write
  with: {path: page.html.hbs, content: '<h1>\\{{title}}</h1>'}
- id: page
  uses: template.render
  with:
    source: '{{steps.template.outputs.path}}'
    path: page.html
    data: {title: Hello}
- id: back
  uses: file.read
  with: {path: page.html}",
            "steps.back.outputs.text == '<h1>Hello</h1>'",
        ),
    ];

    fn validate(&self) -> Result<()> {
        if self.source.is_some() && self.template.is_some() {
            return Err(Error::input("`source` and `template` exclude each other"));
        }
        if self.source.is_none() && self.template.is_none() {
            return Err(Error::input("either `source` or `template` is needed"));
        }
        if self.path.file_name().is_none() || self.path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(Error::input(format!("`path` is no name of a file: `{}`", self.path.display())));
        }
        Ok(())
    }

    fn reads(&self) -> Vec<PathBuf> {
        self.source.as_ref().and_then(Source::path).into_iter().collect()
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let text = self.rendered(context)?;
        change::of_file(context, &context.place.path(&self.path), text.as_bytes(), self.mode).map(Some)
    }

    async fn check(&self, context: &Context) -> Result<Option<Output>> {
        let text = self.rendered(context)?;
        let before = change::present(context, &context.place.path(&self.path))?;
        Ok(change::same(before.as_ref(), text.as_bytes(), self.mode).then(|| self.output(context, &text)))
    }
}

impl InProcess for Render {
    async fn run(&self, context: &Context) -> Result<Output> {
        let (path, text) = (context.place.path(&self.path), self.rendered(context)?);
        let mode = self.mode.map(|mode| mode.0);
        context.files.write(&path, text.as_bytes(), mode).map_err(|e| Error::io("write", &path, &e))?;
        Ok(self.output(context, &text))
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::{ErrorKind, StepType};
    use serde_json::json;

    use super::*;
    use crate::testing::{World, decode};

    #[tokio::test]
    async fn the_source_stands_beside_the_workflow_and_the_file_in_the_project() {
        let world = World::new();
        world.files.put("/project/workflows/page.hbs", "<h1>{{page.title}}</h1>\n");
        let with = json!({"source": "page.hbs", "path": "out/page.html", "data": {"page": {"title": "Hello"}}});
        let output = world.run::<Render>(with.clone()).await.unwrap();
        assert_eq!(output, Output { path: "/project/out/page.html".to_owned(), size: 15 });
        assert_eq!(world.files.get("/project/out/page.html").unwrap(), "<h1>Hello</h1>\n");
        assert_eq!(decode::<Render>(with).unwrap().reads(), [PathBuf::from("page.hbs")]);
    }

    #[tokio::test]
    async fn a_source_is_also_found_in_the_projects_templates_and_one_that_was_read_is_not_read_again() {
        let world = World::new();
        world.files.put("/project/templates/page.hbs", "{{n}} by the project");
        world.run::<Render>(json!({"source": "page.hbs", "path": "a", "data": {"n": 1}})).await.unwrap();
        assert_eq!(world.files.get("/project/a").unwrap(), "1 by the project");
        let read = json!({"source": {"name": "page.hbs", "text": "as it was: {{n}}"}, "path": "a", "data": {"n": 1}});
        world.run::<Render>(read.clone()).await.unwrap();
        assert_eq!(world.files.get("/project/a").unwrap(), "as it was: 1");
        assert!(decode::<Render>(read).unwrap().reads().is_empty());
        assert!(decode::<Render>(json!({"source": 3, "path": "a"})).is_err());
    }

    #[tokio::test]
    async fn an_unknown_name_writes_nothing() {
        let world = World::new();
        world.files.put("/project/a", "old");
        let error = world.run::<Render>(json!({"template": "{{nope}}", "path": "a"})).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Input, "template: unknown name `nope`"));
        assert_eq!(world.files.get("/project/a").unwrap(), "old");
    }

    #[tokio::test]
    async fn plan_shows_the_difference_and_check_holds_afterwards() {
        let world = World::new();
        world.files.put("/project/a", "one\n");
        let step: Render = decode(json!({"template": "{{n}}\n", "path": "a", "data": {"n": "two"}})).unwrap();
        let Some(Change::Would { diff, .. }) = step.plan(&world.context()).await.unwrap() else { panic!() };
        assert!(diff.ends_with("-one\n+two\n"), "{diff}");
        assert_eq!(step.check(&world.context()).await, Ok(None));
        let output = step.run(&world.context()).await.unwrap();
        assert_eq!(step.check(&world.context()).await, Ok(Some(output)));
        assert_eq!(step.plan(&world.context()).await, Ok(Some(Change::Nothing)));
    }

    #[test]
    fn one_template_and_one_file_are_needed() {
        for with in [
            json!({"path": "a"}),
            json!({"path": "a", "source": "b", "template": ""}),
            json!({"path": "a/", "template": ""}),
            json!({"path": "", "template": ""}),
        ] {
            assert!(decode::<Render>(with).unwrap().validate().is_err());
        }
    }

    #[test]
    fn the_schema_says_that_the_template_is_left_as_it_stands() {
        let schema = StepType::in_process::<Render>().with_schema();
        assert_eq!(schema["properties"]["template"]["x-raw"], true);
    }
}
