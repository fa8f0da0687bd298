//! Avro's zigzag variable-length integers (specification, "Binary Encoding").
//!
//! The one constraint: reading refuses what no writer needs, more than ten bytes or more than 64 bits.

/// Appends `value` as Avro's `int` and `long` are written: zigzag, 1 to 10 bytes.
#[inline]
pub fn write(value: i64, out: &mut Vec<u8>) {
    let zigzag = ((value << 1) ^ (value >> 63)) as u64;
    if zigzag < 0x80 {
        out.push(zigzag as u8);
    } else {
        write_long(zigzag, out);
    }
}

fn write_long(mut zigzag: u64, out: &mut Vec<u8>) {
    let mut bytes = [0u8; 10];
    let mut len = 0;
    while zigzag >= 0x80 {
        bytes[len] = zigzag as u8 | 0x80;
        zigzag >>= 7;
        len += 1;
    }
    bytes[len] = zigzag as u8;
    out.extend_from_slice(&bytes[..=len]);
}

/// Appends a length.
#[inline]
pub(crate) fn write_len(len: usize, out: &mut Vec<u8>) {
    write(len as i64, out);
}

/// What stands in the way of reading one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Truncated,
    Overlong,
}

/// Reads one from `bytes[*at..]` and moves `at` behind it.
#[inline]
pub(crate) fn read(bytes: &[u8], at: &mut usize) -> Result<i64, Fault> {
    let Some(&first) = bytes.get(*at) else { return Err(Fault::Truncated) };
    if first < 0x80 {
        *at += 1;
        return Ok(unzigzag(u64::from(first)));
    }
    read_long(bytes, at)
}

fn read_long(bytes: &[u8], at: &mut usize) -> Result<i64, Fault> {
    let mut value = 0u64;
    for (i, &byte) in bytes[*at..].iter().take(10).enumerate() {
        // The tenth byte has room for the 64th bit alone.
        if i == 9 && byte > 1 {
            return Err(Fault::Overlong);
        }
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *at += i + 1;
            return Ok(unzigzag(value));
        }
    }
    Err(Fault::Truncated)
}

#[inline]
fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_examples_and_the_edges_read_back() {
        for (value, bytes) in [
            (0, vec![0]),
            (-1, vec![1]),
            (1, vec![2]),
            (-2, vec![3]),
            (63, vec![0x7e]),
            (-64, vec![0x7f]),
            (64, vec![0x80, 1]),
        ] {
            let mut out = Vec::new();
            write(value, &mut out);
            assert_eq!(out, bytes);
        }
        for value in [i64::MIN, i64::MAX, i64::from(i32::MIN), i64::from(i32::MAX), 1 << 40, -(1 << 55)] {
            let (mut out, mut at) = (Vec::new(), 0);
            write(value, &mut out);
            assert_eq!(read(&out, &mut at), Ok(value));
            assert_eq!(at, out.len());
        }
    }

    #[test]
    fn truncated_and_overlong_are_told_apart() {
        assert_eq!(read(&[], &mut 0), Err(Fault::Truncated));
        assert_eq!(read(&[0x80, 0x80], &mut 0), Err(Fault::Truncated));
        assert_eq!(
            read(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], &mut 0),
            Err(Fault::Overlong)
        );
        assert_eq!(read(&[0x80; 11], &mut 0), Err(Fault::Overlong));
    }

    #[test]
    fn a_padded_integer_is_read() {
        let mut at = 0;
        assert_eq!(read(&[0x82, 0x00], &mut at), Ok(1));
        assert_eq!(at, 2);
    }
}
