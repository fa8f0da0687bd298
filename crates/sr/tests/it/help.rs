//! The examples of every `--help` work: each is run, in bash, on two registries modelled on Confluent's.

use kch_test::Scene;
use serde_json::json;

use crate::confluent::Confluent;
use crate::{V1, V2};

/// The verbs whose examples these registries can answer; those that look at schemas are in `examples`.
const VERBS: [&str; 21] = [
    "",
    "apply",
    "canonical",
    "compat",
    "contexts",
    "copy",
    "delete",
    "doctor",
    "export",
    "get",
    "id",
    "import",
    "lookup",
    "mode",
    "refs",
    "register",
    "subjects",
    "undelete",
    "versions",
    "wait",
    "who",
];

const MONEY: &str = r#"{"type":"record","name":"example.Money","fields":[{"name":"cents","type":"long"}]}"#;
const ORDERS: &str = r#"{"type":"record","name":"Orders","fields":[{"name":"m","type":"example.Money"}]}"#;

/// The schemas that the examples speak of.
fn registry() -> Confluent {
    let registry = Confluent::start();
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/schemas");
    let schema = |name: &str| std::fs::read_to_string(format!("{repository}/{name}")).unwrap();
    registry.put("kafka-events-value", &schema("kafka-events-value.avsc"), &json!([]));
    registry.put("smoke-avro-value", &schema("smoke-avro-value.v1.avsc"), &json!([]));
    registry.put("money-value", MONEY, &json!([]));
    registry.put(
        "order-value",
        ORDERS,
        &json!([{"name": "example.Money", "subject": "money-value", "version": 1}]),
    );
    registry.put("orders-value", V1, &json!([]));
    registry.put("orders-value", V2, &json!([]));
    for n in 3..=7 {
        registry.put("orders-value", &V1.replace("id", &format!("id{n}")), &json!([]));
    }
    registry.put("test-a", V1, &json!([]));
    registry
}

#[test]
fn every_example_of_every_help_runs() {
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut ran = 0;
    for verb in VERBS {
        let scene = Scene::new();
        let (registry, other) = (registry(), Confluent::start());
        if verb == "contexts" {
            registry.put_context(".test");
        }
        if verb == "undelete" {
            registry.delete("orders-value", 3);
        }
        let schemas = |name: &str| std::fs::read(format!("{repository}/configs/schemas/{name}")).unwrap();
        for name in ["kafka-events-value.avsc", "smoke-avro-value.v1.avsc", "smoke-avro-value.v2.avsc"] {
            scene.file(format!("configs/schemas/{name}"), schemas(name));
        }
        scene.file("schemas/orders-value.avsc", V2);
        scene.file("v2.avsc", V2);
        scene.file("money-value.avsc", MONEY);
        scene.file("orders.avsc", ORDERS);
        let scene = scene.env("SCHEMA_REGISTRY_URL", registry.stub.url());
        // What an earlier verb of the examples would have left.
        if verb == "import" {
            scene.tool("sr").args(["export", "backup"]).run().succeeds();
        }
        let asked = [verb, "--help"].into_iter().filter(|arg| !arg.is_empty());
        let help = scene.tool("sr").args(asked).run().succeeds().stdout_text();
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{verb}: no examples"));
        let examples = examples.split("\n\nExit codes").next().unwrap_or_default();
        for example in examples.lines().map(str::trim).filter(|line| !line.is_empty()) {
            // What other tools do has tests of its own.
            let line = example.split("avro-consume").next().filter(|line| !line.is_empty()).unwrap_or("true");
            let line =
                line.replace("http://other:8081", &other.stub.url()).replace("git -C backup add -A", "true");
            let outcome = scene.shell(&format!("exec bash -o pipefail -euc {}", quoted(&line))).run();
            outcome.succeeds();
            ran += 1;
        }
    }
    assert!(ran >= 40, "{ran}");
}

fn quoted(line: &str) -> String {
    format!("'{}'", line.replace('\'', r"'\''"))
}
