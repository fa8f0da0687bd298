//! The examples in the help of the verbs that look at schemas work.

use kch_test::{HttpStub, Scene};

use crate::{V1, version};

/// What stands before the pipe.
fn input(verb: &str, line: &str) -> &'static str {
    match verb {
        "decode" if line.contains("binary") => "\0\0\0\0\u{7}\n",
        "infer" if line.contains("csv") => "id,at,zip\n1,2026-11-22,00123\n",
        "infer" => "{\"id\":1,\"labels\":{\"app\":\"web\"}}\n",
        "decode" => "00000000070a\n",
        _ => V1,
    }
}

fn scene() -> (HttpStub, Scene) {
    let registry = HttpStub::start();
    for subject in ["kafka-events-value", "smoke-avro-value", "orders-value"] {
        let more = r#"},{"name":"source","type":"string"},{"name":"ts","type":"string"}]"#;
        let schema = if subject == "kafka-events-value" { V1.replace("}]", more) } else { V1.to_owned() };
        for number in ["1", "latest"] {
            registry.reply(
                "GET",
                &format!("/subjects/{subject}/versions/{number}"),
                200,
                &version(1, &schema),
            );
            let path = format!("/compatibility/subjects/{subject}/versions/{number}");
            registry.reply("POST", &path, 200, r#"{"is_compatible":true}"#);
        }
        registry.reply("GET", &format!("/subjects/{subject}/versions"), 200, "[1]");
        registry.reply("GET", &format!("/config/{subject}"), 200, r#"{"compatibilityLevel":"BACKWARD"}"#);
        registry.reply("POST", &format!("/subjects/{subject}"), 200, &version(1, &schema));
    }
    registry.reply("GET", "/schemas/ids/7", 200, &format!(r#"{{"schema":"{}"}}"#, V1.replace('"', "\\\"")));
    let scene = Scene::new().env("SCHEMA_REGISTRY_URL", registry.url());
    for file in ["v1.avsc", "v2.avsc", "v3.avsc", "old.avsc", "new.avsc", "order.avsc"] {
        scene.file(file, V1);
    }
    for file in ["kafka-events-value.avsc", "smoke-avro-value.v2.avsc"] {
        let path = format!("{}/../../configs/schemas/{file}", env!("CARGO_MANIFEST_DIR"));
        scene.file(format!("configs/schemas/{file}"), std::fs::read_to_string(path).unwrap());
    }
    (registry, scene)
}

#[test]
fn every_example_of_the_verbs_that_look_at_schemas_runs() {
    for verb in ["check", "diff", "lint", "infer", "ddl", "jsonschema", "sample", "decode"] {
        let (_registry, scene) = scene();
        let help = scene.tool("sr").args([verb, "--help"]).run().succeeds().stdout_text();
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{help}"));
        let examples: Vec<&str> = examples.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert!(examples.len() >= 2, "{help}");
        for example in examples {
            // Other tools have tests of their own: what they would write comes from us, and what they would read, nobody reads.
            let parts: Vec<&str> = example.split(" | ").collect();
            let ours =
                parts.iter().find(|part| part.starts_with("sr ")).unwrap_or_else(|| panic!("{example}"));
            scene.shell(ours).stdin(input(verb, ours)).run().succeeds();
        }
    }
}
