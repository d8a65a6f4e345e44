//! The table in `docs/FORMATS.md`, made of what the fixtures come to, so that it cannot promise
//! what is not true. `make formats` writes it.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use hotcue::LoadedSample;
use hotcue_tests::fixtures;
use hotcue_tests::loading::{interleaved, sha1_of, snr_db};
use hotcue_tests::manifest::{Row, load_fixture, manifest};

const BEGIN: &str = "<!-- Made by tests/golden/formats.rs, not by hand: `make formats`. -->\n";
const END: &str = "<!-- End of what is made. -->\n";
/// Set: writes the table instead of checking it.
const UPDATE: &str = "UPDATE_FORMATS";

/// What is in each channel, by `scripts/audio/fixtures.py`: a sine of this frequency.
const CHANNEL_HZ: [f64; 6] = [400.0, 500.0, 600.0, 100.0, 700.0, 800.0];
const AMPLITUDE: f64 = 0.5;
/// The first and the last of the audio, which must be the sine already, and still.
const EDGE_SEC: f64 = 0.005;
/// How well they must be. A codec is at its worst there; silence has 0 dB, a shift less.
const EDGE_DB: f64 = 3.0;
/// Fixtures that are too short to show it.
const TOO_SHORT_SEC: f64 = 0.01;

/// What one fixture comes to.
struct Finding {
    loads: bool,
    exactness: Exactness,
    /// None where the format does not say where its audio starts and ends.
    gapless: Option<bool>,
}

/// How near a decoding is to that of other programs.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Exactness {
    BitByBit,
    /// Within so many steps of 16 bits.
    Steps(f32),
    Differs,
}

impl Exactness {
    fn of(row: &Row, sample: &LoadedSample) -> Self {
        const STEP: f32 = 1.0 / 32_768.0;
        let values = interleaved(&sample.buffer);
        if row.kind == "lossless" {
            let equal = sha1_of(&values) == row.expected;
            return if equal { Self::BitByBit } else { Self::Differs };
        }
        let reference = std::fs::read(fixtures().join(&row.expected)).expect("a reference");
        let reference = reference.as_chunks::<2>().0;
        if reference.len() != values.len() {
            return Self::Differs;
        }
        let worst = reference
            .iter()
            .map(|pair| f32::from(i16::from_le_bytes(*pair)) * STEP)
            .zip(&values)
            .map(|(expected, got)| (expected - got).abs())
            .fold(0.0, f32::max)
            / STEP;
        // The reference is rounded to such steps, and so within half of one anyway.
        let classes = [0.51, 1.0, 2.0, 32.0];
        classes.iter().find(|most| worst <= **most).map_or(Self::Differs, |most| Self::Steps(*most))
    }

    fn cell(self) -> String {
        match self {
            Self::BitByBit => "bit by bit".to_owned(),
            Self::Steps(0.51) => "to half a step of 16 bits".to_owned(),
            Self::Steps(1.0) => "to a step of 16 bits".to_owned(),
            Self::Steps(most) => format!("to {most} steps of 16 bits"),
            Self::Differs => "no".to_owned(),
        }
    }
}

/// Whether the first and the last milliseconds are the sines that the encoder was given: neither
/// is there anything in front or behind, nor is anything lost.
fn is_gapless(sample: &LoadedSample) -> bool {
    let buffer = &sample.buffer;
    let rate = f64::from(buffer.sample_rate());
    let frames = buffer.ready_frames();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, positive")]
    let edge = (EDGE_SEC * rate) as usize;
    let ranges = [0..edge.min(frames), frames.saturating_sub(edge)..frames];
    (0..buffer.channels()).all(|channel| {
        let hz = CHANNEL_HZ[channel];
        #[allow(clippy::cast_possible_truncation, reason = "a test of what is audible")]
        let sine = |frame: usize| (AMPLITUDE * (TAU * hz * frame as f64 / rate).sin()) as f32;
        ranges.iter().all(|range| {
            let expected: Vec<f32> = range.clone().map(sine).collect();
            let got = &buffer.plane(channel)[range.clone()];
            snr_db(&expected, got) >= EDGE_DB
        })
    })
}

fn finding(row: &Row) -> (String, Finding) {
    match load_fixture(&row.file) {
        Err(_) => {
            let container = match row.format.as_str() {
                "m4a" => "mp4",
                "aifc" => "aiff",
                "mka" | "webm" => "mkv",
                "oga" | "opus" => "ogg",
                other => other,
            };
            let finding = Finding { loads: false, exactness: Exactness::BitByBit, gapless: None };
            (container.to_owned(), finding)
        }
        Ok(sample) => {
            let seconds = sample.buffer.ready_frames() as f64 / f64::from(row.rate);
            let tells = row.states_length() && seconds >= TOO_SHORT_SEC;
            let finding = Finding {
                loads: true,
                exactness: Exactness::of(row, &sample),
                gapless: tells.then(|| is_gapless(&sample)),
            };
            (sample.container, finding)
        }
    }
}

/// The cells behind container and codec, of all fixtures that have these two.
fn cells(findings: &[Finding]) -> [String; 3] {
    let count = |what: &dyn Fn(&Finding) -> bool| findings.iter().filter(|one| what(one)).count();
    let share = |some: usize, all: usize| match some {
        0 => "no".to_owned(),
        _ if some == all => "yes".to_owned(),
        _ => format!("{some} of {all} fixtures"),
    };
    let loaded = count(&|one| one.loads);
    let worst = findings
        .iter()
        .filter(|one| one.loads)
        .map(|one| one.exactness)
        .fold(Exactness::BitByBit, |a, b| if a < b { b } else { a });
    let told = count(&|one| one.gapless.is_some());
    let gapless = count(&|one| one.gapless == Some(true));
    [
        share(loaded, findings.len()),
        if loaded == 0 { String::new() } else { worst.cell() },
        if told == 0 { "does not say".to_owned() } else { share(gapless, told) },
    ]
    .map(|cell| if loaded == 0 && cell != "no" { String::new() } else { cell })
}

/// The tags that are found as another program wrote them, by container.
fn tags() -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in manifest().iter().filter(|row| row.kind == "tagged") {
        let sample = load_fixture(&row.file).expect("fixtures with tags are good files");
        let has = |expected: &&str| {
            let Some((name, value)) = expected.split_once('=') else { return false };
            let metadata = sample.metadata.as_ref();
            metadata.and_then(|metadata| metadata.tags.get(name)) == Some(value)
        };
        let names = row.expected.split('|').filter(has).filter_map(|tag| tag.split('=').next());
        let names: Vec<&str> = names.collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let cells = found.entry(sample.container).or_default();
        if !cells.contains(&names) {
            cells.push(names);
        }
    }
    found.into_iter().map(|(container, cells)| (container, cells.join("; "))).collect()
}

/// The whole table: codecs of one container that come to the same share a line.
fn table() -> String {
    let mut findings: BTreeMap<(String, String), Vec<Finding>> = BTreeMap::new();
    for row in manifest().iter().filter(|row| !matches!(row.kind.as_str(), "broken" | "tagged")) {
        let (container, finding) = finding(row);
        findings.entry((container, row.codec.clone())).or_default().push(finding);
    }
    let tags = tags();
    let mut lines: Vec<(String, Vec<String>, [String; 3])> = Vec::new();
    for ((container, codec), findings) in findings {
        let cells = cells(&findings);
        match lines.iter_mut().find(|line| line.0 == container && line.2 == cells) {
            Some(line) => line.1.push(codec),
            None => lines.push((container, vec![codec], cells)),
        }
    }
    let mut table =
        "\n| container | codec | opens | exact | gapless | tags |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for (container, codecs, [opens, exact, gapless]) in lines {
        let codecs: Vec<String> = codecs.iter().map(|codec| format!("`{codec}`")).collect();
        let codecs = codecs.join(", ");
        let tags = tags.get(&container).map_or("", String::as_str);
        table +=
            &format!("| `{container}` | {codecs} | {opens} | {exact} | {gapless} | {tags} |\n");
    }
    table + "\n"
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FORMATS.md")
}

#[test]
fn the_table_of_formats_says_what_the_fixtures_come_to() {
    let text = std::fs::read_to_string(document()).expect("the document is there");
    let begin = text.find(BEGIN).expect("the mark before the table") + BEGIN.len();
    let end = text.find(END).expect("the mark behind the table");
    let table = table();
    if std::env::var_os(UPDATE).is_some() {
        let text = [&text[..begin], &table, &text[end..]].concat();
        std::fs::write(document(), text).expect("the document can be written");
        return;
    }
    assert_eq!(&text[begin..end], table, "`make formats` writes it anew");
}
