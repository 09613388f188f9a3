//! Places of nodes as a checkpoint holds them. What is made together lies together, so a hundred thousand items are two
//! numbers: a foreach is written anew with every batch of facts.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serializer};

use super::NodeId;

/// A place, or the first of so many that follow one another.
#[derive(Deserialize)]
#[serde(untagged)]
enum Run {
    One(usize),
    Many(usize, usize),
}

pub(super) fn serialize<S: Serializer>(ids: &[NodeId], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(None)?;
    for run in ids.chunk_by(|one, next| next.0 == one.0 + 1) {
        match run {
            [one] => list.serialize_element(&one.0)?,
            _ => list.serialize_element(&(run[0].0, run.len()))?,
        }
    }
    list.end()
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NodeId>, D::Error> {
    let runs = Vec::<Run>::deserialize(deserializer)?;
    let ids = runs.into_iter().flat_map(|run| match run {
        Run::One(place) => place..place.saturating_add(1),
        Run::Many(first, count) => first..first.saturating_add(count),
    });
    Ok(ids.map(NodeId).collect())
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::NodeId;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holds(#[serde(with = "super")] Vec<NodeId>);

    #[test]
    fn places_survive_and_neighbours_are_short() {
        for (ids, text) in [(vec![], "[]"), (vec![7], "[7]"), (vec![3, 4, 5, 9, 1], "[[3,3],9,1]")] {
            let holds = Holds(ids.into_iter().map(NodeId).collect());
            assert_eq!(serde_json::to_string(&holds).unwrap(), text);
            assert_eq!(serde_json::from_str::<Holds>(text).unwrap(), holds);
        }
        // As they were written before.
        assert_eq!(serde_json::from_str::<Holds>("[3,4]").unwrap(), Holds(vec![NodeId(3), NodeId(4)]));
    }
}
