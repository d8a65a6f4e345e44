//! Decoded audio on disk, and what was heard in it, so that the next start need do neither again.
//!
//! An entry is found by what is in the file, never by its name: its key is made of a hash of all
//! bytes of the file, the version of the decoders, and the rate. A *card* saves reading the file
//! for that: it says which content a file of such a device, inode, length and times of change had.
//! Nothing is written of a file that was changed less than 20 ms before the load (2 s, where a file
//! system knows seconds only): two changes within one tick of the clock look the same.
//!
//! The result of an analysis is found by the audio itself, in whatever files that is: its key is made
//! of a hash of all values, the kind, and the version of the analyses.
//!
//! Whoever only wants to know what is heard needs no audio: *facts* say which audio a content is decoded
//! to, and what is known of it besides.
//!
//! Several processes may share a folder, and nobody locks anything: files are written under names
//! of their own and then renamed, and never change afterwards. Every part of an entry has a
//! checksum, which is checked before any of it is shown to anybody: what is cut off, damaged or of
//! another version is removed and decoded anew. No file is mapped into memory: a page that is not
//! there must not be waited for by the audio callback, and a file that is cut off must not end the
//! program.

mod analysis;
mod card;
mod entry;
mod field;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod hashing;
mod hearing;
mod leaving;
mod load;
mod parts;
mod recall;
mod records;
mod result;
mod store;
mod storing;
#[cfg(test)]
mod tests;

pub use analysis::CachedAnalysis;
pub use hearing::{CachedHearing, HearingStep, SourceFacts};
pub use load::CachedLoad;
pub use store::{Cache, CacheStats};
pub use storing::CacheStore;
