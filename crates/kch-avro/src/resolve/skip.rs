//! Values that are not wanted, or not changed: read up to their end, and checked on the way.

use super::Resolver;
use crate::cursor::{Cursor, Decoded};
use crate::plan::{Node, NodeId};

impl Resolver {
    /// Goes behind a value of the writer's.
    pub(super) fn skip(&self, id: NodeId, from: &mut Cursor<'_>) -> Decoded {
        match self.writer.node(id) {
            Node::Null => from.zero_sized(),
            Node::Boolean => from.boolean().map(drop),
            Node::Int => from.int("int").map(drop),
            Node::Long => from.long("long").map(drop),
            Node::Time(time) if time.is_int() => from.int("int").map(drop),
            Node::Time(_) => from.long("long").map(drop),
            Node::Float => from.take(4, "float").map(drop),
            Node::Double => from.take(8, "double").map(drop),
            Node::Bytes | Node::DecimalBytes(_) => from.counted("bytes").map(drop),
            Node::String | Node::UuidString => from.counted("string").map(drop),
            Node::Fixed(0) => from.zero_sized(),
            Node::Fixed(size) | Node::DecimalFixed(_, size) => from.take(*size, "fixed").map(drop),
            Node::UuidFixed => from.take(16, "uuid").map(drop),
            Node::Duration => from.take(12, "duration").map(drop),
            Node::Enum(symbols) => from.symbol(symbols.names.len()).map(drop),
            Node::Record(record) => {
                from.open()?;
                if record.fields.is_empty() {
                    from.zero_sized()?;
                }
                for field in &record.fields {
                    self.skip(field.node, from).map_err(|error| error.under(&field.name))?;
                }
                from.close();
                Ok(())
            }
            Node::Union(union) => {
                let branch = from.branch(union.branches.len())?;
                from.allow_zero();
                self.skip(union.branches[branch].node, from)
            }
            Node::Array(items) => self.skip_blocks(*items, false, from),
            Node::Map(values) => self.skip_blocks(*values, true, from),
        }
    }

    fn skip_blocks(&self, items: NodeId, keyed: bool, from: &mut Cursor<'_>) -> Decoded {
        from.open()?;
        let least = self.writer.least[items as usize].saturating_add(usize::from(keyed));
        while let Some(block) = from.block(least)? {
            for _ in 0..block.count {
                if keyed {
                    from.counted("string")?;
                }
                self.skip(items, from)?;
            }
            from.end_block(&block)?;
        }
        from.close();
        Ok(())
    }
}
