//! Time to load a WAV file whose rate is the engine's, beside a plain loop that reads the file and
//! writes `f32`: three minutes, and 500 one-shots of half a second, from files that the system has
//! in memory. In turns; what is loaded is kept until all files are, as programs do, and once more
//! with each dropped before the next is loaded.

use std::fs;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use hotcue::{LoadJob, LoadOptions, LoadedSample, Source, Step, Workbench};
use hotcue_benches::{WavFormat, stereo_wav};

// That of the Python package.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: hotcue::Clearing<tikv_jemallocator::Jemalloc> =
    hotcue::Clearing(tikv_jemallocator::Jemalloc);

const ROUNDS: usize = 21;
const RATE: u32 = 48_000;
/// Of the files that `stereo_wav` makes.
const HEADER_BYTES: usize = 44;

fn main() -> io::Result<()> {
    let folder = std::env::temp_dir().join(format!("hotcue-plain-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = compare(&folder);
    fs::remove_dir_all(&folder)?;
    result
}

fn compare(folder: &Path) -> io::Result<()> {
    print_line(&["files", "plain loop ms", "hotcue ms", "ratio"]);
    for (count, seconds, keep) in [(1, 180.0, true), (500, 0.5, true), (500, 0.5, false)] {
        let files = write_files(folder, count, seconds)?;
        let mut turns: Vec<[f64; 2]> = Vec::new();
        for round in 0..ROUNDS {
            // Neither comes first each time.
            let mut turn = [0.0; 2];
            for which in [round % 2, 1 - round % 2] {
                let begin = Instant::now();
                match which {
                    0 => drop(black_box(plain(&files, keep)?)),
                    _ => drop(black_box(load(&files, keep))),
                }
                turn[which] = begin.elapsed().as_secs_f64() * 1e3;
            }
            turns.push(turn);
        }
        let plain = median(turns.iter().map(|turn| turn[0]).collect());
        let ours = median(turns.iter().map(|turn| turn[1]).collect());
        let ratio = median(turns.iter().map(|turn| turn[1] / turn[0]).collect());
        let what = format!("{count} of {seconds} s{}", if keep { "" } else { ", dropped" });
        print_line(&[&what, &format!("{plain:.2}"), &format!("{ours:.2}"), &format!("{ratio:.2}")]);
    }
    Ok(())
}

fn write_files(folder: &Path, count: usize, seconds: f64) -> io::Result<Vec<PathBuf>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some minutes")]
    let frames = (f64::from(RATE) * seconds) as usize;
    let content = stereo_wav(WavFormat::Int16, RATE, frames);
    (0..count)
        .map(|number| {
            let path = folder.join(format!("{count}-{number}.wav"));
            fs::write(&path, &content).map(|()| path)
        })
        .collect()
}

/// What anybody would write: all of a file, then value by value.
fn plain(files: &[PathBuf], keep: bool) -> io::Result<Vec<[Vec<f32>; 2]>> {
    let load = |file: &PathBuf| {
        let bytes = fs::read(file)?;
        let frames = bytes[HEADER_BYTES..].as_chunks::<4>().0;
        let mut planes = [Vec::with_capacity(frames.len()), Vec::with_capacity(frames.len())];
        for &[a, b, c, d] in frames {
            planes[0].push(f32::from(i16::from_le_bytes([a, b])) / 32_768.0);
            planes[1].push(f32::from(i16::from_le_bytes([c, d])) / 32_768.0);
        }
        Ok(planes)
    };
    files.iter().map(load).filter(|planes| keep || planes.is_err()).collect()
}

fn load(files: &[PathBuf], keep: bool) -> Vec<LoadedSample> {
    let options = LoadOptions { sample_rate: Some(RATE), ..LoadOptions::default() };
    let mut bench = Workbench::default();
    let load = |file: &PathBuf| {
        let mut job = LoadJob::new(Source::Path(file.clone()), options);
        loop {
            if let Step::Done(sample) = job.step(&mut bench).expect("a good file") {
                return sample;
            }
        }
    };
    files.iter().map(load).filter(|_| keep).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn print_line(cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>22}")).collect();
    println!("{}", cells.join(" "));
}
