//! Decoders of our own in the shape of symphonia's, for the containers that are read in that shape.

use symphonia::core::audio::{
    AsGenericAudioBufferRef, Audio, AudioBuffer, AudioMut, AudioSpec, Channels,
    GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{Result, decode_error};
use symphonia::core::packet::PacketRef;

/// A decoder of our own.
pub(super) trait Ours: Send + Sync {
    /// What it is.
    fn info(&self) -> &'static CodecInfo;

    /// What `packet` holds; None where that is damaged.
    fn unpack(&mut self, packet: &PacketRef<'_>) -> Option<Held<'_>>;

    /// Forgets all packets so far, where it carries anything on from one to the next.
    fn start_over(&mut self) {}
}

/// What a packet holds.
pub(super) struct Held<'a> {
    /// One per channel, in WAVE order; none at all where it brings no frames.
    pub(super) planes: &'a [Vec<f32>],
    pub(super) sample_rate: u32,
    /// Frames at its start that are no music.
    pub(super) trim_start: u64,
}

/// One of ours in that shape; decodes one track.
pub(super) struct Adapter<C> {
    codec: C,
    parameters: AudioCodecParameters,
    buffer: AudioBuffer<f32>,
}

impl<C> Adapter<C> {
    /// `parameters` are told to whoever asks for them.
    pub(super) fn new(codec: C, parameters: AudioCodecParameters) -> Self {
        Self { codec, parameters, buffer: AudioBuffer::default() }
    }
}

impl<C: Ours> AudioDecoder for Adapter<C> {
    fn reset(&mut self) {
        self.codec.start_over();
    }

    fn codec_info(&self) -> &CodecInfo {
        self.codec.info()
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        let Some(held) = self.codec.unpack(packet) else {
            return decode_error("damaged packet");
        };
        fill(&mut self.buffer, &held, packet.trim_end.get());
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

/// Copies what a packet holds to `buffer`, which is empty, without what is no music.
fn fill(buffer: &mut AudioBuffer<f32>, held: &Held<'_>, trim_end: u64) {
    let &Held { planes, sample_rate, trim_start } = held;
    // A buffer without channels is one that symphonia cannot make.
    let Some(frames) = planes.first().map(Vec::len) else { return };
    // Not more than 64.
    let channels = Channels::Discrete(u16::try_from(planes.len()).unwrap_or(u16::MAX));
    let spec = AudioSpec::new(sample_rate, channels);
    if *buffer.spec() != spec || buffer.capacity() < frames {
        *buffer = AudioBuffer::new(spec, frames);
    }
    buffer.render_uninit(Some(frames));
    for (channel, plane) in planes.iter().enumerate() {
        if let Some(to) = buffer.plane_mut(channel) {
            to.copy_from_slice(plane);
        }
    }
    let [start, end] =
        [trim_start, trim_end].map(|trim| usize::try_from(trim).unwrap_or(usize::MAX));
    buffer.trim(start, end);
}
