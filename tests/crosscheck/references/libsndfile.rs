//! libsndfile, by way of `scripts/libsndfile.py`, which answers one file after the other.

use std::env;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::{Audio, PATIENCE};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/libsndfile.py");
/// Names the Python to run the script with.
const PYTHON: &str = "HOTCUE_PYTHON";

/// A running script.
pub(crate) struct Libsndfile {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<Option<Audio>>,
}

impl Libsndfile {
    /// Starts the script and waits until it has found the library.
    ///
    /// # Errors
    /// That it cannot be started or does not find it.
    pub(crate) fn start() -> io::Result<Self> {
        let python = env::var_os(PYTHON).unwrap_or_else(|| "python3".into());
        let mut child = Command::new(python)
            .arg(SCRIPT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| io::Error::other(format!("libsndfile is needed: {error}")))?;
        let (Some(questions), Some(mut output)) =
            (child.stdin.take(), child.stdout.take().map(BufReader::new))
        else {
            return Err(io::Error::other("the script has no pipes"));
        };
        if read_u32(&mut output).is_err() {
            let message = "libsndfile is needed: `make crosscheck DIR=…` brings it";
            return Err(io::Error::other(message));
        }
        let (tx, answers) = mpsc::channel();
        thread::spawn(move || {
            while let Ok(answer) = read_answer(&mut output) {
                if tx.send(answer).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, questions, answers })
    }

    /// Decodes `path`; None when the library refuses it, crashes or hangs.
    ///
    /// # Errors
    /// That the script cannot be started again.
    pub(crate) fn decode(&mut self, path: &Path) -> io::Result<Option<Audio>> {
        let path = path.as_os_str().as_encoded_bytes();
        let len = u32::try_from(path.len()).map_err(io::Error::other)?;
        let asked = self.questions.write_all(&len.to_le_bytes());
        let asked = asked.and_then(|()| self.questions.write_all(path));
        if let Ok(answer) = asked.and_then(|()| {
            self.questions.flush()?;
            self.answers.recv_timeout(PATIENCE).map_err(io::Error::other)
        }) {
            return Ok(answer);
        }
        *self = Self::start()?;
        Ok(None)
    }
}

impl Drop for Libsndfile {
    fn drop(&mut self) {
        // It may be gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Rate, channels and bytes of values, then these; all 0 when there are none.
fn read_answer(output: &mut impl Read) -> io::Result<Option<Audio>> {
    let rate = read_u32(output)?;
    let channels = read_u32(output)? as usize;
    let mut values = Vec::new();
    // In blocks, whose length comes first; 0 ends them.
    loop {
        let len = read_u32(output)? as usize;
        if len == 0 {
            break;
        }
        let mut block = vec![0; len];
        output.read_exact(&mut block)?;
        let words = block.as_chunks::<4>().0;
        values.extend(words.iter().map(|word| f32::from_le_bytes(*word)));
    }
    let audio = Audio { rate, channels, values };
    Ok((channels > 0 && audio.values.len() >= channels).then_some(audio))
}

fn read_u32(output: &mut impl Read) -> io::Result<u32> {
    let mut word = [0; 4];
    output.read_exact(&mut word)?;
    Ok(u32::from_le_bytes(word))
}
