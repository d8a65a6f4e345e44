//! When a decoder is one of the pool.

use super::Given;

#[test]
fn a_decoder_that_has_come_back_is_not_put_out_before_it_was_heard() {
    let given = Given::default();
    assert!(given.comes_back(), "it may take another");
    assert!(!given.put_out() && !given.is_out());
    given.answered();
    assert!(given.put_out() && given.is_out());
}

#[test]
fn a_decoder_that_is_out_takes_nothing_more() {
    let given = Given::default();
    assert!(given.put_out());
    assert!(!given.comes_back());
    assert!(given.put_out(), "nothing of it is on its way");
}
