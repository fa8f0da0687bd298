//! kch-http
