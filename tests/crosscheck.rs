//! Loads every file below a folder and lays what comes of it beside ffmpeg and libsndfile.
//!
//! `crosscheck FOLDER [TABLE]`, by way of `make crosscheck DIR=…`, which brings both references.
//! Prints what fails, then a summary per container and codec; writes a line per file into TABLE.
//! `FOLDER/MANIFEST.tsv`, where there is one, says which files are hostile, and SHA-1 sums of
//! libsndfile's `f32`. Exits with 1 if a file fails, with 2 if a reference is missing.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod crosscheck {
    pub(crate) mod compare;
    pub(crate) mod files;
    pub(crate) mod known;
    pub(crate) mod ours;
    pub(crate) mod references;
    pub(crate) mod report;
    pub(crate) mod verdict;
}

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crosscheck::files::{self, Task};
use crosscheck::references::{Ffmpeg, Libsndfile};
use crosscheck::report::{Line, Report};
use crosscheck::verdict::judge;
use crosscheck::{known, ours};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: crosscheck FOLDER [TABLE]");
        return ExitCode::from(2);
    };
    match run(&folder, arguments.next().as_deref()) {
        Ok(fails) => ExitCode::from(u8::from(fails)),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Whether a file fails.
///
/// # Errors
/// Those of the folder and the table; that a reference is missing.
fn run(folder: &Path, table: Option<&Path>) -> io::Result<bool> {
    Ffmpeg::check()?;
    drop(Libsndfile::start()?);
    let tasks = files::below(folder)?;
    ours::keep_panics_quiet();
    let report = Mutex::new(Report::default());
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let worker = || -> io::Result<()> {
            let mut libsndfile = Libsndfile::start()?;
            while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                let line = check(task, &mut libsndfile)?;
                let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                report.enter(line);
                if report.len().is_multiple_of(500) {
                    eprintln!("{} of {} files", report.len(), tasks.len());
                }
            }
            Ok(())
        };
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        handles.into_iter().try_for_each(|handle| match handle.join() {
            Ok(result) => result,
            Err(_) => Err(io::Error::other("a thread of crosscheck itself panicked")),
        })
    })?;
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.sort();
    if let Some(table) = table {
        std::fs::write(table, report.table())?;
        eprintln!("{} has a line per file", table.display());
    }
    print!("{}", report.summary());
    Ok(report.fails())
}

/// What comes of one file, here and elsewhere.
///
/// # Errors
/// That a reference cannot be started.
fn check(task: &Task, libsndfile: &mut Libsndfile) -> io::Result<Line> {
    let ours = ours::load(&task.path);
    let ffmpeg = Ffmpeg::decode(&task.path)?;
    let sndfile = libsndfile.decode(&task.path)?;
    let reason = |is_in_place| known::reason(&task.path, is_in_place);
    let judgement = judge(&ours, ffmpeg.audio.as_ref(), sndfile.as_ref(), task, reason);
    Ok(Line::new(task, &ours, ffmpeg.codec, judgement))
}
