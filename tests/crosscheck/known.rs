//! Files that fail, and why that is accepted.

use std::fs;
use std::path::Path;

use sha1::{Digest, Sha1};

/// Why the file at `path` may fail, by its content.
pub(crate) fn reason(path: &Path) -> Option<&'static str> {
    let sum = Sha1::digest(fs::read(path).ok()?);
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    let entry =
        KNOWN.iter().find(|(_, files)| files.iter().any(|(start, _)| sum.starts_with(start)));
    entry.map(|(reason, _)| *reason)
}

/// Reasons, each with the files that it is true of: the start of their SHA-1 sum, and a name for
/// people.
const KNOWN: &[(&str, &[(&str, &str)])] = &[
    (
        "ffmpeg takes it for speech in AMR",
        &[
            ("0ddef1fb1df6c4a6", "100kB-garbage-prefix.mp3"),
            ("7678affef3bfe89c", "200kB-garbage-prefix.mp3"),
        ],
    ),
    (
        "ffmpeg takes ticks of the track for frames",
        &[("85b7d7307399a567", "sample_edit_list_no_sync_frame_before_edit.mp4")],
    ),
];
