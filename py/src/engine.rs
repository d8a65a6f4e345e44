//! The engine: what `hotcue.AudioEngine` keeps inside. Arguments come positionally and complete;
//! names, defaults and documentation are those of the Python class.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Instant;

use hotcue::analysis::AnalysisKind;
use hotcue::output::{self, DeviceInfo};
use hotcue_actors::{
    AudioEngine, EngineConfig, EngineError, PlayOptions, Queue, SlotState, SubmitOptions, Unread,
    VoiceChange,
};
use numpy::PyArray2;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::analysis;
use crate::args::{
    choice, flag, handle, integer, narrow, number, optional_integer, optional_number, text,
};
use crate::batch::Batch;
use crate::errors::{config_error, engine_error, guarded};
use crate::events::{fill, loader_event, playback_event};
use crate::fork::Home;
use crate::playing::{
    MeterRow, PlayheadRow, RETRIGGERS, WHEN_LOADING, bus, frame, looping, meter_row, normalization,
    playhead_row,
};
use crate::render;
use crate::sample::Sample;
use crate::source;
use crate::subscription::{Events, Subscription};
use crate::ticket::Ticket;
use crate::waiting::Patience;

const ANY_POSITIVE: RangeInclusive<i64> = 0..=i64::MAX;
/// Whose bytes can be counted, in as many channels as there may be.
const RENDERED_FRAMES: RangeInclusive<i64> = 0..=i64::MAX >> 8;
const PRIORITIES: RangeInclusive<i64> = -100..=100;

/// One queued or running load: `hotcue.LoadStatus`, in its order.
type LoadRow = (u32, u64, Option<std::ffi::OsString>, &'static str, &'static str, f32, f64);

/// The engine behind `hotcue.AudioEngine`.
#[pyclass(frozen, module = "hotcue._hotcue")]
pub(crate) struct Engine {
    engine: AudioEngine,
    slots: i64,
    /// For the Python side, which reads from file-like objects.
    max_source_bytes: Option<u64>,
    home: Home,
}

impl Engine {
    /// Runs a command that returns at once.
    fn quick<T>(
        &self,
        py: Python<'_>,
        command: impl FnOnce(&AudioEngine) -> Result<T, EngineError>,
    ) -> PyResult<T> {
        guarded(py, || command(&self.engine).map_err(|error| engine_error(py, error)))
    }

    /// Waits for the next event of a queue, at most `timeout` seconds, unless none will come.
    fn wait_for<'py, U: Unread<Event: Send> + Send>(
        &self,
        py: Python<'py>,
        queue: &Queue<U>,
        timeout: &Bound<'_, PyAny>,
        to_dict: impl FnOnce(Python<'py>, U::Event) -> PyResult<Bound<'py, PyDict>>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        guarded(py, || {
            self.home.check()?;
            let waited = Patience::of(timeout)?.wait(py, |slice| {
                let event = queue.wait(Instant::now() + slice);
                (event.is_some() || queue.is_finished()).then_some(event)
            })?;
            waited.flatten().map(|event| to_dict(py, event)).transpose()
        })
    }

    /// Runs a command that may wait, with the GIL released.
    fn slow<T: Send>(
        &self,
        py: Python<'_>,
        command: impl FnOnce(&AudioEngine) -> Result<T, EngineError> + Send,
    ) -> PyResult<T> {
        guarded(py, || py.detach(|| command(&self.engine)).map_err(|error| engine_error(py, error)))
    }

    fn slot(&self, id: &Bound<'_, PyAny>) -> PyResult<u32> {
        integer(id, "id", 0..=self.slots - 1)
    }

    fn slot_or_free(&self, id: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
        if id.is_none() { Ok(None) } else { self.slot(id).map(Some) }
    }

    /// Runs a command on a voice; None, which a play gives that will not sound, is none.
    fn voice(
        &self,
        voice: &Bound<'_, PyAny>,
        command: impl FnOnce(&AudioEngine, u64) -> Result<bool, EngineError>,
    ) -> PyResult<bool> {
        let id = if voice.is_none() { 0 } else { handle(voice, "voice")? };
        self.quick(voice.py(), |engine| command(engine, id))
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "those of AudioEngine, see the module's head")]
    fn new(
        output: &Bound<'_, PyAny>,
        sample_rate: &Bound<'_, PyAny>,
        buffer_frames: &Bound<'_, PyAny>,
        slots: &Bound<'_, PyAny>,
        workers: &Bound<'_, PyAny>,
        memory_budget: &Bound<'_, PyAny>,
        max_sample_bytes: &Bound<'_, PyAny>,
        max_source_bytes: &Bound<'_, PyAny>,
        max_queued: &Bound<'_, PyAny>,
        max_voices: &Bound<'_, PyAny>,
        limiter: &Bound<'_, PyAny>,
        meter_rate_hz: &Bound<'_, PyAny>,
        worker_nice: &Bound<'_, PyAny>,
        cache_dir: Option<PathBuf>,
        cache_audio: &Bound<'_, PyAny>,
        cache_bytes: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        guarded(slots.py(), || {
            let config = EngineConfig {
                output: text(output, "output")?,
                sample_rate: optional_integer(sample_rate, "sample_rate", ANY_POSITIVE)?,
                buffer_frames: optional_integer(buffer_frames, "buffer_frames", ANY_POSITIVE)?,
                slots: integer(slots, "slots", ANY_POSITIVE)?,
                workers: optional_integer(workers, "workers", ANY_POSITIVE)?,
                memory_budget: optional_integer(memory_budget, "memory_budget", ANY_POSITIVE)?,
                max_sample_bytes: optional_integer(
                    max_sample_bytes,
                    "max_sample_bytes",
                    ANY_POSITIVE,
                )?,
                max_queued: integer(max_queued, "max_queued", ANY_POSITIVE)?,
                max_voices: integer(max_voices, "max_voices", ANY_POSITIVE)?,
                limiter: flag(limiter, "limiter")?,
                meter_rate_hz: integer(meter_rate_hz, "meter_rate_hz", ANY_POSITIVE)?,
                worker_nice: integer(worker_nice, "worker_nice", ANY_POSITIVE)?,
                cache_dir,
                cache_audio: flag(cache_audio, "cache_audio")?,
                cache_bytes: integer(cache_bytes, "cache_bytes", ANY_POSITIVE)?,
            };
            let slots = integer(slots, "slots", ANY_POSITIVE)?;
            let max_source_bytes =
                optional_integer(max_source_bytes, "max_source_bytes", 1..=i64::MAX)?;
            let engine = AudioEngine::new(config).map_err(|error| config_error(&error))?;
            Ok(Self { engine, slots, max_source_bytes, home: Home::here() })
        })
    }

    /// Starts the engine. Returns why there is no sound where `"auto"` fell back, or None.
    fn run(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let info = self.slow(py, AudioEngine::run)?;
        Ok(info.fallback.map(|error| error.to_string()))
    }

    /// Ends the engine; does nothing in a forked child, where it does not run.
    fn shut_down(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || {
            py.detach(|| self.engine.shut_down());
            Ok(())
        })
    }

    fn is_running(&self) -> bool {
        self.home.is_here() && self.engine.is_running()
    }

    #[getter]
    fn max_source_bytes(&self) -> Option<u64> {
        self.max_source_bytes
    }

    /// Raises what `load` would raise, before a file-like object is read. Returns the kinds of
    /// `analyze`, which may be read only once.
    fn check_load(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        priority: &Bound<'_, PyAny>,
        stream: &Bound<'_, PyAny>,
        analyze: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<&'static str>> {
        let slot = self.slot_or_free(id)?.unwrap_or(0);
        let stream = flag(stream, "stream")?;
        let SubmitOptions { analyze, .. } = submit_options(priority, stream, analyze, false)?;
        self.quick(py, |engine| engine.state(slot))?;
        Ok(analyze.into_iter().map(AnalysisKind::as_str).collect())
    }

    /// Has what a slot holds heard. The poll queue hears nothing of it if it is `awaited`.
    fn analyze(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        kinds: &Bound<'_, PyAny>,
        priority: &Bound<'_, PyAny>,
        awaited: bool,
    ) -> PyResult<Ticket> {
        let slot = self.slot(id)?;
        let analyze = analysis::kinds(kinds, "kinds")?;
        let priority = integer(priority, "priority", PRIORITIES)?;
        let options = SubmitOptions { priority, analyze, awaited, ..SubmitOptions::default() };
        let ticket = self.quick(py, |engine| engine.submit_analysis(slot, &options))?;
        Ok(Ticket::new(ticket, self.home))
    }

    /// `source` is an absolute path as `str`, or content. The poll queue hears nothing of a load that
    /// is `awaited`.
    #[allow(clippy::too_many_arguments, reason = "those of AudioEngine, see the module's head")]
    fn load(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        source: &Bound<'_, PyAny>,
        priority: &Bound<'_, PyAny>,
        stream: &Bound<'_, PyAny>,
        analyze: &Bound<'_, PyAny>,
        awaited: bool,
    ) -> PyResult<Ticket> {
        let slot = self.slot_or_free(id)?;
        let options = submit_options(priority, flag(stream, "stream")?, analyze, awaited)?;
        let source = source::read(source)?;
        let ticket = self.quick(py, |engine| engine.submit(slot, source, &options))?;
        Ok(Ticket::new(ticket, self.home))
    }

    /// `items` are pairs as `load` takes them.
    fn load_many(
        &self,
        py: Python<'_>,
        items: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
        priority: &Bound<'_, PyAny>,
        stream: &Bound<'_, PyAny>,
        analyze: &Bound<'_, PyAny>,
    ) -> PyResult<Batch> {
        let options = submit_options(priority, flag(stream, "stream")?, analyze, false)?;
        // All ids before any content is copied.
        let slots =
            items.iter().map(|(id, _)| self.slot_or_free(id)).collect::<PyResult<Vec<_>>>()?;
        self.quick(py, |engine| engine.state(0))?;
        let sources = items.iter().map(|(_, source)| source::read(source));
        let items = slots.into_iter().zip(sources).map(|(slot, source)| Ok((slot, source?)));
        let items = items.collect::<PyResult<Vec<_>>>()?;
        // Some microseconds for each of them.
        let batch = self.slow(py, |engine| engine.submit_many(items, &options))?;
        Ok(Batch::new(batch, self.home))
    }

    fn cancel_load(&self, py: Python<'_>, request_id: &Bound<'_, PyAny>) -> PyResult<bool> {
        let request_id = handle(request_id, "request_id")?;
        self.quick(py, |engine| engine.cancel_load(request_id))
    }

    fn set_priority(
        &self,
        py: Python<'_>,
        request_id: &Bound<'_, PyAny>,
        priority: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let request_id = handle(request_id, "request_id")?;
        let priority = integer(priority, "priority", PRIORITIES)?;
        self.quick(py, |engine| engine.set_priority(request_id, priority))
    }

    fn poll_loader_events<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        guarded(py, || {
            self.home.check()?;
            self.engine.poll_loader_events().map(|event| loader_event(py, event)).transpose()
        })
    }

    fn drain_loader_events<'py>(
        &self,
        py: Python<'py>,
        limit: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        guarded(py, || {
            self.home.check()?;
            let limit = optional_integer(limit, "limit", ANY_POSITIVE)?;
            let events = PyList::empty(py);
            for event in self.engine.drain_loader_events(limit) {
                events.append(loader_event(py, event)?)?;
            }
            Ok(events)
        })
    }

    /// The next event of the poll queue: waits for it, at most `timeout` seconds, unless none will
    /// come.
    fn wait_event<'py>(
        &self,
        py: Python<'py>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.wait_for(py, self.engine.events(), timeout, loader_event)
    }

    /// How many events wait in the poll queue.
    fn unread_events(&self) -> PyResult<usize> {
        self.home.check()?;
        Ok(self.engine.events().len())
    }

    /// A descriptor that is readable while events wait in the poll queue.
    fn fileno(&self) -> PyResult<i64> {
        self.home.check()?;
        Ok(self.engine.events().descriptor()?)
    }

    /// A reader of its own.
    fn subscribe(&self, py: Python<'_>) -> PyResult<Subscription> {
        let events = self.quick(py, AudioEngine::subscribe)?;
        Ok(Subscription::new(Events::Loads(events), self.home))
    }

    /// The same for what becomes of voices.
    fn subscribe_playback(&self, py: Python<'_>) -> PyResult<Subscription> {
        let events = self.quick(py, AudioEngine::subscribe_playback)?;
        Ok(Subscription::new(Events::Playback(events), self.home))
    }

    fn loads(&self, py: Python<'_>) -> PyResult<Vec<LoadRow>> {
        let loads = self.quick(py, AudioEngine::loads)?;
        let row = |load: hotcue_actors::LoadStatus| {
            let path = load.path.map(PathBuf::into_os_string);
            let queued = load.stage == hotcue::Stage::Queued;
            let state = if queued { SlotState::Queued } else { SlotState::Loading };
            let (state, stage) = (state.as_str(), load.stage.as_str());
            (load.id, load.request_id, path, state, stage, load.percent, load.age_sec)
        };
        Ok(loads.into_iter().map(row).collect())
    }

    fn state(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        let slot = self.slot(id)?;
        Ok(self.quick(py, |engine| engine.state(slot))?.as_str())
    }

    fn sample(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Option<Sample>> {
        let slot = self.slot(id)?;
        let held = self.quick(py, |engine| engine.sample_and_path(slot))?;
        Ok(held.map(|(sample, path)| Sample::new(sample, slot, path)))
    }

    fn unload_sample(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let slot = self.slot(id)?;
        self.quick(py, |engine| engine.unload_sample(slot))
    }

    fn pin_sample(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        pinned: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let slot = self.slot(id)?;
        let pinned = flag(pinned, "pinned")?;
        self.quick(py, |engine| engine.pin_sample(slot, pinned))
    }

    #[allow(clippy::too_many_arguments, reason = "those of play_sample, see the module's head")]
    fn play_sample(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        volume: &Bound<'_, PyAny>,
        normalize: &Bound<'_, PyAny>,
        pan: &Bound<'_, PyAny>,
        speed: &Bound<'_, PyAny>,
        looped: &Bound<'_, PyAny>,
        loop_start_sec: &Bound<'_, PyAny>,
        loop_end_sec: &Bound<'_, PyAny>,
        start_sec: &Bound<'_, PyAny>,
        end_sec: &Bound<'_, PyAny>,
        fade_in_sec: &Bound<'_, PyAny>,
        fade_out_sec: &Bound<'_, PyAny>,
        at_frame: &Bound<'_, PyAny>,
        choke: &Bound<'_, PyAny>,
        on_bus: &Bound<'_, PyAny>,
        retrigger: &Bound<'_, PyAny>,
        when_loading: &Bound<'_, PyAny>,
        max_wait_sec: &Bound<'_, PyAny>,
    ) -> PyResult<Option<u64>> {
        let slot = self.slot(id)?;
        let options = PlayOptions {
            volume: narrow(number(volume, "volume")?),
            normalize: normalization(normalize)?,
            pan: narrow(number(pan, "pan")?),
            speed: number(speed, "speed")?,
            looping: looping(looped, loop_start_sec, loop_end_sec)?,
            start_sec: number(start_sec, "start_sec")?,
            end_sec: optional_number(end_sec, "end_sec")?,
            fade_in_sec: number(fade_in_sec, "fade_in_sec")?,
            fade_out_sec: number(fade_out_sec, "fade_out_sec")?,
            at_frame: frame(at_frame)?,
            choke: optional_integer(choke, "choke", 0..=u32::MAX.into())?,
            bus: bus(on_bus)?,
            retrigger: choice(retrigger, "retrigger", &RETRIGGERS)?,
            when_loading: choice(when_loading, "when_loading", &WHEN_LOADING)?,
            max_wait_sec: number(max_wait_sec, "max_wait_sec")?,
        };
        self.quick(py, |engine| engine.play_sample(slot, options))
    }

    fn stop_sample(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fade_sec: &Bound<'_, PyAny>,
        at_frame: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let slot = self.slot(id)?;
        let fade_sec = number(fade_sec, "fade_sec")?;
        let at_frame = frame(at_frame)?;
        self.quick(py, |engine| engine.stop_sample_at(slot, fade_sec, at_frame))
    }

    fn pause_sample(&self, id: &Bound<'_, PyAny>, at_frame: &Bound<'_, PyAny>) -> PyResult<()> {
        let (slot, at_frame) = (self.slot(id)?, frame(at_frame)?);
        self.quick(id.py(), |engine| engine.at(at_frame).pause_sample(slot))
    }

    fn resume_sample(&self, id: &Bound<'_, PyAny>, at_frame: &Bound<'_, PyAny>) -> PyResult<()> {
        let (slot, at_frame) = (self.slot(id)?, frame(at_frame)?);
        self.quick(id.py(), |engine| engine.at(at_frame).resume_sample(slot))
    }

    fn seek_sample(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        position_sec: &Bound<'_, PyAny>,
        at_frame: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (slot, at_frame) = (self.slot(id)?, frame(at_frame)?);
        let position_sec = number(position_sec, "position_sec")?;
        self.quick(py, |engine| engine.at(at_frame).seek_sample(slot, position_sec))
    }

    fn stop_voice(
        &self,
        voice: &Bound<'_, PyAny>,
        fade_sec: &Bound<'_, PyAny>,
        at_frame: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let fade_sec = number(fade_sec, "fade_sec")?;
        let at_frame = frame(at_frame)?;
        self.voice(voice, |engine, id| engine.stop_voice_at(id, fade_sec, at_frame))
    }

    fn pause_voice(&self, voice: &Bound<'_, PyAny>, at_frame: &Bound<'_, PyAny>) -> PyResult<bool> {
        let at_frame = frame(at_frame)?;
        self.voice(voice, |engine, id| engine.at(at_frame).pause_voice(id))
    }

    fn resume_voice(
        &self,
        voice: &Bound<'_, PyAny>,
        at_frame: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let at_frame = frame(at_frame)?;
        self.voice(voice, |engine, id| engine.at(at_frame).resume_voice(id))
    }

    fn seek_voice(
        &self,
        voice: &Bound<'_, PyAny>,
        position_sec: &Bound<'_, PyAny>,
        at_frame: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let position_sec = number(position_sec, "position_sec")?;
        let at_frame = frame(at_frame)?;
        self.voice(voice, |engine, id| engine.at(at_frame).seek_voice(id, position_sec))
    }

    fn cancel_changes(&self, voice: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.voice(voice, AudioEngine::cancel_changes)
    }

    #[allow(clippy::too_many_arguments, reason = "those of set_voice, see the module's head")]
    fn set_voice(
        &self,
        voice: &Bound<'_, PyAny>,
        volume: &Bound<'_, PyAny>,
        pan: &Bound<'_, PyAny>,
        speed: &Bound<'_, PyAny>,
        looped: &Bound<'_, PyAny>,
        loop_start_sec: &Bound<'_, PyAny>,
        loop_end_sec: &Bound<'_, PyAny>,
        fade_sec: &Bound<'_, PyAny>,
        at_frame: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let looping = if looped.is_none() {
            if number(loop_start_sec, "loop_start_sec")? != 0.0 || !loop_end_sec.is_none() {
                let text = "loop_start_sec and loop_end_sec are those of a loop: name that, too";
                return Err(PyValueError::new_err(text));
            }
            None
        } else {
            Some(looping(looped, loop_start_sec, loop_end_sec)?)
        };
        let change = VoiceChange {
            volume: optional_number(volume, "volume")?.map(narrow),
            pan: optional_number(pan, "pan")?.map(narrow),
            speed: optional_number(speed, "speed")?,
            looping,
            fade_sec: optional_number(fade_sec, "fade_sec")?,
        };
        let at_frame = frame(at_frame)?;
        self.voice(voice, |engine, id| engine.at(at_frame).set_voice(id, change))
    }

    fn stop_all(&self, fade_sec: &Bound<'_, PyAny>, at_frame: &Bound<'_, PyAny>) -> PyResult<()> {
        let seconds = number(fade_sec, "fade_sec")?;
        let at_frame = frame(at_frame)?;
        self.quick(fade_sec.py(), |engine| engine.stop_all_at(seconds, at_frame))
    }

    fn set_bus(
        &self,
        py: Python<'_>,
        number: &Bound<'_, PyAny>,
        volume: &Bound<'_, PyAny>,
        muted: &Bound<'_, PyAny>,
        fade_sec: &Bound<'_, PyAny>,
        at_frame: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let bus = bus(number)?;
        let volume = optional_number(volume, "volume")?.map(narrow);
        let muted = if muted.is_none() { None } else { Some(flag(muted, "muted")?) };
        let fade_sec = optional_number(fade_sec, "fade_sec")?;
        let at_frame = frame(at_frame)?;
        self.quick(py, |engine| engine.at(at_frame).set_bus(bus, volume, muted, fade_sec))
    }

    fn pause_bus(&self, number: &Bound<'_, PyAny>, at_frame: &Bound<'_, PyAny>) -> PyResult<()> {
        let (paused, at_frame) = (bus(number)?, frame(at_frame)?);
        self.quick(number.py(), |engine| engine.at(at_frame).pause_bus(paused))
    }

    fn resume_bus(&self, number: &Bound<'_, PyAny>, at_frame: &Bound<'_, PyAny>) -> PyResult<()> {
        let (paused, at_frame) = (bus(number)?, frame(at_frame)?);
        self.quick(number.py(), |engine| engine.at(at_frame).resume_bus(paused))
    }

    fn set_limiter(&self, on: &Bound<'_, PyAny>) -> PyResult<()> {
        let limiter = flag(on, "on")?;
        self.quick(on.py(), |engine| engine.set_limiter(limiter))
    }

    fn meters(&self, py: Python<'_>) -> PyResult<MeterRow> {
        Ok(meter_row(&self.quick(py, AudioEngine::meters)?))
    }

    fn playheads(&self, py: Python<'_>) -> PyResult<Vec<PlayheadRow>> {
        Ok(self.quick(py, AudioEngine::playheads)?.iter().map(playhead_row).collect())
    }

    fn set_volume(
        &self,
        volume: &Bound<'_, PyAny>,
        fade_sec: &Bound<'_, PyAny>,
        at_frame: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let gain = narrow(number(volume, "volume")?);
        let fade_sec = optional_number(fade_sec, "fade_sec")?;
        let at_frame = frame(at_frame)?;
        self.quick(volume.py(), |engine| engine.at(at_frame).set_volume(gain, fade_sec))
    }

    fn set_speed(&self, speed: &Bound<'_, PyAny>, at_frame: &Bound<'_, PyAny>) -> PyResult<()> {
        let (master, at_frame) = (number(speed, "speed")?, frame(at_frame)?);
        self.quick(speed.py(), |engine| engine.at(at_frame).set_speed(master))
    }

    fn clock(&self, py: Python<'_>) -> PyResult<(u64, f64, u32, f64)> {
        let clock = self.quick(py, AudioEngine::clock)?;
        Ok((clock.frame, clock.time_sec, clock.sample_rate, clock.latency_sec))
    }

    fn poll_playback_events<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        guarded(py, || {
            self.home.check()?;
            self.engine.poll_playback_events().map(|notice| playback_event(py, notice)).transpose()
        })
    }

    /// As `wait_event`, of the queue that `poll_playback_events` takes from.
    fn wait_playback_event<'py>(
        &self,
        py: Python<'py>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.wait_for(py, self.engine.playback_events(), timeout, playback_event)
    }

    fn render<'py>(
        &self,
        py: Python<'py>,
        frames: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let frames = integer(frames, "frames", RENDERED_FRAMES)?;
        render::render(py, frames, |chunk| self.slow(py, |engine| engine.render_some(chunk)))
    }

    fn set_output(&self, py: Python<'_>, output: &Bound<'_, PyAny>) -> PyResult<()> {
        let output = text(output, "output")?;
        self.slow(py, |engine| engine.set_output(&output))
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.home.check()?;
        let stats = self.quick(py, |engine| Ok(engine.stats()))?;
        let dict = PyDict::new(py);
        fill!(dict, {
            "workers": stats.workers, "abandoned_workers": stats.abandoned_workers,
            "queued": stats.queued, "live": stats.live, "analyses": stats.analyses,
            "samples": stats.samples, "sample_bytes": stats.sample_bytes,
            "reserved_bytes": stats.reserved_bytes, "memory_budget": stats.memory_budget,
            "unread_events": stats.unread_events, "dropped_events": stats.dropped_events,
            "voices": stats.voices, "most_voices": stats.most_voices,
            "stream_voices": stats.stream_voices,
            "underruns": stats.underruns, "callbacks": stats.callbacks, "xruns": stats.xruns,
            "callback_load_mean": stats.callback_load.mean,
            "callback_load_p99": stats.callback_load.p99,
            "callback_load_max": stats.callback_load.max,
            "dropped_playback_events": stats.dropped_playback_events,
            "dropped_changes": stats.dropped_changes,
            "callback_panics": stats.callback_panics, "output": stats.output,
            "cache_hits": stats.cache.hits, "cache_misses": stats.cache.misses,
            "cache_storing": stats.stores, "cache_stored": stats.cache.stored,
            "cache_unsound": stats.cache.unsound,
            "cache_failures": stats.cache.failures,
            "cache_analysis_hits": stats.cache.analysis_hits,
            "cache_analysis_misses": stats.cache.analysis_misses,
        });
        Ok(dict)
    }
}

fn submit_options(
    priority: &Bound<'_, PyAny>,
    stream: bool,
    analyze: &Bound<'_, PyAny>,
    awaited: bool,
) -> PyResult<SubmitOptions> {
    let priority = integer(priority, "priority", PRIORITIES)?;
    let analyze = analysis::kinds(analyze, "analyze")?;
    Ok(SubmitOptions { priority, stream, analyze, awaited })
}

/// A device: `hotcue.Device`.
type DeviceRow = (String, String, bool, usize, Option<u32>);

/// The audio output devices.
#[pyfunction]
pub(crate) fn devices(py: Python<'_>) -> PyResult<Vec<DeviceRow>> {
    guarded(py, || {
        let devices = py.detach(output::devices);
        let row = |device: DeviceInfo| {
            let DeviceInfo { id, name, is_default, channels, default_sample_rate, .. } = device;
            (id, name, is_default, channels, default_sample_rate)
        };
        Ok(devices.into_iter().map(row).collect())
    })
}
