//! What a callback does with a streamed sample.

use hotcue::{
    Source, StreamFeed, StreamOpening, StreamReader, StreamScan, StreamStep, Wish, Workbench,
};

use crate::calls_during;

/// Reads a block forwards or backwards from `frame`, having its feed bring it.
fn play(feed: &mut StreamFeed, reader: &StreamReader, bench: &mut Workbench, wish: Wish) {
    let mut block = [[0.0; 256]; 2];
    let first = if wish.backwards { wish.frame - 256 } else { wish.frame };
    let mut is_read = false;
    while !is_read {
        let [left, right] = &mut block;
        let calls = calls_during(|| {
            reader.set_wish(wish);
            let jump = Wish { frame: 100_000 - wish.frame % 50_000, ..wish };
            reader.set_jump(jump, Some(jump.frame + 1_000));
            let is_there = reader.frames_from(first) >= 256;
            is_read = reader.read(first, &mut [left, right]);
            assert!(is_read || !is_there);
            assert!(!wish.backwards || !is_read || reader.frames_before(wish.frame) >= 256);
        });
        assert_eq!(calls, 0, "at {wish:?}");
        assert!(is_read || feed.step(bench).expect("the same file"), "at {wish:?}");
    }
}

#[test]
fn nothing_is_allocated_where_a_streamed_sample_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/long/mp3_vbr.mp3");
    let mut opening = StreamOpening::new(Source::Path(path.into()), Some(48_000));
    let mut bench = Workbench::default();
    let sample = loop {
        if let StreamStep::Ready(sample) = opening.step(&mut bench).expect("a sound file") {
            break sample;
        }
    };
    let mut scan = StreamScan::new(&sample);
    while scan.step().expect("the same file") {}
    let frames = sample.frames().expect("all of it was seen");
    let (mut feed, reader) = sample.voice();
    for number in 0..400 {
        // On, to somewhere else, and back.
        let frame = match number % 4 {
            0 | 1 => number * 256,
            2 => frames / 2 + number * 200,
            _ => frames - 256 - number * 100,
        };
        let wish = Wish { frame: frame % (frames - 512) + 256, backwards: number % 3 == 0 };
        play(&mut feed, &reader, &mut bench, wish);
    }
}
