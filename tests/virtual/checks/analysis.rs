//! No load waits for an analysis.

use super::Schedule;

/// While a load waits, every decoder is at another one. What waits for memory is no such load.
pub(super) fn check(schedule: &Schedule<'_>) {
    if schedule.shape.budget.is_some() {
        return;
    }
    let lag = schedule.hops(4);
    for &at in &schedule.heard {
        let from = at.saturating_sub(lag);
        let waits = schedule.loads.iter().find(|load| load.waits(from, at + lag));
        assert!(
            waits.is_none(),
            "at {at:?} something was heard while {:?} waited",
            waits.map(|load| load.request)
        );
    }
}
