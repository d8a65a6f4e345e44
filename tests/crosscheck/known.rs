//! Good files that do not load yet, or differ from the manifest, and why.

/// Why `file` may differ.
pub(crate) fn reason(file: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(_, names)| names.contains(&file)).map(|(reason, _)| *reason)
}

const KNOWN: &[(&str, &[&str])] = &[
    (
        "symphonia 0.6.1 demands an edition UID that the specification makes optional",
        &["androidx-media/mka/bear-alac.mka"],
    ),
    (
        "symphonia 0.6.1 decodes 11 frames of this conformance stream 80 dB too loud",
        &["minimp3/l3-si_block.bit"],
    ),
    (
        "the manifest has ffmpeg's length; libsndfile's and the encoder's tag say 133632",
        &["androidx-media/mp3/bear-id3.mp3"],
    ),
    (
        "ffmpeg leaves out a first packet that the edit list keeps",
        &["androidx-media/mp4/sample_audio_only.mp4"],
    ),
];
