//! Files that fail, and why that is accepted.

use std::fs;
use std::path::Path;

use sha1::{Digest, Sha1};

/// Why the file at `path` may fail, by its content. `is_in_place`: a reference has as many frames,
/// which begin where they do here.
pub(crate) fn reason(path: &Path, is_in_place: bool) -> Option<&'static str> {
    let file = fs::read(path).ok()?;
    let sum: String = Sha1::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    let entry =
        KNOWN.iter().find(|(_, files)| files.iter().any(|(start, _)| sum.starts_with(start)));
    let intensity = || (is_in_place && has_intensity_of_mpeg_2(&file)).then_some(INTENSITY);
    entry.map(|(reason, _)| *reason).or_else(intensity)
}

/// Positions of intensity that are no positions (ISO/IEC 13818-3, 2.4.3.2) are some to ffmpeg 5.1 and
/// mpg123, by which libsndfile decodes; libmad and minimp3 take them as here, to 100 dB and more.
const INTENSITY: &str = "intensity stereo of MPEG-2, which libmad hears as it is here";

/// Whether `file` has frames of Layer III with half the sample rates and intensity stereo.
///
/// # Sources
/// ISO/IEC 11172-3, 2.4.1.3 and 2.4.2.3, and 13818-3, 2.4.2.3: 576 values a frame, so that a frame has
/// 72 bits, a padding byte apart, for each bit per second and Hz.
fn has_intensity_of_mpeg_2(file: &[u8]) -> bool {
    const KBIT_PER_SEC: [usize; 15] =
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let frame = |at: usize| -> Option<(usize, bool)> {
        let &[0xff, 0xf2 | 0xf3, third, fourth] = file.get(at..at + 4)? else { return None };
        let rate = *[22_050, 24_000, 16_000].get(usize::from(third >> 2 & 3))?;
        let kbit_per_sec = *KBIT_PER_SEC.get(usize::from(third >> 4))?;
        let len = 72_000 * kbit_per_sec / rate + usize::from(third >> 1 & 1);
        (len > 4).then_some((len, fourth >> 6 == 1 && fourth >> 4 & 1 == 1))
    };
    let (mut at, mut in_a_row) = (0, 0);
    while at + 4 <= file.len() {
        match frame(at) {
            Some((_, true)) if in_a_row >= 3 => return true,
            Some((len, _)) => (at, in_a_row) = (at + len, in_a_row + 1),
            None => (at, in_a_row) = (at + 1, 0),
        }
    }
    false
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
        "with its bit rate written into its headers, libsndfile decodes it as it is here (136 dB); of free \
         rates mpg123 takes another table of Layer II, and leaves out the first frame of Layer I",
        &[
            ("91c1efd0969a0e29", "l2-nonstandard-free_format.bit"),
            ("5299e9aba8c895a1", "l2-nonstandard-fl1_fl2_ff.bit"),
        ],
    ),
    (
        "ffmpeg 5.1 does not cut off what Matroska's CodecDelay states, but for Opus",
        &[("8f84c0fe987ca492", "sample_with_chapters.mkv")],
    ),
    (
        "ffmpeg 5.1 takes all `ipcm` for 16 bits; here it is equal to the same music in floats",
        &[("fdf09aa629fa30a3", "sample_ipcm_24le.mp4")],
    ),
    ("ffmpeg plays its first track, of AC-3", &[("6111422164755310", "sample_ac3_aac.mp4")]),
    (
        "changes its rate or channels midway: ffmpeg converts the rest, here it is played up to there",
        &[
            ("bce147d8c9a9bab1", "01 - changing samplerate.flac"),
            ("101a1e0a10fe5ba5", "02 - increasing number of channels.flac"),
            ("096f8b59988c0394", "03 - decreasing number of channels.flac"),
        ],
    ),
    (
        "damaged frames are silence of their length, as with `flac -F`; ffmpeg leaves them out",
        &[
            ("b2306e696a89f888", "test.flac"),
            ("04f1757f0f18a080", "test-unicode.flac"),
            ("3c18697f5e5124fa", "4channels.flac"),
        ],
    ),
    (
        "its data begin 55 bytes behind where it says: noise to everybody",
        &[("2c3a8e23b73ea407", "opus_audioinit_two_desc.mp4")],
    ),
    (
        "damaged on purpose: what stands in place of its bad frames is everybody's own",
        &[
            ("7ebbf30a525d9806", "l2-nonstandard-test32-size.bit"),
            ("7fa295ba1c82d9d8", "l3-nonstandard-compl-sideinfo-blocktype.bit"),
            ("3bf300d1a6578447", "l3-nonstandard-compl-sideinfo-bigvalues.bit"),
            ("5de9b0714a78f08b", "outofbounds.mp3"),
            ("9b837ca50b354d10", "ghost_data_after_last_frame.mp3"),
            ("2228ee81e5b22535", "steam_at_mention_IDX_34_RAND_4491956654166691611931.m4a"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intensity_is_that_of_several_frames_of_mpeg_2() {
        // 64 kbit/s, 22.05 kHz, joint stereo: 72 * 64,000 / 22,050 bytes.
        let frames = |second: u8, fourth: u8| {
            let mut frame = vec![0; 208];
            frame[..4].copy_from_slice(&[0xff, second, 0x80, fourth]);
            [&b"junk"[..], &frame.repeat(4)].concat()
        };
        assert!(has_intensity_of_mpeg_2(&frames(0xf3, 0x54)));
        assert!(has_intensity_of_mpeg_2(&frames(0xf2, 0x74)));
        assert!(!has_intensity_of_mpeg_2(&frames(0xf3, 0x64)), "middle and side only");
        assert!(!has_intensity_of_mpeg_2(&frames(0xfb, 0x54)), "MPEG-1");
        assert!(!has_intensity_of_mpeg_2(&frames(0xf3, 0x54)[..3 * 208]), "three frames");
    }
}
