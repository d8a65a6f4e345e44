//! The seam, on threads as fast as they go; a model of it is in `model`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::super::window::{Wish, window};
use super::Random;

/// What frame `frame` holds: no two of a window are alike.
fn value(frame: u64) -> f32 {
    f32::from_bits(u32::try_from(frame % (1 << 24)).expect("24 bits"))
}

fn values(frames: std::ops::Range<u64>) -> Vec<f32> {
    frames.map(value).collect()
}

#[test]
fn a_window_holds_what_was_put_there_last() {
    let (mut writer, reader) = window(2, 8);
    let read = |from: u64, frames: usize| {
        let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
        let is_there = reader.read(from, &mut [&mut left, &mut right], 0..frames);
        is_there.then_some((left, right))
    };
    assert_eq!((reader.range(), read(0, 1)), (0..0, None));
    writer.move_to(100);
    writer.append(&[&values(100..106), &values(0..6)]);
    assert_eq!(read(100, 6), Some((values(100..106), values(0..6))));
    assert_eq!((read(99, 2), read(104, 3)), (None, None));
    writer.append(&[&values(106..110), &values(6..10)]);
    assert_eq!((reader.range(), read(101, 2)), (102..110, None));
    assert_eq!(read(102, 8), Some((values(102..110), values(2..10))));
    writer.prepend(&[&values(98..102), &values(98..102)]);
    assert_eq!((reader.range(), writer.range()), (98..106, 98..106));
    assert_eq!(read(98, 4), Some((values(98..102), values(98..102))));
    // What would not fit, or before the start, is not put anywhere.
    writer.append(&[&values(0..9), &values(0..9)]);
    writer.move_to(3);
    writer.prepend(&[&values(0..4), &values(0..4)]);
    assert_eq!(reader.range(), 3..3);
    reader.set_wish(Wish { frame: 77, backwards: true });
    assert_eq!(writer.wish(), Wish { frame: 77, backwards: true });
    assert!(!writer.is_alone());
    drop(reader);
    assert!(writer.is_alone());
}

#[test]
fn a_reader_never_gets_a_wrong_frame_whatever_the_writer_does() {
    const CAPACITY: usize = 64;
    let (mut writer, reader) = window(1, CAPACITY);
    let (is_over, is_read) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random(7);
            // On a busy machine, until the reader has had its turn.
            let is_needed = |turn: &u32| *turn < 200_000 || !is_read.load(Ordering::Relaxed);
            for _ in (0..20_000_000).take_while(is_needed) {
                let range = writer.range();
                let frames = 1 + random.below(CAPACITY as u64 / 2);
                match random.below(16) {
                    0 => writer.move_to(1_000 + random.below(300)),
                    1..8 => writer.append(&[&values(range.end..range.end + frames)]),
                    _ if range.start > frames => {
                        writer.prepend(&[&values(range.start - frames..range.start)]);
                    }
                    _ => writer.move_to(2_000),
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let mut random = Random(8);
        let (mut read, mut block) = (0_u64, [0.0; CAPACITY]);
        while !is_over.load(Ordering::Relaxed) {
            let range = reader.range();
            let frames = 1 + usize::try_from(random.below(16)).expect("small");
            let from = range.start + random.below(CAPACITY as u64);
            if reader.read(from, &mut [&mut block], 0..frames) {
                read += 1;
                is_read.store(read > 1_000, Ordering::Relaxed);
                let expected = values(from..from + frames as u64);
                let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&block[..frames]), bits(&expected));
            }
        }
        assert!(read > 1_000, "{read}");
    });
}
