//! Expected and got, line by line, for a failed assertion; and lines that may differ where a pattern says `[..]`.

/// Whether `got` is `expected`, where `[..]` in an expected line stands for anything within that line.
pub(crate) fn matches(expected: &str, got: &str) -> bool {
    if expected == got {
        return true;
    }
    let (mut expected, mut got) = (expected.split('\n'), got.split('\n'));
    loop {
        match (expected.next(), got.next()) {
            (None, None) => return true,
            (Some(pattern), Some(line)) if line_matches(pattern, line) => {}
            _ => return false,
        }
    }
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let Some((head, rest)) = pattern.split_once("[..]") else { return pattern == line };
    let Some(mut line) = line.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split("[..]").collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = line.find(part) else { return false };
        line = &line[at + part.len()..];
    }
    line.ends_with(tail)
}

/// Lines only expected are marked `-`, lines only got are marked `+`.
pub(crate) fn diff(expected: &str, got: &str) -> String {
    let (expected, got): (Vec<&str>, Vec<&str>) = (expected.split('\n').collect(), got.split('\n').collect());
    if expected.len().saturating_mul(got.len()) > 4_000_000 {
        return format!("expected {} lines, got {}", expected.len(), got.len());
    }
    let common = longest_common(&expected, &got);
    let (mut i, mut j, mut out) = (0, 0, String::new());
    while i < expected.len() || j < got.len() {
        let same = i < expected.len() && j < got.len() && line_matches(expected[i], got[j]);
        let (mark, line) = if same {
            (i, j) = (i + 1, j + 1);
            (' ', got[j - 1])
        } else if i < expected.len() && (j == got.len() || common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', expected[i - 1])
        } else {
            j += 1;
            ('+', got[j - 1])
        };
        out.extend([mark, ' ']);
        out.push_str(&line.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"));
        out.push('\n');
    }
    out
}

/// `table[i][j]`: how many lines `expected[i..]` and `got[j..]` have in common.
fn longest_common(expected: &[&str], got: &[&str]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; got.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..got.len()).rev() {
            table[i][j] = if line_matches(expected[i], got[j]) {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_stands_for_anything_within_its_line() {
        assert!(matches("took [..] ms, id [..]\nend\n", "took 12 ms, id a b\nend\n"));
        assert!(matches("[..]", ""));
        assert!(!matches("took [..] ms\n", "took 12 s\n"));
        assert!(!matches("a[..]\n", "a\nb\n"));
        assert!(!matches("a\n", "a"));
    }

    #[test]
    fn a_diff_marks_what_only_one_side_has() {
        assert_eq!(diff("a\nb\nc", "a\nx\nc\nd"), "  a\n- b\n+ x\n  c\n+ d\n");
    }
}
