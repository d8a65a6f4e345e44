//! An engine whose actors all live on one thread, under a clock that only they move.
//!
//! [`AudioEngine::run_here`](crate::AudioEngine::run_here) starts the actors of life, with their
//! messages and timers, in the runtime that calls it. With tokio's paused clock nothing takes
//! time but what a script says: a [`Workshop`] makes the loads, an output of the caller's own
//! plays. Chance that follows from a seed delays the actors between messages, so that a seed is
//! a whole interleaving, the same each time.

mod room;
mod watched;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) use room::Room;

use hotcue::output::{OutputRequest, PreparedOutput};

pub use crate::work::{Store, Study, Work, Workshop};

/// What stands for the world around the actors. Clones are the same world.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    chance: Mutex<u64>,
    /// For how long the actor whose turn it is will be inside a step.
    blocks_for: Mutex<Duration>,
    jitter: Jitter,
    workshop: Arc<dyn Workshop>,
    spare: Box<Spare>,
}

type Spare = dyn Fn(&OutputRequest) -> Box<dyn PreparedOutput> + Send + Sync;

/// How much actors are delayed before they read on. A delay is a turn of the other actors, or a
/// time, which the clock rounds up to milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jitter {
    /// One in so many times others go first; 0 never.
    pub yields_one_in: u64,
    /// One in so many times it takes a while; 0 never.
    pub sleeps_one_in: u64,
    /// The longest while.
    pub longest: Duration,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("jitter", &self.0.jitter).finish_non_exhaustive()
    }
}

impl World {
    /// A world in which `workshop` makes the loads and `spare` the output that takes over from
    /// one that is lost.
    pub fn new(
        seed: u64,
        jitter: Jitter,
        workshop: Arc<dyn Workshop>,
        spare: impl Fn(&OutputRequest) -> Box<dyn PreparedOutput> + Send + Sync + 'static,
    ) -> Self {
        let spare = Box::new(spare);
        Self(Arc::new(Inner {
            chance: Mutex::new(seed),
            blocks_for: Mutex::default(),
            jitter,
            workshop,
            spare,
        }))
    }

    pub(crate) fn workshop(&self) -> Arc<dyn Workshop> {
        Arc::new(watched::Watching::new(self.clone()))
    }

    pub(crate) fn spare(&self, request: &OutputRequest) -> Box<dyn PreparedOutput> {
        (self.0.spare)(request)
    }

    pub(crate) fn room(&self) -> Room {
        Room::new(self.clone())
    }

    /// A delay before an actor reads on: None, or how long; zero lets others go first.
    fn delay(&self) -> Option<Duration> {
        let Jitter { yields_one_in, sleeps_one_in, longest } = self.0.jitter;
        if sleeps_one_in > 0 && self.below(sleeps_one_in) == 0 {
            let longest = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX).max(1);
            return Some(Duration::from_millis(1 + self.below(longest)));
        }
        (yields_one_in > 0 && self.below(yields_one_in) == 0).then_some(Duration::ZERO)
    }

    /// How long the actor that was just polled will be inside a step.
    fn take_blocked(&self) -> Duration {
        std::mem::take(&mut self.0.blocks_for.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn block(&self, time: Duration) {
        *self.0.blocks_for.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// Splitmix64.
    fn below(&self, limit: u64) -> u64 {
        let mut state = self.0.chance.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}
