//! Keys and boxes.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Unopened;
use crate::protocol::Bytes;

/// What a key's id is made from, besides the key.
const ID: &[u8] = b"runner key id 1";

/// A key. Cheap to clone, never printed.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    id: KeyId,
    bytes: [u8; Key::LENGTH],
    cipher: LessSafeKey,
}

/// Names a key and tells nothing of it: 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; KeyId::LENGTH]);

/// The keys at hand, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Keys(pub Vec<Key>);

impl Key {
    /// The length of a key in bytes.
    pub const LENGTH: usize = 32;

    /// The key that these bytes are.
    ///
    /// # Panics
    ///
    /// Never: every [`Key::LENGTH`] bytes are a key.
    pub fn new(bytes: [u8; Self::LENGTH]) -> Self {
        let mut named = ID.to_vec();
        named.extend(bytes);
        let mut id = [0; KeyId::LENGTH];
        id.copy_from_slice(&digest(&SHA256, &named).as_ref()[..KeyId::LENGTH]);
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).expect("the length is that of a key"));
        Self(Arc::new(Inner { id: KeyId(id), bytes, cipher }))
    }

    /// A new key from the system's randomness.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; Self::LENGTH];
        fill(&mut bytes)?;
        Ok(Self::new(bytes))
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        self.0.id
    }

    /// What it is. For the file that holds it.
    pub fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0.bytes
    }

    /// Seals `plain`: it opens only with this key and the same `words`, which may be read.
    pub fn seal(&self, words: &[u8], plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        fill(&mut nonce)?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend(nonce);
        sealed.extend(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .cipher
            .seal_in_place_separate_tag(nonce, Aad::from(words), &mut sealed[NONCE_LEN..])
            .map_err(|_| io::Error::other("it is too long to be sealed"))?;
        sealed.extend(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Key::seal`] gave for the same `words`.
    pub fn open(&self, words: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(Unopened::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopened::Damaged)?;
        let mut opened = rest.to_vec();
        let length =
            self.0.cipher.open_in_place(nonce, Aad::from(words), &mut opened).map_err(|_| Unopened::Damaged)?.len();
        opened.truncate(length);
        Ok(opened)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id())
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Bytes(self.bytes().to_vec()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?.0;
        bytes.try_into().map(Self::new).map_err(|_| de::Error::custom("a key has 32 bytes"))
    }
}

impl KeyId {
    /// The length of an id in bytes.
    pub const LENGTH: usize = 8;
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for KeyId {
    type Err = Unopened;

    fn from_str(text: &str) -> Result<Self, Unopened> {
        let mut id = [0; Self::LENGTH];
        if text.len() != 2 * Self::LENGTH || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Unopened::Damaged);
        }
        for (byte, at) in id.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| Unopened::Damaged)?;
        }
        Ok(Self(id))
    }
}

impl Keys {
    /// The key of this name.
    pub fn find(&self, id: KeyId) -> Result<&Key, Unopened> {
        self.0.iter().find(|key| key.id() == id).ok_or(Unopened::NoKey(id))
    }
}

fn fill(bytes: &mut [u8]) -> io::Result<()> {
    SystemRandom::new().fill(bytes).map_err(|_| io::Error::other("the system gives no random bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_opens_only_with_its_key_and_its_words() {
        let (key, other) = (Key::new([1; 32]), Key::new([2; 32]));
        let sealed = key.seal(b"a.token", b"hunter2").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(key.open(b"a.token", &sealed).unwrap(), b"hunter2");
        assert_eq!(key.open(b"b.token", &sealed), Err(Unopened::Damaged));
        assert_eq!(other.open(b"a.token", &sealed), Err(Unopened::Damaged));
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(key.open(b"a.token", &damaged), Err(Unopened::Damaged), "byte {at}");
            assert_eq!(key.open(b"a.token", &sealed[..at]), Err(Unopened::Damaged), "cut at {at}");
        }
    }

    #[test]
    fn a_key_is_found_by_its_name_and_a_missing_one_is_named() {
        let keys = Keys(vec![Key::new([1; 32]), Key::new([2; 32])]);
        let id = keys.0[1].id();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(keys.find(id).unwrap().bytes(), &[2; 32]);
        let missing = Key::new([3; 32]).id();
        assert_eq!(keys.find(missing).unwrap_err(), Unopened::NoKey(missing));
        for wrong in ["", "xyz", "0123456789abcde", "0123456789abcdeg", "+123456789abcdef"] {
            assert_eq!(wrong.parse::<KeyId>(), Err(Unopened::Damaged), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_not_printed_and_survives_json() {
        let key = Key::random().unwrap();
        assert_eq!(format!("{key:?}"), format!("Key({})", key.id()));
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<Key>(&json).unwrap().bytes(), key.bytes());
        assert_ne!(Key::random().unwrap().id(), key.id());
    }
}
