//! One word of a command line or of an environment.

use std::borrow::Cow;
use std::fmt;

use runner_sdk::{Error, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// The longest word that Linux starts a program with (`MAX_ARG_STRLEN`, less the byte that ends it).
const LONGEST: usize = 128 * 1024 - 1;

/// Text, or a number or a boolean taken as its text, so that `argv: [sleep, 5]` is what it looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Word(pub String);

impl Word {
    /// Refuses what no program can be started with; `what` names the word in the message.
    pub fn check(what: &str, word: &str) -> Result<()> {
        if word.contains('\0') {
            return Err(Error::input(format!("{what} holds a NUL character")));
        }
        if word.len() > LONGEST {
            let message = format!("{what} is {} bytes long: the system takes at most {LONGEST}", word.len());
            return Err(Error::input(message).hint("give long text through `stdin`, or write it to a file first"));
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneWord).map(Self)
    }
}

struct OneWord;

impl Visitor<'_> for OneWord {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number or a boolean")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }
}

impl JsonSchema for Word {
    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

/// The words of a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Words(pub Vec<Word>);

impl Words {
    /// The words `words`.
    pub fn new<const N: usize>(words: [&str; N]) -> Self {
        Self(words.map(|word| Word(word.to_owned())).into())
    }

    /// The first word, which names the program.
    pub fn program(&self) -> Option<&str> {
        self.0.first().map(|word| word.0.as_str())
    }

    /// Each word.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|word| word.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManyWords).map(Self)
    }
}

struct ManyWords;

impl<'de> Visitor<'de> for ManyWords {
    type Value = Vec<Word>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of words such as [ls, -l] (what a shell is to read goes into `script`)")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Word>, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(word);
        }
        Ok(words)
    }
}

impl JsonSchema for Words {
    fn schema_name() -> Cow<'static, str> {
        "Words".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": generator.subschema_for::<Word>()})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_is_text_or_what_reads_as_text() {
        let words: Vec<Word> = serde_json::from_value(json!(["a b", 5, -1, true, 0.5, ""])).unwrap();
        let words: Vec<_> = words.into_iter().map(|word| word.0).collect();
        assert_eq!(words, ["a b", "5", "-1", "true", "0.5", ""]);
        for wrong in [json!(null), json!([]), json!({})] {
            let error = serde_json::from_value::<Word>(wrong).unwrap_err().to_string();
            assert!(error.contains("expected text, a number or a boolean"), "{error}");
        }
    }

    #[test]
    fn a_command_line_in_one_text_is_told_how_to_be_written() {
        let error = serde_json::from_value::<Words>(json!("ls -l")).unwrap_err().to_string();
        assert!(error.contains("[ls, -l]") && error.contains("`script`"), "{error}");
        assert_eq!(serde_json::from_value::<Words>(json!(["a", 1])).unwrap(), Words::new(["a", "1"]));
    }

    #[test]
    fn words_that_no_program_takes_are_refused() {
        assert!(Word::check("a word", &"x".repeat(LONGEST)).is_ok());
        assert!(Word::check("a word", &"x".repeat(LONGEST + 1)).is_err());
        assert!(Word::check("a word", "x\0y").is_err());
    }
}
