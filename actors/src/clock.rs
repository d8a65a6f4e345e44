//! The engine's clock: seconds since `run()`.

use actix_rt::time::Instant;

/// Counts seconds since it was made. Monotonic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineClock(Instant);

impl EngineClock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now_sec(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
