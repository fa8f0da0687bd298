//! `sr` from the outside: what it prints, where, and how it ends.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod apply;
mod beside;
mod canonical;
mod careful;
mod confirm;
mod confluent;
mod contexts;
mod decode;
mod delete;
mod diamonds;
mod doctor;
mod examples;
mod failures;
mod fits_live;
mod help;
mod live;
mod modes;
mod moving;
mod offline;
mod readers_live;
mod references;
mod resolution_live;
mod subjects_live;
mod undelete;
mod verbs;
mod who;

use kch_test::live::Stack;
use kch_test::{HttpStub, Outcome, Scene};

const V1: &str = r#"{"type":"record","name":"R","fields":[{"name":"id","type":"long"}]}"#;
const V2: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"id","type":"long"},{"name":"s","type":"string"}]}"#;

/// A scene with a registry that is told what to answer.
fn scene() -> (HttpStub, Scene) {
    let registry = HttpStub::start();
    let scene = Scene::new().env("SCHEMA_REGISTRY_URL", registry.url());
    scene.file("v1.avsc", V1);
    scene.file("v2.avsc", V2);
    (registry, scene)
}

fn sr(scene: &Scene, args: &[&str]) -> Outcome {
    scene.tool("sr").args(args).run()
}

/// A registry's reply for a version.
fn version(number: u32, schema: &str) -> String {
    let text = schema.replace('"', "\\\"");
    format!(r#"{{"subject":"s","version":{number},"id":{},"schema":"{text}"}}"#, number + 10)
}

/// Two subjects of the live registry: `order.avsc` refers to the `ex.Money` of `money.avsc`.
struct Pair {
    order: String,
    money: String,
    /// The order's id.
    id: u32,
}

impl Pair {
    fn register(stack: &Stack, scene: &Scene, money_schema: &str, order_schema: &str) -> Pair {
        // In this order they are deleted at the end: who refers first.
        let (order, money) = (stack.unique_subject("sr-order"), stack.unique_subject("sr/money"));
        scene.file("money.avsc", money_schema);
        scene.file("order.avsc", order_schema);
        sr(scene, &["register", &money, "money.avsc"]).succeeds();
        let reference = format!("ex.Money={money}:1");
        let rows =
            sr(scene, &["register", &order, "order.avsc", "--reference", &reference]).succeeds().json_lines();
        let id = rows[0]["id"].as_u64().and_then(|id| u32::try_from(id).ok()).expect("an id");
        Pair { order, money, id }
    }
}
