//! Bare lines and fill rules.

use kch_avro::{EncodeErrorKind, Encoder, Fill, JsonMode, Supply};

use crate::{decode, plan};

/// Plain text for some fields.
struct Texts(&'static [(usize, &'static str)]);

impl Fill for Texts {
    fn fill(&mut self, field: usize) -> Option<Supply<'_>> {
        self.0.iter().find(|(index, _)| *index == field).map(|(_, text)| Supply::Text(text))
    }
}

fn bare(schema: &str, first: Supply<'_>, fill: &mut dyn Fill) -> Result<String, String> {
    let plan = plan(schema);
    let mut avro = b"x".to_vec();
    match Encoder::new(&plan, JsonMode::Plain).encode_bare(first, fill, &mut avro) {
        Ok(()) => Ok(decode(&plan, JsonMode::Plain, &avro[1..]).unwrap()),
        Err(error) => {
            assert_eq!(avro, b"x");
            Err(error.to_string())
        }
    }
}

fn field(kind: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{{"name":"f","type":{kind}}}]}}"#)
}

const EVENT: &str = r#"{"type":"record","name":"Event","fields":[{"name":"id","type":"long"},{"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"source","type":"string"},{"name":"n","type":"int","default":7},{"name":"o","type":["null","int"]}]}"#;

#[test]
fn seq_becomes_records() {
    let mut fill = Texts(&[(1, "2026-11-22T10:00:00Z"), (2, "avro-produce")]);
    assert_eq!(
        bare(EVENT, Supply::Json("5"), &mut fill).unwrap(),
        r#"{"id":5,"ts":"2026-11-22T10:00:00.000Z","source":"avro-produce","n":7,"o":null}"#
    );
    assert_eq!(
        bare(EVENT, Supply::Json("5"), &mut Texts(&[(1, "0")])).unwrap_err(),
        r#"field "source": expected string, found no value"#
    );
    assert_eq!(
        bare(EVENT, Supply::Json("5"), &mut Texts(&[(1, "soon")])).unwrap_err(),
        r#"field "ts": expected timestamp-millis, found text "soon""#
    );
    assert_eq!(
        bare(EVENT, Supply::Text("five"), &mut ()).unwrap_err(),
        r#"field "id": expected long, found text "five""#
    );
}

#[test]
fn values_are_converted_as_the_field_needs() {
    for (kind, first, printed) in [
        (r#""long""#, Supply::Json("5"), "5"),
        (r#""long""#, Supply::Json("\"42\""), "42"),
        (r#""long""#, Supply::Text(" 42 "), "42"),
        (r#""string""#, Supply::Json("5"), "\"5\""),
        (r#""string""#, Supply::Json(" 1.50 "), "\"1.50\""),
        (r#""string""#, Supply::Json("true"), "\"true\""),
        (r#""string""#, Supply::Json("\"a\\u0062\""), "\"ab\""),
        (r#""string""#, Supply::Text("a\"b\\u0062 "), r#""a\"b\\u0062 ""#),
        (r#""string""#, Supply::Text("{\"a\":1}"), r#""{\"a\":1}""#),
        (r#""boolean""#, Supply::Json("\"true\""), "true"),
        (r#""boolean""#, Supply::Text("false"), "false"),
        (r#""double""#, Supply::Json("\"1e3\""), "1000.0"),
        (r#""double""#, Supply::Text("NaN"), "\"NaN\""),
        (r#"["null","string"]"#, Supply::Json("5"), "\"5\""),
        (r#"["null","string"]"#, Supply::Text("null"), "\"null\""),
        (r#"["null","long"]"#, Supply::Json("\"5\""), "5"),
        (r#"["null","long"]"#, Supply::Text("null"), "null"),
        (r#"["double","long"]"#, Supply::Text("5"), "5"),
        (r#"["null","bytes"]"#, Supply::Text("hello!"), "\"aGVsbG8h\""),
        (r#""bytes""#, Supply::Text("aGVsbG8h"), "\"YUdWc2JHOGg=\""),
        (r#""bytes""#, Supply::Json("\"aGVsbG8h\""), "\"aGVsbG8h\""),
        (r#"{"type":"enum","name":"E","symbols":["A"]}"#, Supply::Text("A"), "\"A\""),
        (r#"{"type":"array","items":"int"}"#, Supply::Text("[1,2]"), "[1,2]"),
        (r#"{"type":"int","logicalType":"date"}"#, Supply::Text("2026-11-22"), "\"2026-11-22\""),
        (r#"{"type":"int","logicalType":"date"}"#, Supply::Json("\"20779\""), "\"2026-11-22\""),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
            Supply::Text("1.5"),
            "\"1.50\"",
        ),
    ] {
        let got = bare(&field(kind), first, &mut ());
        assert_eq!(got.as_deref(), Ok(format!("{{\"f\":{printed}}}").as_str()), "{kind} {first:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for (kind, first, error) in [
        (r#""long""#, Supply::Json("\"x\""), r#"field "f": expected long, found string "x""#),
        (r#""long""#, Supply::Json("1.5"), r#"field "f": expected long, found number 1.5"#),
        (r#""long""#, Supply::Text(""), r#"field "f": expected long, found text """#),
        (r#""int""#, Supply::Text("99999999999"), r#"field "f": expected int, found text "99999999999""#),
        (
            r#""string""#,
            Supply::Json("5x"),
            r#"field "f": malformed JSON at byte 1: expected the end of the line, found "x""#,
        ),
        (r#""string""#, Supply::Json("{}"), r#"field "f": expected string, found object {}"#),
        (r#""boolean""#, Supply::Text("yes"), r#"field "f": expected boolean, found text "yes""#),
    ] {
        assert_eq!(bare(&field(kind), first, &mut ()).unwrap_err(), error, "{kind} {first:?}");
    }
}

#[test]
fn a_schema_that_is_no_record_takes_the_value_itself() {
    assert_eq!(bare("\"long\"", Supply::Json("5"), &mut ()).unwrap(), "5");
    assert_eq!(bare("\"string\"", Supply::Json("5"), &mut ()).unwrap(), "\"5\"");
    assert_eq!(bare(r#"["null","long"]"#, Supply::Text("5"), &mut ()).unwrap(), "5");
    assert!(bare(r#"{"type":"record","name":"E","fields":[]}"#, Supply::Json("5"), &mut ()).is_err());
}

#[test]
fn an_object_is_filled_before_its_defaults() {
    let plan = plan(EVENT);
    let mut encoder = Encoder::new(&plan, JsonMode::Plain);
    let mut fill = |json: &str, mode_fill: &mut dyn Fill| {
        let mut out = Vec::new();
        encoder
            .encode_filled(json.as_bytes(), mode_fill, &mut out)
            .map(|()| decode(&plan, JsonMode::Plain, &out).unwrap())
    };
    let mut texts = Texts(&[(1, "0"), (3, "9"), (4, "1")]);
    assert_eq!(
        fill(r#"{"source":"s","id":1,"o":null}"#, &mut texts).unwrap(),
        r#"{"id":1,"ts":"1970-01-01T00:00:00.000Z","source":"s","n":9,"o":null}"#
    );
    let error = fill(r#"{"id":1}"#, &mut texts).unwrap_err();
    assert_eq!(
        (error.kind(), error.pointer(), error.offset()),
        (EncodeErrorKind::MissingField, "/source", 8)
    );
    let error = fill(r#"{"id":1,"source":"s"}"#, &mut Texts(&[(1, "soon")])).unwrap_err();
    assert_eq!((error.pointer(), error.offset()), ("/ts", 21));
}

#[test]
fn text_supplies_are_readable_in_avro_mode_too() {
    let plan = plan(&field(r#"["null",{"type":"long","logicalType":"timestamp-millis"}]"#));
    let mut out = Vec::new();
    Encoder::new(&plan, JsonMode::Avro)
        .encode_filled(b"{}", &mut Texts(&[(0, "1970-01-01T00:00:00.001Z")]), &mut out)
        .unwrap();
    assert_eq!(out, [2, 2]);
}

/// A record that fails half way must leave nothing behind for the record around it.
#[test]
fn a_branch_that_fails_leaves_no_trace() {
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"f","type":[{"type":"record","name":"X","fields":[{"name":"p","type":"int"},{"name":"q","type":"int"}]},"bytes"]},
        {"name":"g","type":"int","default":7}]}"#;
    let plan = plan(schema);
    let mut out = Vec::new();
    let mut fill = Texts(&[(0, r#"{"q":1,"z":2}"#)]);
    Encoder::new(&plan, JsonMode::Plain).encode_filled(b"{}", &mut fill, &mut out).unwrap();
    assert_eq!(decode(&plan, JsonMode::Plain, &out).unwrap(), r#"{"f":"eyJxIjoxLCJ6IjoyfQ==","g":7}"#);
}

#[test]
fn text_that_is_no_time_or_boolean_is_told_its_form() {
    let hint = |kind: &str, text: &str| {
        let plan = plan(&field(kind));
        let encoded =
            Encoder::new(&plan, JsonMode::Plain).encode_bare(Supply::Text(text), &mut (), &mut Vec::new());
        encoded.unwrap_err().hint()
    };
    let time = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
    let form = Some("write it like 2026-11-22T10:00:00.123Z, or as an integer".to_owned());
    assert_eq!(hint(time, "2026-11-22 10:00:01"), form);
    assert_eq!(hint(&format!(r#"["null",{time}]"#), "22.11.2026"), form);
    assert_eq!(hint(r#""boolean""#, "yes").as_deref(), Some("write it as true or false"));
    assert_eq!(hint(r#""long""#, "x"), None);
}
