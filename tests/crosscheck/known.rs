//! Good files that do not load yet, or differ from the manifest, and why.

/// Why `file` may differ.
pub(crate) fn reason(file: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(_, names)| names.contains(&file)).map(|(reason, _)| *reason)
}

const KNOWN: &[(&str, &[&str])] = &[
    (
        "later: Opus",
        &[
            "androidx-media/mka/bear-opus.mka",
            "androidx-media/ogg/bear.opus",
            "mediafile/full.opus",
            "rodio/music.opus",
        ],
    ),
    (
        "later: RF64",
        &[
            "androidx-media/wav/sample_rf64.wav",
            "scipy-io-wav/test-44100Hz-le-1ch-4bytes-rf64.wav",
            "scipy-io-wav/test-8000Hz-le-3ch-5S-24bit-rf64.wav",
        ],
    ),
    (
        "later: big-endian RIFF",
        &[
            "scipy-io-wav/test-44100Hz-2ch-32bit-float-be.wav",
            "scipy-io-wav/test-44100Hz-be-1ch-4bytes.wav",
            "scipy-io-wav/test-8000Hz-be-3ch-5S-24bit.wav",
        ],
    ),
    (
        "later: AU",
        &[
            "libpython3.11-testsuite/pluck-pcm16.au",
            "libpython3.11-testsuite/pluck-pcm24.au",
            "libpython3.11-testsuite/pluck-pcm32.au",
            "libpython3.11-testsuite/pluck-pcm8.au",
            "libpython3.11-testsuite/pluck-ulaw.au",
        ],
    ),
    (
        "later, with our own PCM reader: a chunk longer than its parent",
        &[
            "androidx-media/wav/sample_with_odd_metadata_chunk_size.wav",
            "scipy-io-wav/test-44100Hz-le-1ch-4bytes.wav",
        ],
    ),
    (
        "later, with our own PCM reader: bits per value that fill no whole bytes, or 64",
        &[
            "scipy-io-wav/test-1234Hz-le-1ch-10S-20bit-extra.wav",
            "scipy-io-wav/test-8000Hz-le-3ch-5S-64bit.wav",
            "scipy-io-wav/test-8000Hz-le-4ch-9S-12bit.wav",
            "scipy-io-wav/test-8000Hz-le-5ch-9S-5bit.wav",
        ],
    ),
    (
        "later, with our own PCM reader: a µ-law fmt chunk of an unusual length",
        &["scipy-io-wav/test-8000Hz-le-1ch-1byte-ulaw.wav"],
    ),
    ("later: MP3 inside WAV", &["mediafile/mpeglayer3.wav"]),
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
