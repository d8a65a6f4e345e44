//! Parts of this crate that take what others have made, each by itself, for those who feed them
//! anything: the targets in `fuzz/`, which compile the crate with `--cfg fuzzing`, and the tests,
//! which feed them again what was once found.

pub use crate::analysis::fuzzing::analysis;
pub use crate::cache::fuzzing::cache;
pub use crate::decode::fuzzing::*;

#[cfg(test)]
mod tests;
