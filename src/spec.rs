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
                    "sample rate {} Hz is outside {MIN_SAMPLE_RATE}..={MAX_SAMPLE_RATE} Hz",
                    self.sample_rate
                ),
            ));
        }
        if self.channels == 0 || self.channels > MAX_CHANNELS {
            return Err(LoadError::new(
                LoadErrorKind::UnsupportedFormat,
                format!("{} channels, 1 to {MAX_CHANNELS} are supported", self.channels),
            ));
        }
        Ok(self)
    }
}
