//! The verbs, one file each: what is typed, what it asks of the registry, what it prints.

mod apply;
mod check;
mod compat;
mod copy;
mod delete;
mod export;
mod get;
mod id;
mod import;
mod lookup;
mod mode;
mod refs;
mod register;
mod subjects;
mod undelete;
mod versions;
mod wait;

pub use apply::Apply;
pub use check::Check;
pub use compat::Compat;
pub use copy::Copy;
pub use delete::Delete;
pub use export::Export;
pub use get::Get;
pub use id::Id;
pub use import::Import;
pub use lookup::Lookup;
pub use mode::Mode;
pub use refs::Refs;
pub use register::Register;
pub use subjects::Subjects;
pub use undelete::Undelete;
pub use versions::Versions;
pub use wait::Wait;
