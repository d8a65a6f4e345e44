//! Cuts off what of the last packet is no audio.

use symphonia::core::errors::{Error, Result};
use symphonia::core::formats::FormatReader;
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

/// Holds each packet back until the next one is there, so that the last one is known.
#[derive(Default)]
pub(super) struct LastPacket {
    /// What of the last packet is no audio, in nanoseconds. With 0, no packet is held back.
    pub(super) padding_ns: u64,
    held: Option<Packet>,
    /// What came instead of a packet while one was held back.
    failure: Option<Error>,
}

impl LastPacket {
    /// The next packet of `format`, the last one of `track`, which has `rate`, with what is to be
    /// cut off it.
    ///
    /// # Errors
    /// Those of `format`.
    pub(super) fn cut(
        &mut self,
        format: &mut dyn FormatReader,
        track: u32,
        rate: u32,
    ) -> Result<Option<Packet>> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        loop {
            match format.next_packet() {
                Ok(Some(packet)) if self.padding_ns == 0 || packet.track_id != track => {
                    return Ok(Some(packet));
                }
                Ok(Some(packet)) => {
                    let held = self.held.replace(packet);
                    if held.is_some() {
                        return Ok(held);
                    }
                }
                Ok(None) => {
                    let mut last = self.held.take();
                    if let Some(last) = &mut last {
                        last.trim_end = Duration::from(frames(self.padding_ns, rate));
                    }
                    return Ok(last);
                }
                Err(failure) => {
                    let Some(held) = self.held.take() else { return Err(failure) };
                    self.failure = Some(failure);
                    return Ok(Some(held));
                }
            }
        }
    }
}

/// `ns` nanoseconds at `rate`, to the nearest frame.
fn frames(ns: u64, rate: u32) -> u64 {
    let scaled = u128::from(ns) * u128::from(rate);
    u64::try_from((scaled + 500_000_000) / 1_000_000_000).unwrap_or(u64::MAX)
}
