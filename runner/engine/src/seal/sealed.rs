//! A sealed value as it stands in the journal.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use runner_keeper::seal::{Key, KeyId, Keys, Unopened};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The key of the object that stands for a sealed value.
const KEY: &str = "$runner.sealed";

/// A sealed value as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// What it is called, such as `login.stdout`: what is seen of it where values are compared.
    pub name: String,
    /// Whether all of it is secret, and not only a part that is known from elsewhere.
    #[serde(default)]
    pub whole: bool,
    /// The name of its key.
    key: String,
    /// The value as JSON, sealed, in base64.
    #[serde(rename = "box")]
    boxed: String,
}

impl Sealed {
    /// Seals a value; gives what stands for it.
    pub fn seal(key: &Key, name: &str, whole: bool, value: &Value) -> io::Result<Value> {
        let boxed = key.seal(&words(name, whole), value.to_string().as_bytes())?;
        let boxed = STANDARD_NO_PAD.encode(boxed);
        Ok(json!({KEY: Self { name: name.to_owned(), whole, key: key.id().to_string(), boxed }}))
    }

    /// What a value stands for, if it stands for a sealed one.
    pub fn of(value: &Value) -> Option<Self> {
        serde_json::from_value(value.get(KEY)?.clone()).ok()
    }

    /// Whether a value looks like one that stands for a sealed one.
    pub fn looks(value: &Value) -> bool {
        value.get(KEY).is_some()
    }

    /// Opens it.
    pub fn open(&self, keys: &Keys) -> Result<Value, Unopened> {
        let boxed = STANDARD_NO_PAD.decode(&self.boxed).map_err(|_| Unopened::Damaged)?;
        let opened = keys.find(self.key_id()?)?.open(&words(&self.name, self.whole), &boxed)?;
        serde_json::from_slice(&opened).map_err(|_| Unopened::Damaged)
    }

    /// The name of its key.
    pub fn key_id(&self) -> Result<KeyId, Unopened> {
        self.key.parse()
    }
}

/// What a box is bound to.
fn words(name: &str, whole: bool) -> Vec<u8> {
    let mut words = b"runner output 1".to_vec();
    words.push(u8::from(whole));
    words.extend(name.as_bytes());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_sealed_and_opens_to_itself() {
        let (key, keys) = (Key::new([1; 32]), Keys(vec![Key::new([1; 32])]));
        for value in [json!("hunter2"), json!({"a": [1, null, "ü"]}), Value::Null] {
            let stands = Sealed::seal(&key, "a.token", true, &value).unwrap();
            assert!(Sealed::looks(&stands) && !stands.to_string().contains("hunter2"));
            let sealed = Sealed::of(&stands).unwrap();
            assert_eq!((sealed.name.as_str(), sealed.whole), ("a.token", true));
            assert_eq!(sealed.open(&keys).unwrap(), value);
            let renamed = Sealed { name: "b.token".to_owned(), ..sealed.clone() };
            assert_eq!(renamed.open(&keys), Err(Unopened::Damaged));
            assert_eq!(sealed.open(&Keys::default()), Err(Unopened::NoKey(key.id())));
        }
        assert_eq!(Sealed::of(&json!({"$runner.sealed": 1})), None);
        assert!(!Sealed::looks(&json!("$runner.sealed")));
    }
}
