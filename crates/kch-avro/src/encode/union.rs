//! Unions: which branch does a value mean?
//!
//! Plain and tagged texts: a tag by its exact name wins if its value fits, since that is what we print where the bare form would not do.
//! Else a bare value is matched by kind; a number asks int, long, float, double, decimal in this order; a string is a string first;
//! of several records the one that needs the fewest defaults, and leaves out the fewest keys, is meant. What still fits twice is an error.
//! The one constraint: deciding takes bounded time, however the unions nest (`Encoder::trials`).

use super::{Encoder, Form};
use crate::error::{EncodeErrorKind, Encoded, Fail};
use crate::plan::{Node, NodeId, Pick, Union};
use crate::reader::{Kind, Reader, shorten};
use crate::varint;

impl Encoder<'_> {
    #[inline(never)]
    pub(super) fn union(
        &mut self,
        reader: &mut Reader<'_>,
        id: NodeId,
        union: &Union,
        out: &mut Vec<u8>,
    ) -> Encoded {
        let kind = reader.kind()?;
        match (self.form, kind, union.picks[kind as usize]) {
            (Form::Readable, Kind::Object, _) => self.object(reader, id, union, out),
            (Form::Readable, Kind::Null, Pick::One(branch)) | (Form::Avro, Kind::Null, Pick::One(branch)) => {
                varint::write(i64::from(branch), out);
                reader.word("null")
            }
            (Form::Readable, _, Pick::One(branch)) => self.branch(reader, union, branch as usize, out),
            (Form::Readable, Kind::Number, Pick::Many) => self.number(reader, id, union, out),
            (Form::Readable, _, Pick::Many) => self.best(reader, id, union, out),
            (Form::Readable, _, Pick::None) => {
                Err(reader.refuse(EncodeErrorKind::Type, self.plan.title(id), reader.at))
            }
            (Form::Avro, Kind::Object, _) => self.tagged(reader, id, union, out),
            (Form::Avro, ..) => {
                let example = union.branches.iter().find(|b| !matches!(self.plan.node(b.node), Node::Null));
                let hint = example.map(|b| format!("write a union value as {{\"{}\":…}}", b.tag));
                Err(reader
                    .refuse(EncodeErrorKind::UnknownBranch, self.plan.title(id), reader.at)
                    .with_hint(hint))
            }
            (Form::Default, ..) => self.first(reader, id, union, out),
        }
    }

    /// Writes the branch and its value.
    #[inline]
    fn branch(
        &mut self,
        reader: &mut Reader<'_>,
        union: &Union,
        branch: usize,
        out: &mut Vec<u8>,
    ) -> Encoded {
        varint::write_len(branch, out);
        let node = union.branches[branch].node;
        if matches!(self.plan.node(node), Node::Null) {
            return reader.word("null");
        }
        self.value(reader, node, out)
    }

    /// Tries a branch. If the value does not fit, nothing has happened but time.
    fn attempt(&mut self, reader: &mut Reader<'_>, union: &Union, branch: usize, out: &mut Vec<u8>) -> bool {
        let (start, mark) = (reader.at, self.mark(out));
        let quiet = std::mem::replace(&mut reader.quiet, true);
        let good = self.trials > 0 && self.branch(reader, union, branch, out).is_ok();
        reader.quiet = quiet;
        self.trials = self.trials.saturating_sub(16 + reader.at.saturating_sub(start));
        if !good {
            reader.at = start;
            self.back_to(&mark, out);
        }
        good
    }

    /// A number that several branches may take.
    #[inline(never)]
    fn number(&mut self, reader: &mut Reader<'_>, id: NodeId, union: &Union, out: &mut Vec<u8>) -> Encoded {
        let start = reader.at;
        let (text, integral) = reader.number()?;
        let end = reader.at;
        let text = std::str::from_utf8(text).unwrap_or("");
        let node = |branch: u32| self.plan.node(union.branches[branch as usize].node);
        let has_double = union.numbers.iter().any(|b| matches!(node(*b), Node::Double));
        let passes_by = |branch: u32| match node(branch) {
            // With a double at hand, a float only takes what it holds as well as the double would.
            Node::Float => has_double && text.parse::<f32>().ok().map(f64::from) != text.parse::<f64>().ok(),
            _ => false,
        };
        // A fraction or an exponent says float, so floats are asked first; `1.0` may still be an integer where there is no float.
        let is_float = |branch: u32| {
            matches!(
                node(branch),
                Node::Float | Node::Double | Node::DecimalBytes(_) | Node::DecimalFixed(..)
            )
        };
        for round in [true, false] {
            for &branch in &union.numbers {
                if (integral || is_float(branch) == round) && !passes_by(branch) {
                    reader.at = start;
                    if self.attempt(reader, union, branch as usize, out) {
                        return Ok(());
                    }
                }
            }
            if integral {
                break;
            }
        }
        reader.at = end;
        Err(self.undecided(reader, id, start))
    }

    /// A value that several branches may take: all are tried, the best is kept.
    #[inline(never)]
    fn best(&mut self, reader: &mut Reader<'_>, id: NodeId, union: &Union, out: &mut Vec<u8>) -> Encoded {
        let (start, base, noted) = (reader.at, out.len(), self.noted.len());
        let before = self.absent;
        // The best so far: its branch, its score (lower is better), where it ends, and another branch as good.
        let mut best: Option<(usize, usize, usize, Option<usize>)> = None;
        for (branch, other) in union.branches.iter().enumerate() {
            let (kept, kept_notes) = (out.len(), self.noted.len());
            reader.at = start;
            self.absent = 0;
            if !self.attempt(reader, union, branch, out) {
                continue;
            }
            // A record is meant before a map that would take its keys too.
            let score =
                if matches!(self.plan.node(other.node), Node::Map(_)) { usize::MAX } else { self.absent };
            match &mut best {
                Some((_, least, _, tie)) if score >= *least => {
                    if score == *least && tie.is_none() {
                        *tie = Some(branch);
                    }
                    out.truncate(kept);
                    self.noted.truncate(kept_notes);
                }
                _ => {
                    self.noted.drain(noted..kept_notes);
                    out.copy_within(kept.., base);
                    out.truncate(base + out.len() - kept);
                    best = Some((branch, score, reader.at, None));
                }
            }
        }
        self.absent = before;
        match best {
            Some((_, _, end, None)) => {
                reader.at = end;
                Ok(())
            }
            Some((one, _, _, Some(other))) if !reader.quiet => {
                reader.at = start;
                let title = |branch: usize| self.plan.title(union.branches[branch].node);
                let hint = format!("name the branch: {{\"{}\":…}}", union.branches[one].tag);
                let expected = format!("{} and {}", title(one), title(other));
                Err(reader.refuse(EncodeErrorKind::Ambiguous, &expected, start).with_hint(Some(hint)))
            }
            Some(_) => Err(Fail::QUIET),
            None => Err(self.undecided(reader, id, start)),
        }
    }

    /// No branch fits, or there was no time left to find it.
    #[cold]
    fn undecided(&self, reader: &Reader<'_>, id: NodeId, start: usize) -> Fail {
        if self.trials == 0 {
            return reader.fail(
                EncodeErrorKind::TooMuch,
                "256 times its length",
                "a union that takes longer to decide",
                start,
            );
        }
        reader.refuse(EncodeErrorKind::Type, self.plan.title(id), start)
    }

    /// An object: a tag, or a bare record, map or duration.
    #[inline(never)]
    fn object(&mut self, reader: &mut Reader<'_>, id: NodeId, union: &Union, out: &mut Vec<u8>) -> Encoded {
        let start = reader.at;
        let pick = union.picks[Kind::Object as usize];
        let mut inside = Reader { at: start + 1, ..*reader };
        if inside.peek() == Some(b'"') {
            let key = inside.raw_string("a key in quotes")?;
            if let Some(branch) = union.tagged(key.raw) {
                if !union.branches[branch].contested {
                    return self.inside_tag(reader, inside, union, branch, out);
                }
                // The object may as well be a bare one: the tag wins if there is nothing else in it and the value fits.
                if is_only_key(&inside) && self.attempt_tag(reader, inside, union, branch, out) {
                    return Ok(());
                }
            } else if let Some(branch) = union.loosely_tagged(key.raw).filter(|_| is_only_key(&inside)) {
                reader.at = start;
                if self.attempt_plain(reader, id, union, out) {
                    return Ok(());
                }
                return self.inside_tag(reader, inside, union, branch, out);
            }
        }
        reader.at = start;
        match pick {
            Pick::One(branch) => self.branch(reader, union, branch as usize, out),
            Pick::Many => self.best(reader, id, union, out),
            Pick::None => Err(reader.refuse(EncodeErrorKind::Type, self.plan.title(id), start)),
        }
    }

    /// The object as a bare value, if it is one.
    fn attempt_plain(
        &mut self,
        reader: &mut Reader<'_>,
        id: NodeId,
        union: &Union,
        out: &mut Vec<u8>,
    ) -> bool {
        match union.picks[Kind::Object as usize] {
            Pick::None => false,
            Pick::One(branch) => self.attempt(reader, union, branch as usize, out),
            Pick::Many => {
                let (start, mark) = (reader.at, self.mark(out));
                let quiet = std::mem::replace(&mut reader.quiet, true);
                let good = self.best(reader, id, union, out).is_ok();
                reader.quiet = quiet;
                if !good {
                    // Of branches that fit equally well, the first is written.
                    reader.at = start;
                    self.back_to(&mark, out);
                }
                good
            }
        }
    }

    /// The object as a tag, if its value fits. `inside` stands behind the key.
    fn attempt_tag(
        &mut self,
        reader: &mut Reader<'_>,
        mut inside: Reader<'_>,
        union: &Union,
        branch: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        if !inside.take(b':') {
            return false;
        }
        inside.peek();
        if !self.attempt(&mut inside, union, branch, out) {
            return false;
        }
        inside.take(b'}');
        reader.at = inside.at;
        true
    }

    /// The object is a tag and nothing else. `inside` stands behind the key.
    fn inside_tag(
        &mut self,
        reader: &mut Reader<'_>,
        mut inside: Reader<'_>,
        union: &Union,
        branch: usize,
        out: &mut Vec<u8>,
    ) -> Encoded {
        inside.expect(b':', "\":\"")?;
        inside.peek();
        self.branch(&mut inside, union, branch, out)
            .map_err(|fail| fail.under(&union.branches[branch].tag))?;
        inside.expect(b'}', "\"}\" behind the value of a tag")?;
        reader.at = inside.at;
        Ok(())
    }

    /// Avro mode: the object must be a tag.
    #[inline(never)]
    fn tagged(&mut self, reader: &mut Reader<'_>, id: NodeId, union: &Union, out: &mut Vec<u8>) -> Encoded {
        let mut inside = Reader { at: reader.at + 1, ..*reader };
        inside.peek();
        let key = inside.raw_string("the name of a branch in quotes")?;
        let Some(branch) = union.tagged(key.raw) else {
            if reader.quiet {
                return Err(Fail::QUIET);
            }
            let name = String::from_utf8_lossy(key.raw);
            let nearest = crate::text::nearest(&name, union.branches.iter().map(|b| &*b.tag));
            let hint = nearest.map(|name| format!("did you mean \"{name}\"?"));
            let got = format!("\"{}\"", shorten(&name));
            return Err(Fail::new(EncodeErrorKind::UnknownBranch, self.plan.title(id), got, key.at - 1)
                .with_hint(hint));
        };
        self.inside_tag(reader, inside, union, branch, out)
    }

    /// A default: the first branch that it fits (the specification says the first; since 1.12, any).
    fn first(&mut self, reader: &mut Reader<'_>, id: NodeId, union: &Union, out: &mut Vec<u8>) -> Encoded {
        for branch in 0..union.branches.len() {
            if self.attempt(reader, union, branch, out) {
                return Ok(());
            }
        }
        Err(self.undecided(reader, id, reader.at))
    }
}

/// Whether the object ends behind the value of the key behind which `inside` stands.
fn is_only_key(inside: &Reader<'_>) -> bool {
    let mut probe = Reader { quiet: true, ..*inside };
    probe.take(b':') && probe.skip().is_ok() && probe.take(b'}')
}
