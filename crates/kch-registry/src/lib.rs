//! A Schema Registry client: schemas by id and by subject, registering, compatibility, deleting.
//!
//! Works with Confluent's registry and with Apicurio's Confluent API, whose error codes agree and whose words do not:
//! errors here are told apart by code, and the texts are ours.
//!
//! The constraint it keeps: an id's schema never changes, so it is fetched once; that an id is unknown may change, so it
//! is asked again. What was fetched is kept on disk, for the time that the registry cannot be reached.

mod about;
mod args;
mod compatibility;
pub mod complete;
mod contexts;
mod delete;
mod disk;
mod error;
mod mode;
mod model;
mod naming;
mod registry;
mod schemas;
mod uses;

pub use args::RegistryArgs;
pub use compatibility::{Compatibility, Level, Source};
pub use delete::Deletion;
pub use error::{Call, Error};
pub use mode::Mode;
pub use model::{
    Contract, NewSchema, Reference, Registered, Schema, SchemaType, SubjectVersion, Version, guid_text,
};
pub use naming::{
    Part, SubjectNameStrategy, at_version, context_alone, context_name, context_of, in_context, is_context,
    means_file, named, split_context,
};
pub use registry::{Registry, registry_settings};
