//! One load by several threads: the same values as by one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{at_rate, memory, run};
use crate::error::{LoadError, Stage};
use crate::job::{Help, LoadJob, LoadOptions, LoadedSample, SharedLoad, Step};
use crate::resample::Workbench;
use crate::source::Source;
use crate::testing::ramp_wav;

/// What came of a load with help.
struct Helped {
    result: Result<LoadedSample, LoadError>,
    parts: usize,
    /// It had to start over.
    is_odd: bool,
}

/// Loads with the help of `helpers` threads; None where there is nothing to help with.
fn run_with(helpers: usize, source: Source, options: LoadOptions) -> Option<Helped> {
    let mut job = LoadJob::new(source, options);
    let mut bench = Workbench::default();
    let shared = loop {
        match job.step(&mut bench) {
            Ok(Step::Working) => {}
            _ => return None,
        }
        if job.stage() == Stage::Decoding {
            break job.shared()?;
        }
    };
    let is_over = AtomicBool::new(false);
    let result = thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|| help(&shared, &is_over));
        }
        while shared.helpers() < helpers {
            thread::yield_now();
        }
        let result = loop {
            match job.step(&mut bench) {
                Ok(Step::Working) => {}
                Ok(Step::Done(sample)) => break Ok(sample),
                Err(error) => break Err(error),
            }
        };
        is_over.store(true, Ordering::Relaxed);
        result
    });
    Some(Helped { result, parts: shared.opened(), is_odd: shared.is_odd() })
}

fn help(shared: &Arc<SharedLoad>, is_over: &AtomicBool) {
    let mut bench = Workbench::default();
    let mut helper = shared.help();
    while !is_over.load(Ordering::Relaxed) {
        match helper.step(&mut bench) {
            Help::Worked => {}
            Help::Nothing => thread::yield_now(),
            Help::Over => return,
        }
    }
}

/// Loads `file` alone and with help, and holds one against the other. What came of the last one.
fn assert_same(name: &str, file: &[u8], rate: u32) -> Option<Helped> {
    let alone = run(memory(file), at_rate(rate));
    let mut last = None;
    for helpers in [1, 3] {
        let case = format!("{name}, {helpers} helpers, {rate} Hz");
        let helped = run_with(helpers, memory(file), at_rate(rate))?;
        match (&helped.result, &alone) {
            (Ok(helped), Ok(alone)) => assert_same_sample(helped, alone, &case),
            (Err(helped), Err(alone)) => assert_eq!(helped.kind(), alone.kind(), "{case}"),
            (helped, alone) => panic!("{case}: {helped:?} and {alone:?}"),
        }
        last = Some(helped);
    }
    last
}

fn assert_same_sample(one: &LoadedSample, other: &LoadedSample, case: &str) {
    assert_eq!(one.buffer.frames(), other.buffer.frames(), "{case}");
    for channel in 0..other.buffer.channels() {
        let (one, other) = (one.buffer.plane(channel), other.buffer.plane(channel));
        let differs = (0..one.len()).find(|&at| one[at].to_bits() != other[at].to_bits());
        assert_eq!(differs, None, "{case}, channel {channel}");
    }
    assert_eq!(one.buffer.seams(), other.buffer.seams(), "{case}");
    assert_eq!(one.warnings, other.warnings, "{case}");
    assert_eq!(one.metadata, other.metadata, "{case}");
}

fn fixture_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Files in a folder of fixtures.
fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(fixture_folder(folder))
        .expect("fixtures")
        .map(|entry| entry.expect("fixture"));
    let mut files: Vec<(String, Vec<u8>)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().expect("plain names");
            fs::read(entry.path()).ok().map(|file| (name, file))
        })
        .collect();
    files.sort();
    files
}

/// Eight bits, mono, and no more of it than is read at once.
fn wav_of_bytes() -> Vec<u8> {
    let audio: Vec<u8> = (0..60_000_u32).map(|frame| (frame * frame).to_le_bytes()[1]).collect();
    let mut file = b"RIFF\x84\xea\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend([44_100_u32.to_le_bytes(), 44_100_u32.to_le_bytes()].concat());
    file.extend(b"\x01\0\x08\0data\x60\xea\0\0");
    file.extend(audio);
    file
}

#[test]
fn parts_of_sound_files_give_the_same_values() {
    let mut files = fixtures("long");
    files.push(("ramp".to_owned(), ramp_wav(100_001, 44_100)));
    files.push(("bytes".to_owned(), wav_of_bytes()));
    assert!(files.len() > 5, "{}", files.len());
    for (name, file) in &files {
        for rate in [44_100, 48_000, 22_050, 16_000] {
            let Some(helped) = assert_same(name, file, rate) else {
                assert_eq!(rate, 44_100, "what is merely copied");
                assert!(["ramp", "bytes"].contains(&name.as_str()), "{name}");
                continue;
            };
            let sample = helped.result.as_ref().expect("a sound file");
            let is_converted = rate != sample.source_rate;
            assert_eq!(!sample.buffer.seams().is_empty(), is_converted, "{name}, {rate} Hz");
            assert!(
                !helped.is_odd && helped.parts > 1,
                "{name}, {rate} Hz: {}, {}",
                helped.parts,
                helped.is_odd
            );
        }
    }
}

/// A loop anywhere in a file, over a border between parts, and up to its end.
#[test]
fn a_loop_of_a_file_in_parts_has_the_same_seam() {
    for (start, last) in [(1_000, 1_100), (40_000, 70_123), (65_000, 100_000), (99_000, 99_900)] {
        let mut file = ramp_wav(100_001, 44_100);
        file.extend(b"smpl\x3c\0\0\0");
        for field in [0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, start, last, 0, 0_u32] {
            file.extend(field.to_le_bytes());
        }
        let helped = assert_same(&format!("{start} to {last}"), &file, 48_000);
        let sample = helped.expect("is split").result.expect("a sound file");
        let own = &sample.metadata.expect("has a loop").loops[0];
        let places: Vec<_> =
            sample.buffer.seams().iter().map(|seam| (seam.start, seam.end)).collect();
        let whole = sample.buffer.ready_frames() as u64;
        assert_eq!(places, [(0, whole), (own.start_frame, own.end_frame)]);
        let round = f64::from(last + 1 - start) * 48_000.0 / 44_100.0;
        let [_, seam] = sample.buffer.seams() else { panic!("two") };
        let made = (seam.end - seam.start) as f64 - seam.short_by as f64 / 2.0_f64.powi(32);
        assert!((made - round).abs() < 1e-9, "{made}, not {round}");
    }
}

#[test]
fn damaged_files_are_decoded_as_if_they_had_no_parts() {
    let mut odd = 0;
    for (name, file) in fixtures("long") {
        for third in [1, 2] {
            let at = file.len() * third / 3;
            let mut damaged = file.clone();
            damaged[at..at + 50].fill(0x55);
            let cut = file[..at].to_vec();
            let hole = [&file[..at], &file[at + 1_000..]].concat();
            let twice = [&file[..], &file[..]].concat();
            for (what, file) in
                [("damaged", damaged), ("cut", cut), ("with a hole", hole), ("twice", twice)]
            {
                let helped = assert_same(&format!("{name}, {what}"), &file, 48_000);
                odd += u32::from(helped.is_some_and(|helped| helped.is_odd));
            }
        }
    }
    assert!(odd > 20, "{odd}");
}

#[test]
fn short_files_are_the_same_too() {
    let mut split = 0;
    for (name, file) in fixtures("") {
        for rate in [48_000, 44_100] {
            split += u32::from(assert_same(&name, &file, rate).is_some());
        }
    }
    assert!(split > 60, "{split}");
}

/// With `HOTCUE_FOLDER` set, all files below that folder, too.
#[test]
fn files_of_a_folder_are_the_same() {
    let folder = std::env::var_os("HOTCUE_FOLDER");
    let folder = folder.map_or_else(|| fixture_folder("long"), PathBuf::from);
    let (mut folders, mut files, mut split, mut odd) = (vec![folder], 0, 0, 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(file) = fs::read(&path) {
                files += 1;
                let helped = assert_same(&path.display().to_string(), &file, 48_000);
                split += u32::from(helped.is_some());
                odd += u32::from(helped.is_some_and(|helped| helped.is_odd));
            }
        }
    }
    assert!(split > 0, "{files} files, {split} of them in parts, {odd} of those not sound");
}

#[test]
fn who_leaves_gives_the_part_back() {
    let file = ramp_wav(100_001, 44_100);
    let alone = run(memory(&file), at_rate(48_000)).expect("good file");
    let mut job = LoadJob::new(memory(&file), at_rate(48_000));
    let (mut bench, mut other) = (Workbench::default(), Workbench::default());
    let mut steps = 0;
    let sample = loop {
        // Comes, works for a moment, and leaves.
        let mut helper = job.shared().map(|shared| shared.help());
        if let Step::Done(sample) = job.step(&mut bench).expect("good file") {
            break sample;
        }
        let worked = helper.as_mut().map(|helper| helper.step(&mut other));
        steps += u32::from(worked == Some(Help::Worked));
    };
    assert!(steps > 3, "{steps}");
    assert_same_sample(&sample, &alone, "with many helpers, one after another");
}

#[test]
fn a_load_that_is_dropped_ends_all_help() {
    let file = ramp_wav(100_001, 44_100);
    let mut job = LoadJob::new(memory(&file), at_rate(48_000));
    let mut bench = Workbench::default();
    while job.shared().is_none() {
        assert!(matches!(job.step(&mut bench), Ok(Step::Working)));
    }
    let shared = job.shared().expect("long enough");
    let mut helper = shared.help();
    while helper.step(&mut bench) == Help::Nothing {
        assert!(matches!(job.step(&mut bench), Ok(Step::Working)));
    }
    let buffer = job.buffer().expect("of known length");
    drop(job);
    assert_eq!(helper.step(&mut bench), Help::Over);
    assert!(!buffer.is_finished());
}
