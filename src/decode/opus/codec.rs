//! Packets to planes, the only file that names the decoder of Opus.

use opus_pure::OpusDecoder;

use super::framing::{packet_frames, take_delimited};
use super::{Head, MAX_PACKET_FRAMES, SAMPLE_RATE};
use crate::decode::packets::Undecodable;
use crate::error::{LoadError, LoadErrorKind};

/// What is less is silence: decoders keep their state from becoming denormal with numbers that are so
/// small, and silence that is not 0 would be no silence to whoever looks for it. −400 dB.
const NOTHING: f32 = 1e-20;

/// Decodes the packets of one stream, which has a stream of its own for every channel or two.
pub(crate) struct Codec {
    /// None where no channel wants to hear it.
    streams: Vec<Option<Box<OpusDecoder>>>,
    /// How many of them, the first ones, have two channels.
    coupled: usize,
    /// For each plane the decoded channel that it is.
    sources: Vec<Option<usize>>,
    gain: f32,
    planes: Vec<Vec<f32>>,
    /// One stream's values, interleaved.
    decoded: Vec<f32>,
    /// One stream's packet, in its ordinary form.
    plain: Vec<u8>,
}

impl Codec {
    /// # Errors
    /// `unsupported_format`, never for a [`Head`] that was read.
    pub(crate) fn new(head: &Head) -> Result<Self, LoadError> {
        let coupled = head.coupled;
        let streams = (0..head.streams)
            .map(|stream| {
                let heard = head.sources.iter().flatten().any(|s| place(*s, coupled).0 == stream);
                if !heard {
                    return Ok(None);
                }
                let channels = if stream < coupled { 2 } else { 1 };
                let decoder = OpusDecoder::new(SAMPLE_RATE.cast_signed(), channels);
                decoder.map(|decoder| Some(Box::new(decoder)))
            })
            .collect::<Result<_, _>>()
            .map_err(|error| {
                let message = "this variant of Opus is not supported";
                LoadError::new(LoadErrorKind::UnsupportedFormat, message).with_source(error)
            })?;
        Ok(Self {
            streams,
            coupled,
            sources: head.sources.clone(),
            gain: head.gain,
            planes: vec![Vec::new(); head.channels()],
            decoded: vec![0.0; 2 * MAX_PACKET_FRAMES],
            plain: Vec::new(),
        })
    }

    /// Decodes `packet` into [`planes`](Self::planes); the frames in it.
    ///
    /// # Errors
    /// When it is damaged. What the planes hold then means nothing.
    pub(crate) fn decode(&mut self, packet: &[u8]) -> Result<usize, Undecodable> {
        let frames = packet_frames(packet).ok_or(Undecodable)?;
        for (plane, source) in self.planes.iter_mut().zip(&self.sources) {
            plane.resize(frames, 0.0);
            if source.is_none() {
                plane.fill(0.0);
            }
        }
        let mut rest = packet;
        let last = self.streams.len().saturating_sub(1);
        for stream in 0..self.streams.len() {
            let packet = if stream == last {
                rest
            } else {
                rest = take_delimited(rest, &mut self.plain).ok_or(Undecodable)?;
                &self.plain
            };
            if packet_frames(packet) != Some(frames) {
                return Err(Undecodable);
            }
            let Some(decoder) = &mut self.streams[stream] else { continue };
            let got = decoder.decode(packet, MAX_PACKET_FRAMES, &mut self.decoded);
            if !got.is_ok_and(|got| got == frames) {
                return Err(Undecodable);
            }
            let channels = if stream < self.coupled { 2 } else { 1 };
            for (plane, source) in self.planes.iter_mut().zip(&self.sources) {
                let Some((of, side)) = source.map(|source| place(source, self.coupled)) else {
                    continue;
                };
                if of == stream {
                    let values = self.decoded.iter().skip(side).step_by(channels);
                    let heard =
                        values.map(|value| if value.abs() < NOTHING { 0.0 } else { *value });
                    plane.iter_mut().zip(heard).for_each(|(to, value)| *to = value * self.gain);
                }
            }
        }
        Ok(frames)
    }

    /// What the last packet held: one plane per channel, in WAVE order.
    pub(crate) fn planes(&mut self) -> &mut [Vec<f32>] {
        &mut self.planes
    }
}

/// The stream that a decoded channel comes from, and which of its channels it is.
fn place(source: usize, coupled: usize) -> (usize, usize) {
    if source < 2 * coupled { (source / 2, source % 2) } else { (source - coupled, 0) }
}
