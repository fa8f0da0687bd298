//! The command line: three addresses do not need a parser crate.

use std::io::Write;
use std::net::SocketAddr;

const HELP: &str = "\
Serves an Apicurio Registry's Confluent API at the root of an address

Usage: registry-front --listen ADDR --backend ADDR [--prefix PATH]

Options:
      --listen ADDR    where to serve, as IP:PORT
      --backend ADDR   where the registry is, as IP:PORT
      --prefix PATH    put before each request's path [default: /apis/ccompat/v7]
  -h, --help           Print this help

Paths that begin with /apis/, /health or /ui go through as they are. GET /mode, which Apicurio 2 does not
have, is answered here: READWRITE.

Exit codes: 2 usage, 3 the address is taken.

Example:
  registry-front --listen 127.0.0.1:8081 --backend 127.0.0.1:18081
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Serve(Args),
}

/// The two ends and what goes between.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) listen: SocketAddr,
    pub(crate) backend: SocketAddr,
    pub(crate) prefix: String,
}

impl Command {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut listen, mut backend, mut prefix) = (None, None, "/apis/ccompat/v7".to_owned());
        while let Some(name) = arguments.next() {
            if matches!(name.as_str(), "-h" | "--help") {
                return Ok(Self::Help);
            }
            if !matches!(name.as_str(), "--listen" | "--backend" | "--prefix") {
                return Err(format!("unknown argument \"{name}\""));
            }
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--listen" => listen = Some(address(&name, &value)?),
                "--backend" => backend = Some(address(&name, &value)?),
                _ => prefix = value.trim_end_matches('/').to_owned(),
            }
        }
        Ok(Self::Serve(Args {
            listen: listen.ok_or("--listen ADDR is required")?,
            backend: backend.ok_or("--backend ADDR is required")?,
            prefix,
        }))
    }
}

pub(crate) fn print_help() -> Result<(), (u8, String)> {
    match std::io::stdout().write_all(HELP.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err((1, format!("cannot write to stdout: {e}")))
        }
        _ => Ok(()),
    }
}

fn address(name: &str, value: &str) -> Result<SocketAddr, String> {
    value.parse().map_err(|_| format!("{name}: \"{value}\" is not an address like 127.0.0.1:8081"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_both_addresses_and_has_a_default_prefix() {
        match parse("--listen 127.0.0.1:1 --backend 127.0.0.1:2").expect("valid") {
            Command::Serve(args) => {
                assert_eq!((args.listen.port(), args.backend.port()), (1, 2));
                assert_eq!(args.prefix, "/apis/ccompat/v7");
            }
            Command::Help => panic!("expected to serve"),
        }
    }

    #[test]
    fn names_what_is_wrong() {
        assert_eq!(
            parse("--listen here"),
            Err("--listen: \"here\" is not an address like 127.0.0.1:8081".into())
        );
        assert_eq!(parse("--listen 127.0.0.1:1"), Err("--backend ADDR is required".into()));
        assert_eq!(parse("--port 1"), Err("unknown argument \"--port\"".into()));
        assert_eq!(parse("--prefix"), Err("--prefix needs a value".into()));
    }
}
