//! ch-query
