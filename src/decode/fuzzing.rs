//! The parsers of files, for those who feed them anything: see [`crate::fuzzing`].

use std::io::Cursor;
use std::sync::Arc;

use super::kept::Kept;
use super::mkv::Matroska;
use super::reader::{CountingReader, ReadState};
use super::{Decoder, Opened, OpenedSource, aac, flac, mp4, mpeg, opus, pcm, sniff, vorbis};
use crate::error::LoadError;
use crate::metadata::{Collector, Pictures, read_cover};
use crate::source::Source;

/// Values that are decoded at most: what can be reached is reached by then.
const MAX_VALUES: usize = 1 << 18;

/// WAV, W64, AIFF, AU and CAF: headers, and the audio in them.
pub fn pcm(bytes: &[u8]) {
    let (reader, read) = open(bytes);
    let head = &bytes[..bytes.len().min(256)];
    let mut found = Collector::new(Pictures::Note);
    let opened = pcm::open(reader, &read, head, bytes.len() as u64, &mut found);
    if let Ok(Opened::Here(mut decoder)) = opened {
        drain(&mut *decoder);
    }
}

/// What files of any kind say beside their audio, and their pictures.
pub fn metadata(bytes: &[u8]) {
    read_cover(&Source::Memory(bytes.into())).expect("memory can be read");
}

/// MP4 and QuickTime: boxes, tables, edits, fragments, and the packets that they lead to.
pub fn mp4(bytes: &[u8]) {
    let (reader, read) = open(bytes);
    // Whatever it begins with.
    let opened = mp4::open(reader, &read, b"\0\0\0\0ftyp", bytes.len() as u64, &Kept::default());
    if let Ok(Opened::Here(mut decoder)) = opened {
        drain(&mut *decoder);
    }
}

/// Matroska and WebM: elements, tracks, blocks and laces, without what is in the packets.
pub fn matroska(bytes: &[u8]) {
    let read = |track: Option<usize>| {
        let file = Matroska::open(Cursor::new(bytes), bytes.len() as u64);
        let mut file = file.expect("memory can be read");
        file.duration_sec();
        let track = file.tracks().get(track.unwrap_or(usize::MAX)).cloned();
        let mut taken = 0;
        while let Some(track) = &track
            && let Ok(Some(packet)) = file.next(track)
        {
            taken += packet.data.len();
            assert!(taken <= bytes.len(), "nothing is in two packets");
        }
        file.tracks().len()
    };
    (0..read(None).min(4)).for_each(|track| {
        read(Some(track));
    });
}

/// MPEG audio of all layers: frames, tags, and what is no frame.
pub fn mpeg(bytes: &[u8]) {
    let (reader, read) = open(bytes);
    if let Ok(Opened::Here(mut decoder)) = mpeg::open(reader, &read, None, bytes.len() as u64) {
        drain(&mut *decoder);
    }
}

/// AAC in ADTS frames.
pub fn adts(bytes: &[u8]) {
    let (reader, read) = open(bytes);
    let head = &bytes[..bytes.len().min(256)];
    if let Ok(Opened::Here(mut decoder)) = aac::open(reader, &read, head, bytes.len() as u64) {
        drain(&mut *decoder);
    }
}

/// FLAC: files with all that precedes their frames, and the frames.
pub fn flac(bytes: &[u8]) {
    let (reader, read) = open(bytes);
    let head = &bytes[..bytes.len().min(256)];
    let found = Collector::new(Pictures::Note);
    if let Ok(Opened::Here(mut decoder)) =
        flac::open(reader, &read, head, bytes.len() as u64, &found)
    {
        drain(&mut *decoder);
        return;
    }
    let (reader, read) = open(bytes);
    if let Ok(Opened::Here(mut decoder)) =
        flac::open_behind(reader, &read, bytes.len() as u64, &found)
    {
        drain(&mut *decoder);
    }
}

/// The headers of FLAC and Vorbis: as Matroska has them, and in Ogg.
pub fn headers(bytes: &[u8]) {
    flac::FlacPackets::new(bytes).ok();
    if let Ok(joined) = vorbis::unlace(bytes) {
        vorbis::check_joined(&joined).ok();
    }
    vorbis::check_ogg(&mut Cursor::new(bytes)).expect("memory can be read").ok();
}

/// Opus in Ogg: pages, links of chains, packets.
pub fn opus_ogg(bytes: &[u8]) {
    let (mut reader, read) = open(bytes);
    let mut found = Collector::new(Pictures::Note);
    let Ok(head) = sniff::look_ahead(&mut reader, &mut found) else { return };
    if let Ok(Opened::Here(mut decoder)) = opus::open(reader, &read, &head, bytes.len() as u64) {
        drain(&mut *decoder);
    }
}

/// An Opus header behind a byte that states its length, then packets behind two bytes each.
pub fn opus_packets(bytes: &[u8]) {
    let Some((head_len, rest)) = bytes.split_first() else { return };
    let Some((head, mut rest)) = rest.split_at_checked(usize::from(*head_len)) else { return };
    let heads = [opus::Head::parse(head), opus::Head::parse_mp4(head)];
    let Some(head) = heads.into_iter().find_map(Result::ok) else { return };
    let Ok(mut codec) = opus::Codec::new(&head) else { return };
    let mut values = 0;
    while let Some((len, behind)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes(*len));
        let (packet, behind) = behind.split_at_checked(len).unwrap_or((behind, &[]));
        rest = behind;
        let stated = opus::packet_frames(packet);
        if let Ok(frames) = codec.decode(packet) {
            assert_eq!(stated, Some(frames), "a packet lasts as long as it states");
            assert!(codec.planes().iter().all(|plane| plane.len() == frames));
            values += frames * codec.planes().len();
        }
        if values > MAX_VALUES {
            break;
        }
    }
}

fn open(bytes: &[u8]) -> (CountingReader, Arc<ReadState>) {
    let source = Source::Memory(bytes.into());
    OpenedSource::open(&source, Arc::default()).expect("memory can be opened").into_reader()
}

/// Decodes up to [`MAX_VALUES`] and looks at what comes.
///
/// # Panics
/// When that breaks the contract of [`Decoder`].
fn drain(decoder: &mut (impl Decoder + ?Sized)) {
    let channels = decoder.info().spec.channels;
    let spec: Result<_, LoadError> = decoder.info().spec.validate();
    assert!(spec.is_ok(), "a stream is within the limits, or refused");
    let mut values = 0;
    while let Ok(Some(chunk)) = decoder.next_chunk() {
        let frames = chunk.frames();
        assert_eq!(chunk.planes().len(), channels, "channels stay the same");
        for plane in chunk.planes() {
            assert_eq!(plane.len(), frames, "all planes are of one length");
            assert!(plane.iter().all(|value| value.is_finite()), "all values are numbers");
        }
        values += frames * channels;
        if values > MAX_VALUES {
            return;
        }
    }
    decoder.warnings();
}
