//! connect-ctl
