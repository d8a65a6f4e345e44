//! How much audio is missing, told from the times that packets carry.

use symphonia::core::formats::{MediaInfo, Track};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, TimeBase};

use super::opening::{self, MAX_PACKET_FRAMES};
use super::stream::Unpacked;

/// Longest gap that is believed, in seconds: what a few lost pages of any format hold. Beyond it
/// the time stamp is damaged rather than the file.
const MAX_GAP_SEC: u64 = 10;
/// By how much the times of two blocks may be off, in milliseconds, of which a tick is one mostly.
const SLACK_MS: u64 = 2;

/// The times of a track's packets.
pub(super) struct Clock {
    time_base: Option<TimeBase>,
    sample_rate: Option<u32>,
    /// Whether a packet's time is exact and its own, not merely the sum of those before.
    own_times: bool,
    /// When the first frame sounds.
    start: Option<i64>,
    /// When the next packet starts if nothing is missing.
    next: Option<i64>,
    /// Frames of the longest packet so far.
    longest: u64,
    /// When the packet before ends, as it says, and by how much that is too late.
    stated_end: Option<i64>,
    ahead: i64,
    most_ahead: u64,
    /// By how many frames more than there were the times of packets have gone on.
    deficit: i64,
    /// Its first packet begins before 0, and is not less for that.
    begins_before: bool,
}

impl Clock {
    pub(super) fn new(track: &Track, own_times: bool) -> Self {
        let sample_rate = opening::audio_parameters(track).and_then(|audio| audio.sample_rate);
        Self {
            time_base: track.time_base,
            sample_rate,
            own_times,
            start: None,
            next: None,
            longest: 0,
            stated_end: None,
            ahead: 0,
            most_ahead: 0,
            deficit: 0,
            begins_before: false,
        }
    }

    /// The same, of a stream whose first packet begins before 0, as it says, though nothing is cut off.
    pub(super) fn beginning_before(self, begins_before: bool) -> Self {
        Self { begins_before, ..self }
    }

    /// The same, of a stream of which pages are lost at the start: it begins at 0 all the same.
    pub(super) fn since_zero(self) -> Self {
        Self { start: Some(0), next: Some(0), stated_end: Some(0), ..self }
    }

    /// When the first frame sounds; None where packets bear no such times.
    pub(super) fn start(&self) -> Option<i64> {
        self.start
    }

    /// When the next packet starts if nothing is missing; None where packets bear no such times.
    pub(super) fn next(&self) -> Option<i64> {
        self.next
    }

    /// By how many frames a page's position was too late, at most.
    pub(super) fn most_ahead(&self) -> u64 {
        self.most_ahead
    }

    /// Enters a packet that is known to be in its place.
    pub(super) fn enter(&mut self, packet: &Packet) {
        // What is missing before it is of no interest.
        self.gap_before(packet, |_| false);
    }

    /// Takes the next packet for the first one.
    pub(super) fn forget(&mut self) {
        (self.next, self.stated_end, self.ahead) = (None, None, 0);
    }

    /// Whether packets have gone missing before `packet`, and how many frames were in them; the
    /// inner None where the gap is too long to be believed. A gap that one packet would fill is a
    /// writer's mistake: what goes missing are pages, of many packets. So is one of which
    /// `falls_back` says that times behind it do so.
    pub(super) fn gap_before(
        &mut self,
        packet: &Packet,
        falls_back: impl FnOnce(u64) -> bool,
    ) -> Option<Option<u64>> {
        if !self.own_times || !self.counts_frames() {
            return None;
        }
        let (stated, frames) = (packet.pts.get(), packet.block_dur().get());
        if packet.dur > Duration::ZERO {
            self.start.get_or_insert_with(|| packet.pts.saturating_add(packet.trim_start).get());
        }
        self.longest = self.longest.max(frames);
        let frames = i64::try_from(frames).ok()?;
        if std::mem::take(&mut self.begins_before) {
            self.deficit = stated.min(0);
        }
        let jump = self.stated_end.map_or(0, |end| stated.saturating_sub(end));
        self.deficit = self.deficit.saturating_add(jump);
        if self.stated_end.is_some_and(|end| stated < end) {
            self.ahead = 0;
        }
        self.stated_end = stated.checked_add(frames);
        let next = self.next;
        let mut start = stated.saturating_sub(self.ahead);
        let gap = next.map_or(0, |next| start.saturating_sub(next));
        let mut missing = u64::try_from(gap).ok().filter(|gap| *gap > self.longest);
        if missing.is_some_and(falls_back) {
            self.ahead = self.ahead.saturating_add(gap);
            self.most_ahead = self.most_ahead.max(self.ahead.unsigned_abs());
            start = start.saturating_sub(gap);
            missing = None;
        }
        // What said too little before does not make a gap of what is right after it.
        self.next = next.and_then(|next| next.checked_add(frames)).max(start.checked_add(frames));
        let missing = missing?;
        self.deficit = self.deficit.saturating_sub_unsigned(missing);
        let longest = MAX_GAP_SEC * u64::from(self.sample_rate.unwrap_or(0));
        Some(Some(missing).filter(|missing| *missing <= longest))
    }

    /// Cuts less off the end of the last packets of a stream whose times have gone on faster than its
    /// frames: what its end states is how many there are.
    pub(super) fn give_back(&mut self, packet: &mut Packet) {
        let cut = packet.trim_end.get();
        if let Ok(deficit) = u64::try_from(self.deficit)
            && deficit > 0
            && cut > 0
        {
            let back = Duration::new(deficit.min(cut));
            packet.trim_end = packet.trim_end.saturating_sub(back);
            packet.dur = packet.dur.saturating_add(back);
            self.deficit = self.deficit.saturating_sub_unsigned(back.get());
        }
    }

    /// Its frames lag behind its times by so many.
    pub(super) fn set_deficit(&mut self, frames: i64) {
        self.deficit = frames;
    }

    /// The frames that `packet` would have had; None where nobody knows.
    pub(super) fn frames_of(&self, packet: &Packet, last: &Unpacked) -> Option<u64> {
        let frames = if self.counts_frames() {
            packet.dur.get()
        } else {
            // Times are too coarse, but of most codecs all packets are of one length.
            last.common_frames? as u64
        };
        Some(frames).filter(|frames| (1..=MAX_PACKET_FRAMES).contains(frames))
    }

    /// Whether times are counted in frames.
    fn counts_frames(&self) -> bool {
        match (self.time_base, self.sample_rate) {
            (Some(base), Some(rate)) => {
                u64::from(base.numer.get()) * u64::from(rate) == u64::from(base.denom.get())
            }
            // Streams without a container, whose readers count for themselves.
            (None, _) => true,
            (Some(_), None) => false,
        }
    }
}

/// The times of Matroska's blocks, which count only behind what is lost: in whole files players
/// close the gaps between them.
#[derive(Default)]
pub(super) struct BlockTimes {
    /// Frames of all packets so far, with silence in place of others, and of the longest packet.
    frames: u64,
    longest: u64,
    /// The time of the last block that was decoded, in nanoseconds, and the frames before it.
    before: Option<(u64, u64)>,
    /// How much is missing behind that, in packets or what was passed at once.
    lost: u64,
}

impl BlockTimes {
    /// The time of a packet that bears none, and of what stands for something that was passed.
    pub(super) const NONE: i64 = -1;
    pub(super) const PASSED: i64 = -2;

    /// Counts the frames of a packet.
    pub(super) fn count(&mut self, frames: u64) {
        self.longest = self.longest.max(frames);
        self.frames += frames;
    }

    /// Counts silence in place of some.
    pub(super) fn count_silence(&mut self, frames: u64) {
        self.frames += frames;
    }

    /// Notes that something is missing before the next packet; whether its time will tell how much.
    pub(super) fn lose(&mut self) -> bool {
        let is_told = self.before.is_some();
        self.lost += u64::from(is_told);
        is_told
    }

    /// How much is missing whose length no time has told.
    pub(super) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// Whether something is missing before `packet`, which is decoded, at `rate`, but not counted;
    /// and how many frames, where that can be told and believed. `is_even`: packets are of one
    /// length, mostly.
    pub(super) fn lost_before(
        &mut self,
        packet: &Packet,
        rate: u32,
        is_even: bool,
    ) -> Option<Option<u64>> {
        let ns = u64::try_from(packet.pts.get()).ok()?;
        let before = self.before.replace((ns, self.frames));
        let (was_ns, was_frames) = before.filter(|_| self.lost > 0)?;
        let time = u128::from(ns.saturating_sub(was_ns)) * u128::from(rate) / 1_000_000_000;
        let gap = time.saturating_sub(u128::from(self.frames - was_frames));
        let gap = u64::try_from(gap).ok().filter(|gap| *gap <= MAX_GAP_SEC * u64::from(rate));
        let missing = gap.and_then(|gap| {
            let slack = SLACK_MS * u64::from(rate) / 1_000;
            let packet = Some(self.longest).filter(|longest| is_even && *longest > 0);
            let whole = packet.map(|packet| (gap + packet / 2) / packet * packet);
            let whole = whole.filter(|whole| whole.abs_diff(gap) <= slack);
            whole.or_else(|| Some(gap).filter(|gap| *gap > self.longest + slack))
        });
        // Silence comes before it, if so.
        self.before = Some((ns, self.frames + missing.unwrap_or(0)));
        Some(missing)
    }
}

/// The length of the whole media at `rate`, rounded up to a whole tick, where it is stated.
pub(super) fn frames_of_media(media: &MediaInfo, rate: u32) -> Option<u64> {
    let (base, ticks) = (media.time_base?, media.duration?.get());
    let frames = u128::from(ticks) * u128::from(base.numer.get()) * u128::from(rate)
        / u128::from(base.denom.get());
    u64::try_from(frames).ok()
}
