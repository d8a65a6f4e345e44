//! The sink does not wait for a device that takes its time.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hotcue::output::{DeviceError, DeviceErrorKind};

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
