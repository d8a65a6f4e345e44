//! Streams: files that are played from where they lie.
//!
//! A load with `stream` is a load like any other, of which only the head stays in memory
//! ([`work`]). Each play of it then has a feed, which some decoder steps beside its loads, the one
//! that runs dry soonest first; what only a pass through the whole file tells is found when there
//! is nothing else to do ([`pool`]). The sink makes the feeds; nobody but a decoder touches a file.

mod pool;
mod work;

pub(crate) use pool::{Scanned, Streams};
pub(crate) use work::StreamWork;

/// Plays of streams at a time: each has a window, and a file open.
pub const MAX_STREAM_VOICES: usize = 32;
