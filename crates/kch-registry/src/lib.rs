//! A Schema Registry client: schemas by id and by subject, registering, compatibility, deleting.
//!
//! Works with Confluent's registry and with Apicurio's Confluent API, whose error codes agree and whose words do not:
//! errors here are told apart by code, and the texts are ours.
//!
//! The constraint it keeps: an id's schema never changes, so it is fetched once; that an id is unknown may change, so it
//! is asked again.

mod args;
mod compatibility;
mod delete;
mod error;
mod model;
mod registry;
mod schemas;

pub use args::RegistryArgs;
pub use compatibility::{Compatibility, Level, Source};
pub use delete::Deletion;
pub use error::Error;
pub use model::{NewSchema, Reference, Registered, Schema, SchemaType, Version};
pub use registry::Registry;
