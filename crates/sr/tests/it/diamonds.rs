//! Schemas that many others refer to: each is looked at once, however many ways lead to it.

use kch_test::{Outcome, Scene};

use crate::confluent::Confluent;

/// So many that no way through all of them is ever walked: 2^LAYERS.
const LAYERS: usize = 40;

/// Two schemas a layer, and each uses both of the layer below it.
fn scene() -> Scene {
    let scene = Scene::new();
    for layer in 0..LAYERS {
        for side in ["L", "R"] {
            let uses: Vec<String> = ["L", "R"]
                .iter()
                .filter(|_| layer > 0)
                .map(|below| {
                    format!(r#"{{"name":"{below}","type":["null","{below}{}"]}}"#, layer.saturating_sub(1))
                })
                .collect();
            let schema =
                format!(r#"{{"type":"record","name":"{side}{layer}","fields":[{}]}}"#, uses.join(","));
            scene.file(format!("d/{side}{layer}.avsc"), schema);
        }
    }
    scene
}

fn sr(scene: &Scene, at: &Confluent, args: &[&str]) -> Outcome {
    scene.tool("sr").args(args).env("SCHEMA_REGISTRY_URL", at.stub.url()).run()
}

#[test]
fn a_folder_of_diamonds_is_applied() {
    let (registry, scene) = (Confluent::start(), scene());
    let rows = sr(&scene, &registry, &["apply", "d"]).succeeds().json_lines();
    assert_eq!(rows.len(), 2 * LAYERS);
    assert_eq!(registry.versions().len(), 2 * LAYERS);
}

#[test]
fn what_a_diamond_needs_is_registered_before_it() {
    let (registry, scene) = (Confluent::start(), scene());
    let top = format!("d/L{}.avsc", LAYERS - 1);
    let args = ["register", "top", &top, "--references", "auto"];
    let planned = sr(&scene, &registry, &[&args[..], &["--dry-run"]].concat()).succeeds().json_lines();
    let made = sr(&scene, &registry, &args).succeeds().json_lines();
    // All but the other side of the top layer; the top itself is `top`.
    assert_eq!((planned.len(), made.len()), (2 * LAYERS - 1, 2 * LAYERS - 1));
    assert_eq!(registry.versions().len(), 2 * LAYERS - 1);
}
