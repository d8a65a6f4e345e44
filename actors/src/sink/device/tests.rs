//! What is looked for once is not looked for without end.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use actix::Actor;
use actix_rt::System;
use hotcue::output::mock::mock;
use hotcue::output::{DeviceError, DeviceErrorKind, OutputRequest};
use hotcue::playback::{PlaybackConfig, split};

use super::{Device, Target};
use crate::bus::{EventBus, Publisher};
use crate::clock::EngineClock;

#[test]
fn a_better_path_that_is_not_found_is_looked_for_no_more() {
    System::new().block_on(async {
        let publisher = Publisher::new(EventBus::new(Vec::new()).start(), EngineClock::start());
        let request = OutputRequest::default();
        let (prepared, _handle) = mock(&request);
        let output = prepared.start(split(PlaybackConfig::default()).1).expect("a mock starts");
        let nothing =
            |_: &str, _: &_| Err(DeviceError::new(DeviceErrorKind::NotAvailable, "no way there"));
        let target = Target::Own { paths: vec!["other".into()], open: Arc::new(nothing) };
        let (mut device, _view) = Device::new(output, request, Some(target), false);
        device.search_for_better();
        assert!(device.is_looking());
        let deadline = Instant::now() + Duration::from_secs(10);
        while device.is_looking() {
            assert!(Instant::now() < deadline, "it looks on though nobody does");
            device.look(&publisher);
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(device.name(), "Mock", "this one plays on");
    });
}
