use super::*;

#[test]
fn what_has_left_is_waited_for_after_a_time_in_which_the_process_was_stopped() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut books = Books::default();
    books.collected(at(0));
    books.leaving.insert(1, at(10) + EVICTED);
    // For a minute; a load may ask before the sink is at work again.
    books.forget_late(at(60_000));
    assert!(books.leaving.contains_key(&1));
    books.collected(at(60_001));
    for ms in (60_020..62_000).step_by(20) {
        books.collected(at(ms));
        books.forget_late(at(ms));
        assert!(books.leaving.contains_key(&1), "{ms} ms");
    }
    // Somebody holds it.
    books.collected(at(62_020));
    books.forget_late(at(62_020));
    assert!(books.leaving.is_empty());
}

#[test]
fn what_has_left_is_waited_for_in_its_time_alone_while_the_sink_is_at_work() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut books = Books::default();
    books.leaving.insert(1, at(0) + ON_ITS_WAY);
    for ms in (0..=500).step_by(100) {
        assert!(books.leaving.contains_key(&1), "{ms} ms");
        books.collected(at(ms));
        books.forget_late(at(ms));
    }
    assert!(books.leaving.is_empty());
}
