//! `measure cache`: how long a set of samples takes to load, and to be heard, at the first start and at
//! the second.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hotcue::analysis::AnalysisKind;
use hotcue::{CacheStats, Source};
use hotcue_actors::{AudioEngine, EngineConfig, SubmitOptions};
use hotcue_tests::{PATIENCE, wait_until};

const RATE: u32 = 48_000;
/// The second start is so many times as fast as the first,
pub(crate) const TIMES: f64 = 10.0;
/// and takes no longer than that.
pub(crate) const BOUND: Duration = Duration::from_millis(500);

/// What a start came to.
#[derive(Debug)]
pub(crate) struct Start {
    /// From the first submit until the last sample was in its slot, and heard.
    pub(crate) took: Duration,
    /// Bytes of audio.
    pub(crate) sample_bytes: u64,
    pub(crate) cache: CacheStats,
}

/// Loads `files` until there are `pads` of them, in turns, with a cache that is empty, with one that
/// is not, and so on for `rounds` starts beyond the first. `analyze` is heard in each.
pub(crate) fn run(
    files: &[PathBuf],
    pads: usize,
    rounds: usize,
    analyze: &[AnalysisKind],
) -> Result<Vec<Start>, String> {
    let folder = std::env::temp_dir().join(format!("hotcue-measure-{}", std::process::id()));
    let copies = copied(files, pads, &folder.join("pads"))
        .map_err(|error| format!("{}: {error}", folder.display()));
    let starts = copies.and_then(|copies| {
        // The system shall have them in memory.
        copies.iter().for_each(|copy| drop(fs::read(copy)));
        (0..=rounds).map(|_| start(&copies, &folder.join("cache"), analyze)).collect()
    });
    fs::remove_dir_all(&folder).ok();
    starts
}

/// So many files of their own: one that is there twice would be loaded once.
fn copied(files: &[PathBuf], pads: usize, folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let copy = |(index, file): (usize, &PathBuf)| {
        let extension = file.extension().unwrap_or_default();
        let to = folder.join(index.to_string()).with_extension(extension);
        let mut content = fs::read(file)?;
        // Behind the end of the audio, where decoders do not look, but hashes do.
        content.extend_from_slice(format!("{index:08}").as_bytes());
        fs::write(&to, content).map(|()| to)
    };
    files.iter().cycle().take(pads).enumerate().map(copy).collect()
}

fn start(files: &[PathBuf], cache: &Path, analyze: &[AnalysisKind]) -> Result<Start, String> {
    let engine = AudioEngine::new(EngineConfig {
        output: "offline".into(),
        sample_rate: Some(RATE),
        cache_dir: Some(cache.into()),
        ..EngineConfig::default()
    })
    .map_err(|error| error.to_string())?;
    engine.run().map_err(|error| error.to_string())?;
    let options = SubmitOptions { analyze: analyze.to_vec(), ..SubmitOptions::default() };
    let begin = Instant::now();
    let tickets: Vec<_> = (0..)
        .zip(files)
        .map(|(slot, file)| engine.submit(Some(slot), Source::Path(file.clone()), &options))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    for (ticket, file) in tickets.iter().zip(files) {
        match ticket.wait(Some(PATIENCE)) {
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(format!("{}: {error}", file.display())),
            None => return Err(format!("{} takes too long", file.display())),
        }
    }
    wait_until("all is heard", || engine.stats().analyses == 0);
    let took = begin.elapsed();
    wait_until("all is stored", || engine.stats().stores == 0);
    let stats = engine.stats();
    engine.shut_down();
    Ok(Start { took, sample_bytes: stats.sample_bytes, cache: stats.cache })
}
