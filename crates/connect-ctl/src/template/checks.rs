//! Transformations that find what does not fit before it comes into a batch.

use serde_json::Value;

/// Transformations that find a record without the schema's fields, or with others, before it comes into a batch: the sink
/// takes the whole batch along. A field with a default, or one that may be null, may be missing, as in older records.
pub(super) fn checks(schema: &Value) -> Vec<(String, String)> {
    let fields: Vec<&Value> = schema["fields"].as_array().into_iter().flatten().collect();
    let name = |field: &Value| field["name"].as_str().unwrap_or_default().to_owned();
    let may_be_missing = |field: &Value| {
        field.get("default").is_some()
            || field["type"].as_array().is_some_and(|all| all.contains(&"null".into()))
    };
    let required: Vec<String> =
        fields.iter().filter(|field| !may_be_missing(field)).map(|field| name(field)).collect();
    let cast = |field: &&Value| Some(format!("{}:{}", name(field), connect_type(field["type"].as_str()?)?));
    let cast: Vec<String> = fields.iter().filter_map(cast).collect();
    let steps = [
        ("requireFields", "ValueToKey", "fields", required.join(",")),
        ("castTypes", "Cast$Value", "spec", cast.join(",")),
    ];
    let steps: Vec<_> = steps.into_iter().filter(|(.., value)| !value.is_empty()).collect();
    let names: Vec<&str> = steps.iter().map(|(name, ..)| *name).collect();
    let mut settings = vec![("transforms".to_owned(), names.join(","))];
    for (name, class, setting, value) in &steps {
        let class = format!("org.apache.kafka.connect.transforms.{class}");
        settings.push((format!("transforms.{name}.type"), class));
        settings.push((format!("transforms.{name}.{setting}"), value.clone()));
    }
    if steps.is_empty() { Vec::new() } else { settings }
}

/// What Connect calls an Avro type that it can cast to.
fn connect_type(avro: &str) -> Option<&'static str> {
    match avro {
        "int" => Some("int32"),
        "long" => Some("int64"),
        "float" => Some("float32"),
        "double" => Some("float64"),
        "boolean" => Some("boolean"),
        "string" => Some("string"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_checked_for_what_older_ones_have_too() {
        let schema = json!({"fields": [
            {"name": "id", "type": "long"},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "note", "type": ["null", "string"]},
            {"name": "added", "type": "double", "default": 0},
        ]});
        let checks: Vec<String> =
            checks(&schema).iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            checks,
            [
                "transforms=requireFields,castTypes",
                "transforms.requireFields.type=org.apache.kafka.connect.transforms.ValueToKey",
                "transforms.requireFields.fields=id,at",
                "transforms.castTypes.type=org.apache.kafka.connect.transforms.Cast$Value",
                "transforms.castTypes.spec=id:int64,added:float64",
            ]
        );
        assert_eq!(super::checks(&json!({"fields": []})), []);
    }
}
