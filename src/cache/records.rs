//! What is known of a sample beside its values, field by field.

use std::sync::Arc;

use super::field::Field;
use crate::buffer::Seam;
use crate::error::{LoadWarning, WarningCode};
use crate::metadata::{
    Acid, Broadcast, Cue, Instrument, Loop, LoopKind, Metadata, Tags, Tempo, TempoSource,
};
use crate::spec::AudioSpec;

/// Writes and reads the fields of a struct in the order given. All of them but the one that is left
/// out: one that is new does not compile until it stands here, and then [`DECODERS`](super::entry::DECODERS) is to rise.
macro_rules! record {
    ($name:ident $(without $left_out:ident)? { $($field:ident),* $(,)? }) => {
        impl Field for $name {
            fn put(&self, bytes: &mut Vec<u8>) {
                let Self { $($field,)* $($left_out: _)? } = self;
                $($field.put(bytes);)*
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                $(let $field = Field::take(bytes)?;)*
                Some(Self { $($field,)* $($left_out: None)? })
            }
        }
    };
}

/// Writes an enum by the place of each variant.
macro_rules! choice {
    ($name:ident { $($variant:ident),* $(,)? }) => {
        impl Field for $name {
            fn put(&self, bytes: &mut Vec<u8>) {
                // Whatever is added to the enum has to be added here to compile.
                match self { $(Self::$variant => {})* }
                let place = [$(Self::$variant),*].iter().position(|it| it == self);
                place.map_or(u8::MAX, |place| place.to_le_bytes()[0]).put(bytes);
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                let place = u8::take(bytes)?;
                [$(Self::$variant),*].into_iter().nth(place.into())
            }
        }
    };
}

pub(super) use {choice, record};

/// A sample, without its values.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) spec: AudioSpec,
    pub(super) frames: u64,
    pub(super) source_rate: u32,
    pub(super) container: String,
    pub(super) codec: String,
    pub(super) bits_per_sample: Option<u32>,
    pub(super) warnings: Vec<LoadWarning>,
    pub(super) metadata: Option<Arc<Metadata>>,
    pub(super) speakers: u32,
    pub(super) seams: Vec<Seam>,
}

record!(Record {
    spec,
    frames,
    source_rate,
    container,
    codec,
    bits_per_sample,
    warnings,
    metadata,
    speakers,
    seams,
});
record!(Seam { start, end, short_by, near, values });
choice!(WarningCode {
    Truncated,
    DecodeErrors,
    LengthEstimated,
    ExtensionMismatch,
    Clipped,
    NonFinite,
});
choice!(LoopKind { Forward, PingPong, Backward });
choice!(TempoSource { Acid, AppleLoop, Tag });
record!(Loop { start_frame, end_frame, start_sec, end_sec, kind, count, is_release });
record!(Cue { frame, end_frame, sec, end_sec, id, label, note });
record!(Tempo { bpm, source });
record!(Acid { one_shot, root_is_set, stretch, disk_based, root_key, beats, meter, bpm });
record!(Instrument { keys, velocities, gain_db });
record!(Broadcast {
    description,
    originator,
    originator_reference,
    date,
    time,
    time_reference_frames,
    time_reference_sec,
    version,
    umid,
    loudness_lufs,
    loudness_range_lu,
    max_true_peak_dbtp,
    max_momentary_lufs,
    max_short_term_lufs,
});

impl Field for LoadWarning {
    fn put(&self, bytes: &mut Vec<u8>) {
        let Self { code, message, numbers } = self;
        code.put(bytes);
        message.put(bytes);
        let is_known = |(name, _): &(&str, f64)| code.number_names().contains(name);
        debug_assert!(numbers.iter().all(is_known), "names of {code:?}: {numbers:?}");
        let numbers = numbers.iter().map(|(name, number)| ((*name).to_owned(), *number));
        numbers.collect::<Vec<_>>().put(bytes);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let code = WarningCode::take(bytes)?;
        let message = Field::take(bytes)?;
        let known = |(name, number): (String, f64)| {
            let mut names = code.number_names().iter();
            names.find(|known| **known == name).map(|known| (*known, number))
        };
        let numbers = Vec::take(bytes)?.into_iter().map(known).collect::<Option<_>>()?;
        Some(Self { code, message, numbers })
    }
}

// A cover is kept of content only, out of which it is read again.
record!(Metadata without kept_cover {
    loops,
    cues,
    tags,
    root_key,
    root_cents,
    tempo,
    one_shot,
    beats,
    meter,
    acid,
    instrument,
    broadcast,
    has_cover,
});

impl Field for AudioSpec {
    fn put(&self, bytes: &mut Vec<u8>) {
        let Self { sample_rate, channels } = self;
        sample_rate.put(bytes);
        u32::try_from(*channels).unwrap_or(u32::MAX).put(bytes);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let sample_rate = Field::take(bytes)?;
        let channels = usize::try_from(u32::take(bytes)?).ok()?;
        Self { sample_rate, channels }.validate().ok()
    }
}

impl Field for Tags {
    fn put(&self, bytes: &mut Vec<u8>) {
        let pairs = self.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        pairs.collect::<Vec<_>>().put(bytes);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Vec::take(bytes).map(Self::from_pairs)
    }
}
