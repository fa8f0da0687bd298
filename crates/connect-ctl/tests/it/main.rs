//! `connect-ctl` from the outside: what it prints, where, and how it ends.

mod apply;
mod live;
mod states;

use kch_test::{HttpStub, Outcome, Scene};

/// A scene with a worker that is told what to answer.
fn scene() -> (HttpStub, Scene) {
    let worker = HttpStub::start();
    let scene = Scene::new().env("CONNECT_URL", worker.url());
    (worker, scene)
}

fn ctl(scene: &Scene, args: &[&str]) -> Outcome {
    scene.tool("connect-ctl").args(args).run()
}
