//! Small files made on the spot, with content known from mathematics.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

/// A folder that goes away with its value.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes an empty folder.
    ///
    /// # Panics
    /// When the system does not let it.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("hotcue-test-{}-{number}", process::id()));
        fs::create_dir_all(&path).expect("a folder for temporary files");
        Self(path)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a mono 16-bit WAV of silence that takes no space on the disk, however long.
    ///
    /// # Panics
    /// When it cannot be written, or is longer than the format can say.
    pub fn silent_wav(&self, name: &str, rate: u32, seconds: u32) -> PathBuf {
        let path = self.write(name, &[]);
        let file = fs::File::create(&path).expect("a temporary file can be written");
        let mut header = wav_bytes(rate, 1, 0, |_, _| 0.0);
        let data = rate * seconds * 2;
        header[40..44].copy_from_slice(&data.to_le_bytes());
        header[4..8].copy_from_slice(&(data + 36).to_le_bytes());
        std::io::Write::write_all(&mut &file, &header).expect("the header can be written");
        file.set_len(u64::from(data) + 44).expect("a hole can be made");
        path
    }

    /// Writes a file and gives its path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).expect("a temporary file can be written");
        path
    }
}

impl Default for TempDir {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // Left behind it would only take space.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// A 16-bit PCM WAV file; `value(frame, channel)` is −1..1.
///
/// # Panics
/// When the sizes do not fit the format.
pub fn wav_bytes(
    rate: u32,
    channels: u16,
    frames: u32,
    value: impl Fn(u32, u16) -> f64,
) -> Vec<u8> {
    let block = channels * 2;
    let data_len = frames * u32::from(block);
    let mut bytes = Vec::with_capacity(44 + data_len as usize);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + data_len).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0");
    bytes.extend_from_slice(&channels.to_le_bytes());
    bytes.extend_from_slice(&rate.to_le_bytes());
    bytes.extend_from_slice(&(rate * u32::from(block)).to_le_bytes());
    bytes.extend_from_slice(&block.to_le_bytes());
    bytes.extend_from_slice(b"\x10\0data");
    bytes.extend_from_slice(&data_len.to_le_bytes());
    for frame in 0..frames {
        for channel in 0..channels {
            let scaled = (value(frame, channel) * 32_767.0).round();
            #[allow(clippy::cast_possible_truncation, reason = "clamped to i16 before")]
            let word = scaled.clamp(-32_768.0, 32_767.0) as i16;
            bytes.extend_from_slice(&word.to_le_bytes());
        }
    }
    bytes
}

/// Half-scale sine of `hz` for [`wav_bytes`] at `rate`; never 0 for long, phase ¼ turn at 0.
pub fn sine(hz: f64, rate: u32) -> impl Fn(u32, u16) -> f64 {
    move |frame, _| 0.5 * (TAU * hz * f64::from(frame) / f64::from(rate)).cos()
}

/// Bytes that look like nothing, always the same ones (xorshift).
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}
