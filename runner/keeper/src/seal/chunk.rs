//! A sealed stream: chunks one after another, each `key id (8) · length (4) · nonce and sealed bytes (length)`.

use std::io;

use super::{Key, KeyId, Keys, Unopened};

/// The length of what stands before the sealed bytes of a chunk.
const HEAD: usize = KeyId::LENGTH + 4;

/// The longest chunk that is read, in bytes. What is written is at most as long as what is read from a pipe at once.
const LONGEST: usize = 1 << 20;

/// Where an attempt's stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The lane.
    pub lane: u64,
    /// Where in the lane's file the attempt's output begins.
    pub begin: u64,
}

impl Place {
    /// What a chunk is bound to, of which `before` bytes stand before it.
    fn words(self, before: u64) -> Vec<u8> {
        let mut words = b"runner data 1".to_vec();
        for number in [self.lane, self.begin, before] {
            words.extend(number.to_be_bytes());
        }
        words
    }
}

/// Seals a stream.
#[derive(Clone, Debug)]
pub struct Sealer {
    key: Key,
    place: Place,
    before: u64,
}

impl Sealer {
    /// For the stream that stands at `place`.
    pub fn new(key: Key, place: Place) -> Self {
        Self { key, place, before: 0 }
    }

    /// The chunk of the next bytes.
    pub fn chunk(&mut self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let sealed = self.key.seal(&self.place.words(self.before), plain)?;
        self.before += plain.len() as u64;
        let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
        let mut chunk = Vec::with_capacity(HEAD + sealed.len());
        chunk.extend(self.key.id().0);
        chunk.extend(length.to_be_bytes());
        chunk.extend(sealed);
        Ok(chunk)
    }
}

/// Opens the chunks of the stream at `place`, as far as they are whole; a chunk that is still being written is passed over.
pub fn open(keys: &Keys, place: Place, chunks: &[u8]) -> Result<Vec<u8>, Unopened> {
    let mut plain = Vec::with_capacity(chunks.len());
    let mut rest = chunks;
    while let Some((head, after)) = rest.split_at_checked(HEAD) {
        let (id, length) = head.split_at(KeyId::LENGTH);
        let id = KeyId(id.try_into().map_err(|_| Unopened::Damaged)?);
        let length = u32::from_be_bytes(length.try_into().map_err(|_| Unopened::Damaged)?) as usize;
        if length > LONGEST {
            return Err(Unopened::Damaged);
        }
        let Some((sealed, after)) = after.split_at_checked(length) else { break };
        plain.extend(keys.find(id)?.open(&place.words(plain.len() as u64), sealed)?);
        rest = after;
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { lane: 3, begin: 100 };

    fn written(key: &Key, parts: &[&str]) -> Vec<Vec<u8>> {
        let mut sealer = Sealer::new(key.clone(), PLACE);
        parts.iter().map(|part| sealer.chunk(part.as_bytes()).unwrap()).collect()
    }

    #[test]
    fn a_stream_opens_as_far_as_it_is_whole() {
        let key = Key::new([7; 32]);
        let keys = Keys(vec![Key::new([8; 32]), key.clone()]);
        let chunks = written(&key, &["hun", "ter2\n", "more"]);
        let whole = chunks.concat();
        assert_eq!(open(&keys, PLACE, &whole).unwrap(), b"hunter2\nmore");
        assert_eq!(open(&keys, PLACE, b"").unwrap(), b"");
        let two = chunks[0].len() + chunks[1].len();
        for cut in two..whole.len() {
            assert_eq!(open(&keys, PLACE, &whole[..cut]).unwrap(), b"hunter2\n", "cut at {cut}");
        }
    }

    #[test]
    fn chunks_that_are_lost_moved_or_anothers_do_not_open() {
        let key = Key::new([7; 32]);
        let keys = Keys(vec![key.clone()]);
        let [first, second] = <[_; 2]>::try_from(written(&key, &["one", "two"])).unwrap();
        let damaged = Err(Unopened::Damaged);
        assert_eq!(open(&keys, PLACE, &second), damaged, "the first is lost");
        assert_eq!(open(&keys, PLACE, &[second, first.clone()].concat()), damaged, "they changed places");
        assert_eq!(open(&keys, Place { lane: 4, ..PLACE }, &first), damaged, "another lane");
        assert_eq!(open(&keys, Place { begin: 99, ..PLACE }, &first), damaged, "another attempt");
        let other = Key::new([9; 32]);
        assert_eq!(open(&Keys(vec![other]), PLACE, &first), Err(Unopened::NoKey(key.id())));
        assert_eq!(open(&keys, PLACE, &[0xff; 64]), damaged);
    }
}
