//! `registry-front`: the Confluent API of an Apicurio Registry at the root of an address.
//!
//! Apicurio serves Confluent's API under `/apis/ccompat/v7` and its paths are fixed when it is built, while
//! every tool of this project, like Confluent's own, expects it at `/`. This program puts the prefix in front
//! of each request's path and passes everything else through. Deletions wait for other changes, and these for them, since
//! Apicurio loses what is registered during a deletion. One request a connection: the answer's end is
//! then the connection's end, and no answer needs to be understood.

mod args;
mod head;
mod relay;

use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use args::{Args, Command};
use relay::Turns;

fn main() -> ExitCode {
    let outcome = match Command::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => args::print_help(),
        Ok(Command::Serve(args)) => serve(args),
        Err(usage) => Err((2, usage)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, message)) => {
            say(&message);
            ExitCode::from(code)
        }
    }
}

/// Serves until the process is ended.
fn serve(args: Args) -> Result<(), (u8, String)> {
    let listener =
        TcpListener::bind(args.listen).map_err(|e| (3, format!("cannot listen on {}: {e}", args.listen)))?;
    let shared = Arc::new((args, Turns::default()));
    for client in listener.incoming() {
        match client {
            Ok(client) => begin(client, &shared),
            // Too many open files, say: the connections at work will give theirs back.
            Err(e) => say(&format!("cannot accept a connection: {e}")),
        }
    }
    Ok(())
}

fn begin(client: TcpStream, shared: &Arc<(Args, Turns)>) {
    let shared = Arc::clone(shared);
    let spawned = thread::Builder::new().name("request".to_owned()).spawn(move || {
        let (args, turns) = &*shared;
        if let Err(e) = relay::relay(&client, args, turns) {
            // A client that goes away before its answer is its own affair; it is worth a line in the log only.
            say(&format!("request failed: {e}"));
        }
    });
    if let Err(e) = spawned {
        say(&format!("cannot start a thread: {e}"));
    }
}

#[expect(clippy::print_stderr, reason = "the one place that writes the log")]
fn say(message: &str) {
    eprintln!("registry-front: {message}");
}
