//! Values do not depend on where one has been before.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Both, Random, StreamedSample, fixture_folder, fixtures};
use crate::testing::ramp_wav;

/// Seeks `times` times to anywhere.
fn seek(both: &mut Both, times: u64, random: &mut Random) {
    let (mut feed, reader) = both.sample.voice_with(1 << 14);
    let frames = both.frames();
    for _ in 0..times {
        let frame = random.below(frames);
        both.check(&mut feed, &reader, frame, 2_000, false);
    }
}

#[test]
fn a_thousand_seeks_give_the_values_of_the_whole() {
    let mut random = Random(1);
    let mut files = fixtures("long");
    files.push(("ramp".to_owned(), ramp_wav(400_000, 44_100)));
    for (name, file) in &files {
        for rate in [44_100, 48_000] {
            let mut both = Both::new(name, file, rate).expect("a sound file");
            // By what the container says, or else from the start; then by the index.
            seek(&mut both, 30, &mut random);
            both.scan();
            seek(&mut both, 60, &mut random);
        }
    }
}

#[test]
fn what_can_only_be_read_from_its_start_is_read_as_often_as_it_has_to_be() {
    // Between these rates all that comes out depends on all before it.
    let file = ramp_wav(150_000, 44_100);
    let mut both = Both::new("ramp", &file, 44_099).expect("a sound file");
    let (mut feed, reader) = both.sample.voice_with(1 << 14);
    for frame in [120_000, 60_000, 120_000] {
        // As by a day of seeks.
        feed.pulse().beat(1 << 40);
        both.check(&mut feed, &reader, frame, 2_000, false);
    }
}

#[test]
fn damaged_files_have_one_numbering_of_frames() {
    let (mut random, mut files) = (Random(2), 0);
    for (name, file) in fixtures("long") {
        for third in [1, 2] {
            let at = file.len() * third / 3;
            let mut damaged = file.clone();
            damaged[at..at + 50].fill(0x55);
            let hole = [&file[..at], &file[at + 1_000..]].concat();
            let twice = [&file[..], &file[..]].concat();
            for (what, file) in [("damaged", damaged), ("with a hole", hole), ("twice", twice)] {
                let name = format!("{name}, {what}");
                // Some are refused as a whole.
                let Ok(mut both) = Both::new(&name, &file, 48_000) else { continue };
                both.scan();
                seek(&mut both, 30, &mut random);
                files += 1;
            }
        }
    }
    assert!(files > 30, "{files}");
}

#[test]
fn what_is_lost_at_the_beginning_counts_wherever_one_seeks() {
    let mut random = Random(3);
    let is_flac = |(name, _): &(String, Vec<u8>)| name.ends_with(".flac");
    let mut files = fixtures("long").into_iter().filter(is_flac).peekable();
    assert!(files.peek().is_some());
    for (name, mut file) in files {
        let mut audio = 4;
        let mut is_last = false;
        while !is_last {
            is_last = file[audio] & 0x80 != 0;
            let len = [0, file[audio + 1], file[audio + 2], file[audio + 3]];
            audio += 4 + usize::try_from(u32::from_be_bytes(len)).expect("a short block");
        }
        file[audio + 40] ^= 1;
        let mut both = Both::new(&name, &file, 44_100).expect("the others are sound");
        // Nothing is known but the first frame that is.
        seek(&mut both, 30, &mut random);
    }
}

/// The stream of a file.
fn opened(path: &Path, bench: &mut crate::Workbench) -> Arc<StreamedSample> {
    let mut opening = crate::StreamOpening::new(crate::Source::Path(path.to_path_buf()), None);
    loop {
        if let super::StreamStep::Ready(sample) = opening.step(bench).expect("a sound file") {
            return sample;
        }
    }
}

#[test]
fn a_source_that_goes_away_is_an_error() {
    let path = std::env::temp_dir().join(format!("hotcue-stream-{}.wav", std::process::id()));
    std::fs::write(&path, ramp_wav(300_000, 48_000)).expect("a file can be written");
    let mut bench = crate::Workbench::default();
    let sample = opened(&path, &mut bench);
    std::fs::write(&path, ramp_wav(299_000, 48_000)).expect("a file can be written");
    let (mut feed, reader) = sample.voice();
    reader.set_wish(super::Wish { frame: 200_000, backwards: false });
    let error = loop {
        match feed.step(&mut bench) {
            Ok(more) => assert!(more, "there is more to read"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), crate::LoadErrorKind::Io);
    assert!(feed.is_full() && feed.step(&mut bench).is_err());
    std::fs::remove_file(&path).expect("the file goes");
}

// On Windows nothing takes the place of a file that is open.
#[cfg(unix)]
#[test]
fn all_that_was_read_of_a_file_is_there_when_another_takes_its_place() {
    let path = std::env::temp_dir().join(format!("hotcue-other-{}.wav", std::process::id()));
    let other = path.with_extension("new");
    std::fs::write(&path, ramp_wav(300_000, 48_000)).expect("a file can be written");
    std::fs::write(&other, ramp_wav(200_000, 48_000)).expect("a file can be written");
    let mut bench = crate::Workbench::default();
    let sample = opened(&path, &mut bench);
    sample.frames.store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
    let (mut feed, reader) = sample.voice();
    reader.set_wish(super::Wish { frame: 200_000, backwards: false });
    for _ in 0..2 {
        assert!(feed.step(&mut bench).expect("the file is there"));
    }
    std::fs::rename(&other, &path).expect("a file can be renamed");
    while feed.step(&mut bench).is_ok() {}
    assert_eq!(reader.frames_from(200_000), 100_000);
    std::fs::remove_file(&path).expect("the file goes");
}

#[test]
fn a_file_that_was_written_over_is_an_error_at_the_next_seek() {
    let path = std::env::temp_dir().join(format!("hotcue-over-{}.wav", std::process::id()));
    std::fs::write(&path, ramp_wav(300_000, 48_000)).expect("a file can be written");
    let mut bench = crate::Workbench::default();
    let sample = opened(&path, &mut bench);
    assert_eq!(sample.frames(), Some(300_000), "its length is sure: nobody looks for its end");
    let (mut feed, reader) = sample.voice();
    reader.set_wish(super::Wish { frame: 60_000, backwards: false });
    while feed.step(&mut bench).expect("the file is there") {}
    std::fs::write(&path, ramp_wav(310_000, 48_000)).expect("a file can be written");
    reader.set_wish(super::Wish { frame: 250_000, backwards: false });
    let failed =
        std::iter::repeat_with(|| feed.step(&mut bench)).take(10_000).find_map(Result::err);
    assert_eq!(failed.map(|error| error.kind()), Some(crate::LoadErrorKind::Io));
    std::fs::remove_file(&path).expect("the file goes");
}

#[test]
fn content_that_is_no_file_counts_among_the_bytes_of_its_stream() {
    let file = ramp_wav(300_000, 48_000);
    let path = std::env::temp_dir().join(format!("hotcue-bytes-{}.wav", std::process::id()));
    std::fs::write(&path, &file).expect("a file can be written");
    let mut bench = crate::Workbench::default();
    let [of_file, of_content] =
        [crate::Source::Path(path.clone()), super::memory(&file)].map(|it| {
            let mut opening = crate::StreamOpening::new(it, None);
            loop {
                if let super::StreamStep::Ready(sample) = opening.step(&mut bench).expect("sound") {
                    break sample.most_bytes();
                }
            }
        });
    assert_eq!(of_content, of_file + file.len());
    std::fs::remove_file(&path).expect("the file goes");
}

/// With `HOTCUE_FOLDER` set, all files below that folder, too.
#[test]
fn files_of_a_folder_have_the_values_of_the_whole() {
    let folder = std::env::var_os("HOTCUE_FOLDER");
    let folder = folder.map_or_else(|| fixture_folder("long"), PathBuf::from);
    let (mut folders, mut files, mut random) = (vec![folder], 0, Random(3));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(file) = std::fs::read(&path) else { continue };
            let Ok(mut both) = Both::new(&path.display().to_string(), &file, 48_000) else {
                continue;
            };
            // These are not bit by bit the same where they are entered.
            if ["aac", "opus"].contains(&both.whole.codec.as_str()) {
                continue;
            }
            files += 1;
            seek(&mut both, 10, &mut random);
            both.scan();
            seek(&mut both, 20, &mut random);
        }
    }
    assert!(files > 0, "{files}");
}
