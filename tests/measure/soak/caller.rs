//! One of the threads that call the engine at random.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use hotcue::LoadErrorKind;
use hotcue_actors::{
    AudioEngine, CancelReason, EngineError, LoadBatch, LoadFailure, LoadTicket, PlayOptions,
    SubmitError, WhenLoading,
};
use hotcue_tests::{PATIENCE, Random};

use super::SLOTS;
use super::material::{Expected, Material};

/// Loads of a caller that it has not looked after yet.
const OPEN: usize = 48;
/// A call follows another after up to so long: the machine shall not be busy all the time, so
/// that queues run empty and full.
const LONGEST_PAUSE_US: u64 = 10_000;

/// What all callers have done together.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) calls: AtomicU64,
    pub(super) cancels: AtomicU64,
    pub(super) plays: AtomicU64,
    pub(super) refused: AtomicU64,
    /// Requests that were accepted since somebody last looked.
    pub(super) accepted: Mutex<Vec<u64>>,
}

pub(super) struct Caller<'a> {
    pub(super) random: Random,
    pub(super) engine: &'a AudioEngine,
    pub(super) material: &'a Material,
    pub(super) done: &'a Done,
    stalls_one_in: usize,
    tickets: VecDeque<(LoadTicket, Expected, bool)>,
    batches: VecDeque<LoadBatch>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        random: Random,
        engine: &'a AudioEngine,
        material: &'a Material,
        done: &'a Done,
        stalls_one_in: usize,
    ) -> Self {
        let (tickets, batches) = (VecDeque::new(), VecDeque::new());
        Self { random, engine, material, done, stalls_one_in, tickets, batches }
    }

    /// Calls until `over`, then waits for all that it began.
    ///
    /// # Errors
    /// A call fails that may not.
    ///
    /// # Panics
    /// A load ends as it may not, or never.
    pub(super) fn run(mut self, over: &AtomicBool) -> Result<(), EngineError> {
        while !over.load(Ordering::Acquire) {
            self.call()?;
            self.done.calls.fetch_add(1, Ordering::Relaxed);
            while self.tickets.len() > OPEN {
                self.look_after_oldest();
            }
            thread::sleep(Duration::from_micros(self.random.number() % LONGEST_PAUSE_US));
        }
        while !self.tickets.is_empty() {
            self.look_after_oldest();
        }
        Ok(())
    }

    fn slot(&mut self) -> u32 {
        u32::try_from(self.random.below(SLOTS)).unwrap_or(0)
    }

    fn priority(&mut self) -> i32 {
        [-100, -1, 0, 0, 0, 3, 100][self.random.below(7)]
    }

    fn call(&mut self) -> Result<(), EngineError> {
        let id = self.slot();
        match self.random.below(28) {
            0..9 => self.load(id)?,
            9 => self.load_many()?,
            10 => drop(self.batches.pop_back().map(|batch| self.cancel_batch(&batch))),
            11..14 => self.cancel()?,
            14..16 => self.set_priority()?,
            16..18 => self.engine.unload_sample(id)?,
            18 => {
                let pinned = self.random.one_in(3);
                self.engine.pin_sample(id, pinned)?;
            }
            19 => self.engine.stop_sample(id, 0.005)?,
            20 if self.random.one_in(4) => {
                self.engine.stream_handle()?.push_sample(id, self.material.pushed.clone())?;
            }
            20 | 21 => {
                self.engine.state(id)?;
                self.engine.loads()?;
                self.engine.sample(id)?;
            }
            _ => self.play(id)?,
        }
        Ok(())
    }

    fn load(&mut self, id: u32) -> Result<(), EngineError> {
        let (source, expected) = self.material.pick(&mut self.random, self.stalls_one_in);
        let id = (!self.random.one_in(8)).then_some(id);
        let priority = self.priority();
        match self.engine.load_sample_async(id, source, priority) {
            Ok(ticket) => self.accepted(ticket, expected),
            Err(error) => self.refused(error)?,
        }
        Ok(())
    }

    fn load_many(&mut self) -> Result<(), EngineError> {
        let (mut items, mut expected) = (Vec::new(), Vec::new());
        for _ in 0..1 + self.random.below(8) {
            let (source, end) = self.material.pick(&mut self.random, self.stalls_one_in);
            items.push((Some(self.slot()), source));
            expected.push(end);
        }
        let priority = self.priority();
        match self.engine.load_many_async(items, priority) {
            Ok(batch) => {
                for (ticket, expected) in batch.tickets().iter().zip(expected) {
                    self.accepted(ticket.clone(), expected);
                }
                self.batches.push_back(batch);
                self.batches.truncate(4);
            }
            Err(error) => self.refused(error)?,
        }
        Ok(())
    }

    fn accepted(&mut self, ticket: LoadTicket, expected: Expected) {
        let mut accepted = self.done.accepted.lock().expect("nobody panics with it");
        accepted.push(ticket.request_id());
        drop(accepted);
        self.tickets.push_back((ticket, expected, false));
    }

    fn refused(&self, error: EngineError) -> Result<(), EngineError> {
        self.done.refused.fetch_add(1, Ordering::Relaxed);
        match error {
            EngineError::Submit(SubmitError::QueueFull | SubmitError::NoFreeSlot) => Ok(()),
            other => Err(other),
        }
    }

    fn cancel(&mut self) -> Result<(), EngineError> {
        let Some(index) = self.some_load() else { return Ok(()) };
        let (ticket, _, cancelled) = &mut self.tickets[index];
        if self.engine.cancel_load(ticket.request_id())? {
            assert!(!*cancelled, "cancelled twice: {ticket:?}");
            *cancelled = true;
            self.done.cancels.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn cancel_batch(&mut self, batch: &LoadBatch) {
        let cancelled = batch.cancel();
        self.done.cancels.fetch_add(cancelled as u64, Ordering::Relaxed);
    }

    fn set_priority(&mut self) -> Result<(), EngineError> {
        let Some(index) = self.some_load() else { return Ok(()) };
        let priority = self.priority();
        self.engine.set_priority(self.tickets[index].0.request_id(), priority)?;
        Ok(())
    }

    /// One of the newest of this caller.
    fn some_load(&mut self) -> Option<usize> {
        let back = self.random.below(self.tickets.len().clamp(1, 3));
        self.tickets.len().checked_sub(1 + back)
    }

    fn play(&mut self, id: u32) -> Result<(), EngineError> {
        let options = PlayOptions {
            looping: self.random.one_in(6).into(),
            speed: [1.0, -1.0, 0.5, 4.0][self.random.below(4)],
            start_sec: if self.random.one_in(3) { 0.05 } else { 0.0 },
            when_loading: [WhenLoading::PlayWhenReady, WhenLoading::Drop][self.random.below(2)],
            ..PlayOptions::default()
        };
        if self.engine.play_sample(id, options)?.is_some() {
            self.done.plays.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// It ends, and as its source and its caller let it.
    fn look_after_oldest(&mut self) {
        let Some((ticket, expected, cancelled)) = self.tickets.pop_front() else { return };
        let outcome = ticket.wait(Some(PATIENCE));
        let kind = match &outcome {
            None => panic!("{ticket:?} never ends"),
            Some(Ok(_)) => None,
            Some(Err(LoadFailure::Failed { error, .. })) => Some(error.kind()),
            Some(Err(LoadFailure::Cancelled(reason))) => {
                assert!(!cancelled || *reason == CancelReason::User, "{reason:?} of {ticket:?}");
                return;
            }
            Some(Err(_)) => panic!("{ticket:?} ends in what nobody knows"),
        };
        assert!(!cancelled, "cancel said true, but {outcome:?}");
        match (expected, kind) {
            // A sample may also have left memory.
            (_, Some(LoadErrorKind::OutOfMemoryBudget)) | (Expected::Unknown, _) => {}
            (Expected::Good, None) | (Expected::Bad, Some(_)) => {}
            _ => panic!("{expected:?}, but {outcome:?}"),
        }
    }
}
