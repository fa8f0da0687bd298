//! "Did you mean": the nearest of the names that exist.

/// The candidate nearest to `name`, if one is near enough to be a slip of the keyboard rather than another word.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= (name.len().min(candidate.len()) / 6).max(1))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_slip_and_leaves_another_word_alone() {
        assert_eq!(nearest("kafka-evnts", ["smoke-avro", "kafka-events"]), Some("kafka-events"));
        assert_eq!(nearest("orders", ["kafka-events", "smoke-avro"]), None);
        assert_eq!(nearest("orders-value", ["shoes-value", "other-value"]), None);
    }
}
