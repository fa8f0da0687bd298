//! One connection: the head is read and decided over, the rest is bytes in both directions.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use crate::args::Args;
use crate::head::{Company, Decision, decide, end_of_head};

/// Far more than a client of a registry sends.
const LARGEST_HEAD: usize = 64 * 1024;
/// A client or registry that says nothing for this long is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps requests apart that may not be under way at the same time: a deletion takes it alone, any other change shares it.
pub(crate) type Turns = RwLock<()>;

/// Serves one request.
pub(crate) fn relay(client: &TcpStream, args: &Args, turns: &Turns) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_nodelay(true)?;
    let Some((head, start_of_body)) = read_head(client)? else { return Ok(()) };
    match decide(&head, &args.prefix) {
        Decision::Answer(status, json) => answer(client, status, json),
        Decision::Pass(head, company) => {
            let request = [head, start_of_body].concat();
            // Held until the answer is there: the registry has then stored what it was asked to.
            let _shared = (company == Company::NoDeletion)
                .then(|| turns.read().unwrap_or_else(PoisonError::into_inner));
            let _alone =
                (company == Company::NoChange).then(|| turns.write().unwrap_or_else(PoisonError::into_inner));
            match TcpStream::connect(args.backend) {
                Ok(backend) => pass(client, &backend, &request),
                Err(e) => {
                    answer(client, "503 Service Unavailable", &no_backend())?;
                    Err(io::Error::new(e.kind(), format!("no registry at {}: {e}", args.backend)))
                }
            }
        }
    }
}

/// The head, and what of the body came with it; nothing when the client left without a request.
fn read_head(mut client: &TcpStream) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    while bytes.len() < LARGEST_HEAD {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(end) = end_of_head(&bytes) {
            let rest = bytes.split_off(end);
            return Ok(Some((bytes, rest)));
        }
    }
    answer(
        client,
        "431 Request Header Fields Too Large",
        "{\"error_code\":431,\"message\":\"Headers too large\"}",
    )?;
    Ok(None)
}

/// The registry ends its connection after its answer, since it was asked to.
fn pass(client: &TcpStream, backend: &TcpStream, beginning: &[u8]) -> io::Result<()> {
    backend.set_read_timeout(Some(PATIENCE))?;
    backend.set_nodelay(true)?;
    (&*backend).write_all(beginning)?;
    let (mut body, mut sink) = (client.try_clone()?, backend.try_clone()?);
    // Ends when the client has nothing more to say or its socket is closed: it needs no waiting for.
    thread::spawn(move || io::copy(&mut body, &mut sink));
    let answered = io::copy(&mut &*backend, &mut &*client);
    // Both ends: this also ends the thread above.
    let closed = client.shutdown(Shutdown::Both).and(backend.shutdown(Shutdown::Both));
    answered?;
    // A client that has closed first is no error.
    closed.or_else(|e| if e.kind() == io::ErrorKind::NotConnected { Ok(()) } else { Err(e) })
}

fn answer(mut client: &TcpStream, status: &str, json: &str) -> io::Result<()> {
    let length = json.len();
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{json}"
    )?;
    client.shutdown(Shutdown::Write)
}

/// Confluent's code for a registry that cannot reach the one that knows.
fn no_backend() -> String {
    "{\"error_code\":50003,\"message\":\"The registry does not answer, it may still be starting\"}".to_owned()
}
