//! What helps against refused lines: said once, after all of them.

/// The kinds of mistakes that were seen, as far as they have a cure.
#[derive(Debug, Default)]
pub(super) struct Cures {
    /// A line whose values only --lossy would let in.
    pub(super) changed: bool,
    /// A field that the table, or a tuple of it, lacks.
    pub(super) unknown_field: bool,
    /// What the first line is that is no JSON object.
    first_other: Option<String>,
}

impl Cures {
    /// Guesses what stdin is from a line that is no JSON object.
    pub(super) fn look_at(&mut self, line: Option<&[u8]>) {
        if let Some(line) = line {
            self.first_other.get_or_insert_with(|| cure(line));
        }
    }

    /// The hints, for a load into `table`.
    pub(super) fn hints(&self, table: &str) -> Vec<String> {
        let mut hints = Vec::new();
        hints.extend(
            self.first_other.iter().filter(|cure| !cure.is_empty()).map(|cure| cure.replace("TABLE", table)),
        );
        if self.unknown_field {
            hints.push(format!(
                "--ignore-unknown passes over such fields; `ch-query check {table} SUBJECT|FILE` writes the ALTER TABLE for them"
            ));
        }
        if self.changed {
            hints.push("--lossy lets ClickHouse change what a column does not keep".to_owned());
        }
        hints
    }
}

/// Empty where nothing is known.
fn cure(line: &[u8]) -> String {
    if let Some(unpacker) = kch_cli::unpacker(line) {
        return format!("it is packed: {unpacker} FILE | ch-query insert TABLE");
    }
    let cure = match line.trim_ascii() {
        [b'{', ..] => "one object over several lines: jq -c . makes a line of it",
        [b'[', ..] => "an array is no row: jq -c '.[]' makes a line of each of its objects",
        line if line.iter().any(|byte| b",;\t".contains(byte)) => {
            "CSV: ch-query 'INSERT INTO TABLE FORMAT CSVWithNames' < FILE, or CSV without names"
        }
        _ => "",
    };
    cure.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_what_stdin_is() {
        let hints = |lines: &[&[u8]]| {
            let mut cures = Cures::default();
            lines.iter().for_each(|line| cures.look_at(Some(line)));
            cures.hints("t").concat()
        };
        assert_eq!(hints(&[b"\x1f\x8b\x08\0", b"a,b"]), "it is packed: zcat FILE | ch-query insert t");
        assert!(hints(&[b"{", b"  \"a\": [1,2],"]).ends_with("jq -c . makes a line of it"));
        assert!(hints(&[b"[{\"a\":1}]"]).starts_with("an array is no row: jq -c '.[]'"));
        assert!(hints(&[b"id,name"]).starts_with("CSV: ch-query 'INSERT INTO t FORMAT CSVWithNames' < FILE"));
        assert_eq!(hints(&[b"hello", b"a,b"]), "");
    }
}
