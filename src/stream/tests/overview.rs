//! The waveform of what is not in memory, and how much memory that takes.

use super::super::index::SeekIndex;
use super::super::overview::StreamOverview;
use super::Both;
use crate::decode::Mark;
use crate::testing::ramp_wav;

#[test]
fn the_waveform_is_flat_and_then_that_of_the_file() {
    // The file ends at a border of blocks, and pixels are whole blocks.
    let both = Both::new("ramp", &ramp_wav(256 * 1_000, 48_000), 48_000).expect("a sound file");
    let sec = 256.0 * 1_000.0 / 48_000.0;
    let flat = both.sample.waveform(100, 0.0, sec);
    assert!(flat.min.iter().chain(&flat.max).all(|value| *value == 0.0));
    both.scan();
    assert_eq!(both.sample.waveform(100, 0.0, sec), both.whole.buffer.waveform(100, 0.0, sec));
    let beyond = both.sample.waveform(10, sec, 2.0 * sec);
    assert!(beyond.max.iter().all(|value| *value == 0.0));
    let one = both.sample.waveform(1, 0.0, 1e-9);
    assert!(one.min[0] <= -10_000.0 / 32_768.0, "one block at least: {one:?}");
}

#[test]
fn three_hours_take_half_a_megabyte_of_waveform() {
    let overview = StreamOverview::new(2);
    let (mut up, mut down) = (vec![0.0; 1 << 16], vec![0.0; 1 << 16]);
    (up[100], down[200]) = (0.5, -0.25);
    let chunks = 3 * 3_600 * 48_000 / up.len();
    for _ in 0..chunks {
        overview.add(&[&up, &down]);
    }
    assert!(overview.byte_len() <= 1 << 20, "{}", overview.byte_len());
    let waveform = overview.waveform(200, 0.0, 3.0 * 3_600.0, 48_000);
    assert_eq!(waveform.max[..199], [0.5; 199]);
    assert_eq!(waveform.min[200..399], [-0.25; 199]);
    assert_eq!(waveform.min[..200], [0.0; 200]);
}

#[test]
fn an_index_never_grows_beyond_its_limit_and_still_leads_everywhere() {
    let index = SeekIndex::new(48_000);
    // A week of audio.
    for frame in (0..7 * 24 * 3_600 * 48_000).step_by(1_024) {
        if index.wants(frame) {
            index.note(Mark { frame, at: [frame, 0, 0] });
        }
    }
    assert!(index.byte_len() <= 1 << 20, "{}", index.byte_len());
    let wanted = 3 * 24 * 3_600 * 48_000;
    let mark = index.before(wanted).expect("somebody has been there");
    assert!(mark.frame <= wanted && wanted - mark.frame < 60 * 48_000, "{}", mark.frame);
    assert_eq!(index.last_before(mark.frame + 1), Some(mark));
    assert!(index.last_before(mark.frame).is_some_and(|before| before.frame < mark.frame));
    assert_eq!(SeekIndex::new(48_000).before(1 << 40), None);
}
