//! kch-kafka
