//! Reads a file from any of its frames on, at the rate of the engine.

use std::sync::Arc;
use std::time::Instant;

use super::index::SeekIndex;
use super::origin::{Opened, Origin};
use super::planes::Planes;
use super::to_rate;
use crate::buffer::{FrameSink as _, Seam};
use crate::decode::{Decoder, PACKETS_PER_STEP, ReadState, VALUES_PER_STEP};
use crate::error::{LoadError, LoadErrorKind};
use crate::metadata::{Collector, Pictures};
use crate::resample::{Ends, Resampler, Workbench};
use crate::source::{Pulse, Source};
use crate::spec::{AudioSpec, MAX_CHANNELS};

/// Frames that are rather decoded and thrown away than jumped over, as a share of a second.
const NEAR: u64 = 4;
/// No file comes near it: it is more than 40 years at the highest rate.
const FARTHEST_FRAME: u64 = 1 << 50;

/// A decoder and its resampler, which can be put to any frame. What comes from there on is, bit by
/// bit, what a whole decode of the file has there, as far as the format allows.
pub(super) struct Cursor {
    origin: Arc<Origin>,
    pulse: Arc<Pulse>,
    read: Arc<ReadState>,
    decoder: Box<dyn Decoder>,
    /// None where the rates are equal.
    resampler: Option<Box<Resampler>>,
    /// The frame of the file that the decoder lends next.
    at: u64,
    /// Frames of the file before this one are thrown away.
    from: u64,
    /// The frame of the file where it was entered, until the first frame that is wanted has come.
    doubtful: Option<u64>,
    /// Was entered in its middle: what it numbers its frames by is what the file says.
    is_entered: bool,
    /// Is not entered in its middle any more: the file said wrong.
    from_start: bool,
    /// The frame that was sought last, at the rate of the sample, and the one that is given out next.
    sought: u64,
    out_at: u64,
    has_ended: bool,
    /// Frames of the file, once its end was seen.
    total: Option<u64>,
}

impl Cursor {
    /// Opens `source` at its first frame, for a sample at `rate` Hz, None being the file's own;
    /// what it says beside its audio goes into `found`.
    ///
    /// # Errors
    /// Those of a load.
    pub(super) fn open(
        source: &Source,
        pulse: Arc<Pulse>,
        rate: Option<u32>,
        found: &mut Collector,
        bench: &mut Workbench,
    ) -> Result<Self, LoadError> {
        let (origin, opened) = Origin::new(source, Arc::clone(&pulse), found)?;
        Self::new(origin, opened, pulse, rate, bench)
    }

    /// Opens it once more, at its first frame.
    ///
    /// # Errors
    /// Those of [`Origin::open`].
    pub(super) fn open_again(
        origin: &Arc<Origin>,
        pulse: Arc<Pulse>,
        rate: Option<u32>,
        bench: &mut Workbench,
    ) -> Result<Self, LoadError> {
        let opened = origin.open(Arc::clone(&pulse), &mut Collector::new(Pictures::Note))?;
        Self::new(Arc::clone(origin), opened, pulse, rate, bench)
    }

    fn new(
        origin: Arc<Origin>,
        opened: Opened,
        pulse: Arc<Pulse>,
        rate: Option<u32>,
        bench: &mut Workbench,
    ) -> Result<Self, LoadError> {
        let Opened { decoder, read } = opened;
        let AudioSpec { sample_rate, channels } = decoder.info().spec;
        let rate = rate.unwrap_or(sample_rate);
        let resampler = match rate == sample_rate {
            true => None,
            false => Some(Box::new(bench.take_resampler(sample_rate, rate, channels)?)),
        };
        Ok(Self {
            origin,
            pulse,
            read,
            decoder,
            resampler,
            at: 0,
            from: 0,
            doubtful: None,
            is_entered: false,
            from_start: false,
            sought: 0,
            out_at: 0,
            has_ended: false,
            total: None,
        })
    }

    /// Bytes from the start to where the decoder reads; it reads ahead a little.
    pub(super) fn byte_position(&self) -> u64 {
        self.read.position()
    }

    /// The decoder, for what it knows of its stream.
    pub(super) fn decoder(&mut self) -> &mut dyn Decoder {
        &mut *self.decoder
    }

    /// Which file it is.
    pub(super) fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// The frame that is given out next, at the rate of the sample.
    pub(super) fn position(&self) -> u64 {
        self.out_at
    }

    /// Frames of the file before the one that the decoder lends next.
    pub(super) fn decoded(&self) -> u64 {
        self.at
    }

    /// The length of the sample, once its end was seen.
    pub(super) fn length(&self) -> Option<u64> {
        let rates = self.resampler.as_ref().map(|resampler| resampler.rates());
        self.total.map(|total| rates.map_or(total, |(from, to)| to_rate(total, from, to)))
    }

    /// Whether it has counted the frames from the start of the file on.
    pub(super) fn has_counted(&self) -> bool {
        !self.is_entered
    }

    /// Has it go everywhere from the start of the file on, from the next seek on.
    pub(super) fn go_from_start(&mut self) {
        self.from_start = true;
    }

    /// What it has seen of the file's ends since it was put somewhere; None where the rates are
    /// equal.
    pub(super) fn ends(&self) -> Option<&Ends> {
        self.resampler.as_ref().map(|resampler| resampler.ends())
    }

    /// What the sample is where it follows on itself, of a file that begins with what `head` has
    /// seen, and whose end it has come to; nothing where it was put too near to that.
    pub(super) fn seams(&mut self, head: &Ends) -> Vec<Seam> {
        match (&mut self.resampler, self.total.filter(|_| self.has_ended)) {
            (Some(resampler), Some(total)) if resampler.ends().has_tail(total) => {
                let ends = head.with_tail_of(resampler.ends());
                resampler.seams(&ends, total)
            }
            _ => Vec::new(),
        }
    }

    /// Opens the source once more, at its first frame.
    ///
    /// # Errors
    /// `io` when it is another file by now, and those of opening.
    fn reopen(&mut self) -> Result<(), LoadError> {
        let mut found = Collector::new(Pictures::Note);
        let Opened { decoder, read } = self.origin.open(Arc::clone(&self.pulse), &mut found)?;
        (self.decoder, self.read) = (decoder, read);
        (self.at, self.doubtful, self.is_entered) = (0, None, false);
        Ok(())
    }

    /// Goes to frame `frame` of the sample; the next steps give frames from there on. What `out`
    /// holds stays.
    ///
    /// # Errors
    /// Those of the source.
    pub(super) fn seek(
        &mut self,
        frame: u64,
        index: &SeekIndex,
        out: &mut Planes,
    ) -> Result<(), LoadError> {
        self.read.grant();
        self.sought = frame;
        self.place(u64::MAX, index, out)
    }

    /// Goes to the frame that was sought last, by a mark before frame `limit` of the file.
    fn place(&mut self, limit: u64, index: &SeekIndex, out: &mut Planes) -> Result<(), LoadError> {
        let was_at = std::mem::replace(&mut self.out_at, self.sought);
        // Beyond all files, where numbers of other rates would not be numbers any more, is as good.
        let frame = self.sought.min(FARTHEST_FRAME);
        let had_ended = std::mem::take(&mut self.has_ended);
        let skip = |frames: u64| usize::try_from(frames).unwrap_or(usize::MAX);
        let Some(resampler) = &mut self.resampler else {
            out.set_skip(0);
            return self.enter(frame, limit, index);
        };
        let Some((unit, history)) = resampler.parts() else {
            // All that comes out depends on all before it.
            if had_ended || frame < was_at {
                resampler.reset();
                out.set_skip(skip(frame));
                self.from = 0;
                return self.reopen();
            }
            out.set_skip(out.skip() + skip(frame - was_at));
            return Ok(());
        };
        let (unit_out, delay) = resampler.part_output();
        let ahead = (frame + delay as u64) / unit_out as u64;
        let chunks = self.total.map_or(ahead, |total| ahead.min(total / unit as u64));
        let at = chunks * unit as u64;
        resampler.start_at(at);
        let begins = (chunks * unit_out as u64).saturating_sub(delay as u64);
        out.set_skip(skip(frame - begins));
        self.enter(at.saturating_sub(history as u64), limit, index)
    }

    /// Has the decoder come to frame `from` of the file, by a mark before frame `limit` of it.
    fn enter(&mut self, from: u64, limit: u64, index: &SeekIndex) -> Result<(), LoadError> {
        self.from = from;
        let near = u64::from(self.decoder.info().spec.sample_rate) / NEAR;
        // Where it stands is as good as a mark, unless it was entered too late.
        let is_sure = !self.from_start || !self.is_entered;
        let lies_ahead = self.at <= from && limit == u64::MAX && is_sure;
        if lies_ahead && from - self.at <= near {
            return Ok(());
        }
        let Some(seeker) = self.decoder.seeker().filter(|_| !self.from_start) else {
            return if lies_ahead { Ok(()) } else { self.reopen() };
        };
        let wanted = from.saturating_sub(seeker.lead_frames());
        let mark = match index.before(wanted) {
            _ if limit <= wanted => index.last_before(limit),
            Some(mark) => Some(mark),
            None => match seeker.find(wanted)? {
                Some(found) => Some(found),
                None => index.last_before(wanted.saturating_add(1)),
            },
        };
        match mark.filter(|mark| mark.frame <= wanted && mark.frame < limit) {
            Some(mark) if !lies_ahead || mark.frame > self.at => {
                match seeker.go_to(&mark) {
                    Ok(at) => {
                        (self.at, self.doubtful) = (at, Some(mark.frame));
                        self.is_entered = true;
                    }
                    Err(error) if error.kind() == LoadErrorKind::Io => return Err(error),
                    // It does not lead where it should.
                    Err(_) => self.reopen()?,
                }
                Ok(())
            }
            _ if lies_ahead => Ok(()),
            _ => self.reopen(),
        }
    }

    /// Does about 1 ms of work, and appends what comes of it to `out`; false at the end.
    ///
    /// # Errors
    /// Those of the source.
    pub(super) fn step(&mut self, index: &SeekIndex, out: &mut Planes) -> Result<bool, LoadError> {
        self.read.begin_step(Instant::now());
        let before = out.frames();
        let more = !self.has_ended && self.decode(index, out)?;
        self.out_at += (out.frames() - before) as u64;
        Ok(more)
    }

    fn decode(&mut self, index: &SeekIndex, out: &mut Planes) -> Result<bool, LoadError> {
        let mut values = 0;
        for _ in 0..PACKETS_PER_STEP {
            let entered = self.at;
            let Some(chunk) = self.decoder.next_chunk()? else { return self.end(index, out) };
            let frames = chunk.frames();
            values += frames * chunk.planes().len();
            self.at += frames as u64;
            let unwanted = usize::try_from(self.from.saturating_sub(entered)).unwrap_or(frames);
            if unwanted < frames {
                let (kept, skip) = (out.frames(), out.skip());
                push(self.resampler.as_deref_mut(), chunk.planes(), unwanted, out)?;
                if let Some(mark) = self.doubtful.take()
                    && self.decoder.seeker().is_some_and(|seeker| !seeker.is_settled())
                {
                    // The codec was not yet where it should be.
                    out.truncate(kept);
                    out.set_skip(skip);
                    return self.place(mark, index, out).map(|()| true);
                }
            }
            if values >= VALUES_PER_STEP {
                break;
            }
        }
        Ok(true)
    }

    /// The file ends here. What the resampler still has in it is appended; false, unless more is to
    /// come.
    fn end(&mut self, index: &SeekIndex, out: &mut Planes) -> Result<bool, LoadError> {
        self.total = Some(self.at);
        if let Some(resampler) = &mut self.resampler {
            if resampler.frames_pushed() <= self.at {
                resampler.finish_to(self.at, out)?;
            } else if self.length().is_some_and(|length| self.sought < length) {
                // It was to begin behind the end, with nothing before it.
                return self.place(u64::MAX, index, out).map(|()| true);
            }
        }
        self.has_ended = true;
        Ok(false)
    }
}

/// Appends all of `planes` but the first `unwanted` frames to `out`.
fn push(
    resampler: Option<&mut Resampler>,
    planes: &[&[f32]],
    unwanted: usize,
    out: &mut Planes,
) -> Result<(), LoadError> {
    let mut wanted: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
    for (wanted, plane) in wanted.iter_mut().zip(planes) {
        *wanted = &plane[unwanted..];
    }
    let wanted = &wanted[..planes.len()];
    match resampler {
        Some(resampler) => resampler.push_to(wanted, out),
        None => {
            let frames = wanted.first().map_or(0, |plane| plane.len());
            out.write_with(frames, |channel, to| to.copy_from_slice(wanted[channel]))
        }
    }
}
