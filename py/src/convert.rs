//! `hotcue.decode` and `hotcue.resample`: files and arrays into arrays, without an engine.

use hotcue::{AudioSpec, Excerpt, LoadOptions, Resampler, SampleBuffer, SampleWriter};
use numpy::PyArray2;
use pyo3::prelude::*;

use crate::args::{finite, flag, optional_integer, optional_number, out_of_range};
use crate::array::{array_of, in_range, sample_of, unfit};
use crate::calls::call;
use crate::errors::guarded;
use crate::here;
use crate::source;

/// Frames that are converted at a time between two looks at the clock.
const PIECE_FRAMES: usize = 1 << 14;

/// Decodes a source, or a part of it; the array, and its rate. `read` gives the source, and is called
/// once all else has been checked.
#[pyfunction]
pub(crate) fn decode<'py>(
    py: Python<'py>,
    read: &Bound<'py, PyAny>,
    sample_rate: &Bound<'py, PyAny>,
    mono: &Bound<'py, PyAny>,
    start_sec: &Bound<'py, PyAny>,
    duration_sec: &Bound<'py, PyAny>,
    frames_first: bool,
) -> PyResult<(Bound<'py, PyAny>, u32)> {
    guarded(py, || {
        let rate = optional_integer(sample_rate, "sample_rate", 0..=i64::from(u32::MAX))?;
        let mono = flag(mono, "mono")?;
        let start_sec = not_negative(finite(start_sec, "start_sec")?, "start_sec")?;
        let duration_sec = optional_number(duration_sec, "duration_sec")?;
        let duration_sec = duration_sec.map(|sec| not_negative(sec, "duration_sec")).transpose()?;
        let source = source::read(&call(read, (), None)?)?;
        let buffer = if start_sec > 0.0 || duration_sec.is_some() {
            here::excerpt(py, Excerpt::new(source, rate, start_sec, duration_sec))?
        } else {
            let options = LoadOptions { sample_rate: rate, ..LoadOptions::default() };
            here::load(py, source, options, None)?.buffer
        };
        let mean = (mono && buffer.channels() > 1).then(|| py.detach(|| mean(&buffer)));
        let planes = match &mean {
            Some(mean) => vec![mean.as_slice()],
            None => planes(&buffer),
        };
        let array = array_of(py, &planes, frames_first)?.into_any();
        // soundfile's shape of one channel.
        let array = if frames_first && planes.len() == 1 {
            array.call_method1("reshape", (-1,))?
        } else {
            array
        };
        Ok((array, buffer.sample_rate()))
    })
}

/// Converts a C-contiguous array of channels × frames from one rate to another, in Hz.
#[pyfunction]
pub(crate) fn resample<'py>(
    py: Python<'py>,
    array: &Bound<'py, PyArray2<f32>>,
    source_rate: u32,
    target_rate: u32,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    guarded(py, || {
        let sample = sample_of(array, source_rate)?;
        let channels = sample.channels();
        let spec = in_range(AudioSpec { sample_rate: target_rate, channels })?;
        let mut resampler = Resampler::new(source_rate, target_rate, channels).map_err(unfit)?;
        let mut writer = SampleWriter::growing(spec).map_err(unfit)?;
        let (planes, frames) = (planes(&sample), sample.ready_frames());
        let mut start = 0;
        let result = here::with_signals(py, None, || {
            if start == frames {
                return Some(resampler.finish(frames as u64, &mut writer));
            }
            let end = frames.min(start + PIECE_FRAMES);
            let piece: Vec<&[f32]> = planes.iter().map(|plane| &plane[start..end]).collect();
            start = end;
            resampler.push(&piece, &mut writer).err().map(Err)
        })?;
        result.map_err(unfit)?;
        array_of(py, &self::planes(&writer.finish()), false)
    })
}

fn planes(sample: &SampleBuffer) -> Vec<&[f32]> {
    (0..sample.channels()).map(|channel| sample.plane(channel)).collect()
}

/// The mean of all channels.
fn mean(sample: &SampleBuffer) -> Vec<f32> {
    let mut sums = vec![0.0_f64; sample.ready_frames()];
    for plane in planes(sample) {
        sums.iter_mut().zip(plane).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let channels = sample.channels() as f64;
    #[allow(clippy::cast_possible_truncation, reason = "audio is f32")]
    sums.into_iter().map(|sum| (sum / channels) as f32).collect()
}

fn not_negative(sec: f64, name: &str) -> PyResult<f64> {
    if sec >= 0.0 { Ok(sec) } else { Err(out_of_range(name)) }
}
