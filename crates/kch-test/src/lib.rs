//! kch-test
