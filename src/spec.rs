//! Sample rates, channel counts and the limits hotcue puts on them.

use crate::error::{LoadError, LoadErrorKind};

/// Lowest sample rate that is loaded or rendered, in Hz.
pub const MIN_SAMPLE_RATE: u32 = 1_000;
/// Highest sample rate that is loaded or rendered, in Hz.
pub const MAX_SAMPLE_RATE: u32 = 768_000;
/// Most channels a sample may have.
pub const MAX_CHANNELS: usize = 64;

/// Sample rate and channel count of a piece of audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AudioSpec {
    /// Frames per second, in Hz.
    pub sample_rate: u32,
    /// Values per frame.
    pub channels: usize,
}

impl AudioSpec {
    /// Checks rate and channel count against the limits of this module.
    ///
    /// # Errors
    /// `unsupported_format` when either lies outside.
    ///
    /// ```
    /// # use hotcue::AudioSpec;
    /// assert!(AudioSpec { sample_rate: 48_000, channels: 2 }.validate().is_ok());
    /// assert!(AudioSpec { sample_rate: 0, channels: 2 }.validate().is_err());
    /// ```
    pub fn validate(self) -> Result<Self, LoadError> {
        if !(MIN_SAMPLE_RATE..=MAX_SAMPLE_RATE).contains(&self.sample_rate) {
            return Err(LoadError::new(
                LoadErrorKind::UnsupportedFormat,
                format!(
                    "sample rate of {} Hz, {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} are supported",
                    self.sample_rate
                ),
            ));
        }
        validate_channels(self.channels)?;
        Ok(self)
    }
}

/// Checks a channel count against the limits of this module.
///
/// # Errors
/// `unsupported_format` when it lies outside.
pub(crate) fn validate_channels(channels: usize) -> Result<(), LoadError> {
    if (1..=MAX_CHANNELS).contains(&channels) {
        return Ok(());
    }
    Err(LoadError::new(
        LoadErrorKind::UnsupportedFormat,
        format!("{channels} channels, 1 to {MAX_CHANNELS} are supported"),
    ))
}
