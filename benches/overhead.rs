//! What one load costs beyond decoding: CPU time of the whole process for N tiny loads through
//! the engine, less that of stepping N jobs by hand, per load.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotcue::{LoadJob, LoadOptions, Source, Step, Workbench};
use hotcue_actors::{AudioEngine, EngineConfig};
use hotcue_benches::{WavFormat, cpu_time, stereo_wav};

// That of the Python package.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: hotcue::Clearing<tikv_jemallocator::Jemalloc> =
    hotcue::Clearing(tikv_jemallocator::Jemalloc);

const ROUNDS: usize = 7;

fn main() {
    let content: Arc<[u8]> = stereo_wav(WavFormat::Int16, 48_000, 64).into();
    print_line(&["loads", "wall µs", "CPU µs", "decoding µs", "beyond it µs", "loads/s"]);
    for loads in [100, 1_000, 10_000] {
        let mut rows: Vec<_> = (0..ROUNDS).map(|_| measure(&content, loads)).collect();
        rows.sort_by(|a, b| (a.cpu - a.decoding).total_cmp(&(b.cpu - b.decoding)));
        let row = &rows[ROUNDS / 2];
        let figures = [row.wall, row.cpu, row.decoding, row.cpu - row.decoding, 1e6 / row.wall];
        let cells: Vec<String> = figures.iter().map(|figure| format!("{figure:.1}")).collect();
        let mut line = vec![loads.to_string()];
        line.extend(cells);
        print_line(&line.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// In µs per load.
struct Row {
    wall: f64,
    cpu: f64,
    decoding: f64,
}

fn measure(content: &Arc<[u8]>, loads: u32) -> Row {
    // Few loads end too soon to be measured by a clock of the system: repeated.
    let repeats = (10_000 / loads).max(1);
    let per_load = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(loads * repeats);

    let source = Source::Memory(Arc::clone(content));
    let options = LoadOptions { sample_rate: Some(48_000), ..LoadOptions::default() };
    let before = cpu_time();
    let mut bench = Workbench::default();
    for _ in 0..loads * repeats {
        let mut job = LoadJob::new(source.clone(), options);
        while let Ok(Step::Working) = job.step(&mut bench) {}
        black_box(&job);
    }
    let decoding = per_load(cpu_time() - before);

    let engine = AudioEngine::new(EngineConfig {
        output: "offline".to_owned(),
        slots: loads as usize,
        ..EngineConfig::default()
    });
    let engine = engine.expect("a valid configuration");
    engine.run().expect("it starts");
    let (cpu_before, begin) = (cpu_time(), Instant::now());
    for _ in 0..repeats {
        let mut ended = 0;
        for id in 0..loads {
            let ticket = engine.load_sample_async(Some(id), source.clone(), 0);
            drop(ticket.expect("accepted"));
        }
        while ended < loads as usize {
            // As a UI does, frame by frame.
            std::thread::sleep(Duration::from_millis(1));
            let events = engine.drain_loader_events(None);
            ended += events.iter().filter(|event| event.is_terminal()).count();
        }
    }
    let (cpu, wall) = (per_load(cpu_time() - cpu_before), per_load(begin.elapsed()));
    engine.shut_down();
    Row { wall, cpu, decoding }
}

#[allow(clippy::print_stdout, reason = "a table is what this program is for")]
fn print_line(cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>14}")).collect();
    println!("{}", cells.concat());
}
