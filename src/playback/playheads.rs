//! Where each voice is, for any thread to look at.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence};

/// Where a voice is in its sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playhead {
    /// Which voice.
    pub voice: u64,
    /// Its slot.
    pub slot: u32,
    /// The frame of its sample that it plays next.
    pub position_frames: f64,
    /// What it does.
    pub state: VoiceState,
}

/// What a voice does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoiceState {
    /// Waits for its frame of the render clock.
    Waiting,
    /// Sounds.
    Playing,
    /// Keeps its place.
    Paused,
    /// Fades, and is over then.
    Stopping,
}

impl VoiceState {
    const ALL: [Self; 4] = [Self::Waiting, Self::Playing, Self::Paused, Self::Stopping];

    /// The name that Python has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Playing => "playing",
            Self::Paused => "paused",
            Self::Stopping => "stopping",
        }
    }
}

/// One place for a voice, as the callback shows it.
#[derive(Debug)]
struct Place {
    /// Of the voice, and one more; 0: nobody. Ids do not come twice, so whoever reads the same
    /// one before and after the rest has read what belongs together.
    tag: AtomicU64,
    slot: AtomicU32,
    position_bits: AtomicU64,
    state: AtomicU8,
}

/// All places for voices; the callback writes, any thread reads, nobody waits.
#[derive(Debug, Default)]
pub(super) struct PlayheadTable {
    places: Box<[Place]>,
}

impl PlayheadTable {
    pub(super) fn new(places: usize) -> Self {
        let empty = |_| Place {
            tag: AtomicU64::new(0),
            slot: AtomicU32::new(0),
            position_bits: AtomicU64::new(0),
            state: AtomicU8::new(0),
        };
        Self { places: (0..places).map(empty).collect() }
    }

    /// Shows who is at a place now. Realtime-safe; one thread writes.
    pub(super) fn show(&self, place: usize, playhead: Option<Playhead>) {
        let Some(place) = self.places.get(place) else { return };
        let Some(playhead) = playhead else { return place.tag.store(0, Ordering::Relaxed) };
        let tag = playhead.voice.wrapping_add(1);
        let is_new = place.tag.load(Ordering::Relaxed) != tag;
        if is_new {
            place.tag.store(0, Ordering::Relaxed);
            // Before anything of the new voice, the old tag is gone: pairs with the fence in `read`.
            fence(Ordering::Release);
            place.slot.store(playhead.slot, Ordering::Relaxed);
        }
        place.position_bits.store(playhead.position_frames.to_bits(), Ordering::Relaxed);
        place.state.store(playhead.state as u8, Ordering::Relaxed);
        if is_new {
            // Release: who finds the tag finds what belongs to it.
            place.tag.store(tag, Ordering::Release);
        }
    }

    /// Everybody who is there.
    pub(super) fn read(&self) -> Vec<Playhead> {
        self.places.iter().filter_map(Place::read).collect()
    }
}

impl Place {
    fn read(&self) -> Option<Playhead> {
        let tag = self.tag.load(Ordering::Acquire);
        let playhead = Playhead {
            voice: tag.checked_sub(1)?,
            slot: self.slot.load(Ordering::Relaxed),
            position_frames: f64::from_bits(self.position_bits.load(Ordering::Relaxed)),
            state: VoiceState::ALL[usize::from(self.state.load(Ordering::Relaxed))],
        };
        // Acquire: if anything of a later voice was read, its tag, or none, is read now.
        fence(Ordering::Acquire);
        (self.tag.load(Ordering::Relaxed) == tag).then_some(playhead)
    }
}
