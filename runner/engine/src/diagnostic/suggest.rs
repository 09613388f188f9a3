//! "did you mean": the nearest of the known names.

/// The known name nearest to `given`, when it is near enough to have been meant.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > 100 {
        return None;
    }
    let lower = given.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&lower, &name.to_lowercase());
    let (away, best) = known.into_iter().map(|name| (distance(name), name)).min_by_key(|(away, _)| *away)?;
    let longer = given.chars().count().max(best.chars().count());
    // One slip in a short word, two in a middling one, a third of a long one; a hyphen for an underscore is one.
    (away <= (longer / 3).max(1) && away < longer).then_some(best)
}

/// The hint that names the nearest known name, if one is near.
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(given, known).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_a_stranger_does_not() {
        let known = ["retry", "needs", "max_parallel"];
        assert_eq!(nearest("rtery", known), Some("retry"));
        assert_eq!(nearest("Needs", known), Some("needs"));
        assert_eq!(nearest("max-parallel", known), Some("max_parallel"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"n".repeat(100_000), known), None);
    }
}
