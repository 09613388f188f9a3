//! "did you mean": the nearest of the known names.

/// The only known name that begins with `given`; else the nearest one, when it is near enough to have been meant.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Characters that are a beginning, and not the chance of a letter or two.
    const BEGINNING: usize = 4;
    if given.len() > 100 {
        return None;
    }
    let lower = given.to_lowercase();
    let known: Vec<&str> = known.into_iter().collect();
    let mut begun = known.iter().filter(|name| lower.len() >= BEGINNING && name.to_lowercase().starts_with(&lower));
    if let (Some(only), None) = (begun.next(), begun.next()) {
        return Some(only);
    }
    let distance = |name: &str| strsim::damerau_levenshtein(&lower, &name.to_lowercase());
    let (away, best) = known.iter().map(|name| (distance(name), *name)).min_by_key(|(away, _)| *away)?;
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
        assert_eq!(nearest("max_", known), Some("max_parallel"));
        assert_eq!(nearest("westeu", ["westus", "westeurope"]), Some("westeurope"));
        assert_eq!(nearest("eastu", ["eastus2", "eastus"]), Some("eastus"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"n".repeat(100_000), known), None);
    }
}
