//! Bodies packed with gzip or zstd, chunk by chunk: `Content-Encoding` on the way in, `Accept-Encoding` on the way out.

use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::write::{GzEncoder, MultiGzDecoder};

use crate::args::Compression;

/// The fastest of each: the network is the reason to pack, not the disk.
const GZIP_LEVEL: u32 = 1;
const ZSTD_LEVEL: i32 = 1;

impl Compression {
    /// HTTP's name for it.
    pub(crate) fn encoding(self) -> Option<&'static str> {
        match self {
            Compression::None => None,
            Compression::Gzip => Some("gzip"),
            Compression::Zstd => Some("zstd"),
        }
    }
}

/// Packs what is sent.
pub(crate) enum Encoder {
    Plain,
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    pub(crate) fn new(compression: Compression) -> io::Result<Encoder> {
        Ok(match compression {
            Compression::None => Encoder::Plain,
            Compression::Gzip => {
                Encoder::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL)))
            }
            Compression::Zstd => Encoder::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?),
        })
    }

    /// Takes the next chunk, and gives what is ready of the packed bytes: often nothing.
    pub(crate) fn feed(&mut self, chunk: Bytes) -> io::Result<Bytes> {
        match self {
            Encoder::Plain => Ok(chunk),
            Encoder::Gzip(encoder) => {
                encoder.write_all(&chunk)?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
            Encoder::Zstd(encoder) => {
                encoder.write_all(&chunk)?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
        }
    }

    /// The rest.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        match self {
            Encoder::Plain => Ok(Bytes::new()),
            Encoder::Gzip(encoder) => encoder.finish().map(Bytes::from),
            Encoder::Zstd(encoder) => encoder.finish().map(Bytes::from),
        }
    }
}

/// Packs a whole body.
pub(crate) fn pack(compression: Compression, body: Bytes) -> io::Result<Bytes> {
    if compression == Compression::None {
        return Ok(body);
    }
    let mut encoder = Encoder::new(compression)?;
    let mut packed = encoder.feed(body)?.to_vec();
    packed.extend_from_slice(&encoder.finish()?);
    Ok(packed.into())
}

/// Unpacks what is received.
pub(crate) enum Decoder {
    Plain,
    Gzip(MultiGzDecoder<Vec<u8>>),
    Zstd(zstd::stream::write::Decoder<'static, Vec<u8>>),
}

impl Decoder {
    /// For an answer with this `Content-Encoding`. We ask for none that is not known here.
    pub(crate) fn new(encoding: Option<&str>) -> io::Result<Decoder> {
        match encoding {
            None | Some("identity") => Ok(Decoder::Plain),
            Some("gzip") => Ok(Decoder::Gzip(MultiGzDecoder::new(Vec::new()))),
            Some("zstd") => Ok(Decoder::Zstd(zstd::stream::write::Decoder::new(Vec::new())?)),
            Some(other) => {
                Err(io::Error::other(format!("it is packed with {other}, which was not asked for")))
            }
        }
    }

    /// Takes the next chunk, and gives what it holds.
    pub(crate) fn feed(&mut self, chunk: Bytes) -> io::Result<Bytes> {
        match self {
            Decoder::Plain => Ok(chunk),
            Decoder::Gzip(decoder) => {
                decoder.write_all(&chunk)?;
                decoder.flush()?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
            Decoder::Zstd(decoder) => {
                decoder.write_all(&chunk)?;
                decoder.flush()?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again_however_it_is_cut() {
        let text: Bytes = (0..50_000).map(|n| format!("{{\"number\":{n}}}\n")).collect::<String>().into();
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let packed = pack(compression, text.clone()).unwrap();
            assert_eq!(packed.len() < text.len(), compression != Compression::None);
            let mut decoder = Decoder::new(compression.encoding()).unwrap();
            let mut out = Vec::new();
            for chunk in packed.chunks(1000) {
                out.extend_from_slice(&decoder.feed(Bytes::copy_from_slice(chunk)).unwrap());
            }
            assert!(out == text, "{compression:?}");
        }
    }

    #[test]
    fn another_packing_is_refused() {
        assert!(Decoder::new(Some("br")).is_err());
    }
}
