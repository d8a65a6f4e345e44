//! Streams that can be decoded in stretches, by several threads.
//!
//! One thread cuts: it finds where packets lie and takes their bytes. Whoever gets a stretch decodes
//! it, beginning with as many packets before it as the codec needs to be where a decoder that comes
//! from the start would be; so the values are the same. Only files without a fault are decoded so.
//! Whatever is odd ends the splitting, and the stream is decoded from its start by the decoder that
//! knows about faults.

use std::collections::VecDeque;
use std::ops::Range;

use super::Chunk;
use super::clean::Tally;
use crate::error::LoadError;

/// Something is not as in a sound file.
#[derive(Debug)]
pub(crate) struct Odd;

/// The values of a stretch where `values` are best. The tests of this crate have shorter ones, so
/// that small files have several.
pub(crate) const fn stretch_values(values: usize) -> usize {
    if cfg!(test) { values >> 9 } else { values }
}

/// What is to be cut off next.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Frames of the stream, counted from the first one that is given out.
    pub(crate) frames: Range<u64>,
    /// Those before it belong to the stretch before, too, which counts them.
    pub(crate) counted_from: u64,
    /// Where the next stretch will begin.
    pub(crate) next_from: u64,
}

impl Wanted {
    /// The same of a stream that ends before frame `end`, and whether it ends with that.
    pub(crate) fn up_to(&self, end: u64) -> (Self, bool) {
        let frames = self.frames.start..self.frames.end.min(end);
        (Self { frames, ..self.clone() }, end <= self.frames.end)
    }
}

/// A piece of a stream.
pub(crate) struct Cut {
    pub(crate) stretch: Box<dyn Stretch>,
    /// Bytes that it holds.
    pub(crate) bytes: usize,
    /// Whether the stream ends with it.
    pub(crate) is_last: bool,
}

/// Why nothing was cut off.
pub(crate) enum Uncut {
    /// The stream is to be decoded from its start.
    Odd,
    /// The source failed.
    Failed(LoadError),
}

impl From<Odd> for Uncut {
    fn from(_: Odd) -> Self {
        Self::Odd
    }
}

impl From<LoadError> for Uncut {
    fn from(error: LoadError) -> Self {
        Self::Failed(error)
    }
}

/// A decoder that can cut what it has not decoded yet into stretches. Once it has begun it does
/// nothing else any more.
pub(crate) trait Splitter {
    /// Values of a stretch, about: so many that what is decoded twice at its borders hardly counts,
    /// and so few that their bytes are no burden.
    fn stretch_values(&self) -> usize;

    /// Cuts off the next stretch, which begins where the one before said; the first one begins with
    /// the next frame that the decoder would have lent. It holds fewer frames than are wanted only
    /// where the stream ends.
    ///
    /// # Errors
    /// See [`Uncut`].
    fn cut(&mut self, wanted: &Wanted) -> Result<Cut, Uncut>;

    /// Adds what was counted in a stretch.
    fn count(&mut self, frames: u64, values: &Tally);
}

/// Decodes one stretch.
pub(crate) trait Stretch: Send {
    /// The next frames of those that were wanted; None after the last one.
    ///
    /// # Errors
    /// When a packet is damaged, or holds other frames than its header says.
    fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, Odd>;

    /// What was counted of the values so far.
    fn tally(&self) -> &Tally;
}

/// Which of the frames that a stretch decodes are wanted.
pub(crate) struct Span {
    /// The number of the frame that is decoded next.
    position: u64,
    frames: Range<u64>,
    counted_from: u64,
    tally: Tally,
    /// Of frames that another stretch counts.
    uncounted: Tally,
}

impl Span {
    /// Decoding begins with frame `position`.
    pub(crate) fn new(position: u64, wanted: &Wanted) -> Self {
        Self {
            position,
            frames: wanted.frames.clone(),
            counted_from: wanted.counted_from,
            tally: Tally::default(),
            uncounted: Tally::default(),
        }
    }

    /// Enters the next `frames` frames, the first ones in `planes`, cleans them, and says which of
    /// them are wanted.
    pub(crate) fn enter(&mut self, planes: &mut [Vec<f32>], frames: usize) -> Range<usize> {
        let start = self.position;
        let place = |frame: u64| {
            usize::try_from(frame.saturating_sub(start)).map_or(frames, |place| place.min(frames))
        };
        let wanted = place(self.frames.start)..place(self.frames.end);
        let counted = place(self.counted_from).clamp(wanted.start, wanted.end);
        self.position += frames as u64;
        for plane in planes {
            self.uncounted.clean(&mut plane[wanted.start..counted]);
            self.tally.clean(&mut plane[counted..wanted.end]);
        }
        wanted
    }

    /// Passes `frames` frames that cannot be decoded.
    fn pass(&mut self, frames: u64) {
        self.position += frames;
    }

    /// Whether all that is wanted was decoded.
    pub(crate) fn is_over(&self) -> bool {
        self.position >= self.frames.end
    }

    /// What was counted.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }
}

/// A packet and where its frames belong.
#[derive(Clone, Debug)]
pub(crate) struct Placed<P> {
    at: u64,
    frames: u64,
    pub(crate) packet: P,
}

impl<P> Placed<P> {
    /// The frame behind its last one.
    fn end(&self) -> u64 {
        self.at + self.frames
    }
}

/// Packets that were read and are still needed.
#[derive(Debug)]
pub(crate) struct Packets<P> {
    kept: VecDeque<Placed<P>>,
    /// The first frame of the packet that is read next.
    end: u64,
}

impl<P: Clone> Packets<P> {
    /// The first packet begins with frame `at`.
    pub(crate) fn new(at: u64) -> Self {
        Self { kept: VecDeque::new(), end: at }
    }

    /// The first frame of the packet that is read next.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Adds a packet of `frames` frames.
    pub(crate) fn push(&mut self, frames: u64, packet: P) {
        self.kept.push_back(Placed { at: self.end, frames, packet });
        self.end += frames;
    }

    /// The packets that hold what is wanted, and how many of them only lead up to it: of those before
    /// one, `lead` says how many that are, None where there should be more. To the first stretch none
    /// lead up. Those that no stretch needs any more go.
    pub(crate) fn take(
        &mut self,
        wanted: &Wanted,
        is_first: bool,
        lead: impl Fn(&[Placed<P>]) -> Option<usize>,
    ) -> Result<(Vec<Placed<P>>, usize), Odd> {
        let kept = self.kept.make_contiguous();
        let holds = |frame: u64| kept.partition_point(|placed| placed.end() <= frame);
        let first = holds(wanted.frames.start);
        let lead_in = if is_first { 0 } else { lead(&kept[..first]).ok_or(Odd)? };
        let end = kept.partition_point(|placed| placed.at < wanted.frames.end);
        let next = holds(wanted.next_from);
        // What the next stretch lacks shows when it is cut.
        let next = next - lead(&kept[..next]).unwrap_or(next);
        let first = first - lead_in;
        let moved = next.clamp(first, end);
        self.kept.drain(..first);
        let mut taken: Vec<Placed<P>> = self.kept.drain(..moved - first).collect();
        taken.extend(self.kept.iter().take(end - moved).cloned());
        Ok((taken, lead_in))
    }
}

/// Decodes the packets of a stretch.
pub(crate) trait StretchCodec: Send {
    type Packet: Clone + Send;

    /// Decodes `packet`; the frames in it, None where it is damaged or unlike the stream.
    fn decode(&mut self, packet: &Self::Packet) -> Option<usize>;

    /// What it held, one plane per channel, as long as its frames or longer.
    fn planes(&mut self) -> &mut [Vec<f32>];
}

/// A stretch of packets.
pub(crate) struct PacketStretch<C: StretchCodec> {
    codec: C,
    packets: std::vec::IntoIter<Placed<C::Packet>>,
    /// Packets of those that only lead up to what is wanted.
    lead: usize,
    /// Frames that are in the codec already.
    pending: usize,
    order: Vec<usize>,
    span: Span,
}

impl<C: StretchCodec> PacketStretch<C> {
    /// Decodes `packets`, the first `lead` of which only lead up to what is wanted.
    pub(crate) fn new(
        codec: C,
        packets: (Vec<Placed<C::Packet>>, usize),
        order: &[usize],
        wanted: &Wanted,
    ) -> Self {
        let (packets, lead) = packets;
        let position = packets.first().map_or(wanted.frames.start, |first| first.at);
        Self {
            codec,
            packets: packets.into_iter(),
            lead,
            pending: 0,
            order: order.to_vec(),
            span: Span::new(position, wanted),
        }
    }

    /// The same behind `frames` frames that the codec holds already, the first ones of those wanted;
    /// `is_counted`: their values were counted.
    pub(crate) fn behind(mut self, frames: usize, is_counted: bool) -> Self {
        self.pending = frames;
        let start = self.span.frames.start;
        if frames > 0 {
            self.span.position = start;
        }
        if is_counted {
            self.span.counted_from = start + frames as u64;
        }
        self
    }
}

impl<C: StretchCodec> Stretch for PacketStretch<C> {
    fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, Odd> {
        let range = loop {
            let frames = if self.pending > 0 {
                std::mem::take(&mut self.pending)
            } else if let Some(placed) = self.packets.next().filter(|_| !self.span.is_over()) {
                let leads = self.lead > 0;
                self.lead = self.lead.saturating_sub(1);
                match self.codec.decode(&placed.packet) {
                    Some(frames) if frames as u64 == placed.frames => frames,
                    _ if leads => {
                        self.span.pass(placed.frames);
                        continue;
                    }
                    _ => return Err(Odd),
                }
            } else {
                return Ok(None);
            };
            let range = self.span.enter(self.codec.planes(), frames);
            if !range.is_empty() {
                break range;
            }
        };
        Ok(Some(Chunk::new(self.codec.planes(), &self.order, range)))
    }

    fn tally(&self) -> &Tally {
        self.span.tally()
    }
}
