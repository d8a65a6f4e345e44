//! What readers may rely on while a sample grows, and what a writer is refused.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::buffer::{SampleBuffer, SampleWriter};
use crate::error::LoadErrorKind;
use crate::spec::AudioSpec;

const STEREO: AudioSpec = AudioSpec { sample_rate: 48_000, channels: 2 };

/// What the tests write at a place: no two places nearby are alike.
fn value(channel: usize, frame: usize) -> f32 {
    let mixed = (frame * 2 + channel) % 65_521;
    f32::from(u16::try_from(mixed).expect("below 65536"))
}

fn append(writer: &mut SampleWriter, frames: usize) {
    let from = writer.frames_written();
    writer
        .write_with(frames, |channel, target| {
            for (offset, target) in target.iter_mut().enumerate() {
                *target = value(channel, from + offset);
            }
        })
        .expect("memory");
}

#[test]
fn a_reader_in_another_thread_sees_only_finished_frames() {
    const FRAMES: usize = 300_000;
    let mut writer = SampleWriter::with_capacity(STEREO, FRAMES).expect("memory");
    let buffer = writer.buffer().expect("its length is known");

    let (started_tx, started) = mpsc::channel();
    let reader = thread::spawn(move || {
        let addresses = [buffer.plane(0).as_ptr(), buffer.plane(1).as_ptr()];
        let mut seen = 0;
        loop {
            let finished = buffer.is_finished();
            let ready = buffer.ready_frames();
            assert!(ready >= seen, "visible frames vanished");
            for (channel, address) in addresses.iter().enumerate() {
                let plane = buffer.plane(channel);
                assert!(plane.len() >= ready, "a plane is behind the count");
                assert_eq!(plane.as_ptr(), *address, "the plane moved");
                for (frame, &read) in plane.iter().enumerate().skip(seen) {
                    assert!(read == value(channel, frame), "frame {frame} was not written yet");
                }
            }
            if seen == 0 && ready > 0 {
                started_tx.send(()).expect("the writer waits");
            }
            seen = ready;
            if finished {
                assert_eq!(seen, FRAMES, "frames came after the last one");
                return;
            }
        }
    });

    // Uneven steps, so that the end of what is visible falls anywhere.
    let mut left = FRAMES;
    for step in (1..=97).cycle() {
        let frames = step.min(left);
        append(&mut writer, frames);
        left -= frames;
        if left == 0 {
            break;
        }
        if left == FRAMES - 1 {
            // From here on both run: the reader has begun, and nearly all is to come.
            started.recv_timeout(Duration::from_secs(60)).expect("the reader sees the first");
        }
    }
    drop(writer.finish());
    reader.join().expect("the reader's assertions hold");
}

#[test]
fn what_is_visible_never_changes() {
    let mut writer = SampleWriter::with_capacity(STEREO, 100).expect("memory");
    let buffer = writer.buffer().expect("its length is known");
    append(&mut writer, 10);
    let early = buffer.plane(1);
    append(&mut writer, 80);
    assert_eq!(early.len(), 10, "a slice covers what was ready when it was taken");
    assert!(early.iter().enumerate().all(|(frame, &read)| read == value(1, frame)));
    assert_eq!(buffer.ready_frames(), 90);
    assert_eq!((buffer.frames(), buffer.is_finished()), (None, false));

    let finished = writer.finish();
    assert!(Arc::ptr_eq(&finished, &buffer));
    assert_eq!((buffer.frames(), buffer.is_finished()), (Some(90), true));
    assert_eq!(early.as_ptr(), buffer.plane(1).as_ptr(), "the end moved a shared sample");
}

#[test]
fn more_frames_than_stated_leave_what_readers_have_and_go_on_elsewhere() {
    let mut writer = SampleWriter::with_capacity(STEREO, 10).expect("memory");
    let buffer = writer.buffer().expect("its length is known");
    append(&mut writer, 8);
    append(&mut writer, 1_000);
    assert!(writer.buffer().is_none(), "it may move from now on");
    assert_eq!((buffer.ready_frames(), buffer.is_finished()), (8, false));
    let sample = writer.finish();
    assert!(!Arc::ptr_eq(&sample, &buffer));
    assert_eq!(sample.frames(), Some(1_008));
    for channel in 0..2 {
        for sample in [&sample, &buffer] {
            let frames = sample.plane(channel).iter().enumerate();
            assert!(frames.into_iter().all(|(frame, &read)| read == value(channel, frame)));
        }
    }
}

#[test]
fn a_shared_sample_that_is_shorter_than_stated_does_not_count_what_was_never_touched() {
    let mut writer = SampleWriter::with_capacity(STEREO, 1_000_000).expect("memory");
    let buffer = writer.buffer().expect("its length is known");
    append(&mut writer, 1_000);
    assert_eq!(buffer.byte_len(), 8_000_000);
    let early = buffer.plane(1).as_ptr();
    writer.finish();
    let is_counted = if cfg!(all(target_os = "linux", not(miri))) { 8_000 } else { 8_000_000 };
    assert_eq!(buffer.byte_len(), is_counted);
    assert_eq!((buffer.frames(), buffer.plane(1).as_ptr()), (Some(1_000), early));
}

#[test]
fn a_sample_that_nobody_shares_any_more_grows_beyond_what_was_stated() {
    let mut writer = SampleWriter::with_capacity(STEREO, 10).expect("memory");
    drop(writer.buffer());
    append(&mut writer, 8);
    append(&mut writer, 1_000);
    assert!(writer.buffer().is_none(), "it may move from now on");
    let sample = writer.finish();
    assert_eq!(sample.frames(), Some(1_008));
    assert!(sample.plane(1).iter().enumerate().all(|(frame, &read)| read == value(1, frame)));
}

#[test]
fn a_sample_of_unknown_length_is_not_shared_before_its_end() {
    let mut writer = SampleWriter::growing(STEREO).expect("memory");
    append(&mut writer, 10);
    assert!(writer.buffer().is_none());
    assert_eq!(writer.finish().frames(), Some(10));
}

#[cfg(target_os = "linux")]
#[test]
fn no_sample_is_larger_than_what_memory_there_is() -> std::io::Result<()> {
    let facts = std::fs::read_to_string("/proc/meminfo")?;
    let line = facts.lines().find_map(|line| line.strip_prefix("MemTotal:")).expect("a total");
    let kilobytes = line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number");
    let frames = |bytes: u64| usize::try_from(bytes / 8).unwrap_or(usize::MAX);
    // Memory that nobody touches is not taken.
    assert!(SampleWriter::with_capacity(STEREO, frames(kilobytes * 10)).is_ok());
    let error = SampleWriter::with_capacity(STEREO, frames(kilobytes * 1024)).expect_err("all");
    assert_eq!(error.kind(), LoadErrorKind::TooLarge);
    assert!(error.to_string().contains("three quarters of the memory"), "{error}");
    Ok(())
}

#[test]
fn the_limit_in_bytes_is_exact() {
    let mut writer = SampleWriter::growing(STEREO).expect("memory");
    // 100,000 stereo frames of 4-byte values, and half a frame.
    writer.limit_bytes(800_004);
    append(&mut writer, 99_999);
    let error = writer.append(&[&[1.0; 2], &[1.0; 2]]).expect_err("one frame too many");
    assert_eq!(error.kind(), LoadErrorKind::TooLarge);
    assert_eq!(writer.frames_written(), 99_999, "nothing is appended");
    append(&mut writer, 1);
    assert_eq!(writer.finish().frames(), Some(100_000));
}

#[test]
fn the_end_gives_back_what_was_not_used() {
    let mut writer = SampleWriter::with_capacity(STEREO, 1_000_000).expect("memory");
    append(&mut writer, 500);
    assert_eq!(writer.finish().byte_len(), 500 * 2 * size_of::<f32>());
}

#[test]
fn planes_of_different_lengths_are_no_sample() {
    let error = SampleBuffer::from_planes(48_000, vec![vec![0.0; 3], vec![0.0; 4]])
        .expect_err("planes differ");
    assert_eq!(error.kind(), LoadErrorKind::Corrupt);
    let error = SampleBuffer::from_planes(48_000, Vec::new()).expect_err("no channel");
    assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat);
    let error = SampleBuffer::from_planes(10, vec![vec![0.0]]).expect_err("10 Hz");
    assert_eq!(error.kind(), LoadErrorKind::UnsupportedFormat);
}

#[test]
#[should_panic(expected = "no such channel")]
fn a_channel_that_is_not_there_panics() {
    let sample = SampleBuffer::from_planes(48_000, vec![vec![0.0; 3]]).expect("valid");
    let _none = sample.plane(1);
}

#[test]
fn samples_and_writers_cross_threads() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<SampleWriter>();
    send::<Arc<SampleBuffer>>();
    sync::<SampleBuffer>();
}
