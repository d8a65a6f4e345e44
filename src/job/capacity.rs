//! How much room to set aside for a length that a header states and that may be a lie.

use crate::decode::StreamInfo;
use crate::error::{LoadError, LoadErrorKind};
use crate::resample::output_frames;

/// Frames beyond a guessed length that room is made for, at least: some packets of any codec.
const SPARE_FRAMES: u64 = 16_384;

/// The frames to pre-size a sample for at `to_rate`; None where the stated length is missing or
/// more than that many bytes could hold, so that the sample has to grow as it comes. Of linear PCM a
/// missing length is what the bytes can hold at most.
///
/// # Errors
/// `too_large` when a believable length exceeds `max_bytes`: known before anything is decoded.
pub(super) fn frames(
    info: &StreamInfo,
    to_rate: u32,
    max_bytes: Option<u64>,
) -> Result<Option<usize>, LoadError> {
    let plausible = plausible_frames(info);
    let stated = match info.frames {
        Some(stated) => Some(stated).filter(|stated| *stated <= plausible),
        // Of linear PCM the bytes say it, but for a header.
        None => Some(plausible).filter(|_| info.codec.starts_with("pcm_")),
    };
    let Some(stated) = stated else { return Ok(None) };
    let is_guess = info.frames_estimated || info.frames.is_none();
    let frames = output_frames(stated, info.spec.sample_rate, to_rate);
    let frame_bytes = (info.spec.channels * size_of::<f32>()) as u64;
    if let Some(max) = max_bytes
        && frames.saturating_mul(frame_bytes) > max
    {
        if !is_guess {
            return Err(LoadError::new(
                LoadErrorKind::TooLarge,
                format!("its {frames} frames are more than {max} bytes, the limit of one sample"),
            ));
        }
        return Ok(None);
    }
    // A guess that falls short by a packet would make the whole sample move; room that is never
    // written costs none, but that the channels of a long sample stay apart.
    let spare = match info.frames {
        Some(_) if !is_guess || info.frames_counted => 0,
        Some(_) if info.length_stated => frames / 64 + SPARE_FRAMES,
        // Guessed from the first frames only.
        Some(_) => frames / 4 + SPARE_FRAMES,
        // More than the bytes hold cannot come.
        None => 0,
    };
    Ok(usize::try_from(frames.saturating_add(spare)).ok())
}

/// Most frames that the source's bytes can hold.
///
/// Linear PCM: its own size. Layer III: 24 frames per byte, at 8 kbit/s and 24 kHz (ISO/IEC
/// 13818-3, 2.4.2.3), and some room. All others can code silence in next to nothing; what they
/// claim beyond a generous ratio is not denied, only not prepared for.
fn plausible_frames(info: &StreamInfo) -> u64 {
    const COMPRESSED_FRAMES_PER_BYTE: u64 = 512;
    let bytes = info.byte_len;
    let bits = info.bits_per_sample.unwrap_or(8).max(1);
    match info.codec.as_str() {
        // Per value, so that a container's padding of it only makes the bound looser.
        codec if codec.starts_with("pcm_") => {
            bytes.saturating_mul(8) / (u64::from(bits) * info.spec.channels as u64)
        }
        "mp1" | "mp2" | "mp3" => bytes.saturating_mul(32),
        _ => bytes.saturating_mul(COMPRESSED_FRAMES_PER_BYTE),
    }
}
