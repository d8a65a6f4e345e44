//! A loom model of publication: every interleaving of one writer and one reader, under every
//! outcome that the memory orderings allow.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p hotcue --no-default-features --lib
//! --target-dir target/loom buffer::tests::model`. The other tests do not run under this `cfg`:
//! loom's atomics work inside a model only.

#![allow(unsafe_code, reason = "loom's cell is shared, which is what it exists to judge")]

use std::ops::Range;

use loom::cell::{ConstPtr, MutPtr, UnsafeCell};
use loom::thread;

use crate::buffer::{FrameSink as _, SampleWriter};
use crate::spec::AudioSpec;

/// One cell per frame, touched along with the frame's values: loom reports a read that no
/// acquire orders after the write, or a write to what somebody reads.
#[derive(Debug)]
pub(crate) struct Watch(Vec<UnsafeCell<()>>);

// SAFETY: the cells hold nothing; every access is checked by loom.
unsafe impl Sync for Watch {}

impl Watch {
    pub(crate) fn new(frames: usize) -> Self {
        Self((0..frames).map(|_| UnsafeCell::new(())).collect())
    }

    pub(crate) fn read(&self, frames: Range<usize>) {
        let _reads: Vec<ConstPtr<()>> = self.0[frames].iter().map(UnsafeCell::get).collect();
    }

    /// The write lasts until the result is dropped.
    pub(crate) fn write(&self, frames: Range<usize>) -> Vec<MutPtr<()>> {
        self.0[frames].iter().map(UnsafeCell::get_mut).collect()
    }
}

const STEREO: AudioSpec = AudioSpec { sample_rate: 48_000, channels: 2 };

#[test]
fn a_reader_sees_written_frames_or_none() {
    loom::model(|| {
        let mut writer = SampleWriter::with_capacity(STEREO, 3).expect("memory");
        let buffer = writer.buffer().expect("its length is known");

        let writing = thread::spawn(move || {
            writer.append(&[&[1.0], &[-1.0]]).expect("fits");
            writer.append(&[&[2.0, 3.0], &[-2.0, -3.0]]).expect("fits");
            drop(writer.finish());
        });

        // In a thread of its own: loom does not interleave the model's first thread with others.
        let reading = thread::spawn(move || {
            let mut seen = 0;
            for _ in 0..2 {
                let finished = buffer.frames();
                let ready = buffer.ready_frames();
                assert!(matches!(ready, 0 | 1 | 3), "a step is visible as a whole or not at all");
                assert!(ready >= seen);
                assert!(finished.is_none_or(|frames| frames == 3 && ready == 3));
                assert_eq!(buffer.plane(0)[..ready], [1.0, 2.0, 3.0][..ready]);
                assert_eq!(buffer.plane(1)[..ready], [-1.0, -2.0, -3.0][..ready]);
                seen = ready;
            }
        });
        reading.join().expect("the reader's assertions hold");
        writing.join().expect("the writer does not panic");
    });
}

#[test]
fn a_writer_may_go_on_in_another_thread() {
    loom::model(|| {
        let mut writer = SampleWriter::with_capacity(STEREO, 2).expect("memory");
        let buffer = writer.buffer().expect("its length is known");
        let first = thread::spawn(move || {
            writer.append(&[&[1.0], &[-1.0]]).expect("fits");
            writer
        });
        let reading = thread::spawn(move || {
            let plane = buffer.plane(1);
            assert_eq!(*plane, [-1.0, -2.0][..plane.len()]);
        });
        let mut writer = first.join().expect("the first part");
        writer.append(&[&[2.0], &[-2.0]]).expect("fits");
        reading.join().expect("the reader's assertions hold");
        assert_eq!(writer.finish().frames(), Some(2));
    });
}

#[test]
fn a_region_is_seen_once_its_writer_has_it_back() {
    loom::model(|| {
        let mut writer = SampleWriter::with_capacity(STEREO, 2).expect("memory");
        let buffer = writer.buffer().expect("its length is known");
        let [mut first, mut second] = [(); 2].map(|()| writer.lend(1).expect("there is room"));
        let helping = thread::spawn(move || {
            second.write_with(1, |_, target| target.fill(2.0)).expect("fits");
            second
        });
        let reading = thread::spawn(move || {
            let plane = buffer.plane(0);
            assert_eq!(*plane, [1.0, 2.0][..plane.len()]);
        });
        first.write_with(1, |_, target| target.fill(1.0)).expect("fits");
        writer.take_back(first);
        writer.take_back(helping.join().expect("the helper does not panic"));
        reading.join().expect("the reader's assertions hold");
        assert_eq!(writer.finish().frames(), Some(2));
    });
}
