//! Request bodies: nothing, bytes, or a channel that is fed while the request runs.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, channel};

/// Any request body.
pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// The feeding end of [`channel()`]. `send_data` waits while the server reads slower than we write.
pub type Sender = channel::Sender<Bytes, std::io::Error>;

/// No body.
#[must_use]
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// These bytes.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A body that is sent in chunks as they come. Dropping the sender ends it; `abort` breaks the request off, so that the
/// server does not take half a body for a whole one.
#[must_use]
pub fn channel(buffered_chunks: usize) -> (Sender, Body) {
    let (sender, body) = channel::Channel::new(buffered_chunks);
    (sender, body.boxed_unsync())
}
