//! `topic-ctl` from the outside: on an in-process broker where it must fail, and on the real stack, which is asked
//! afterwards.

mod failures;
mod live;
