//! What of a streamed file stays in memory.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::cursor::Cursor;
use super::index::SeekIndex;
use super::origin::Origin;
use super::overview::StreamOverview;
use crate::buffer::{SampleBuffer, Seam, Waveform};
use crate::error::LoadWarning;
use crate::metadata::Metadata;
use crate::resample::Ends;
use crate::source::SourceIdentity;
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// A length that nobody knows yet.
const UNKNOWN: u64 = u64::MAX;

/// Frames that stay in memory: from them a voice sounds while what follows is read.
#[derive(Debug)]
pub(super) struct Anchor {
    pub(super) start: u64,
    pub(super) buffer: Arc<SampleBuffer>,
}

impl Anchor {
    pub(super) fn range(&self) -> Range<u64> {
        self.start..self.start + self.buffer.ready_frames() as u64
    }
}

/// A file that is played from where it lies: its head, its loop points, and what is known of the
/// rest. Shared by all voices that play it.
pub struct StreamedSample {
    pub(super) origin: Arc<Origin>,
    pub(super) spec: AudioSpec,
    pub(super) speakers: Speakers,
    pub(super) source_rate: u32,
    pub(super) container: String,
    pub(super) codec: String,
    pub(super) bits_per_sample: Option<u32>,
    pub(super) metadata: Option<Arc<Metadata>>,
    pub(super) expected_frames: Option<u64>,
    /// By start; they do not overlap.
    pub(super) anchors: Vec<Anchor>,
    pub(super) index: SeekIndex,
    pub(super) overview: StreamOverview,
    /// Once all of it was seen.
    pub(super) warnings: OnceLock<Vec<LoadWarning>>,
    pub(super) frames: AtomicU64,
    /// Somebody has counted them from the first to the last.
    pub(super) is_counted: AtomicBool,
    /// What its file begins with; None where the rates are equal.
    pub(super) head_ends: Option<Ends>,
    /// Once its end was seen.
    pub(super) seams: OnceLock<Vec<Seam>>,
    /// Who passes through it as a whole, and has not failed.
    pub(super) scans: AtomicUsize,
}

impl fmt::Debug for StreamedSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedSample")
            .field("source", self.origin.source())
            .field("spec", &self.spec)
            .field("frames", &self.frames())
            .finish_non_exhaustive()
    }
}

impl StreamedSample {
    /// No length yet.
    pub(super) fn unknown_frames() -> AtomicU64 {
        AtomicU64::new(UNKNOWN)
    }

    /// Its rate, which is the one that it was asked for at, and the file's channels in WAVE order.
    pub fn spec(&self) -> AudioSpec {
        self.spec
    }

    /// Which loudspeakers the channels are for. Realtime-safe.
    pub fn speakers(&self) -> Speakers {
        self.speakers
    }

    /// The file's own rate in Hz.
    pub fn source_rate(&self) -> u32 {
        self.source_rate
    }

    /// The container, e.g. `wav`; see [`StreamInfo`](crate::StreamInfo).
    pub fn container(&self) -> &str {
        &self.container
    }

    /// The codec, e.g. `pcm_s16le`.
    pub fn codec(&self) -> &str {
        &self.codec
    }

    /// Bits of one stored value, where the codec has such a thing.
    pub fn bits_per_sample(&self) -> Option<u32> {
        self.bits_per_sample
    }

    /// What the file says beside its audio; None if that is nothing.
    pub fn metadata(&self) -> Option<&Arc<Metadata>> {
        self.metadata.as_ref()
    }

    /// Which file it was when it was opened; None for what is no file.
    pub fn identity(&self) -> Option<SourceIdentity> {
        self.origin.identity()
    }

    /// What was odd about the file, once [`StreamScan`](super::StreamScan) has seen all of it.
    pub fn warnings(&self) -> &[LoadWarning] {
        self.warnings.get().map_or(&[], Vec::as_slice)
    }

    /// The length in frames, once somebody has come to the end. Realtime-safe.
    pub fn frames(&self) -> Option<u64> {
        // Relaxed: a number by itself.
        Some(self.frames.load(Ordering::Relaxed)).filter(|frames| *frames != UNKNOWN)
    }

    /// What it is round the ends of what is repeated of it, as [`SampleBuffer`] has it, once somebody
    /// has come to the end. Realtime-safe.
    pub(crate) fn seams(&self) -> &[Seam] {
        self.seams.get().map_or(&[], Vec::as_slice)
    }

    /// Learns from `cursor`, which has come to the end, how that follows on itself.
    pub(super) fn learn_seams(&self, cursor: &mut Cursor) {
        if let Some(head) = self.head_ends.as_ref().filter(|_| self.seams.get().is_none()) {
            let seams = cursor.seams(head);
            if !seams.is_empty() {
                // Others who come there find the same.
                self.seams.set(seams).ok();
            }
        }
    }

    /// Learns the length. One that was counted from the first frame on stays, whatever somebody
    /// finds who came into the file in its middle.
    pub(super) fn set_frames(&self, frames: u64, is_counted: bool) {
        // Relaxed: whoever counts finds the same.
        if is_counted {
            self.is_counted.store(true, Ordering::Relaxed);
        } else if self.is_counted.load(Ordering::Relaxed) {
            return;
        }
        self.frames.store(frames, Ordering::Relaxed);
    }

    /// One more passes through it as a whole, or is about to; or one less.
    pub(super) fn count_scan(&self, is_more: bool) {
        // Relaxed: a number by itself.
        match is_more {
            true => self.scans.fetch_add(1, Ordering::Relaxed),
            false => self.scans.fetch_sub(1, Ordering::Relaxed),
        };
    }

    /// Whether anybody does.
    pub(super) fn is_scanned(&self) -> bool {
        self.scans.load(Ordering::Relaxed) > 0
    }

    /// The length in frames, or what the file says of it until that is known; where it says nothing,
    /// what its size makes likely. Realtime-safe.
    pub fn expected_frames(&self) -> Option<u64> {
        self.frames().or(self.expected_frames)
    }

    /// Minima and maxima as of a sample in memory, to the precision of a block: 256 frames of the
    /// file, 16,384 after three hours. Flat where [`StreamScan`](super::StreamScan) has not been
    /// yet.
    pub fn waveform(&self, width: usize, start_sec: f64, end_sec: f64) -> Waveform {
        self.overview.waveform(width, start_sec, end_sec, self.source_rate)
    }

    /// The head: the frames from the start that stay in memory.
    ///
    /// # Panics
    /// Never: what holds no frame is no sample.
    pub fn head(&self) -> Arc<SampleBuffer> {
        let head = self.anchors.first().expect("a sample has a first frame");
        Arc::clone(&head.buffer)
    }

    /// Bytes that stay in memory, whoever plays: head and loop points, the file's own tables of its
    /// packets, seek index, waveform, and what is no file but [`Source::Memory`](crate::Source), as
    /// often as it is streamed.
    pub fn byte_len(&self) -> usize {
        self.fixed_bytes() + self.index.byte_len() + self.overview.byte_len()
    }

    fn fixed_bytes(&self) -> usize {
        let anchors: usize = self.anchors.iter().map(|anchor| anchor.buffer.byte_len()).sum();
        anchors + self.origin.kept_bytes() + self.origin.content_bytes()
    }

    /// The most that [`byte_len`](Self::byte_len) is likely to come to.
    pub fn most_bytes(&self) -> usize {
        let seconds = self.expected_frames().unwrap_or(0) / u64::from(self.spec.sample_rate);
        self.fixed_bytes()
            + SeekIndex::most_bytes(seconds)
            + StreamOverview::most_bytes(self.spec.channels)
    }

    /// The frames in memory that `frame` is one of; empty at `frame` where it is none.
    pub(super) fn anchored(&self, frame: u64) -> Range<u64> {
        let holds = |anchor: &&Anchor| anchor.range().contains(&frame);
        self.anchors.iter().find(holds).map_or(frame..frame, Anchor::range)
    }

    /// Copies the frames from `from` on out of memory to `place` in `planes`, one per channel; false
    /// if they are not all there.
    pub(super) fn read_anchored(
        &self,
        from: u64,
        planes: &mut [&mut [f32]],
        place: Range<usize>,
    ) -> bool {
        let holds = |anchor: &&Anchor| anchor.range().contains(&from);
        let Some(anchor) = self.anchors.iter().find(holds) else { return false };
        let at = usize::try_from(from - anchor.start).unwrap_or(usize::MAX);
        planes.iter_mut().enumerate().all(|(channel, plane)| {
            let held = anchor.buffer.plane(channel).get(at..).unwrap_or(&[]);
            let there = held.get(..place.len());
            there.map(|there| plane[place.clone()].copy_from_slice(there)).is_some()
        })
    }
}
