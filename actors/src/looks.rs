//! Whoever looks at something again and again notices that the process was stopped.

use std::time::Duration;

use actix_rt::time::Instant;

/// So long after the last look, of such as come every 0.1 s at least, the process was stopped, or had no
/// processor: nobody could do anything meanwhile.
const AWAY: Duration = Duration::from_secs(1);

/// When somebody last looked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastLook(Instant);

impl LastLook {
    pub(crate) fn at(now: Instant) -> Self {
        Self(now)
    }

    /// For how long nobody could do anything since: by that a wait that goes on begins later.
    pub(crate) fn away(&self, now: Instant) -> Duration {
        let since = now.saturating_duration_since(self.0);
        if since >= AWAY { since } else { Duration::ZERO }
    }

    /// The same, of a look that is the last one from then on.
    pub(crate) fn look(&mut self, now: Instant) -> Duration {
        let away = self.away(now);
        self.0 = now;
        away
    }
}
