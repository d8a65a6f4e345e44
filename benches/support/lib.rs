//! Input for the benchmarks, made in code.

use std::f64::consts::TAU;
use std::sync::Arc;

use hotcue::SampleBuffer;

/// A sine at half of full scale.
#[expect(clippy::cast_possible_truncation, reason = "f32 is what a sample holds")]
pub fn tone(hz: f64, sample_rate: u32, frames: usize) -> Vec<f32> {
    let radians_per_frame = TAU * hz / f64::from(sample_rate);
    (0..frames).map(|frame| (0.5 * (radians_per_frame * frame as f64).sin()) as f32).collect()
}

/// A finished sample with a tone per channel.
///
/// # Panics
/// When the rate or the number of channels is outside hotcue's limits.
pub fn sample(sample_rate: u32, channels: usize, frames: usize) -> Arc<SampleBuffer> {
    let planes =
        (0..channels).map(|channel| tone(220.0 + 110.0 * channel as f64, sample_rate, frames));
    SampleBuffer::from_planes(sample_rate, planes.collect()).expect("within the limits")
}

/// How a WAV file holds a value.
#[derive(Clone, Copy, Debug)]
pub enum WavFormat {
    /// 16-bit integers.
    Int16,
    /// 24-bit integers.
    Int24,
    /// 32-bit floating point.
    Float32,
}

/// A WAV file of a stereo tone.
///
/// # Panics
/// When it would be longer than 4 GiB.
#[expect(clippy::cast_possible_truncation, reason = "values of ±0.5 fit into every format")]
pub fn stereo_wav(format: WavFormat, sample_rate: u32, frames: usize) -> Vec<u8> {
    let (tag, bytes_per_value) = match format {
        WavFormat::Int16 => (1_u16, 2_u16),
        WavFormat::Int24 => (1, 3),
        WavFormat::Float32 => (3, 4),
    };
    let mut data = Vec::new();
    for value in tone(440.0, sample_rate, frames) {
        for _ in 0..2 {
            match format {
                WavFormat::Int16 => data.extend(((value * 32_768.0) as i16).to_le_bytes()),
                WavFormat::Int24 => {
                    data.extend(&((value * 8_388_608.0) as i32).to_le_bytes()[..3]);
                }
                WavFormat::Float32 => data.extend(value.to_le_bytes()),
            }
        }
    }
    let data_len = u32::try_from(data.len()).expect("a WAV file is below 4 GiB");
    let bytes_per_frame = 2 * bytes_per_value;
    let mut file = Vec::with_capacity(44 + data.len());
    file.extend(b"RIFF");
    file.extend((36 + data_len).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(tag.to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(sample_rate.to_le_bytes());
    file.extend((sample_rate * u32::from(bytes_per_frame)).to_le_bytes());
    file.extend(bytes_per_frame.to_le_bytes());
    file.extend((8 * bytes_per_value).to_le_bytes());
    file.extend(b"data");
    file.extend(data_len.to_le_bytes());
    file.extend(data);
    file
}

/// CPU time of all threads of this process so far.
///
/// # Panics
/// Where the system does not say.
#[allow(unsafe_code, reason = "a libc call that std has no name for")]
pub fn cpu_time() -> std::time::Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer during the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0, "the system tells no CPU time");
    let seconds = u64::try_from(time.tv_sec).expect("time does not run backwards");
    std::time::Duration::new(seconds, u32::try_from(time.tv_nsec).expect("below 1e9"))
}

/// What the process takes of the machine's memory now; None where `/proc` does not tell.
pub fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    #[allow(unsafe_code, reason = "a libc call that std has no name for")]
    // SAFETY: takes a number and returns one.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Some(pages * u64::try_from(page).ok()?)
}

/// The most that the process has taken so far.
///
/// # Panics
/// Where the system does not say.
#[allow(unsafe_code, reason = "a libc call that std has no name for")]
pub fn peak_resident_bytes() -> u64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `usage` is a valid place for the answer during the call.
    let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    assert_eq!(result, 0, "the system tells no usage");
    // SAFETY: all of it is numbers, zeroed before and written by the call.
    let most = u64::try_from(unsafe { usage.assume_init() }.ru_maxrss).unwrap_or(0);
    // Linux counts in kilobytes, macOS in bytes.
    if cfg!(target_os = "macos") { most } else { most * 1024 }
}
