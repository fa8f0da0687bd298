//! sr
