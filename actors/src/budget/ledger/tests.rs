use super::*;

/// Books in which 100 bytes have left their slots, and are to be freed until then.
fn books_of_one_that_leaves(phase: Phase, until: Instant) -> Books {
    let mut books = Books::default();
    let mut entry = Entry::new(100, phase);
    books.expect_freed(1, &mut entry, until);
    books.entries.insert(1, entry);
    books
}

/// What is expected to be freed: of what was evicted, and of the rest.
fn expected(books: &Books) -> (u64, u64) {
    assert_eq!(books.leaving.is_empty(), books.evicted + books.left == 0);
    (books.evicted, books.left)
}

#[test]
fn what_has_left_is_waited_for_after_a_time_in_which_the_process_was_stopped() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut books = books_of_one_that_leaves(Phase::Evicted, at(10) + EVICTED);
    books.collected(at(0));
    // For a minute; a load may ask before the sink is at work again.
    books.forget_late(at(60_000));
    assert_eq!(expected(&books), (100, 0));
    books.collected(at(60_001));
    for ms in (60_020..62_000).step_by(20) {
        books.collected(at(ms));
        books.forget_late(at(ms));
        assert_eq!(expected(&books), (100, 0), "{ms} ms");
    }
    // Somebody holds it.
    books.collected(at(62_020));
    books.forget_late(at(62_020));
    assert_eq!(expected(&books), (0, 0));
}

#[test]
fn what_has_left_is_waited_for_in_its_time_alone_while_the_sink_is_at_work() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut books = books_of_one_that_leaves(Phase::Left, at(0) + ON_ITS_WAY);
    for ms in (0..=500).step_by(100) {
        assert_eq!(expected(&books), (0, 100), "{ms} ms");
        books.collected(at(ms));
        books.forget_late(at(ms));
    }
    assert_eq!(expected(&books), (0, 0));
}

#[test]
fn what_has_left_is_expected_until_it_is_freed_or_taken_again_and_without_a_limit_never() {
    for (limit, bytes) in [(Some(1_000), 100), (None, 0)] {
        let ledger = Ledger::new(limit);
        let of = |bytes| {
            let account = ledger.open();
            assert!(account.try_grow(bytes, 0).is_ok());
            account.enter(&Arc::default(), None);
            account
        };
        let [held, evicted, again] = [of(100), of(100), of(100)];
        [&held, &again].into_iter().for_each(Account::leave);
        evicted.evict();
        assert_eq!(expected(&ledger.lock()), (bytes, 2 * bytes));
        again.enter(&Arc::default(), None);
        assert_eq!(expected(&ledger.lock()), (bytes, bytes));
        drop((held, evicted));
        assert_eq!(expected(&ledger.lock()), (0, 0));
        assert_eq!(ledger.figures(), (100, 0));
    }
}
