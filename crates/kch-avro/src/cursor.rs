//! A place in the bytes of one datum, and the primitives that are read from there.
//!
//! The one constraint: the bytes may be hostile. Every length is checked before it is believed, nesting and values of zero bytes
//! are bounded.

use std::ops::Range;

use crate::encode::{DEPTH, ZERO_SIZED};
use crate::error::{DecodeError, DecodeReason};
use crate::varint::{self, Fault};

pub(crate) type Decoded<T = ()> = Result<T, DecodeError>;

/// A cursor over the bytes of one datum.
#[derive(Debug)]
pub(crate) struct Cursor<'d> {
    pub(crate) bytes: &'d [u8],
    pub(crate) at: usize,
    depth: usize,
    /// Values of zero bytes still allowed.
    zeros: usize,
}

/// The head of a block of an array or a map (specification, "Arrays" and "Maps").
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) count: i64,
    /// Where the head begins.
    start: usize,
    /// The size that the block says it has, and from where.
    said: Option<(i64, usize)>,
}

impl<'d> Cursor<'d> {
    pub(crate) fn new(bytes: &'d [u8]) -> Cursor<'d> {
        Cursor { bytes, at: 0, depth: 0, zeros: ZERO_SIZED }
    }

    /// Nothing may be left over.
    pub(crate) fn finish(&self) -> Decoded {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            count => Err(DecodeError::new(DecodeReason::LeftOver { count }, self.at)),
        }
    }

    #[inline]
    pub(crate) fn long(&mut self, expected: &'static str) -> Decoded<i64> {
        varint::read(self.bytes, &mut self.at).map_err(|fault| {
            let reason = match fault {
                Fault::Truncated => DecodeReason::Truncated { expected },
                Fault::Overlong => DecodeReason::Overlong,
            };
            DecodeError::new(reason, self.at)
        })
    }

    #[inline]
    pub(crate) fn int(&mut self, expected: &'static str) -> Decoded<i64> {
        let start = self.at;
        let value = self.long(expected)?;
        if i32::try_from(value).is_ok() {
            Ok(value)
        } else {
            Err(DecodeError::new(DecodeReason::IntRange { value }, start))
        }
    }

    pub(crate) fn boolean(&mut self) -> Decoded<bool> {
        match self.array_of::<1>("boolean")? {
            [0] => Ok(false),
            [1] => Ok(true),
            [byte] => Err(DecodeError::new(DecodeReason::Boolean { byte }, self.at - 1)),
        }
    }

    /// The index of an enum's symbol.
    pub(crate) fn symbol(&mut self, symbols: usize) -> Decoded<usize> {
        let start = self.at;
        let index = self.long("enum")?;
        let found = usize::try_from(index).ok().filter(|at| *at < symbols);
        found.ok_or_else(|| DecodeError::new(DecodeReason::Symbol { index, symbols }, start))
    }

    /// The index of a union's branch.
    #[inline]
    pub(crate) fn branch(&mut self, branches: usize) -> Decoded<usize> {
        let start = self.at;
        let index = self.long("union")?;
        let found = usize::try_from(index).ok().filter(|at| *at < branches);
        found.ok_or_else(|| DecodeError::new(DecodeReason::Branch { index, branches }, start))
    }

    /// The place of the next `len` bytes.
    #[inline]
    pub(crate) fn take(&mut self, len: usize, expected: &'static str) -> Decoded<Range<usize>> {
        if len > self.bytes.len() - self.at {
            return Err(DecodeError::new(DecodeReason::Truncated { expected }, self.at));
        }
        let start = self.at;
        self.at += len;
        Ok(start..self.at)
    }

    pub(crate) fn array_of<const N: usize>(&mut self, expected: &'static str) -> Decoded<[u8; N]> {
        let found = self.bytes[self.at..].first_chunk::<N>().copied();
        self.take(N, expected)?;
        Ok(found.unwrap_or([0; N]))
    }

    /// The place of bytes that come after their length.
    #[inline]
    pub(crate) fn counted(&mut self, expected: &'static str) -> Decoded<Range<usize>> {
        let start = self.at;
        let len = self.long(expected)?;
        let left = self.bytes.len() - self.at;
        match usize::try_from(len) {
            Ok(len) if len <= left => self.take(len, expected),
            _ => Err(DecodeError::new(DecodeReason::Length { len, left }, start)),
        }
    }

    /// The next block, or none at the end of the array or map. An item takes at least `least` bytes.
    pub(crate) fn block(&mut self, least: usize) -> Decoded<Option<Block>> {
        let start = self.at;
        let mut count = self.long("block count")?;
        if count == 0 {
            return Ok(None);
        }
        let mut said = None;
        if count < 0 {
            let size = self.long("block size")?;
            said = Some((size, self.at));
            count = count.checked_neg().unwrap_or(i64::MAX);
        }
        let left = self.bytes.len() - self.at;
        let fits = |n: usize| n.checked_mul(least).is_some_and(|size| size <= left);
        if !usize::try_from(count).is_ok_and(fits) {
            return Err(DecodeError::new(DecodeReason::Count { count, left }, start));
        }
        if least == 0 && count > self.zeros as i64 {
            return Err(DecodeError::new(DecodeReason::TooMany { limit: ZERO_SIZED }, start));
        }
        Ok(Some(Block { count, start, said }))
    }

    /// A block that says its size must have it.
    pub(crate) fn end_block(&self, block: &Block) -> Decoded {
        match block.said {
            Some((said, from)) if said != (self.at - from) as i64 => {
                Err(DecodeError::new(DecodeReason::BlockSize { said, real: self.at - from }, block.start))
            }
            _ => Ok(()),
        }
    }

    /// Goes into a record, an array or a map.
    pub(crate) fn open(&mut self) -> Decoded {
        if self.depth == DEPTH {
            return Err(DecodeError::new(DecodeReason::TooDeep { limit: DEPTH }, self.at));
        }
        self.depth += 1;
        Ok(())
    }

    pub(crate) fn close(&mut self) {
        self.depth -= 1;
    }

    /// A union's value of no bytes has had a byte for its branch: it need not count.
    pub(crate) fn allow_zero(&mut self) {
        self.zeros += 1;
    }

    /// Counts a value that takes no bytes.
    pub(crate) fn zero_sized(&mut self) -> Decoded {
        match self.zeros.checked_sub(1) {
            Some(left) => {
                self.zeros = left;
                Ok(())
            }
            None => Err(DecodeError::new(DecodeReason::TooMany { limit: ZERO_SIZED }, self.at)),
        }
    }
}
