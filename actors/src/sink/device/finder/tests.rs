//! The sink does not wait for a device that takes its time.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::output::mock::mock;
use hotcue::output::{DeviceError, DeviceErrorKind, OutputRequest};

use super::Finder;

#[test]
fn dropping_a_search_does_not_wait_for_a_device_that_opens() {
    let (opening, opens) = mpsc::channel();
    let (let_go, stuck) = mpsc::channel::<()>();
    let finder = Finder::start(Duration::from_millis(1), move || {
        opening.send(()).ok();
        stuck.recv().ok();
        Err(DeviceError::new(DeviceErrorKind::NotAvailable, "never opens"))
    })
    .expect("a thread can be made");
    opens.recv().expect("it looks for the device");
    let (dropped, is_dropped) = mpsc::channel();
    let dropper = thread::spawn(move || {
        drop(finder);
        dropped.send(()).ok();
    });
    let in_time = is_dropped.recv_timeout(Duration::from_secs(10));
    drop(let_go);
    dropper.join().expect("no panic");
    assert!(in_time.is_ok(), "it waited for the device");
}

#[test]
fn a_search_goes_on_after_a_panic() {
    let tries = AtomicUsize::new(0);
    let finder = Finder::start(Duration::from_millis(1), move || {
        if tries.fetch_add(1, Ordering::Relaxed) < 2 {
            resume_unwind(Box::new("planted panic"));
        }
        Ok(mock(&OutputRequest::default()).0)
    })
    .expect("a thread can be made");
    let deadline = Instant::now() + Duration::from_secs(10);
    while finder.found().is_err() {
        assert!(Instant::now() < deadline, "nobody looks any more");
        thread::sleep(Duration::from_millis(1));
    }
}
