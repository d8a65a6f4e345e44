//! Where the frames lie and how they grow; what readers may rely on meanwhile is in
//! `tests/readers.rs`, and the loom model of publication in `tests/model.rs`.

#[cfg(loom)]
pub(super) mod model;
mod overview;
mod readers;

use std::sync::Arc;

use super::{FrameSink as _, Region, SampleBuffer, SampleWriter};
use crate::error::LoadError;
use crate::spec::AudioSpec;

const THREE: AudioSpec = AudioSpec { sample_rate: 48_000, channels: 3 };

/// Appends `frames` frames; value = 1000 × channel + frame, counted from `start`.
fn append_ramp(writer: &mut SampleWriter, start: usize, frames: usize) -> Result<(), LoadError> {
    writer.write_with(frames, |channel, target| {
        for (frame, value) in target.iter_mut().enumerate() {
            *value = ramp(channel, start + frame);
        }
    })
}

fn ramp(channel: usize, frame: usize) -> f32 {
    f32::from(u16::try_from(1000 * channel + frame % 1000).expect("small"))
}

fn assert_ramp(buffer: &SampleBuffer, frames: usize) {
    assert_eq!(buffer.ready_frames(), frames);
    for channel in 0..buffer.channels() {
        let plane = buffer.plane(channel);
        assert_eq!(plane.len(), frames);
        for (frame, &value) in plane.iter().enumerate() {
            assert_eq!(value, ramp(channel, frame), "channel {channel}, frame {frame}");
        }
    }
}

fn assert_one_block(buffer: &SampleBuffer) {
    for channel in 1..buffer.channels() {
        let (here, before) = (buffer.plane(channel).as_ptr(), buffer.plane(channel - 1).as_ptr());
        let bytes = here.addr() - before.addr();
        assert_eq!(bytes, buffer.plane_stride() * size_of::<f32>());
    }
}

#[test]
fn planes_lie_in_one_block() -> Result<(), LoadError> {
    let planes = (0..3).map(|channel| (0..7).map(|frame| ramp(channel, frame)).collect());
    let buffer = SampleBuffer::from_planes(48_000, planes.collect())?;
    assert_ramp(&buffer, 7);
    assert_one_block(&buffer);
    assert_eq!(buffer.plane_stride(), 7);
    Ok(())
}

#[test]
fn a_growing_sample_keeps_what_was_written_and_ends_contiguous() -> Result<(), LoadError> {
    let mut writer = SampleWriter::growing(THREE)?;
    let mut written = 0;
    for frames in [1, 1000, 20_000, 0, 70_000, 3] {
        append_ramp(&mut writer, written, frames)?;
        written += frames;
    }
    let buffer = writer.finish();
    assert_ramp(&buffer, written);
    assert_one_block(&buffer);
    assert_eq!(buffer.plane_stride(), written);
    Ok(())
}

#[test]
fn regions_are_written_in_any_order_and_published_in_theirs() -> Result<(), LoadError> {
    let mut writer = SampleWriter::with_capacity(THREE, 1_000)?;
    append_ramp(&mut writer, 0, 100)?;
    let lent: Vec<Region> = (0..3).filter_map(|_| writer.lend(300)).collect();
    assert!(lent.len() == 3 && writer.room() == 0 && writer.lend(1).is_none());
    let mut written = Vec::new();
    for (number, mut region) in lent.into_iter().enumerate().rev() {
        let start = 100 + 300 * number;
        region.write_with(300, |channel, target| {
            for (frame, value) in target.iter_mut().enumerate() {
                *value = ramp(channel, start + frame);
            }
        })?;
        assert!(region.write_with(1, |_, _| {}).is_err(), "it is full");
        written.push(region);
    }
    assert_eq!(writer.frames_written(), 100, "nothing is published before it is back");
    assert!(!writer.reclaim());
    for region in written.into_iter().rev() {
        writer.take_back(region);
    }
    assert!(writer.reclaim());
    assert_ramp(&writer.finish(), 1_000);
    Ok(())
}

#[test]
fn who_starts_over_writes_only_what_is_new() -> Result<(), LoadError> {
    let mut writer = SampleWriter::with_capacity(THREE, 1_000)?;
    append_ramp(&mut writer, 0, 500)?;
    drop(writer.lend(300));
    assert!(writer.reclaim());
    writer.start_over();
    let mut start = 0;
    for frames in [200, 250, 100, 450] {
        writer.write_with(frames, |channel, target| {
            for (frame, value) in target.iter_mut().enumerate() {
                let is_known = start + frame < 500;
                *value = if is_known { f32::NAN } else { ramp(channel, start + frame) };
            }
        })?;
        start += frames;
        assert_eq!(writer.is_starting_over(), start < 500);
    }
    assert_ramp(&writer.finish(), 1_000);
    Ok(())
}

#[test]
fn a_sample_shorter_than_stated_is_moved_together_unless_it_is_shared() -> Result<(), LoadError> {
    for shared in [false, true] {
        let mut writer = SampleWriter::with_capacity(THREE, 5000)?;
        append_ramp(&mut writer, 0, 1234)?;
        let reader = if shared { writer.buffer() } else { None };
        let buffer = writer.finish();
        assert_ramp(&buffer, 1234);
        assert_one_block(&buffer);
        assert_eq!(buffer.plane_stride(), if shared { 5000 } else { 1234 });
        drop(reader);
    }
    Ok(())
}

#[test]
fn long_planes_stay_where_they_are_and_count_only_what_is_written() -> Result<(), LoadError> {
    // Together more than is moved, by no round number; between two planes less than a page, some,
    // more than a plane.
    let frames = (1 << 20) + 12_345;
    for spare in [100, 5_000, 300_000, 3 * frames] {
        let mut writer = SampleWriter::with_capacity(THREE, frames + spare)?;
        append_ramp(&mut writer, 0, frames)?;
        let first = writer.buffer().expect("its length is known").as_ptr();
        let buffer = writer.finish();
        assert_ramp(&buffer, frames);
        assert_one_block(&buffer);
        if cfg!(all(target_os = "linux", not(miri))) {
            assert_eq!((buffer.as_ptr(), buffer.plane_stride()), (first, frames + spare));
        } else {
            assert_eq!(buffer.plane_stride(), frames);
        }
        assert_eq!(buffer.byte_len(), 3 * frames * size_of::<f32>());
    }
    Ok(())
}

#[test]
fn short_planes_are_moved_together() -> Result<(), LoadError> {
    let frames = (1 << 19) - 123;
    for spare in [100, 5_000, 3 * frames] {
        let mut writer = SampleWriter::with_capacity(THREE, frames + spare)?;
        append_ramp(&mut writer, 0, frames)?;
        let buffer = writer.finish();
        assert_ramp(&buffer, frames);
        assert_eq!(buffer.plane_stride(), frames);
        assert_eq!(buffer.byte_len(), 3 * frames * size_of::<f32>());
    }
    Ok(())
}

#[test]
fn planes_of_many_pages_move_apart_unchanged() -> Result<(), LoadError> {
    // Longer than one piece of a move, by no round number.
    let frames = (1 << 20) + 12_345;
    let mut writer = SampleWriter::growing(THREE)?;
    append_ramp(&mut writer, 0, frames)?;
    writer.make_room(2 * frames);
    append_ramp(&mut writer, frames, frames / 2)?;
    assert_ramp(&writer.finish(), frames + frames / 2);
    Ok(())
}

#[test]
fn a_sample_without_a_frame_is_no_trouble() -> Result<(), LoadError> {
    let buffer = SampleWriter::growing(THREE)?.finish();
    assert_eq!(buffer.frames(), Some(0));
    assert_ramp(&buffer, 0);
    Ok(())
}

#[test]
fn more_than_memory_can_hold_is_too_large() {
    let spec = AudioSpec { sample_rate: 48_000, channels: 64 };
    // On 32-bit systems a thousandth of all is not that much.
    let least = if cfg!(target_pointer_width = "64") { 1024 } else { 256 };
    for frames in [usize::MAX, usize::MAX / 64, usize::MAX / least] {
        let error = SampleWriter::with_capacity(spec, frames).expect_err("cannot fit");
        assert_eq!(error.kind().as_str(), "too_large");
    }
}

#[test]
fn a_companion_goes_when_the_last_owner_goes() {
    let sample = SampleBuffer::from_planes(48_000, vec![vec![0.5; 10]]).expect("valid");
    let companion = Arc::new(());
    assert!(sample.accompany(Box::new(Arc::clone(&companion))).is_ok());
    let second = sample.accompany(Box::new(7_u8));
    assert_eq!(second.err().and_then(|back| back.downcast::<u8>().ok()), Some(Box::new(7)));
    let other = Arc::clone(&sample);
    drop(sample);
    assert_eq!(Arc::strong_count(&companion), 2, "somebody holds the sample");
    drop(other);
    assert_eq!(Arc::strong_count(&companion), 1);
}
