//! Names with `*` and `?` in them, as a shell has them.

/// Whether a name is a glob: it has a `*`, for any characters, or a `?`, for one.
#[must_use]
pub fn is_glob(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether a glob matches the whole name.
#[must_use]
pub fn matches_glob(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    // Where to go on when the rest does not fit: behind the last star, which then takes one character more.
    let (mut g, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, n));
                g += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                g += 1;
                n += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (g, n) = (at + 1, taken + 1);
            }
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_the_whole_name() {
        for (glob, name) in [
            ("*", ""),
            ("*", "a"),
            ("ch-*", "ch-sink"),
            ("*-sink", "a-sink-sink"),
            ("a?c", "aéc"),
            ("a*b*c", "a1b2b3c"),
        ] {
            assert!(matches_glob(glob, name), "{glob} {name}");
        }
        for (glob, name) in
            [("", "a"), ("?", ""), ("ch-*", "a-ch-"), ("a", "ab"), ("*-sink", "sink"), ("a*b", "abc")]
        {
            assert!(!matches_glob(glob, name), "{glob} {name}");
        }
    }
}
