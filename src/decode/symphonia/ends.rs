//! Where a stream ends, as its packets say.

use std::collections::VecDeque;

use symphonia::core::errors;
use symphonia::core::formats::FormatReader;
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

/// Packets that wait at most until it shows whether the stream ends with them: those of one page.
const MAX_WAITING: usize = 255;

/// Reads packets, and lets only the last ones of a stream be cut at their end. An Ogg page whose
/// position says less than its packets hold cuts the last page; elsewhere that is a writer's
/// mistake, and everything is played.
///
/// # Sources
/// *Vorbis I specification*, A.2: a position below the count of frames means an end, on the last
/// page.
pub(super) struct Ends {
    /// Elsewhere than in Ogg a packet may be cut anywhere.
    is_ogg: bool,
    waiting: VecDeque<Packet>,
    /// What came behind them, if that was no packet.
    after: Option<errors::Result<Option<Packet>>>,
}

impl Ends {
    pub(super) fn of(format: &dyn FormatReader) -> Self {
        let is_ogg = format.format_info().short_name == "ogg";
        Self { is_ogg, waiting: VecDeque::new(), after: None }
    }

    /// The next packet of this track.
    ///
    /// # Errors
    /// Those of the format.
    pub(super) fn next_packet(
        &mut self,
        format: &mut dyn FormatReader,
        track_id: u32,
    ) -> errors::Result<Option<Packet>> {
        while self.after.is_none() && !self.is_decided() {
            match format.next_packet() {
                Ok(Some(packet)) if packet.track_id != track_id => {}
                Ok(Some(packet)) => {
                    if packet.trim_end == Duration::ZERO {
                        let whole = |packet: &mut Packet| packet.trim_end = Duration::ZERO;
                        self.waiting.iter_mut().for_each(whole);
                    }
                    self.waiting.push_back(packet);
                }
                other => self.after = Some(other),
            }
        }
        match self.waiting.pop_front() {
            Some(packet) => Ok(Some(packet)),
            None => self.after.take().unwrap_or(Ok(None)),
        }
    }

    /// Whether it is known of the first packet if the stream ends with it.
    fn is_decided(&self) -> bool {
        let decides = |packet: &Packet| !self.is_ogg || packet.trim_end == Duration::ZERO;
        self.waiting.front().is_some_and(decides) || self.waiting.len() > MAX_WAITING
    }
}
