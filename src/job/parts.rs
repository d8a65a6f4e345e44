//! Parts of one load that several threads work at.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::buffer::{FrameSink, Region};
use crate::decode::{Odd, Stretch, Tally, VALUES_PER_STEP};
use crate::resample::{Ends, Resampler, Workbench};

/// A stretch of the source and the place where its frames go.
pub(super) struct Part {
    pub(super) number: usize,
    pub(super) stretch: Box<dyn Stretch>,
    /// Bytes of the source that it holds.
    pub(super) bytes: usize,
    pub(super) is_last: bool,
    pub(super) region: Region,
    pub(super) conversion: Conversion,
    /// Frames of the source that it is alone in counting.
    pub(super) frames: u64,
    /// Frames of those that only lead up to it, and are still to come.
    pub(super) history_left: u64,
    /// What it saw of the source's ends, once it is converted.
    pub(super) ends: Option<Ends>,
}

/// How a part comes to its rate.
pub(super) enum Conversion {
    /// It has it already.
    None,
    /// From one rate to another, with a resampler of whoever begins with it, from this frame of the
    /// source on.
    From { rates: (u32, u32), at: u64, own_loop: Option<Range<u64>> },
    /// With this one.
    With(Box<Resampler>),
}

impl Part {
    /// Works for about 1 ms, and adds what changing the rate takes to `resampling`; whether it is
    /// done.
    fn step(&mut self, bench: &mut Workbench, resampling: &mut Duration) -> Result<bool, Odd> {
        if let Conversion::From { rates: (from, to), at, own_loop } = &mut self.conversion {
            let channels = self.region.channels();
            let mut resampler = bench.take_resampler(*from, *to, channels).map_err(|_| Odd)?;
            resampler.start_at(*at);
            own_loop.take().into_iter().for_each(|range| resampler.keep_loop(range));
            self.conversion = Conversion::With(Box::new(resampler));
        }
        let mut values = 0;
        while values < VALUES_PER_STEP {
            let Some(chunk) = self.stretch.next_chunk()? else {
                return self.finish(bench, resampling).map(|()| true);
            };
            let frames = chunk.frames() as u64;
            let history = self.history_left.min(frames);
            self.history_left -= history;
            self.frames += frames - history;
            values += chunk.frames() * chunk.planes().len();
            match &mut self.conversion {
                Conversion::With(resampler) => {
                    let begin = Instant::now();
                    resampler.push_to(chunk.planes(), &mut self.region).map_err(|_| Odd)?;
                    *resampling += begin.elapsed();
                }
                _ => {
                    let planes = chunk.planes();
                    let copy = |channel: usize, to: &mut [f32]| to.copy_from_slice(planes[channel]);
                    self.region.write_with(chunk.frames(), copy).map_err(|_| Odd)?;
                }
            }
        }
        Ok(false)
    }

    fn finish(&mut self, bench: &mut Workbench, resampling: &mut Duration) -> Result<(), Odd> {
        let conversion = std::mem::replace(&mut self.conversion, Conversion::None);
        if let Conversion::With(mut resampler) = conversion {
            if self.is_last {
                let begin = Instant::now();
                let frames = resampler.frames_pushed();
                resampler.finish_to(frames, &mut self.region).map_err(|_| Odd)?;
                *resampling += begin.elapsed();
            }
            self.ends = Some(resampler.ends().clone());
            bench.put_back(*resampler);
        }
        let is_full = self.region.frames_written() == self.region.frames();
        if is_full || self.is_last { Ok(()) } else { Err(Odd) }
    }
}

/// A part that is done.
pub(super) struct Finished {
    pub(super) region: Region,
    pub(super) frames: u64,
    pub(super) is_last: bool,
    pub(super) tally: Tally,
    pub(super) ends: Option<Ends>,
}

/// What others may help with at a load: its parts.
///
/// The thread that steps the load cuts them and puts them together; without any help it works at
/// them, too.
pub struct SharedLoad {
    state: Mutex<State>,
    /// Signalled when a part comes back.
    changed: Condvar,
    helpers: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// Parts that nobody works at, the first one in front.
    open: VecDeque<Part>,
    finished: BTreeMap<usize, Finished>,
    /// Parts so far.
    opened: usize,
    /// Bytes of the source in parts that are not finished.
    bytes: usize,
    /// A part could not be decoded.
    is_odd: bool,
    is_over: bool,
}

impl fmt::Debug for SharedLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLoad").field("helpers", &self.helpers).finish_non_exhaustive()
    }
}

impl SharedLoad {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            helpers: AtomicUsize::new(0),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many help.
    pub fn helpers(&self) -> usize {
        // Relaxed: who reads it decides nothing that depends on other memory.
        self.helpers.load(Ordering::Relaxed)
    }

    /// Whether there is nothing to help with any more.
    pub fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// Helps from now on: for the thread of another worker.
    pub fn help(self: &Arc<Self>) -> Helper {
        self.helpers.fetch_add(1, Ordering::Relaxed);
        Helper { shared: Arc::clone(self), part: None, is_stepping: false }
    }

    /// Opens a part for everybody.
    pub(super) fn open(&self, part: Part) {
        let mut state = self.lock();
        state.opened += 1;
        state.bytes += part.bytes;
        state.open.push_back(part);
    }

    /// How many parts wait for somebody, and bytes of those that are not finished.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let state = self.lock();
        (state.open.len(), state.bytes)
    }

    pub(super) fn take(&self) -> Option<Part> {
        self.lock().open.pop_front()
    }

    /// Parts so far.
    #[cfg(test)]
    pub(super) fn opened(&self) -> usize {
        self.lock().opened
    }

    pub(super) fn is_odd(&self) -> bool {
        self.lock().is_odd
    }

    /// The source is not what it should be.
    pub(super) fn set_odd(&self) {
        self.lock().is_odd = true;
    }

    /// Part `number`, if it is finished.
    pub(super) fn finished(&self, number: usize) -> Option<Finished> {
        self.lock().finished.remove(&number)
    }

    /// Waits until a part comes back, at most for so long.
    pub(super) fn wait(&self, number: usize, most: Duration) {
        let state = self.lock();
        let is_out = |state: &mut State| {
            !state.finished.contains_key(&number) && !state.is_odd && state.open.is_empty()
        };
        drop(self.changed.wait_timeout_while(state, most, is_out));
    }

    /// Waits until something changes, at most for so long.
    pub(super) fn pause(&self, most: Duration) {
        drop(self.changed.wait_timeout(self.lock(), most));
    }

    /// Ends all help.
    pub(super) fn end(&self) {
        let parts = {
            let mut state = self.lock();
            state.is_over = true;
            (std::mem::take(&mut state.open), std::mem::take(&mut state.finished))
        };
        drop(parts);
    }

    /// Works at `part` for a moment; gives it back unless it is done.
    pub(super) fn step(
        &self,
        mut part: Part,
        bench: &mut Workbench,
        resampling: &mut Duration,
    ) -> Option<Part> {
        match part.step(bench, resampling) {
            Ok(false) => return Some(part),
            Ok(true) => {
                let Part { number, region, frames, is_last, stretch, bytes, ends, .. } = part;
                let tally = stretch.tally().clone();
                let finished = Finished { region, frames, is_last, tally, ends };
                let mut state = self.lock();
                state.bytes -= bytes;
                if !state.is_over {
                    state.finished.insert(number, finished);
                }
            }
            Err(Odd) => self.lock().is_odd = true,
        }
        self.changed.notify_all();
        None
    }
}

/// What came of a step of a helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Help {
    /// It worked.
    Worked,
    /// There is nothing to do at the moment.
    Nothing,
    /// The load does not need it any more.
    Over,
}

/// Helps at one load. Dropped, it leaves its part to others.
pub struct Helper {
    shared: Arc<SharedLoad>,
    part: Option<Part>,
    /// Inside a step: what it leaves then means nothing.
    is_stepping: bool,
}

impl fmt::Debug for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Helper").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl Helper {
    /// The load that it helps with.
    pub fn load(&self) -> &Arc<SharedLoad> {
        &self.shared
    }

    /// Works for about 1 ms, with resamplers of `bench`. Does not wait, and reads nothing of the
    /// source.
    pub fn step(&mut self, bench: &mut Workbench) -> Help {
        if self.shared.is_over() {
            self.part = None;
            return Help::Over;
        }
        let Some(part) = self.part.take().or_else(|| self.shared.take()) else {
            return Help::Nothing;
        };
        self.is_stepping = true;
        // What others do is in no stage's time.
        self.part = self.shared.step(part, bench, &mut Duration::default());
        self.is_stepping = false;
        Help::Worked
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_odd |= self.is_stepping;
        if let Some(part) = self.part.take()
            && !state.is_over
        {
            state.open.push_front(part);
        }
        drop(state);
        self.shared.helpers.fetch_sub(1, Ordering::Relaxed);
        self.shared.changed.notify_all();
    }
}
