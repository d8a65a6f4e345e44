//! A loom model of a window: every interleaving of one who feeds it and one who reads it, under
//! every outcome that the memory orderings allow. How it is run stands in `buffer::tests::model`.

use loom::model::Builder;
use loom::thread;

use super::super::window::{WindowReader, WindowWriter, window};

/// Runs `write` beside a reader that wants `frame`, which holds its number.
fn check(frame: u16, write: fn(&mut WindowWriter)) {
    let mut model = Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let (mut writer, reader) = window(1, 2);
        writer.append(&[&[0.0, 1.0]]);
        let writing = thread::spawn(move || write(&mut writer));
        let reading = thread::spawn(move || read(&reader, frame));
        reading.join().expect("the reader's assertion holds");
        writing.join().expect("the writer does not panic");
    });
}

fn read(reader: &WindowReader, frame: u16) {
    let mut value = [-1.0];
    if reader.read(u64::from(frame), &mut [&mut value], 0..1) {
        assert_eq!(value, [f32::from(frame)]);
    }
}

#[test]
fn a_frame_is_right_or_gone_while_the_window_goes_on() {
    for frame in 0..4 {
        check(frame, |writer| {
            writer.append(&[&[2.0]]);
            writer.append(&[&[3.0]]);
        });
    }
}

#[test]
fn a_frame_is_right_or_gone_while_the_window_turns_round() {
    for frame in [0, 1, 2] {
        check(frame, |writer| {
            writer.append(&[&[2.0]]);
            writer.prepend(&[&[0.0]]);
        });
    }
}

#[test]
fn a_frame_is_right_or_gone_while_the_window_moves() {
    for frame in [0, 1, 4] {
        check(frame, |writer| {
            writer.move_to(4);
            writer.append(&[&[4.0]]);
        });
    }
}
