//! Random changes.

/// Pieces that mean something to the reader.
const PIECES: [&str; 52] = [
    "{{",
    "}}",
    "{",
    "}",
    "[",
    "]",
    ": ",
    ":",
    "- ",
    "-",
    "? ",
    "|",
    ">",
    "|2-\n",
    ">+\n",
    "'",
    "''",
    "\"",
    "\\",
    "\\u00e4",
    "\\x",
    "&a ",
    "*a",
    "<<: ",
    "!t ",
    "!!str ",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "#",
    " # ",
    "~",
    "null",
    "no",
    "0644",
    "12:30",
    "1e999",
    "\u{feff}",
    "\u{85}",
    "世",
    "😀",
    "steps:\n",
    "needs: ",
    "id: ",
    "\0",
];

/// A small generator of pseudo-random numbers (xorshift).
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `below`; 0 for 0.
    pub(crate) fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % (below.max(1) as u64)) as usize
    }
}

/// A changed copy of `bytes`, with pieces of `other` at times.
pub(crate) fn mutate(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for _ in 0..=random.below(5) {
        let at = random.below(changed.len() + 1);
        let length = random.below((changed.len() - at).min(40) + 1);
        match random.below(14) {
            0 => drop(changed.splice(at..at + length, [])),
            1 | 2 | 11..=13 => drop(changed.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
            3 => drop(changed.splice(at..at + length, PIECES[random.below(PIECES.len())].bytes())),
            4 => {
                let copy = changed[at..at + length].to_vec();
                let to = random.below(changed.len() + 1);
                drop(changed.splice(to..to, copy));
            }
            5 => {
                let from = random.below(other.len() + 1);
                let piece = &other[from..(from + random.below(60)).min(other.len())];
                drop(changed.splice(at..at, piece.iter().copied()));
            }
            6 => changed.truncate(at),
            7 => indent(&mut changed, at, random),
            8 => {
                let piece = changed[at..at + length].repeat(1 + random.below(30));
                drop(changed.splice(at..at, piece));
            }
            9 => {
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            _ => {
                if let Some(byte) = changed.get_mut(at) {
                    *byte = random.below(256) as u8;
                }
            }
        }
        changed.truncate(3_000);
    }
    changed
}

/// Moves the line at `at` to the right or left.
fn indent(bytes: &mut Vec<u8>, at: usize, random: &mut Random) {
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    if random.below(2) == 0 {
        drop(bytes.splice(start..start, vec![b' '; 1 + random.below(3)]));
    } else if bytes.get(start) == Some(&b' ') {
        bytes.remove(start);
    }
}
