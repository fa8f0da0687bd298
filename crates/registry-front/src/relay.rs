//! One connection, one request: read whole, sent on, and its answer read whole and given back.
//!
//! Nothing waits for a client while it has its turn: a client that stalls or goes away holds up nobody else.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::args::Args;
use crate::head::{Company, Decision, Passage, decide, end_of_head};

/// Far more than a client of a registry sends.
const LARGEST_HEAD: usize = 64 * 1024;
/// A client or registry that says nothing for this long is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps requests apart that may not be under way at the same time: a deletion takes it alone, any other change shares it.
pub(crate) type Turns = RwLock<()>;

/// Serves one request.
pub(crate) fn relay(client: &TcpStream, args: &Args, turns: &Turns) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    client.set_nodelay(true)?;
    let Some((head, start_of_body)) = read_head(client)? else { return Ok(()) };
    let passage = match decide(&head, &args.prefix) {
        Decision::Answer(status, json) => return answer(client, status, json),
        Decision::Pass(passage) => passage,
    };
    let Some(body) = read_body(client, start_of_body, &passage)? else { return Ok(()) };
    let request = [passage.head, body].concat();
    match ask_in_turn(args.backend, &request, passage.company, turns) {
        Ok(answered) => {
            (&*client).write_all(&answered)?;
            // A client that has closed first is no error.
            let _ = client.shutdown(Shutdown::Write);
            Ok(())
        }
        Err(e) => {
            answer(client, "503 Service Unavailable", &no_backend())?;
            Err(io::Error::new(e.kind(), format!("no answer from the registry at {}: {e}", args.backend)))
        }
    }
}

/// The registry's answer, in the bytes that it came in. It has then stored what it was asked to.
fn ask_in_turn(registry: SocketAddr, request: &[u8], company: Company, turns: &Turns) -> io::Result<Vec<u8>> {
    let _shared =
        (company == Company::NoDeletion).then(|| turns.read().unwrap_or_else(PoisonError::into_inner));
    let _alone =
        (company == Company::NoChange).then(|| turns.write().unwrap_or_else(PoisonError::into_inner));
    let mut backend = TcpStream::connect(registry)?;
    backend.set_read_timeout(Some(PATIENCE))?;
    backend.set_write_timeout(Some(PATIENCE))?;
    backend.set_nodelay(true)?;
    backend.write_all(request)?;
    // It ends its connection after its answer, since it was asked to.
    let mut answered = Vec::new();
    backend.read_to_end(&mut answered)?;
    if answered.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection"));
    }
    Ok(answered)
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

/// The whole body; nothing when the client left before its end.
fn read_body(mut client: &TcpStream, start: Vec<u8>, passage: &Passage) -> io::Result<Option<Vec<u8>>> {
    if passage.expects && start.len() < passage.body {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut body = start;
    body.truncate(passage.body);
    let left = passage.body - body.len();
    client.take(left as u64).read_to_end(&mut body)?;
    Ok((body.len() == passage.body).then_some(body))
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
