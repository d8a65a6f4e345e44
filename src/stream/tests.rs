//! Everything against the same file decoded as a whole.

mod again;
mod codecs;
mod deadline;
mod excerpts;
#[cfg(loom)]
mod model;
mod overview;
mod seeks;
mod turns;
mod window;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{
    StreamFeed, StreamOpening, StreamReader, StreamScan, StreamStep, StreamedSample, Wish,
};
use crate::error::LoadError;
use crate::job::{LoadJob, LoadOptions, LoadedSample, Step};
use crate::resample::Workbench;
use crate::source::Source;

/// Frames that are read at once.
const BLOCK: usize = 300;

/// A file in both shapes.
struct Both {
    name: String,
    whole: LoadedSample,
    sample: Arc<StreamedSample>,
    bench: Workbench,
}

fn memory(file: &[u8]) -> Source {
    Source::Memory(file.into())
}

impl Both {
    fn new(name: &str, file: &[u8], rate: u32) -> Result<Self, LoadError> {
        let mut bench = Workbench::default();
        let options = LoadOptions { sample_rate: Some(rate), max_sample_bytes: None };
        let mut job = LoadJob::new(memory(file), options);
        let whole = loop {
            if let Step::Done(sample) = job.step(&mut bench)? {
                break sample;
            }
        };
        let mut opening = StreamOpening::new(memory(file), Some(rate));
        let sample = loop {
            if let StreamStep::Ready(sample) = opening.step(&mut bench)? {
                break sample;
            }
        };
        Ok(Self { name: format!("{name}, {rate} Hz"), whole, sample, bench })
    }

    fn frames(&self) -> u64 {
        self.whole.buffer.ready_frames() as u64
    }

    fn scan(&self) {
        let mut scan = StreamScan::new(&self.sample);
        while scan.step().expect("the same file") {}
        assert_eq!(self.sample.warnings(), &*self.whole.warnings, "{}", self.name);
        assert_eq!(self.sample.frames(), Some(self.frames()), "{}", self.name);
    }

    /// Has the feed bring the frames from `frame` on, and holds them against the whole.
    fn check(
        &mut self,
        feed: &mut StreamFeed,
        reader: &StreamReader,
        frame: u64,
        frames: usize,
        backwards: bool,
    ) {
        let first = if backwards { frame.saturating_sub(frames as u64) } else { frame };
        let wanted = (frames as u64).min(self.frames().saturating_sub(first));
        reader.set_wish(Wish { frame, backwards });
        while reader.frames_from(first) < wanted {
            assert!(feed.step(&mut self.bench).expect("the same file"), "{}: {frame}", self.name);
        }
        let mut planes = vec![vec![9.0; frames]; self.whole.buffer.channels()];
        let mut slices: Vec<&mut [f32]> = planes
            .iter_mut()
            .map(|plane| &mut plane[..usize::try_from(wanted).expect("a block")])
            .collect();
        assert!(reader.read(first, &mut slices), "{}: {frame}", self.name);
        for (channel, plane) in slices.iter().enumerate() {
            let at = usize::try_from(first).expect("small files");
            let whole = &self.whole.buffer.plane(channel)[at..at + plane.len()];
            let differs = (0..plane.len()).find(|&at| plane[at].to_bits() != whole[at].to_bits());
            assert_eq!(differs, None, "{}: from {frame}, channel {channel}", self.name);
        }
    }

    /// The frames from `frame` on, of the whole and as the feed brings them.
    fn read(
        &mut self,
        feed: &mut StreamFeed,
        reader: &StreamReader,
        frame: u64,
        frames: usize,
    ) -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
        reader.set_wish(Wish { frame, backwards: false });
        while reader.frames_from(frame) < frames as u64 {
            assert!(feed.step(&mut self.bench).expect("the same file"), "{}: {frame}", self.name);
        }
        let at = usize::try_from(frame).expect("small files");
        let channels = self.whole.buffer.channels();
        let whole = |channel| self.whole.buffer.plane(channel)[at..at + frames].to_vec();
        let whole = (0..channels).map(whole).collect();
        let mut heard = vec![vec![0.0; frames]; channels];
        let mut slices: Vec<&mut [f32]> = heard.iter_mut().map(Vec::as_mut_slice).collect();
        assert!(reader.read(frame, &mut slices), "{}: {frame}", self.name);
        (whole, heard)
    }

    /// Reads forwards from `from` to `to`.
    fn forwards(&mut self, feed: &mut StreamFeed, reader: &StreamReader, from: u64, to: u64) {
        let mut at = from;
        while at < to {
            let frames = BLOCK.min(usize::try_from(to - at).expect("a block"));
            self.check(feed, reader, at, frames, false);
            at += frames as u64;
        }
    }

    /// Reads backwards from `from` to `to`.
    fn backwards(&mut self, feed: &mut StreamFeed, reader: &StreamReader, from: u64, to: u64) {
        let mut at = from;
        while at > to {
            let frames = BLOCK.min(usize::try_from(at - to).expect("a block"));
            self.check(feed, reader, at, frames, true);
            at -= frames as u64;
        }
    }
}

fn fixture_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Files in a folder of fixtures.
fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(fixture_folder(folder)).expect("fixtures");
    let mut files: Vec<(String, Vec<u8>)> = entries
        .filter_map(|entry| {
            let entry = entry.expect("a fixture");
            let name = entry.file_name().into_string().expect("plain names");
            fs::read(entry.path()).ok().map(|file| (name, file))
        })
        .collect();
    files.sort();
    files
}

/// Numbers without order, the same each time (Knuth's MMIX generator).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}
