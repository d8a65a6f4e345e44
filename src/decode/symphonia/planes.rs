//! Planes of our own in symphonia's buffers.

use symphonia::core::audio::{Audio, AudioBuffer, AudioMut, AudioSpec, Channels};
use symphonia::core::packet::PacketRef;

/// Copies `planes`, which are in WAVE order already, and cuts off what `packet` says.
pub(super) fn fill(
    buffer: &mut AudioBuffer<f32>,
    planes: &[Vec<f32>],
    sample_rate: u32,
    packet: &PacketRef<'_>,
) {
    fill_from(packet.trim_start.get(), buffer, planes, sample_rate, packet);
}

/// As [`fill`], but cuts off `start` frames at the start.
pub(super) fn fill_from(
    start: u64,
    buffer: &mut AudioBuffer<f32>,
    planes: &[Vec<f32>],
    sample_rate: u32,
    packet: &PacketRef<'_>,
) {
    buffer.clear();
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
        [start, packet.trim_end.get()].map(|trim| usize::try_from(trim).unwrap_or(usize::MAX));
    buffer.trim(start, end);
}
