//! Planes of our own in symphonia's buffers.

use symphonia::core::audio::{AudioBuffer, AudioMut, AudioSpec, Channels};
use symphonia::core::packet::PacketRef;

/// Copies `planes`, which are in WAVE order already, and cuts off what `packet` says.
pub(super) fn fill(
    buffer: &mut AudioBuffer<f32>,
    planes: &[Vec<f32>],
    sample_rate: u32,
    packet: &PacketRef<'_>,
) {
    // A buffer without channels is one that symphonia cannot make.
    let Some(frames) = planes.first().map(Vec::len) else { return buffer.clear() };
    // Not more than 64.
    let channels = Channels::Discrete(u16::try_from(planes.len()).unwrap_or(u16::MAX));
    *buffer = AudioBuffer::new(AudioSpec::new(sample_rate, channels), frames);
    buffer.render_uninit(Some(frames));
    for (channel, plane) in planes.iter().enumerate() {
        if let Some(to) = buffer.plane_mut(channel) {
            to.copy_from_slice(plane);
        }
    }
    let [start, end] = [packet.trim_start, packet.trim_end]
        .map(|trim| usize::try_from(trim.get()).unwrap_or(usize::MAX));
    buffer.trim(start, end);
}
