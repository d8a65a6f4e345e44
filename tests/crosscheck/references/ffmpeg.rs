//! ffmpeg's command, once or twice per file.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Audio, PATIENCE};

/// What ffmpeg makes of a file.
pub(crate) struct Ffmpeg {
    pub(crate) audio: Option<Audio>,
    /// The name of the codec of the first audio track, where it knows one.
    pub(crate) codec: Option<String>,
}

impl Ffmpeg {
    /// Whether the command is there.
    ///
    /// # Errors
    /// That it is not.
    pub(crate) fn check() -> io::Result<()> {
        let version = Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).status();
        version.map(drop).map_err(|error| io::Error::other(format!("ffmpeg is needed: {error}")))
    }

    /// Decodes the first audio track of `path`. Opus by way of libopus, the reference: ffmpeg's
    /// own decoder comes no closer to it than 53 dB on some files. MPEG audio in floats: of layers I
    /// and II ffmpeg prefers a decoder that cuts off what lies beyond full scale.
    ///
    /// # Errors
    /// That the command cannot be run.
    pub(crate) fn decode(path: &Path) -> io::Result<Self> {
        let first = Self::run(path, &[])?;
        match first.codec.as_deref() {
            Some("opus") => Self::run(path, &["-c:a", "libopus", "-request_sample_fmt", "flt"]),
            Some("mp1") => Self::run(path, &["-c:a", "mp1float"]),
            Some("mp2") => Self::run(path, &["-c:a", "mp2float"]),
            _ => Ok(first),
        }
    }

    fn run(path: &Path, decoder: &[&str]) -> io::Result<Self> {
        let mut child = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostdin", "-nostats"])
            .args(decoder)
            .arg("-i")
            .arg(path)
            // An AU header says rate and channels in numbers.
            .args(["-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let output = read_in_background(child.stdout.take());
        let words = read_in_background(child.stderr.take());
        wait(&mut child)?;
        let output = output.join().unwrap_or_default();
        let words = words.join().unwrap_or_default();
        let words = String::from_utf8_lossy(&words);
        Ok(Self { audio: parse_au(&output), codec: codec_in(&words) })
    }
}

fn read_in_background<R: Read + Send + 'static>(pipe: Option<R>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read so far counts.
            pipe.read_to_end(&mut bytes).ok();
        }
        bytes
    })
}

/// Waits for `child`, and ends it if that takes too long.
fn wait(child: &mut Child) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
        }
        thread::sleep(Duration::from_millis(3));
    }
    Ok(())
}

/// The audio of an AU file of `f32`; None without a frame.
fn parse_au(bytes: &[u8]) -> Option<Audio> {
    let field = |at: usize| {
        let word = bytes.get(at..at + 4)?;
        word.try_into().ok().map(u32::from_be_bytes)
    };
    let start = usize::try_from(field(4)?).ok()?;
    let channels = usize::try_from(field(20)?).ok()?;
    let words = bytes.get(start..)?.as_chunks::<4>().0;
    let values: Vec<f32> = words.iter().map(|word| f32::from_be_bytes(*word)).collect();
    (channels > 0 && values.len() >= channels).then_some(Audio {
        rate: field(16)?,
        channels,
        values,
    })
}

/// The codec of the first audio track, of which ffmpeg says
/// `Stream #0:0: Audio: aac (LC), 44100 Hz, …`.
fn codec_in(words: &str) -> Option<String> {
    let input = words.split("Output #0").next()?;
    let codec = input.lines().filter(|line| line.trim_start().starts_with("Stream #0:"));
    let codec = codec.filter_map(|line| line.split_once(": Audio: ")).next()?.1;
    Some(codec.split([' ', ',']).next()?.to_owned())
}
