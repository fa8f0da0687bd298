//! topic-ctl
