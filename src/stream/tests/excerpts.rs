//! Stretches of files against the same stretches of the whole.

use super::{Both, Random, fixtures, memory};
use crate::buffer::SampleBuffer;
use crate::error::LoadError;
use crate::resample::Workbench;
use crate::source::Source;
use crate::stream::{Excerpt, ExcerptStep};
use crate::testing::{ogg_pages, ramp_wav, with_checksum};
use std::sync::Arc;

fn excerpt(
    source: Source,
    rate: Option<u32>,
    start_sec: f64,
    duration_sec: Option<f64>,
) -> Result<Arc<SampleBuffer>, LoadError> {
    let mut excerpt = Excerpt::new(source, rate, start_sec, duration_sec);
    let mut bench = Workbench::default();
    loop {
        if let ExcerptStep::Done(sample) = excerpt.step(&mut bench)? {
            return Ok(sample);
        }
    }
}

/// Holds what begins at frame `start` and is `frames` frames long at most against the whole.
fn check(both: &Both, file: &[u8], rate: u32, start: u64, frames: u64) {
    let sec = |frames: u64| frames as f64 / f64::from(rate);
    let part = excerpt(memory(file), Some(rate), sec(start), Some(sec(frames)));
    let part = part.expect("a sound file");
    let whole = &both.whole.buffer;
    let start = whole.ready_frames().min(usize::try_from(start).expect("small files"));
    let end = whole.ready_frames().min(start + usize::try_from(frames).expect("small files"));
    assert_eq!(part.ready_frames(), end - start, "{}: from {start}", both.name);
    assert_eq!(part.spec(), whole.spec());
    for channel in 0..whole.channels() {
        let differs = part
            .plane(channel)
            .iter()
            .zip(&whole.plane(channel)[start..end])
            .position(|(part, whole)| part.to_bits() != whole.to_bits());
        assert_eq!(differs, None, "{}: from {start}, channel {channel}", both.name);
    }
}

#[test]
fn a_stretch_has_the_values_that_the_whole_has_there() {
    let mut random = Random(3);
    let mut files = fixtures("long");
    files.push(("ramp".to_owned(), ramp_wav(400_000, 44_100)));
    for (name, file) in &files {
        for rate in [44_100, 48_000] {
            let both = Both::new(name, file, rate).expect("a sound file");
            let frames = both.frames();
            for _ in 0..6 {
                let start = random.below(frames);
                check(&both, file, rate, start, random.below(60_000));
            }
            check(&both, file, rate, 0, 1_000);
            check(&both, file, rate, frames - 1_000, 2_000);
            check(&both, file, rate, frames, 10);
            check(&both, file, rate, frames + 5_000, 10);
            check(&both, file, rate, 7, 0);
        }
    }
}

/// Five times the audio of a file of Ogg Vorbis, whose pages say how long they were there: the first
/// and the last one hold more than that. `ahead`: what each further time says too much.
pub(super) fn counted_wrongly(ahead: u64) -> Vec<u8> {
    let file = fixtures("long").into_iter().find(|(name, _)| name == "vorbis.ogg");
    let mut pages = ogg_pages(&file.expect("a fixture").1);
    let audio = pages.split_off(2);
    let position = |page: &[u8]| u64::from_le_bytes(*page[6..].first_chunk().expect("a header"));
    let length = position(audio.last().expect("some audio"));
    for time in 0..5 {
        for page in &audio {
            let mut page = page.clone();
            page[5] &= if time == 4 { !0 } else { !4 };
            let position = position(&page) + time * (length + ahead);
            page[6..14].copy_from_slice(&position.to_le_bytes());
            page[18..22].copy_from_slice(&u32::try_from(pages.len()).expect("few").to_le_bytes());
            pages.push(with_checksum(page));
        }
    }
    pages.concat()
}

#[test]
fn where_pages_count_wrongly_a_stretch_has_the_values_that_the_whole_has_there() {
    let mut random = Random(5);
    let mut lengths = Vec::new();
    for ahead in [0, 700, 1_500] {
        let file = counted_wrongly(ahead);
        for rate in [44_100, 48_000] {
            let name = format!("{ahead} too much");
            let both = Both::new(&name, &file, rate).expect("a sound file");
            for _ in 0..20 {
                let start = random.below(both.frames());
                check(&both, &file, rate, start, random.below(30_000));
            }
            lengths.push(both.frames());
        }
    }
    assert!(lengths.iter().all(|frames| *frames > 10 * 44_100), "{lengths:?}");
}

#[test]
fn without_an_end_it_goes_to_that_of_the_file() -> Result<(), LoadError> {
    let file = ramp_wav(100_000, 48_000);
    let part = excerpt(memory(&file), None, 1.0, None)?;
    assert_eq!(part.ready_frames(), 52_000);
    assert_eq!(part.plane(0), &excerpt(memory(&file), None, 0.0, None)?.plane(0)[48_000..]);
    Ok(())
}

#[test]
fn one_from_beyond_all_files_is_empty_at_any_rate() -> Result<(), LoadError> {
    let file = ramp_wav(100_000, 48_000);
    for rate in [48_000, 44_100, 1_000] {
        for start_sec in [1e9, 3.9e14, 1e300, f64::INFINITY] {
            let part = excerpt(memory(&file), Some(rate), start_sec, None)?;
            assert_eq!(part.ready_frames(), 0, "from {start_sec} s at {rate} Hz");
        }
    }
    Ok(())
}

#[test]
fn what_is_no_sound_file_says_so_wherever_it_begins() {
    for start_sec in [0.0, 1.0] {
        let error = excerpt(memory(b"no sound"), None, start_sec, None).expect_err("no sound");
        assert_eq!(error.kind().as_str(), "unsupported_format");
        let path = std::env::temp_dir().join("hotcue-there-is-no-such-file.wav");
        let error = excerpt(Source::Path(path.clone()), None, start_sec, None).expect_err("none");
        assert_eq!((error.kind().as_str(), error.path()), ("not_found", Some(&*path)));
        let empty = excerpt(memory(&ramp_wav(0, 48_000)), None, start_sec, None);
        assert_eq!(empty.expect_err("no frame").kind().as_str(), "empty");
    }
}
