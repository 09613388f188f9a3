//! Every disk that a power cut can leave of a moment, one after another.
//!
//! Of a file that was not synced: nothing of what was written, all of it, its last page torn at each byte, each of its
//! pages without the others and the others without it (all choices of pages where there are few), the old length and the
//! new one. Of names whose folder was not synced: each choice of what was created, renamed and removed. While one file is
//! tried in all ways, the others have kept nothing, or everything.

use super::forgetful::{Forgetful, Moment};
use super::platter::{Content, Platter};

const PAGE: usize = 4096;

/// So many pages are kept and lost in all combinations.
const ALL_CHOICES: usize = 4;

/// So many ways of one file are tried with each way of the others.
const FEW: usize = 64;

/// So many changes of names are kept and lost in all combinations; there are never more.
const NAMES: usize = 6;

impl Moment {
    /// Shows every disk that may be found; gives how many.
    pub(super) fn images(&self, mut look: impl FnMut(Forgetful)) -> usize {
        let mut count = 0;
        let changes = self.platter.changes.len();
        assert!(changes <= NAMES, "{changes} changes of names are not synced");
        for choice in 0..1_u32 << changes {
            let mut named = self.platter.clone();
            named.settle_names(|place| choice >> place & 1 == 1);
            for (way, (file, content)) in variants(&named).into_iter().enumerate() {
                // Where one file is tried in many ways, the others have kept nothing in every other one.
                let rests: &[bool] = if way < FEW { &[false, true] } else { &[way % 2 == 0] };
                for rest_is_kept in rests {
                    let mut image = named.clone();
                    for (place, other) in image.files.iter_mut().enumerate() {
                        let found = match file {
                            Some(file) if file == place => content.clone(),
                            _ if *rest_is_kept => other.now.clone(),
                            _ => other.durable.clone(),
                        };
                        other.settle(found);
                    }
                    look(Forgetful::holding(image, 1));
                    count += 1;
                }
            }
        }
        count
    }
}

/// Each dirty file that still has a name in each way; and no file in any way of its own.
fn variants(platter: &Platter) -> Vec<(Option<usize>, Vec<u8>)> {
    let mut found = vec![(None, Vec::new())];
    for (place, file) in platter.files.iter().enumerate() {
        if file.is_dirty() && platter.names.values().any(|named| *named == place) {
            found.extend(contents(file).into_iter().map(|content| (Some(place), content)));
        }
    }
    found
}

fn contents(file: &Content) -> Vec<Vec<u8>> {
    let (old, new) = (&file.durable, &file.now);
    let lengthened = resized(old, old.len().max(new.len()));
    let mut found = vec![resized(old, new.len()), resized(new, old.len())];
    let Some(last) = file.written.last() else { return found };
    // Torn within its last page, which begins where the write or a page does.
    let page = last.start.max(last.end.saturating_sub(1) / PAGE * PAGE);
    for torn in page..last.end {
        let mut content = lengthened.clone();
        content[last.start..torn].copy_from_slice(&new[last.start..torn]);
        found.push(content);
    }
    for choice in choices(last.start / PAGE, last.end.div_ceil(PAGE)) {
        let mut content = lengthened.clone();
        for page in choice {
            let range = (page * PAGE).max(last.start)..((page + 1) * PAGE).min(last.end);
            content[range.clone()].copy_from_slice(&new[range]);
        }
        found.push(content);
    }
    found
}

/// Which of these pages may have been kept.
fn choices(from: usize, to: usize) -> Vec<Vec<usize>> {
    let pages: Vec<usize> = (from..to).collect();
    if pages.len() <= ALL_CHOICES {
        let chosen = |choice: u32| pages.iter().copied().filter(|page| choice >> (page - from) & 1 == 1).collect();
        return (0..1_u32 << pages.len()).map(chosen).collect();
    }
    let alone = pages.iter().map(|page| vec![*page]);
    let without = pages.iter().map(|page| pages.iter().copied().filter(|other| other != page).collect());
    alone.chain(without).collect()
}

fn resized(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(length, 0);
    bytes
}
