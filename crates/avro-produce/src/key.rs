//! A record's key, out of its line.

use kch_avro::{EncodeError, Encoder, Fill, JsonMode, Plan, Supply, frame};

use crate::fault::Fault;
use crate::fields::{Fields, Picked};
use crate::schema::ChosenSchema;

/// Which part of a line is the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// One field.
    Field(String),
    /// A record of these fields.
    Record(Vec<String>),
    /// The line itself.
    Line,
}

/// What the bytes of a key are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyForm<'p> {
    /// Text.
    String,
    /// JSON.
    Json,
    /// Avro, with this plan and schema id.
    Avro(&'p Plan, u32),
}

/// The key's schema, kept beside its plan while a run lasts.
#[derive(Debug)]
pub(crate) struct KeySchema {
    pub(crate) plan: Plan,
    pub(crate) schema: ChosenSchema,
}

/// Makes keys. One buffer is reused for all of them.
#[derive(Debug)]
pub(crate) struct KeyMaker<'p> {
    source: KeySource,
    form: KeyForm<'p>,
    json: JsonMode,
    bytes: Vec<u8>,
}

impl<'p> KeyMaker<'p> {
    pub(crate) fn new(source: KeySource, form: KeyForm<'p>, json: JsonMode) -> Self {
        KeyMaker { source, form, json, bytes: Vec::new() }
    }

    /// The key of a line; `None` when the field is null.
    ///
    /// # Errors
    /// A line that has no fields, a field that is missing or does not fit the format.
    pub(crate) fn make(&mut self, fields: Fields<'_>) -> Result<Option<&[u8]>, Fault> {
        self.bytes.clear();
        let there = match &self.source {
            KeySource::Field(field) => {
                let picked = fields.pick(field).and_then(|picked| picked.ok_or("no value"));
                let fault = |got| Fault::key(field, got);
                write_value(self.form, self.json, picked.map_err(fault)?, &mut self.bytes, fault)?
            }
            KeySource::Line => {
                let fault = |got| Fault::key("", got);
                write_value(self.form, self.json, fields.whole().map_err(fault)?, &mut self.bytes, fault)?
            }
            KeySource::Record(names) => {
                write_record(self.form, names, fields, &mut self.bytes)?;
                true
            }
        };
        Ok(there.then_some(self.bytes.as_slice()))
    }
}

/// Writes one value; false for null, which is no key.
fn write_value(
    form: KeyForm<'_>,
    json: JsonMode,
    value: Picked<'_>,
    out: &mut Vec<u8>,
    fault: impl Fn(&'static str) -> Fault,
) -> Result<bool, Fault> {
    match (form, value) {
        (_, Picked::Null) => return Ok(false),
        (KeyForm::String, value) => value.append_text(out).map_err(fault)?,
        (KeyForm::Json, value) => value.append_json(out),
        (KeyForm::Avro(plan, id), Picked::Json(text)) => {
            frame::write(id, out);
            Encoder::new(plan, json).encode(text.as_bytes(), out).map_err(misfit)?;
        }
        (KeyForm::Avro(plan, id), Picked::Text(text)) => {
            frame::write(id, out);
            Encoder::new(plan, json).encode_bare(Supply::Text(text), &mut (), out).map_err(misfit)?;
        }
    }
    Ok(true)
}

/// Writes a record of several fields.
fn write_record(
    form: KeyForm<'_>,
    names: &[String],
    fields: Fields<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let picked = |name: &String| {
        let picked = fields.pick(name).and_then(|picked| picked.ok_or("no value"));
        picked.map_err(|got| Fault::key(name, got))
    };
    let KeyForm::Avro(plan, id) = form else {
        let mut separator = b'{';
        for name in names {
            out.push(std::mem::replace(&mut separator, b','));
            Picked::Text(last_name(name)).append_json(out);
            out.push(b':');
            picked(name)?.append_json(out);
        }
        out.push(b'}');
        return Ok(());
    };
    let mut parts = Parts(vec![None; plan.record_fields().unwrap_or_default().len()]);
    for name in names {
        let at =
            field_of(plan, name).ok_or_else(|| Fault::key(name, "a field that the key's schema lacks"))?;
        parts.0[at] = match picked(name)? {
            // What is null in the line is null in the key, or its default.
            Picked::Null => None,
            Picked::Json(text) => Some(Supply::Json(text)),
            Picked::Text(text) => Some(Supply::Text(text)),
        };
    }
    frame::write(id, out);
    Encoder::new(plan, JsonMode::Plain).encode_filled(b"{}", &mut parts, out).map_err(misfit)
}

/// The place of a path's last name among the fields of the key's schema.
pub(crate) fn field_of(plan: &Plan, path: &str) -> Option<usize> {
    plan.record_fields()?.iter().position(|field| field.name == last_name(path))
}

/// `region` of `customer.region`.
pub(crate) fn last_name(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, name)| name)
}

fn misfit(error: EncodeError) -> Fault {
    Fault::Encode { key: true, error: Box::new(error) }
}

/// The fields of a record key, by their place in the schema.
struct Parts<'a>(Vec<Option<Supply<'a>>>);

impl Fill for Parts<'_> {
    fn fill(&mut self, field: usize) -> Option<Supply<'_>> {
        self.0.get(field).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(line: &str, source: KeySource, form: KeyForm<'_>) -> Result<Option<Vec<u8>>, String> {
        let mut maker = KeyMaker::new(source, form, JsonMode::Plain);
        let made = maker.make(Fields::Json(line.as_bytes())).map(|key| key.map(<[u8]>::to_vec));
        made.map_err(|fault| fault.failure().text().to_owned())
    }

    fn field(name: &str) -> KeySource {
        KeySource::Field(name.to_owned())
    }

    #[test]
    fn a_key_is_the_text_of_a_field_or_its_json() {
        let line = r#"{"id":12345678901234567890,"a":{"b":"x\n\"é"},"n":null,"o":{"p":1}}"#;
        assert_eq!(key(line, field("id"), KeyForm::String), Ok(Some(b"12345678901234567890".to_vec())));
        assert_eq!(key(line, field("a.b"), KeyForm::String), Ok(Some("x\n\"é".as_bytes().to_vec())));
        assert_eq!(key(line, field("a.b"), KeyForm::Json), Ok(Some(r#""x\n\"é""#.as_bytes().to_vec())));
        assert_eq!(key(line, field("o"), KeyForm::Json), Ok(Some(br#"{"p":1}"#.to_vec())));
        assert_eq!(key(line, field("n"), KeyForm::String), Ok(None));
        assert_eq!(key("17", KeySource::Line, KeyForm::String), Ok(Some(b"17".to_vec())));
    }

    #[test]
    fn a_record_key_takes_several_fields() {
        let line = r#"{"id":5,"c":{"region":"eu"},"n":null}"#;
        let names = |names: &[&str]| KeySource::Record(names.iter().map(|&name| name.to_owned()).collect());
        let json = key(line, names(&["c.region", "id"]), KeyForm::Json);
        assert_eq!(json, Ok(Some(br#"{"region":"eu","id":5}"#.to_vec())));
        let schema = r#"{"type":"record","name":"K","fields":[{"name":"id","type":"string"},{"name":"region","type":"string"},
            {"name":"n","type":["null","int"]}]}"#;
        let plan = Plan::compile(schema).unwrap();
        let avro = key(line, names(&["c.region", "id", "n"]), KeyForm::Avro(&plan, 9));
        assert_eq!(avro, Ok(Some(b"\x00\x00\x00\x00\x09\x025\x04eu\x00".to_vec())));
        assert!(key(line, names(&["id", "x"]), KeyForm::Json).unwrap_err().contains("found no value"));
    }

    #[test]
    fn a_missing_or_unfit_field_is_named() {
        let said = |line, name| key(line, field(name), KeyForm::String).unwrap_err();
        assert_eq!(
            said("{}", "a.b"),
            r#"key field "a.b": expected a string, number or boolean, found no value"#
        );
        assert!(said(r#"{"a":1}"#, "a.b").ends_with("found no object"));
        assert!(said(r#"{"a":{}}"#, "a").ends_with("found an object"));
        assert!(said("5", "a").ends_with("found no object"));
    }
}
