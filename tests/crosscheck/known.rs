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
    (
        "the references leave out frames; what the file's own reference (.pcm) has is equal here",
        &[
            ("88fb0d89093b5b76", "l1-fl2.bit"),
            ("88fb0d89093b5b76", "fl2.mp1"),
            ("e290344320d121ad", "l2-fl11.bit"),
            ("e290344320d121ad", "fl11.mp2"),
            ("37514c8d9af68f5c", "ILL2_layer1.bit"),
        ],
    ),
    (
        "the file's own reference (.pcm) is equal here; ffmpeg and libsndfile hear its intensity stereo otherwise",
        &[("c9e9bf9b53e0f6da", "l3-test46.bit"), ("2168c4671c733d6d", "l3-test45.bit")],
    ),
    (
        "ffmpeg plays a last frame that is cut off",
        &[("183f16777a359d53", "id3v1v2-combined.mp3"), ("8121a49830973049", "l3-sin1k0db.bit")],
    ),
    (
        "damaged on purpose: what stands in place of its bad frames is everybody's own",
        &[
            ("7ebbf30a525d9806", "l2-nonstandard-test32-size.bit"),
            ("7fa295ba1c82d9d8", "l3-nonstandard-compl-sideinfo-blocktype.bit"),
            ("3bf300d1a6578447", "l3-nonstandard-compl-sideinfo-bigvalues.bit"),
            ("5de9b0714a78f08b", "outofbounds.mp3"),
            ("2228ee81e5b22535", "steam_at_mention_IDX_34_RAND_4491956654166691611931.m4a"),
        ],
    ),
];
