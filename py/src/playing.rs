//! What the calls that play take and give.

use hotcue::playback::{BUSES, Level, Retrigger};
use hotcue_actors::{LoopMode, Meters, Normalize, PlayLoop, VoicePosition, WhenLoading};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString};

use crate::args::{
    choice, integer, number, number_or, optional_integer, optional_number, wrong_type,
};

pub(crate) const RETRIGGERS: [(&str, Retrigger); 4] = [
    ("overlap", Retrigger::Overlap),
    ("restart", Retrigger::Restart),
    ("ignore", Retrigger::Ignore),
    ("toggle", Retrigger::Toggle),
];

pub(crate) const WHEN_LOADING: [(&str, WhenLoading); 3] = [
    ("play_when_ready", WhenLoading::PlayWhenReady),
    ("drop", WhenLoading::Drop),
    ("raise", WhenLoading::Raise),
];

const LOOP_MODES: [(&str, LoopMode); 4] = [
    ("forward", LoopMode::Forward),
    ("pingpong", LoopMode::PingPong),
    ("backward", LoopMode::Backward),
    ("file", LoopMode::File),
];

/// A loop: a bool or one of the modes, and where it begins and ends.
pub(crate) fn looping(
    looped: &Bound<'_, PyAny>,
    start_sec: &Bound<'_, PyAny>,
    end_sec: &Bound<'_, PyAny>,
) -> PyResult<PlayLoop> {
    let mode = if looped.is_instance_of::<PyString>() {
        choice(looped, "loop", &LOOP_MODES)?
    } else {
        let looped: PyResult<bool> =
            looped.extract().map_err(|_| wrong_type(looped, "loop", "a bool or a str"));
        PlayLoop::from(looped?).mode
    };
    let start_sec = number(start_sec, "loop_start_sec")?;
    Ok(PlayLoop { mode, start_sec, end_sec: optional_number(end_sec, "loop_end_sec")? })
}

const NORMALIZATIONS: [(&str, Normalize); 2] =
    [("loudness", Normalize::LOUDNESS), ("peak", Normalize::Peak)];

/// What a sample is brought to: a name, a loudness in LUFS, or None.
pub(crate) fn normalization(value: &Bound<'_, PyAny>) -> PyResult<Normalize> {
    if value.is_none() {
        Ok(Normalize::Off)
    } else if value.is_instance_of::<PyString>() {
        choice(value, "normalize", &NORMALIZATIONS)
    } else if value.is_instance_of::<PyBool>() {
        Err(wrong_type(value, "normalize", "a str or a number"))
    } else {
        let target_lufs = number_or(value, "normalize", "a str or a number")?;
        Ok(Normalize::Loudness { target_lufs })
    }
}

/// The number of a bus.
pub(crate) fn bus(bus: &Bound<'_, PyAny>) -> PyResult<u32> {
    integer(bus, "bus", 0..=BUSES as i64 - 1)
}

/// A frame of the engine's clock; None is at once.
pub(crate) fn frame(at_frame: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    optional_integer(at_frame, "at_frame", 0..=i64::MAX)
}

/// Peak and root of the mean square, channel by channel: `hotcue.Levels`.
type LevelRow = (Vec<f32>, Vec<f32>);

/// Master, buses, and the limiter's gain: `hotcue.Meters`.
pub(crate) type MeterRow = (LevelRow, Vec<LevelRow>, f32);

/// Where a voice is: `hotcue.Playhead`.
pub(crate) type PlayheadRow = (u64, u32, f64, &'static str, u64);

pub(crate) fn meter_row(meters: &Meters) -> MeterRow {
    let row = |levels: &Vec<Level>| {
        let peaks = levels.iter().map(|level| level.peak).collect();
        (peaks, levels.iter().map(|level| level.rms).collect())
    };
    (row(&meters.master), meters.buses.iter().map(row).collect(), meters.limiter_gain)
}

pub(crate) fn playhead_row(head: &VoicePosition) -> PlayheadRow {
    (head.voice, head.id, head.position_sec, head.state.as_str(), head.frame)
}
