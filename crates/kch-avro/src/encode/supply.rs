//! Values that do not come from the line's object: bare lines and fill rules.
//!
//! The one constraint: here, and only here, text, numbers and booleans turn into each other as the field needs.

use super::{Encoder, Form};
use crate::error::{EncodeErrorKind, Encoded, Fail};
use crate::plan::{Node, NodeId};
use crate::reader::{Kind, Reader, shorten};
use crate::{text, varint};

/// A value for a top-level field that the input lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply<'a> {
    /// JSON text. A number or boolean for a `string` becomes its text; a string for a number or boolean is read as one.
    Json(&'a str),
    /// Plain text, not JSON. For a `string` it is the value; for `bytes` its UTF-8 is; for a record, array or map it is read as
    /// JSON; for anything else it is read as a JSON number, boolean or string, whichever fits.
    Text(&'a str),
}

impl Supply<'_> {
    pub(super) fn text(&self) -> &str {
        match self {
            Supply::Json(text) | Supply::Text(text) => text,
        }
    }
}

/// Values for the top-level fields that the input lacks.
pub trait Fill {
    /// The value for the field with this index in schema order; None goes on with the schema's default, then null.
    ///
    /// It is asked once per lacking field and text, in schema order.
    fn fill(&mut self, field: usize) -> Option<Supply<'_>>;
}

/// Nothing to fill in.
impl Fill for () {
    fn fill(&mut self, _field: usize) -> Option<Supply<'_>> {
        None
    }
}

impl Encoder<'_> {
    pub(super) fn bare(&mut self, first: Supply<'_>, fill: &mut dyn Fill, out: &mut Vec<u8>) -> Encoded {
        let plan = self.plan;
        let Node::Record(record) = plan.node(plan.root) else { return self.supply(plan.root, first, out) };
        let Some(field) = record.fields.first() else {
            let got = shorten(first.text());
            return Err(Fail::new(
                EncodeErrorKind::Type,
                plan.title(plan.root),
                format!("{got}, but it has no field"),
                0,
            ));
        };
        self.depth = 1;
        self.supply(field.node, first, out).map_err(|fail| fail.under(&field.name))?;
        let reader = Reader::new(b"");
        let mut fill = Some(fill);
        for (index, field) in record.fields.iter().enumerate().skip(1) {
            self.absent_field(&reader, field, index, &mut fill, out)
                .map_err(|fail| fail.under(&field.name))?;
        }
        Ok(())
    }

    /// Writes a supplied value.
    pub(super) fn supply(&mut self, id: NodeId, value: Supply<'_>, out: &mut Vec<u8>) -> Encoded {
        self.trials = self.trials.saturating_add(256 * value.text().len());
        match value {
            Supply::Json(json) => self.json(id, json, out),
            Supply::Text(text) => self.plain_text(id, text, out),
        }
    }

    fn json(&mut self, id: NodeId, json: &str, out: &mut Vec<u8>) -> Encoded {
        if self.try_json(id, json, out) {
            return Ok(());
        }
        // It does not fit as it is. A scalar may fit as text; for the rest, say why not.
        let mut reader = Reader::new(json.as_bytes());
        let kind = reader.kind()?;
        let string = if kind == Kind::String {
            Some(reader.raw_string("a string")?)
        } else {
            reader.skip().map(|()| None)?
        };
        reader.end()?;
        let good = match (kind, string) {
            (_, Some(string)) => {
                let mut text = Vec::new();
                string.unescape(&mut text, false)?;
                std::str::from_utf8(&text).is_ok_and(|text| self.attempt_text(id, text, out))
            }
            (Kind::Number | Kind::Bool, _) => self.attempt_text(id, json.trim(), out),
            _ => false,
        };
        if good { Ok(()) } else { self.loud(id, json, out) }
    }

    /// Reads `json` as it is; nothing is written if it does not fit.
    fn try_json(&mut self, id: NodeId, json: &str, out: &mut Vec<u8>) -> bool {
        let mark = self.mark(out);
        let mut reader = Reader { quiet: true, ..Reader::new(json.as_bytes()) };
        let good = self.value(&mut reader, id, out).is_ok() && reader.end().is_ok();
        if !good {
            self.back_to(&mark, out);
        }
        good
    }

    /// Reads `json` for the failure it gives.
    fn loud(&mut self, id: NodeId, json: &str, out: &mut Vec<u8>) -> Encoded {
        let mut reader = Reader::new(json.as_bytes());
        self.value(&mut reader, id, out)?;
        reader.end()
    }

    fn plain_text(&mut self, id: NodeId, text: &str, out: &mut Vec<u8>) -> Encoded {
        if self.attempt_text(id, text, out) {
            return Ok(());
        }
        let got = format!("text \"{}\"", shorten(text));
        Err(Fail::new(EncodeErrorKind::Type, self.plan.title(id), got, 0).with_hint(self.form_of(id)))
    }

    /// How text for a value of this type is written, where that is not plain.
    fn form_of(&self, id: NodeId) -> Option<String> {
        match self.plan.node(id) {
            Node::Boolean => Some("write it as true or false".to_owned()),
            Node::Time(time) => Some(format!("write it like {}, or as an integer", time.form())),
            Node::Union(union) => {
                let mut hints = union.branches.iter().filter_map(|branch| self.form_of(branch.node));
                hints.next().filter(|_| hints.next().is_none())
            }
            _ => None,
        }
    }

    /// Writes plain text as a value of any type, if it fits.
    fn attempt_text(&mut self, id: NodeId, text: &str, out: &mut Vec<u8>) -> bool {
        let plan = self.plan;
        match plan.node(id) {
            Node::String | Node::Bytes => {
                varint::write_len(text.len(), out);
                out.extend_from_slice(text.as_bytes());
                true
            }
            Node::Record(_) | Node::Array(_) | Node::Map(_) => self.try_json(id, text, out),
            Node::Union(union) => {
                // Text is a string first; else the rules for a bare value decide; at last any branch that converts it (bytes).
                let text_branch =
                    union.branches.iter().position(|b| matches!(plan.node(b.node), Node::String));
                if text_branch.is_none() && self.attempt_value(id, text, out) {
                    return true;
                }
                let len = out.len();
                for at in text_branch.into_iter().chain(0..union.branches.len()) {
                    varint::write_len(at, out);
                    if self.attempt_text(union.branches[at].node, text, out) {
                        return true;
                    }
                    out.truncate(len);
                }
                false
            }
            _ => self.attempt_value(id, text, out),
        }
    }

    /// Writes plain text as the JSON value it looks like, or as a JSON string.
    ///
    /// Whatever the mode of the line: `@now` is RFC 3339 in Avro mode too.
    fn attempt_value(&mut self, id: NodeId, text: &str, out: &mut Vec<u8>) -> bool {
        let form = std::mem::replace(&mut self.form, Form::Readable);
        let good = self.try_json(id, text.trim(), out) || self.try_quoted(id, text, out);
        self.form = form;
        good
    }

    fn try_quoted(&mut self, id: NodeId, plain: &str, out: &mut Vec<u8>) -> bool {
        let mut quoted = Vec::with_capacity(plain.len() + 2);
        text::write_string(plain, &mut quoted);
        std::str::from_utf8(&quoted).is_ok_and(|json| self.try_json(id, json, out))
    }
}
