//! Names, by the specification: a letter or underscore, then letters, digits and underscores.

use kch_avro::names::is_name;
use serde_json::Value;

use super::{Lint, Severity};
use crate::{Field, Name, Place};

impl Lint<'_> {
    pub(super) fn type_name(&mut self, name: &Name, place: &Place) {
        if let Some(bad) = name.full.split('.').find(|part| !is_name(part)) {
            let message = format!("\"{bad}\" is no name");
            self.name(&name.full, &place.at("name"), message, bad);
        }
        for alias in &name.aliases {
            if let Some(bad) = alias.split('.').find(|part| !is_name(part)) {
                let message = format!("\"{bad}\" in its alias is no name");
                self.name(&name.full, &place.at("aliases"), message, bad);
            }
        }
        let object = self.object(place);
        let text = |key: &str| object.and_then(|object| object.get(key)).and_then(Value::as_str);
        if let (Some(own), Some(namespace)) = (text("name"), text("namespace"))
            && own.contains('.')
        {
            let message =
                format!("its name \"{own}\" has a namespace already, so \"{namespace}\" is ignored");
            let cure = "keep one of them".to_owned();
            self.add(
                Severity::Warning,
                "namespace-ignored",
                &name.full,
                &place.at("namespace"),
                message,
                cure,
            );
        }
        if let Some(symbols) = object.and_then(|object| object.get("symbols")).and_then(Value::as_array) {
            for (index, symbol) in symbols.iter().enumerate() {
                if let Some(symbol) = symbol.as_str().filter(|symbol| !is_name(symbol)) {
                    let message = format!("the symbol \"{symbol}\" is no name");
                    self.name(&name.full, &place.at(&format!("symbols/{index}")), message, symbol);
                }
            }
        }
    }

    pub(super) fn field_name(&mut self, at: &str, field: &Field) {
        if !is_name(&field.name) {
            let message = format!("\"{}\" is no name", field.name);
            self.name(at, &field.place.at("name"), message, &field.name);
        }
    }

    fn name(&mut self, at: &str, place: &Place, message: String, bad: &str) {
        let cure = format!("take \"{}\": registries and other tools refuse it", mended(bad));
        self.add(Severity::Error, "name", at, place, message, cure);
    }
}

/// The nearest name to what is none.
pub(crate) fn mended(name: &str) -> String {
    let mut out: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if !is_name(&out) {
        out.insert(0, '_');
    }
    out
}
