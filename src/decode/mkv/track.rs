//! What a file says of its tracks.
//!
//! # Sources
//! RFC 9559 (Matroska), 5.1.4 and 22 (content encodings).

use super::ebml::{child, elements, float, signed, unsigned};

const TRACK_ENTRY: u32 = 0xae;
const NUMBER: u32 = 0xd7;
const TYPE: u32 = 0x83;
const FLAG_DEFAULT: u32 = 0x88;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63a2;
const CODEC_DELAY: u32 = 0x56aa;
const AUDIO: u32 = 0xe1;
const SAMPLING_FREQUENCY: u32 = 0xb5;
const CHANNELS: u32 = 0x9f;
const BIT_DEPTH: u32 = 0x6264;
const CONTENT_ENCODINGS: u32 = 0x6d80;
const CONTENT_ENCODING: u32 = 0x6240;
const ENCODING_SCOPE: u32 = 0x5032;
const COMPRESSION: u32 = 0x5034;
const COMPRESSION_KIND: u32 = 0x4254;
const COMPRESSION_SETTINGS: u32 = 0x4255;
const DISCARD_PADDING: u32 = 0x75a2;

const TYPE_AUDIO: u64 = 2;
const HEADER_STRIPPING: u64 = 3;
/// Most tracks that are looked at.
const MAX_TRACKS: usize = 256;
/// Most bytes that a packet is taken to lack; those in use are a few.
const MAX_STRIPPED_BYTES: usize = 1_024;

/// One audio track.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Track {
    pub(crate) number: u64,
    pub(crate) is_default: bool,
    pub(crate) codec_id: String,
    pub(crate) private: Vec<u8>,
    /// What the codec adds in front.
    pub(crate) delay_ns: u64,
    pub(crate) sample_rate: f64,
    pub(crate) channels: u64,
    pub(crate) bits: Option<u64>,
    /// What every packet begins with and does not have in the file.
    pub(super) stripped: Vec<u8>,
    /// Compressed or encrypted in a way that nobody here undoes.
    pub(crate) is_encoded: bool,
}

/// The audio tracks in the content of `Tracks`.
pub(super) fn audio_tracks(content: &[u8]) -> Vec<Track> {
    elements(content)
        .filter(|(id, _)| *id == TRACK_ENTRY)
        .take(MAX_TRACKS)
        .filter(|(_, entry)| child(entry, TYPE).map(unsigned) == Some(TYPE_AUDIO))
        .map(|(_, entry)| track(entry))
        .collect()
}

fn track(entry: &[u8]) -> Track {
    let mut track =
        Track { is_default: true, sample_rate: 8_000.0, channels: 1, ..Track::default() };
    for (id, content) in elements(entry) {
        match id {
            NUMBER => track.number = unsigned(content),
            FLAG_DEFAULT => track.is_default = unsigned(content) != 0,
            CODEC_ID => {
                let id = String::from_utf8_lossy(content);
                id.trim_end_matches('\0').clone_into(&mut track.codec_id);
            }
            CODEC_PRIVATE => track.private = content.to_vec(),
            CODEC_DELAY => track.delay_ns = unsigned(content),
            CONTENT_ENCODINGS => encodings(content, &mut track),
            AUDIO => {
                for (id, content) in elements(content) {
                    match id {
                        SAMPLING_FREQUENCY => track.sample_rate = float(content),
                        CHANNELS => track.channels = unsigned(content),
                        BIT_DEPTH => track.bits = Some(unsigned(content)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    track
}

fn encodings(content: &[u8], track: &mut Track) {
    for (_, encoding) in elements(content).filter(|(id, _)| *id == CONTENT_ENCODING) {
        let scope = child(encoding, ENCODING_SCOPE).map_or(1, unsigned);
        let compression = child(encoding, COMPRESSION);
        // Without a kind it is zlib.
        let kind = compression.map(|c| child(c, COMPRESSION_KIND).map_or(0, unsigned));
        let settings = compression.and_then(|c| child(c, COMPRESSION_SETTINGS));
        match (kind, settings) {
            (Some(HEADER_STRIPPING), settings) => {
                let settings = settings.unwrap_or(&[]);
                if scope & 1 == 0 {
                    continue;
                }
                // It stands before each packet, of which a block may have hundreds.
                if track.stripped.len() + settings.len() > MAX_STRIPPED_BYTES {
                    track.is_encoded = true;
                    return;
                }
                track.stripped = [settings, &track.stripped].concat();
            }
            _ => track.is_encoded = true,
        }
    }
}

/// What of the block in the content of a `BlockGroup` is no audio, in nanoseconds at its end.
pub(super) fn padding_ns(group: &[u8]) -> u64 {
    // Negative: at the start of the block, which the codec's delay says as well.
    child(group, DISCARD_PADDING).map_or(0, |bytes| u64::try_from(signed(bytes)).unwrap_or(0))
}
