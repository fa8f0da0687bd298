//! Data on their way through the steps.

use super::fit::{Number, Promotion};
use super::{Fields, Part, Resolver, Step, StepId, Symbol};
use crate::cursor::{Cursor, Decoded};
use crate::error::{DecodeError, DecodeReason};
use crate::varint;

impl Resolver {
    /// Appends to `out` the reader's bytes of one datum that the writer wrote. On an error `out` is as long as before.
    ///
    /// # Errors
    /// When the bytes are not a datum of the writer's schema, or hold a value that the reader's has no place for
    /// ([`DecodeReason::Unresolved`]).
    pub fn resolve(&self, avro: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let before = out.len();
        let mut from = Cursor::new(avro);
        let result = self.value(self.root, &mut from, out).and_then(|()| from.finish());
        if result.is_err() {
            out.truncate(before);
        }
        result
    }

    fn value(&self, step: StepId, from: &mut Cursor<'_>, out: &mut Vec<u8>) -> Decoded {
        match &self.steps[step as usize] {
            Step::Copy(node) => {
                let start = from.at;
                self.skip(*node, from)?;
                out.extend_from_slice(&from.bytes[start..from.at]);
                Ok(())
            }
            Step::Text => text(from, out),
            Step::Promote(number, promotion) => promote(*number, *promotion, from, out),
            Step::Enum(symbols) => enumeration(symbols, from, out),
            Step::Array { items, least } => self.blocks(*items, *least, false, from, out),
            Step::Map { values, least } => self.blocks(*values, *least, true, from, out),
            Step::Record(fields) => self.record(fields, from, out),
            Step::Branches(steps) => {
                let branch = from.branch(steps.len())?;
                from.allow_zero();
                self.value(steps[branch], from, out)
            }
            Step::Into(branch, step) => {
                varint::write(i64::from(*branch), out);
                self.value(*step, from, out)
            }
            Step::Never(reason) => Err(unresolved(reason, from)),
        }
    }

    #[inline(never)]
    fn blocks(
        &self,
        items: StepId,
        least: usize,
        keyed: bool,
        from: &mut Cursor<'_>,
        out: &mut Vec<u8>,
    ) -> Decoded {
        from.open()?;
        let mut done = 0usize;
        while let Some(block) = from.block(least)? {
            varint::write(block.count, out);
            for _ in 0..block.count {
                let mut key = 0..0;
                if keyed {
                    let start = from.at;
                    text(from, out)?;
                    key = start..from.at;
                }
                self.value(items, from, out).map_err(|error| {
                    if !keyed {
                        return error.under(&done.to_string());
                    }
                    let mut key = Cursor::new(&from.bytes[key]);
                    let text = key.counted("string").map(|range| String::from_utf8_lossy(&key.bytes[range]));
                    error.under(&text.unwrap_or_default())
                })?;
                done += 1;
            }
            from.end_block(&block)?;
        }
        out.push(0);
        from.close();
        Ok(())
    }

    #[inline(never)]
    fn record(&self, fields: &Fields, from: &mut Cursor<'_>, out: &mut Vec<u8>) -> Decoded {
        from.open()?;
        if fields.reads.is_empty() {
            from.zero_sized()?;
        }
        if fields.ordered {
            self.in_order(fields, from, out)?;
        } else {
            self.out_of_order(fields, from, out)?;
        }
        from.close();
        Ok(())
    }

    /// Defaults go between the fields as those come.
    fn in_order(&self, fields: &Fields, from: &mut Cursor<'_>, out: &mut Vec<u8>) -> Decoded {
        let mut layout = fields.layout.iter();
        let mut defaults_up_to_a_field = |out: &mut Vec<u8>| {
            for part in layout.by_ref() {
                match part {
                    Part::Default(bytes) => out.extend_from_slice(bytes),
                    Part::Field(_) => break,
                }
            }
        };
        for read in &fields.reads {
            let done = match read.step {
                None => self.skip(read.node, from),
                Some(step) => {
                    defaults_up_to_a_field(out);
                    self.value(step, from, out)
                }
            };
            done.map_err(|error| error.under(&read.name))?;
        }
        defaults_up_to_a_field(out);
        Ok(())
    }

    /// The fields are written behind each other as they come, then once more in the reader's order.
    fn out_of_order(&self, fields: &Fields, from: &mut Cursor<'_>, out: &mut Vec<u8>) -> Decoded {
        let start = out.len();
        let mut places = vec![0..0; fields.reads.len()];
        for (read, place) in fields.reads.iter().zip(&mut places) {
            let begin = out.len();
            let done = match read.step {
                None => self.skip(read.node, from),
                Some(step) => self.value(step, from, out),
            };
            done.map_err(|error| error.under(&read.name))?;
            *place = begin..out.len();
        }
        let end = out.len();
        for part in &fields.layout {
            match part {
                Part::Field(at) => out.extend_from_within(places[*at].clone()),
                Part::Default(bytes) => out.extend_from_slice(bytes),
            }
        }
        out.drain(start..end);
        Ok(())
    }
}

#[cold]
fn unresolved(reason: &str, from: &Cursor<'_>) -> DecodeError {
    DecodeError::new(DecodeReason::Unresolved { reason: reason.into() }, from.at)
}

fn text(from: &mut Cursor<'_>, out: &mut Vec<u8>) -> Decoded {
    let start = from.at;
    let range = from.counted("string")?;
    let bytes = &from.bytes[range];
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(DecodeError::new(DecodeReason::NotUtf8 { at: error.valid_up_to() }, start));
    }
    varint::write_len(bytes.len(), out);
    out.extend_from_slice(bytes);
    Ok(())
}

fn enumeration(symbols: &[Symbol], from: &mut Cursor<'_>, out: &mut Vec<u8>) -> Decoded {
    let index = from.symbol(symbols.len())?;
    match &symbols[index] {
        Symbol::Is(index) => varint::write(i64::from(*index), out),
        Symbol::Unknown(reason) => return Err(unresolved(reason, from)),
    }
    Ok(())
}

/// As Java's casts: to the nearest value that the wider type has.
fn promote(number: Number, promotion: Promotion, from: &mut Cursor<'_>, out: &mut Vec<u8>) -> Decoded {
    let (float, double) = match number {
        Number::Int => {
            let value = from.int("int")?;
            (value as f32, value as f64)
        }
        Number::Long => {
            let value = from.long("long")?;
            (value as f32, value as f64)
        }
        Number::Float => {
            let value = f32::from_le_bytes(from.array_of::<4>("float")?);
            (value, f64::from(value))
        }
    };
    match promotion {
        Promotion::Float => out.extend_from_slice(&float.to_le_bytes()),
        Promotion::Double => out.extend_from_slice(&double.to_le_bytes()),
    }
    Ok(())
}
