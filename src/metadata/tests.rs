//! Metadata of files made here, byte by byte.

mod chunks;
mod id3;
mod limits;
mod streams;

use std::sync::Arc;

use super::{Audio, Collector, Metadata, Pictures, read_cover};
use crate::decode::{self, OpenedSource};
use crate::job::{LoadJob, LoadOptions, Step};
use crate::resample::Workbench;
use crate::source::Source;

#[test]
fn a_picture_is_shown_by_its_length() {
    let cover = super::Cover { mime: "image/png".to_owned(), bytes: vec![7; 1_000_000] };
    assert_eq!(format!("{cover:?}"), "Cover(\"image/png\", 1000000 bytes)");
}

/// What a load of `file` brings, at `rate` or its own.
fn loaded(file: &[u8], rate: Option<u32>) -> Option<Arc<Metadata>> {
    let options = LoadOptions { sample_rate: rate, max_sample_bytes: None };
    let mut job = LoadJob::new(Source::Memory(file.into()), options);
    let mut bench = Workbench::default();
    loop {
        if let Step::Done(sample) = job.step(&mut bench).expect("good file") {
            return sample.metadata;
        }
    }
}

/// What `file` says, whether or not its audio is any, as if it had 1,000 frames at 48 kHz.
fn said(file: &[u8]) -> Metadata {
    let source = Source::Memory(file.into());
    let opened = OpenedSource::open(&source, Arc::default()).expect("memory opens");
    let (mut reader, _) = opened.into_reader();
    let mut found = Collector::new(Pictures::Note);
    decode::read_metadata(&mut reader, &mut found).expect("memory can be read");
    let audio = Audio {
        source_rate: 48_000,
        sample_rate: 48_000,
        frames: 1_000,
        source_frames: None,
        is_guess: false,
    };
    found.placed_in(audio).map_or_else(Metadata::default, |metadata| Metadata::clone(&metadata))
}

fn cover_of(file: &[u8]) -> Option<(String, Vec<u8>)> {
    let cover = read_cover(&Source::Memory(file.into())).expect("memory can be read");
    cover.map(|cover| (cover.mime, cover.bytes))
}

/// Names and values.
fn tags_of(metadata: &Metadata) -> Vec<(&str, &str)> {
    metadata.tags.iter().collect()
}

/// A chunk of RIFF or IFF, padded.
fn chunk(id: &[u8; 4], content: &[u8], big_endian: bool) -> Vec<u8> {
    let len = u32::try_from(content.len()).expect("test files are small");
    let len = if big_endian { len.to_be_bytes() } else { len.to_le_bytes() };
    let padding: &[u8] = if content.len().is_multiple_of(2) { b"" } else { b"\0" };
    [id, &len[..], content, padding].concat()
}

fn le(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn be(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A mono WAV of 16 bits and 1,000 frames at 48 kHz, with `before` and `behind` its audio.
fn wav_with(before: &[u8], behind: &[u8]) -> Vec<u8> {
    let format = [&le(&[0x0001_0001, 48_000, 96_000])[..], &[2, 0, 16, 0]].concat();
    let body = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &format, false),
        before.to_vec(),
        chunk(b"data", &[1; 2_000], false),
        behind.to_vec(),
    ]
    .concat();
    chunk(b"RIFF", &body, false)
}

#[test]
fn a_number_ends_where_it_cannot_go_on() {
    let cases = [
        ("120-125", Some(120.0)),
        ("128,00-", Some(128.0)),
        ("120.5.1", Some(120.5)),
        ("-6.5 dB", Some(-6.5)),
        ("1,234.5", None),
        ("about 120", None),
    ];
    for (text, number) in cases {
        assert_eq!(super::text::number(text), number, "{text}");
    }
}
