//! Ports that nobody listens on.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that the kernel gives to outgoing connections, which would take one before a test listens on it, and
/// between those of the native stack.
const FIRST: u16 = 20_000;
const COUNT: u16 = 9_000;

/// A port of the loopback address where nobody listens; no other call in this process gives the same.
///
/// # Panics
/// When all are taken.
#[must_use]
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test processes that run at the same time begin at different places.
    let begin = std::process::id().wrapping_mul(97);
    (0..COUNT)
        .map(|_| {
            let next = begin.wrapping_add(u32::from(NEXT.fetch_add(1, Ordering::Relaxed)));
            let offset = u16::try_from(next % u32::from(COUNT)).unwrap_or_default();
            SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + offset))
        })
        // Not by listening there: a process that another thread starts meanwhile has the listener too, until it runs.
        .find(|address| TcpStream::connect(address).is_err())
        .expect("a free port")
}
