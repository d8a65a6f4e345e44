//! Sums over members, of which several threads tell.

use super::*;
use crate::events::CancelReason;

#[test]
fn all_have_ended_is_100_percent_though_progress_is_still_being_added() {
    let tally = Arc::new(Tally::default());
    let share = Share::new(Arc::clone(&tally));
    // A decoder is between the two steps of `reached(50.0)` while the caller cancels.
    share.counted.store(50_000, Ordering::Relaxed);
    share.ended(&Err(LoadFailure::Cancelled(CancelReason::User)));
    let all = Count { done: 0, failed: 0, cancelled: 1, percent: 100.0 };
    assert_eq!(tally.count(1), all);
    tally.parts.fetch_add(50_000, Ordering::Relaxed);
    assert_eq!(tally.count(1), all);
}
