//! Tests of what is readable when.

use std::io::Read;

use super::Signal;

/// What there is to read, without taking it away for good.
fn is_readable(signal: &mut Signal) -> bool {
    let readable = signal.reader.read(&mut [0]).is_ok();
    if readable {
        signal.raised = false;
        signal.set(true);
    }
    readable
}

#[test]
fn it_is_readable_while_it_is_raised() {
    let mut signal = Signal::new().expect("there are descriptors");
    assert!(!is_readable(&mut signal));
    for _ in 0..100_000 {
        signal.set(true);
        signal.set(true);
        assert!(is_readable(&mut signal));
        signal.set(false);
        signal.set(false);
        assert!(!is_readable(&mut signal));
    }
}

#[test]
fn a_byte_that_somebody_else_took_is_not_waited_for() {
    let mut signal = Signal::new().expect("there are descriptors");
    signal.set(true);
    assert_eq!(signal.reader.read(&mut [0]).ok(), Some(1));
    signal.set(false);
    signal.set(true);
    assert!(is_readable(&mut signal));
}
