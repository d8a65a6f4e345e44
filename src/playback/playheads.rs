//! Where each voice is, for any thread to look at.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

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
    /// The frame of the render clock that this is of.
    pub clock_frame: u64,
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

/// How often the callback may overtake somebody who reads; in practice it never does twice.
const MOST_READS: usize = 64;

/// One place for a voice, as the callback shows it.
#[derive(Debug, Default)]
struct Place {
    /// Of the voice, and one more; 0: nobody.
    tag: AtomicU64,
    slot: AtomicU32,
    position_bits: AtomicU64,
    state: AtomicU8,
}

/// Everybody who is there at one frame of the clock.
#[derive(Debug, Default)]
struct Picture {
    clock_frame: AtomicU64,
    places: Box<[Place]>,
    /// The first so many places were shown.
    shown: AtomicUsize,
}

/// All places for voices; the callback writes, any thread reads, nobody waits.
///
/// There are two pictures: one is shown while the other is made. Who reads waits for no writer that
/// has been interrupted; it reads again only if, meanwhile, a whole picture was made.
#[derive(Debug, Default)]
pub(super) struct PlayheadTable {
    pictures: [Picture; 2],
    /// How many were made; the last of them is shown.
    made: AtomicU64,
}

impl PlayheadTable {
    pub(super) fn new(places: usize) -> Self {
        let empty = || Picture {
            clock_frame: AtomicU64::new(0),
            places: (0..places).map(|_| Place::default()).collect(),
            shown: AtomicUsize::new(0),
        };
        Self { pictures: [empty(), empty()], made: AtomicU64::new(0) }
    }

    /// Shows who is at the first places at a frame of the clock, and nobody at the rest.
    /// Realtime-safe; one thread writes.
    pub(super) fn show(
        &self,
        clock_frame: u64,
        playheads: impl ExactSizeIterator<Item = Option<Playhead>>,
    ) {
        let number = self.made.load(Ordering::Relaxed).wrapping_add(1);
        // Before anything of this one, that the last one is shown: pairs with the fence in `read`.
        fence(Ordering::Release);
        let picture = self.picture(number);
        picture.clock_frame.store(clock_frame, Ordering::Relaxed);
        picture.shown.store(playheads.len(), Ordering::Relaxed);
        for (place, playhead) in picture.places.iter().zip(playheads) {
            place.show(playhead);
        }
        // Release: who finds it made finds all of it.
        self.made.store(number, Ordering::Release);
    }

    /// The one with this number, until the next but one is made.
    fn picture(&self, number: u64) -> &Picture {
        &self.pictures[usize::from(number.is_multiple_of(2))]
    }

    /// Everybody who is there, all at the same frame.
    pub(super) fn read(&self) -> Vec<Playhead> {
        let mut heads = Vec::new();
        for _ in 0..MOST_READS {
            let made = self.made.load(Ordering::Acquire);
            let picture = self.picture(made);
            let clock_frame = picture.clock_frame.load(Ordering::Relaxed);
            heads.clear();
            let shown = picture.places.iter().take(picture.shown.load(Ordering::Relaxed));
            heads.extend(shown.filter_map(|place| place.read(clock_frame)));
            // Acquire: if anything of a later picture was read, there is one by now.
            fence(Ordering::Acquire);
            if self.made.load(Ordering::Relaxed) == made {
                break;
            }
        }
        heads
    }
}

impl Place {
    fn show(&self, playhead: Option<Playhead>) {
        let Some(playhead) = playhead else { return self.tag.store(0, Ordering::Relaxed) };
        self.tag.store(playhead.voice.wrapping_add(1), Ordering::Relaxed);
        self.slot.store(playhead.slot, Ordering::Relaxed);
        self.position_bits.store(playhead.position_frames.to_bits(), Ordering::Relaxed);
        self.state.store(playhead.state as u8, Ordering::Relaxed);
    }

    fn read(&self, clock_frame: u64) -> Option<Playhead> {
        Some(Playhead {
            voice: self.tag.load(Ordering::Relaxed).checked_sub(1)?,
            slot: self.slot.load(Ordering::Relaxed),
            position_frames: f64::from_bits(self.position_bits.load(Ordering::Relaxed)),
            state: VoiceState::ALL[usize::from(self.state.load(Ordering::Relaxed))],
            clock_frame,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn whoever_reads_has_all_voices_at_one_frame() {
        const PLACES: u32 = 16;
        let table = PlayheadTable::new(PLACES as usize);
        assert_eq!(table.read(), []);
        let shown = |clock_frame: u64| {
            // Nobody in some of them, another voice in each every few frames.
            (0..PLACES).map(move |slot| {
                (clock_frame % 7 != u64::from(slot)).then_some(Playhead {
                    voice: clock_frame / 5,
                    slot,
                    position_frames: clock_frame as f64 + f64::from(slot),
                    state: VoiceState::Playing,
                    clock_frame,
                })
            })
        };
        let mut seen = 0;
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for frame in 1..=20_000 {
                    table.show(frame, shown(frame));
                    // A block takes longer than a look.
                    (0..300).for_each(|_| std::hint::spin_loop());
                }
            });
            while !writer.is_finished() {
                let heads = table.read();
                let Some(frame) = heads.first().map(|head| head.clock_frame) else { continue };
                assert_eq!(heads, shown(frame).flatten().collect::<Vec<_>>());
                seen += 1;
            }
        });
        assert!(seen > 100, "{seen}");
        assert_eq!(table.read(), shown(20_000).flatten().collect::<Vec<_>>());
    }
}
