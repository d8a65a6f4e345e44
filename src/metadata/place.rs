//! From what a file has to what a loaded sample has.

use std::sync::Arc;

use super::collect::{Collector, Position};
use super::{Cue, Loop, Metadata, Tempo, TempoSource, text};
use crate::resample::nearest_frame;

/// Tempos beyond are no tempos.
const BPM: std::ops::RangeInclusive<f64> = 1.0..=1_000.0;

/// The audio that positions lie in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audio {
    /// The file's rate in Hz.
    pub(crate) source_rate: u32,
    /// The sample's.
    pub(crate) sample_rate: u32,
    /// Frames of the sample.
    pub(crate) frames: u64,
    /// Frames of the file; None while that is not known.
    pub(crate) source_frames: Option<u64>,
    /// Whether the length is a guess, so that nothing is known to lie behind the end.
    pub(crate) is_guess: bool,
}

impl Audio {
    /// The frame of the sample that is nearest.
    fn frame(self, position: Position) -> u64 {
        let (count, per_sec) = match position {
            Position::Frames(frames) => (frames, self.source_rate),
            Position::Ns(ns) => (ns, 1_000_000_000),
        };
        nearest_frame(count, per_sec, self.sample_rate)
    }

    fn sec(self, position: Position) -> f64 {
        match position {
            Position::Frames(frames) => frames as f64 / f64::from(self.source_rate),
            Position::Ns(ns) => ns as f64 / 1e9,
        }
    }

    /// Whether a place lies at the end of the audio or behind it.
    fn is_beyond(self, position: Position) -> bool {
        // At another rate, the nearest frame may lie before the end yet.
        let beyond = match position {
            Position::Frames(frame) => self.source_frames.is_some_and(|frames| frame >= frames),
            Position::Ns(_) => false,
        };
        beyond || self.frame(position) >= self.frames
    }

    fn duration_sec(self) -> f64 {
        self.frames as f64 / f64::from(self.sample_rate)
    }

    /// An end that does not lie beyond the sample, in frames and seconds.
    fn end(self, position: Position) -> (u64, f64) {
        match self.frame(position) {
            frame if frame >= self.frames => (self.frames, self.duration_sec()),
            frame => (frame, self.sec(position)),
        }
    }
}

impl Collector {
    /// What was found, with its places in `audio`; None if that is nothing.
    pub(crate) fn placed_in(self, audio: Audio) -> Option<Arc<Metadata>> {
        if self.is_empty() {
            return None;
        }
        let loops = self.loops.iter().filter_map(|found| {
            let start_frame = audio.frame(found.start);
            let (end_frame, end_sec) = audio.end(found.end);
            (start_frame < end_frame && !audio.is_beyond(found.start)).then(|| Loop {
                start_frame,
                end_frame,
                start_sec: audio.sec(found.start),
                end_sec,
                kind: found.kind,
                count: found.count,
                is_release: found.is_release,
            })
        });
        let loops = loops.collect();
        let acid = self.acid;
        let beats = acid.map(|acid| acid.beats).or(self.apple_beats).filter(|beats| *beats > 0);
        let one_shot = acid.map(|acid| acid.one_shot).or(self.one_shot);
        let per_minute = |beats: u32| f64::from(beats) * 60.0 / audio.duration_sec();
        let is_bpm = |bpm: &f64| BPM.contains(bpm);
        let of_acid = acid.filter(|acid| !acid.one_shot).and_then(|acid| {
            let stated = Some(f64::from(acid.bpm)).filter(is_bpm);
            stated.or_else(|| Some(per_minute(acid.beats)).filter(is_bpm))
        });
        let of_apple = || self.apple_beats.map(per_minute).filter(is_bpm);
        let of_tag = || self.tags.get("bpm").and_then(text::number).filter(is_bpm);
        let tempo = of_acid
            .map(|bpm| Tempo { bpm, source: TempoSource::Acid })
            .or_else(|| of_apple().map(|bpm| Tempo { bpm, source: TempoSource::AppleLoop }))
            .or_else(|| of_tag().map(|bpm| Tempo { bpm, source: TempoSource::Tag }));
        let meter = acid.map(|acid| acid.meter).or(self.meter);
        let broadcast = self.broadcast.map(|mut broadcast| {
            broadcast.time_reference_sec =
                broadcast.time_reference_frames as f64 / f64::from(audio.source_rate);
            broadcast
        });
        let audio = Audio { frames: if audio.is_guess { u64::MAX } else { audio.frames }, ..audio };
        let mut cues: Vec<Cue> = self
            .cues
            .into_iter()
            .filter_map(|found| {
                let frame = audio.frame(found.start);
                let end = found.end.map(|end| audio.end(end)).filter(|end| end.0 > frame);
                let is_inside = match found.end {
                    Some(_) => !audio.is_beyond(found.start),
                    None => frame <= audio.frames,
                };
                is_inside.then(|| Cue {
                    frame,
                    end_frame: end.map(|end| end.0),
                    sec: audio.sec(found.start),
                    end_sec: end.map(|end| end.1),
                    id: found.id,
                    label: found.label,
                    note: found.note,
                })
            })
            .collect();
        cues.sort_by_key(|cue| cue.frame);
        Some(Arc::new(Metadata {
            loops,
            cues,
            root_key: self.root.map(|(key, _)| key),
            root_cents: self.root.map(|(_, cents)| cents),
            tempo,
            one_shot,
            beats,
            meter: meter.filter(|(beats, unit)| *beats > 0 && *unit > 0),
            acid,
            instrument: self.instrument,
            broadcast,
            has_cover: self.has_cover,
            kept_cover: self.kept_cover.map(Arc::new),
            tags: self.tags,
        }))
    }
}
