//! kch-registry
