//! Loads very many samples at once, as a program with a UI does, and says how that went.
//!
//! ```text
//! cargo run --release -p hotcue-benches --bin load -- [WORD…]
//! ```
//!
//! | word | what it sets | without it |
//! |---|---|---|
//! | `loads=N` | how many loads, 1 to 1,000,000 | 1,000 |
//! | `folder=PATH` | the files below a folder, again and again | generated WAV files |
//! | `mix=KIND:SHARE,…` | generated files: `tiny` (64 frames), `oneshot` (0.5 s), `loop` (8 s), `track` (180 s) | `tiny:4,oneshot:12,loop:4` |
//! | `workers=N` | decoder threads | one per core |
//! | `priorities=LOW..HIGH` | a priority by chance for each | 0 |
//! | `cancel=SHARE` | the share that is cancelled by chance, 0 to 1 | 0 |
//! | `fps=N`, `per_frame=N` | frames a second of the loop, and loads that each submits | 60 and 50 |
//! | `budget=MB` | memory for samples | no limit |
//! | `keep` | samples stay in their slots | each is unloaded in the frame that hears of it |
//! | `output=ID` | where to | `null` |
//! | `rate=HZ` | the engine's rate | 48,000 |
//! | `seed=N` | of all that is left to chance | 1 |
//! | `json=PATH`, `html=PATH` | where the figures go, and a page that draws them | nowhere |
//!
//! One thread does what a UI's does: each frame it submits, reads all events, and looks how late
//! it is. Prints a table; exits with 1 when a request has no end, or more than one.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod load {
    pub(crate) mod figures;
    pub(crate) mod material;
    pub(crate) mod options;
    pub(crate) mod report;
    pub(crate) mod run;
}

use std::process::ExitCode;

use load::material::Material;
use load::options::Options;
use load::{report, run};

// That of the Python package.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: hotcue::Clearing<tikv_jemallocator::Jemalloc> =
    hotcue::Clearing(tikv_jemallocator::Jemalloc);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match measure(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("load: {message}");
            ExitCode::from(2)
        }
    }
}

fn measure(words: &[String]) -> Result<bool, String> {
    let options = Options::parse(words)?;
    let material = Material::new(&options)?;
    let outcome = run::run(&options, &material)?;
    let figures = report::figures(&options, &material, &outcome);
    report::print(&figures);
    report::write(&options, &figures)?;
    Ok(outcome.is_whole())
}
