//! Lays estimated tempi and beats beside known ones: `tempo LIST [COLUMN=VALUE…]`.
//!
//! LIST is what `benches/tempo/material.py` writes; see [`list::read`]. Files are divided by the
//! hash of their origin: `half=dev` is for looking at, `half=held` for figures that nothing was
//! tuned by; `set=…` takes one set. `others=FILE` lays what others say (`benches/tempo/peers.py`)
//! beside it, `same=1` for the files only that all of them were asked for; `markdown=1` prints
//! tables with a column for each of them. `each=1` prints a line per file, `steps=1` how long the
//! steps of all analyses take.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]

mod tempo {
    pub(crate) mod beats;
    pub(crate) mod estimate;
    pub(crate) mod list;
    pub(crate) mod markdown;
    pub(crate) mod score;
}

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use hotcue::analysis::AnalysisKind;
use hotcue_tests::step_times;
use tempo::score::Table;
use tempo::{estimate, list, markdown, score};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("the list of files is missing")?;
    let options: Vec<String> = arguments.collect();
    let option =
        |name: &str| options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
    let others = match option("others") {
        Some(path) => estimate::read(Path::new(path))?,
        None => estimate::Others::new(),
    };
    let most_asked = match option("same") {
        Some(_) => others.values().map(Vec::len).max().unwrap_or(0),
        None => 0,
    };
    let mut table = Table::default();
    let mut steps: BTreeMap<String, Steps> = BTreeMap::new();
    for mut known in list::read(Path::new(&path))? {
        if option("half").is_some_and(|half| half != known.half())
            || option("set").is_some_and(|set| set != known.set)
            || others.get(&known.path).map_or(0, Vec::len) < most_asked
        {
            continue;
        }
        let sample = estimate::load(&known.path)?;
        known.length_sec = estimate::seconds(&sample);
        if option("steps").is_some() {
            for kinds in kinds_to_time() {
                let times = step_times(&sample, &kinds);
                let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                let row: &mut Steps = steps.entry(names.join("+")).or_default();
                row.add(times, known.length_sec);
            }
            continue;
        }
        let estimate = estimate::of(sample);
        if option("each").is_some() {
            let path = known.path.display();
            let (set, bpm, sure) = (&known.set, known.bpm, estimate.confidence);
            println!("{set}\t{bpm}\t{:?}\t{sure:.2}\t{path}", estimate.bpm);
        }
        table.add(&known, score::OURS, &estimate);
        for (who, other) in others.get(&known.path).into_iter().flatten() {
            table.add(&known, who, other);
        }
    }
    match option("steps") {
        Some(_) => steps.into_iter().for_each(|(kinds, steps)| steps.print(&kinds)),
        None if option("markdown").is_some() => println!("{}", markdown::write(&table)),
        None => println!("{table}"),
    }
    Ok(())
}

/// Those that share their work, and all.
fn kinds_to_time() -> [Vec<AnalysisKind>; 2] {
    [vec![AnalysisKind::Onsets, AnalysisKind::Bpm], AnalysisKind::ALL.to_vec()]
}

/// How long steps take.
#[derive(Default)]
struct Steps {
    times: Vec<Duration>,
    cpu_sec: f64,
    length_sec: f64,
}

impl Steps {
    fn add(&mut self, times: Vec<Duration>, length_sec: f64) {
        self.cpu_sec += times.iter().sum::<Duration>().as_secs_f64();
        self.times.extend(times);
        self.length_sec += length_sec;
    }

    fn print(mut self, kinds: &str) {
        self.times.sort();
        let last = self.times.len().saturating_sub(1);
        let at = |part: f64| self.times[(part * last as f64) as usize];
        let (half, most, longest) = (at(0.5), at(0.99), at(1.0));
        let minute_ms = 60_000.0 * self.cpu_sec / self.length_sec;
        println!(
            "{kinds}: {minute_ms:.1} ms per minute, {} steps: p50 {half:.2?}, p99 {most:.2?}, \
             longest {longest:.2?}",
            self.times.len(),
        );
    }
}
