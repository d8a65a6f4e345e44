//! One line of the manifest, and what comes of loading its file.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use hotcue::{LoadOptions, LoadedSample, Source};
use hotcue_tests::loading::{interleaved, load, sha1_of, snr_db};

const DEADLINE: Duration = Duration::from_secs(10);
const LOSSY_SNR_DB: f64 = 60.0;

/// One line of the manifest.
pub(crate) struct Row {
    pub(crate) file: String,
    pub(crate) format: String,
    pub(crate) role: String,
    frames: Option<u64>,
    sha1: Option<String>,
}

/// What came of one file.
pub(crate) enum Verdict {
    /// Exactly, or within the tolerance of its codec, what the reference has.
    Same(String),
    /// Loads; nobody says what it should hold.
    Loads(String),
    /// A hostile file was refused with an error.
    Refused(String),
    /// A good file does not load, or not as the reference has it.
    Differs(String),
    /// A panic, or longer than the deadline.
    Breaks(String),
}

impl Row {
    /// All lines but the header and the raw reference files.
    pub(crate) fn parse_all(manifest: &str) -> Vec<Self> {
        let mut lines = manifest.lines();
        let header: Vec<&str> = lines.next().unwrap_or("").split('\t').collect();
        let column = |name: &str| header.iter().position(|title| *title == name);
        let parse = |line: &str| {
            let cells: Vec<&str> = line.split('\t').collect();
            let cell = |name| column(name).and_then(|at| cells.get(at)).copied().unwrap_or("");
            Self {
                file: cell("file").to_owned(),
                format: format!("{} {}", cell("format"), cell("codec")),
                role: cell("role").to_owned(),
                frames: cell("frames").parse().ok(),
                sha1: Some(cell("pcm_f32_sha1").to_owned()).filter(|sum| !sum.is_empty()),
            }
        };
        lines.map(parse).filter(|row| row.role != "reference-pcm").collect()
    }

    /// Loads the file at its own rate and compares.
    pub(crate) fn check(&self, folder: &Path) -> Verdict {
        let path = folder.join(&self.file);
        let begin = Instant::now();
        let loaded = catch_unwind(AssertUnwindSafe(|| {
            load(Source::Path(path.clone()), LoadOptions::default(), DEADLINE)
        }));
        if begin.elapsed() >= DEADLINE {
            return Verdict::Breaks(format!("took {:.1} s", begin.elapsed().as_secs_f64()));
        }
        let hostile = self.role == "hostile";
        match loaded {
            Err(_) => Verdict::Breaks("panics".to_owned()),
            Ok(Err(error)) => {
                let why = format!("{}: {}", error.kind().as_str(), error.full_message());
                if hostile { Verdict::Refused(why) } else { Verdict::Differs(why) }
            }
            Ok(Ok(sample)) => {
                let verdict = self.compare(&sample, &path);
                match verdict {
                    Verdict::Differs(why) if hostile => Verdict::Loads(why),
                    verdict => verdict,
                }
            }
        }
    }

    fn compare(&self, sample: &LoadedSample, path: &Path) -> Verdict {
        let frames = sample.buffer.ready_frames() as u64;
        let mut what = format!("{}/{} {frames} frames", sample.container, sample.codec);
        for warning in &sample.warnings {
            let numbers: Vec<String> =
                warning.numbers.iter().map(|(name, value)| format!("{name} {value}")).collect();
            what = format!("{what}, {} ({})", warning.code.as_str(), numbers.join(" "));
        }
        let values = interleaved(&sample.buffer);
        if let Some(reference) = raw_reference(path) {
            return against_raw(&reference, &values, &what);
        }
        if let Some(expected) = self.frames.filter(|expected| *expected != frames) {
            let against = against_ffmpeg(path, &values);
            return Verdict::Differs(format!("{what}, expected {expected}{against}"));
        }
        let lossless =
            sample.codec.starts_with("pcm_") || matches!(sample.codec.as_str(), "flac" | "alac");
        if let Some(sha1) = self.sha1.as_ref().filter(|_| lossless) {
            return if sha1_of(&values) == *sha1 {
                Verdict::Same(format!("{what}, SHA-1 equal"))
            } else {
                Verdict::Differs(format!("{what}, SHA-1 differs{}", against_ffmpeg(path, &values)))
            };
        }
        match ffmpeg(path) {
            Some(reference) if reference.len() == values.len() => {
                let snr = snr_db(&reference, &values);
                let what = format!("{what}, {snr:.1} dB");
                let enough = if lossless { f64::INFINITY } else { LOSSY_SNR_DB };
                if snr >= enough { Verdict::Same(what) } else { Verdict::Differs(what) }
            }
            Some(_) => Verdict::Differs(format!("{what}{}", against_ffmpeg(path, &values))),
            None => Verdict::Loads(format!("{what}, ffmpeg refuses")),
        }
    }
}

/// The decoder's conformance file `x.pcm` beside `x.bit`: raw 16-bit values.
fn raw_reference(path: &Path) -> Option<Vec<f32>> {
    let bytes = std::fs::read(path.with_extension("pcm")).ok()?;
    let value = |pair: &[u8]| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0;
    Some(bytes.chunks_exact(2).map(value).collect())
}

/// Within 2 of its 16-bit steps, after the clamping that 16 bits need. The references leave out
/// up to one frame at the end of both channels.
fn against_raw(reference: &[f32], values: &[f32], what: &str) -> Verdict {
    const STEP: f32 = 1.0 / 32_768.0;
    let worst = reference
        .iter()
        .zip(values)
        .map(|(expected, got)| (expected - got.clamp(-1.0, 1.0 - STEP)).abs())
        .fold(0.0, f32::max);
    let what = format!("{what}, within {:.2} steps of 16 bits", worst / STEP);
    let whole = (reference.len()..=reference.len() + 2 * 1152).contains(&values.len());
    if whole && worst <= 2.0 * STEP { Verdict::Same(what) } else { Verdict::Differs(what) }
}

/// For a person to judge by: how close the values are when starts or ends are laid together.
fn against_ffmpeg(path: &Path, values: &[f32]) -> String {
    let Some(reference) = ffmpeg(path) else {
        return ", ffmpeg refuses".to_owned();
    };
    let common = reference.len().min(values.len());
    let ends = (&reference[reference.len() - common..], &values[values.len() - common..]);
    format!(
        ", {:.1} dB against ffmpeg's {} values, {:.1} dB from the end",
        snr_db(&reference, values),
        reference.len(),
        snr_db(ends.0, ends.1)
    )
}

/// The first audio track as ffmpeg decodes it; None when that gives nothing. Opus by way of
/// libopus, the reference: ffmpeg's own decoder comes no closer to it than 53 dB on some files.
fn ffmpeg(path: &Path) -> Option<Vec<f32>> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin"])
        .args(decoder_of(path))
        .arg("-i")
        .arg(path)
        .args(["-map", "0:a:0", "-f", "f32le", "-"])
        .output()
        .ok()?;
    let values: Vec<f32> = output
        .stdout
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    (!values.is_empty()).then_some(values)
}

/// What makes ffmpeg choose the reference's decoder.
fn decoder_of(path: &Path) -> &'static [&'static str] {
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "a:0"])
        .args(["-show_entries", "stream=codec_name", "-of", "csv=p=0"])
        .arg(path)
        .output();
    match probe {
        Ok(probe) if probe.stdout.starts_with(b"opus") => {
            &["-c:a", "libopus", "-request_sample_fmt", "flt"]
        }
        _ => &[],
    }
}
