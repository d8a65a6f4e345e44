use super::*;

#[test]
fn a_render_waits_on_for_sources_after_a_time_in_which_the_process_was_stopped() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut wait = Wait::new(7, start);
    assert!(!wait.is_over(7, at(20)));
    // For a minute; what is looked at first is what was there before.
    assert!(!wait.is_over(7, at(60_020)));
    // A source that does not answer after that is given up all the same.
    for ms in (60_040..65_000).step_by(20) {
        assert!(!wait.is_over(7, at(ms)), "{ms} ms");
    }
    assert!(wait.is_over(7, at(65_000)));
}

#[test]
fn a_source_that_answers_is_waited_for() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut wait = Wait::new(0, start);
    for look in 1..100 {
        assert!(!wait.is_over(look / 10, at(look * 400)), "{look}");
    }
    for ms in (39_620..41_000).step_by(20) {
        assert!(!wait.is_over(9, at(ms)), "{ms} ms");
    }
    assert!(wait.is_over(9, at(41_000)));
}
