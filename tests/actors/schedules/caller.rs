//! One caller: random calls, and what must be true right after each of them.

use std::sync::{Arc, Mutex};

use hotcue::SampleBuffer;
use hotcue::analysis::AnalysisKind;
use hotcue_actors::{
    AudioEngine, EngineError, LoadBatch, LoadTicket, PlayOptions, SlotState, SubmitError,
    SubmitOptions,
};
use hotcue_tests::Random;

use super::sources::{Expected, Material};
use super::{OWN_SLOTS, SHARED_SLOTS, SLOTS, lock};

/// A call that was made, and what it gave.
#[derive(Clone, Debug)]
pub(super) enum Done {
    Load {
        ticket: LoadTicket,
        expected: Expected,
        /// What is to be heard in it.
        kinds: Vec<AnalysisKind>,
    },
    Cancel {
        request_id: u64,
        cancelled: bool,
    },
    #[allow(dead_code, reason = "read where a failing test prints its calls")]
    SetPriority {
        request_id: u64,
        live: bool,
    },
    CancelMany {
        batch: LoadBatch,
        cancelled: usize,
    },
    Unload {
        id: u32,
    },
    Push {
        id: u32,
    },
    Play {
        id: u32,
        voice: u64,
    },
}

pub(super) struct Caller<'a> {
    random: Random,
    engine: &'a AudioEngine,
    material: &'a Material,
    /// Whether callers also take free slots: then none of them has a slot of its own.
    claims: bool,
    own: std::ops::Range<u32>,
    slots: Vec<OwnSlot>,
    batches: Vec<LoadBatch>,
    done: &'a Mutex<Vec<Done>>,
}

/// What a slot must hold that nobody else touches.
#[derive(Default)]
struct OwnSlot {
    /// What it holds unless one of `loads` has succeeded.
    base: Option<Arc<SampleBuffer>>,
    /// All that were submitted since `base` was set, oldest first.
    loads: Vec<LoadTicket>,
    /// `base` was pushed while a load ran: which of them came last is not known.
    raced: bool,
}

impl OwnSlot {
    /// Where the audio lies that it must play.
    fn expected(&self) -> Option<*const f32> {
        let finished = |load: &LoadTicket| load.wait(Some(Default::default()))?.ok();
        let newest = self.loads.iter().rev().find_map(finished);
        newest.map(|sample| sample.buffer().as_ptr()).or_else(|| self.base_audio())
    }

    fn base_audio(&self) -> Option<*const f32> {
        self.base.as_ref().map(|buffer| buffer.as_ptr())
    }
}

/// Only the end of the engine may refuse a call.
pub(super) fn allow_the_end<T>(result: Result<T, EngineError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(EngineError::NotInitialized) => None,
        Err(other) => panic!("{other}"),
    }
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        number: u32,
        random: Random,
        engine: &'a AudioEngine,
        material: &'a Material,
        claims: bool,
        done: &'a Mutex<Vec<Done>>,
    ) -> Self {
        let first = SHARED_SLOTS + number * OWN_SLOTS;
        let own = first..first + OWN_SLOTS;
        let slots = own.clone().map(|_| OwnSlot::default()).collect();
        Self { random, engine, material, claims, own, slots, batches: Vec::new(), done }
    }

    /// Makes `count` calls; fewer if the engine ends meanwhile.
    pub(super) fn run(mut self, count: usize) {
        for _ in 0..count {
            if self.call().is_none() || self.look().is_none() {
                return;
            }
            self.random.dawdle();
        }
        // Only what is in the slots when all loads have ended is left to say.
        for slot in &self.slots {
            for ticket in &slot.loads {
                assert!(ticket.wait(Some(hotcue_tests::PATIENCE)).is_some(), "{ticket:?} hangs");
            }
        }
        self.look();
    }

    fn note(&self, done: Done) {
        lock(self.done).push(done);
    }

    fn slot(&mut self) -> u32 {
        if self.random.one_in(3) {
            u32::try_from(self.random.below(SHARED_SLOTS as usize)).expect("a small number")
        } else {
            self.own.start
                + u32::try_from(self.random.below(OWN_SLOTS as usize)).expect("a small number")
        }
    }

    fn own_slot(&mut self, id: u32) -> Option<&mut OwnSlot> {
        let index = id.checked_sub(self.own.start)?;
        self.slots.get_mut(index as usize)
    }

    /// One random call; None when the engine has ended.
    fn call(&mut self) -> Option<()> {
        let id = self.slot();
        match self.random.below(24) {
            0..8 => self.load(id)?,
            20 | 21 => self.set_priority()?,
            22 => self.load_many()?,
            23 => self.cancel_many(),
            8..10 => self.cancel()?,
            // Slot 0 is never emptied, so that its last load is what it holds.
            10..12 if id > 0 => self.unload(id)?,
            12 if id > 0 => self.push(id)?,
            13..16 => self.play(id)?,
            16 => allow_the_end(self.engine.stop_sample(id, 0.005))?,
            17 => {
                let loads = allow_the_end(self.engine.loads())?;
                let rising = loads.is_sorted_by(|a, b| a.request_id < b.request_id);
                assert!(rising && loads.iter().all(|load| load.id < SLOTS), "{loads:?}");
            }
            18 => {
                let stats = self.engine.stats();
                assert!(stats.samples <= SLOTS as usize && stats.callback_panics == 0, "{stats:?}");
            }
            _ => match self.engine.render(32) {
                Ok(_) | Err(EngineError::NotOffline) => {}
                other => drop(allow_the_end(other)?),
            },
        }
        Some(())
    }

    fn load(&mut self, id: u32) -> Option<()> {
        let (source, expected) = self.material.pick(&mut self.random);
        let kinds = self.kinds();
        let options = SubmitOptions {
            priority: self.priority(),
            analyze: kinds.clone(),
            ..SubmitOptions::default()
        };
        let id = (!self.claims || !self.random.one_in(3)).then_some(id);
        let ticket = match self.engine.submit(id, source, &options) {
            Ok(ticket) => ticket,
            Err(EngineError::Submit(SubmitError::QueueFull)) => return Some(()),
            Err(EngineError::Submit(SubmitError::NoFreeSlot)) if id.is_none() => return Some(()),
            other => return allow_the_end(other).map(drop),
        };
        self.accepted(&ticket, expected, kinds);
        if self.random.one_in(6) {
            assert!(ticket.wait(Some(hotcue_tests::PATIENCE)).is_some(), "{ticket:?} hangs");
        }
        Some(())
    }

    fn priority(&mut self) -> i32 {
        i32::try_from(self.random.below(3)).expect("a small number")
    }

    /// Some, in any order; of half of the loads none.
    fn kinds(&mut self) -> Vec<AnalysisKind> {
        let some = if self.random.one_in(2) { &AnalysisKind::ALL[..] } else { &[] };
        some.iter().rev().copied().filter(|_| self.random.one_in(2)).collect()
    }

    fn accepted(&mut self, ticket: &LoadTicket, expected: Expected, kinds: Vec<AnalysisKind>) {
        if let Some(slot) = self.own_slot(ticket.id()) {
            slot.loads.push(ticket.clone());
        }
        self.note(Done::Load { ticket: ticket.clone(), expected, kinds });
    }

    fn load_many(&mut self) -> Option<()> {
        let count = 1 + self.random.below(6);
        let mut items = Vec::new();
        let mut expected = Vec::new();
        for _ in 0..count {
            let id = self.slot();
            let (source, end) = self.material.pick(&mut self.random);
            items.push(((!self.claims || !self.random.one_in(3)).then_some(id), source));
            expected.push(end);
        }
        let claims = items.iter().any(|(id, _)| id.is_none());
        let priority = self.priority();
        let batch = match self.engine.load_many_async(items, priority) {
            Ok(batch) => batch,
            Err(EngineError::Submit(SubmitError::QueueFull)) => return Some(()),
            Err(EngineError::Submit(SubmitError::NoFreeSlot)) if claims => return Some(()),
            other => return allow_the_end(other).map(drop),
        };
        assert_eq!(batch.tickets().len(), count);
        for (ticket, end) in batch.tickets().iter().zip(expected) {
            self.accepted(ticket, end, Vec::new());
        }
        self.batches.push(batch);
        Some(())
    }

    fn cancel_many(&mut self) {
        let Some(batch) = self.batches.pop() else { return };
        let cancelled = batch.cancel();
        self.note(Done::CancelMany { batch: batch.clone(), cancelled });
        // Others may be ending one right now; it counts once they are done with it.
        hotcue_tests::wait_until("a cancelled batch has ended", || {
            let progress = batch.progress();
            progress.done + progress.failed + progress.cancelled == progress.total
        });
        let progress = batch.progress();
        assert!(progress.cancelled >= cancelled && progress.percent == 100.0, "{progress:?}");
    }

    fn set_priority(&mut self) -> Option<()> {
        let Some(ticket) = self.some_ticket() else { return Some(()) };
        let request_id = ticket.request_id();
        let priority = [-100, -1, 0, 3, 100][self.random.below(5)];
        let before = ticket.wait(Some(Default::default())).is_some();
        let live = allow_the_end(self.engine.set_priority(request_id, priority))?;
        assert!(!(before && live), "it has ended: {ticket:?}");
        self.note(Done::SetPriority { request_id, live });
        Some(())
    }

    /// One of the newest.
    fn some_ticket(&mut self) -> Option<LoadTicket> {
        let loads: Vec<_> = lock(self.done)
            .iter()
            .filter_map(|done| match done {
                Done::Load { ticket, .. } => Some(ticket.clone()),
                _ => None,
            })
            .collect();
        let back = self.random.below(loads.len().clamp(1, 4));
        loads.len().checked_sub(1 + back).map(|index| loads[index].clone())
    }

    fn cancel(&mut self) -> Option<()> {
        let Some(ticket) = self.some_ticket() else { return Some(()) };
        let request_id = ticket.request_id();
        let cancelled = if self.random.one_in(2) {
            ticket.cancel()
        } else {
            allow_the_end(self.engine.cancel_load(request_id))?
        };
        self.note(Done::Cancel { request_id, cancelled });
        Some(())
    }

    fn unload(&mut self, id: u32) -> Option<()> {
        allow_the_end(self.engine.unload_sample(id))?;
        self.note(Done::Unload { id });
        if let Some(slot) = self.own_slot(id) {
            for ticket in &slot.loads {
                assert!(ticket.wait(Some(hotcue_tests::PATIENCE)).is_some(), "{ticket:?} goes on");
            }
            *slot = OwnSlot::default();
        }
        Some(())
    }

    fn push(&mut self, id: u32) -> Option<()> {
        let buffer = Arc::clone(&self.material.pushed);
        let handle = allow_the_end(self.engine.stream_handle())?;
        if let Some(slot) = self.own_slot(id) {
            let runs =
                slot.loads.last().is_some_and(|load| load.wait(Some(Default::default())).is_none());
            let loads = if runs { std::mem::take(&mut slot.loads) } else { Vec::new() };
            *slot = OwnSlot { base: Some(Arc::clone(&buffer)), loads, raced: runs };
        }
        match handle.push_sample(id, buffer) {
            Ok(()) => {}
            Err(SubmitError::Closed) => return None,
            Err(refused) => panic!("{refused}"),
        }
        self.note(Done::Push { id });
        Some(())
    }

    fn play(&mut self, id: u32) -> Option<()> {
        let looped = self.random.one_in(4);
        let options = PlayOptions { looping: looped.into(), ..PlayOptions::default() };
        if let Some(voice) = allow_the_end(self.engine.play_sample(id, options))? {
            self.note(Done::Play { id, voice });
        }
        Some(())
    }

    /// Holds the caller's own slots against what they must hold.
    fn look(&mut self) -> Option<()> {
        if self.claims {
            return Some(());
        }
        for (id, slot) in self.own.clone().zip(&self.slots) {
            let before = slot.expected();
            let sample = allow_the_end(self.engine.sample(id))?;
            let state = allow_the_end(self.engine.state(id))?;
            let after = slot.expected();
            let held = sample.as_ref().map(|sample| sample.buffer().as_ptr());
            let fits = held == before || held == after || (slot.raced && held == slot.base_audio());
            assert!(fits, "slot {id} holds {sample:?}; its loads: {:?}", slot.loads);
            let ended = slot.loads.iter().all(|load| load.wait(Some(Default::default())).is_some());
            match state {
                SlotState::Ready => assert!(after.is_some(), "slot {id} is ready with nothing"),
                _ => assert!(held.is_none(), "slot {id} is {state:?} with a sample"),
            }
            if slot.loads.is_empty() && held.is_none() {
                assert_eq!(state, SlotState::Empty, "slot {id}");
                let voice = allow_the_end(self.engine.play_sample(id, PlayOptions::default()))?;
                assert!(voice.is_none(), "an empty slot plays");
            }
            if let (SlotState::Queued | SlotState::Loading | SlotState::Playable, true) =
                (state, ended)
            {
                let now = allow_the_end(self.engine.state(id))?;
                let over = matches!(now, SlotState::Failed | SlotState::Empty | SlotState::Ready);
                assert!(over, "slot {id} is {now:?} when its loads have ended");
            }
        }
        Some(())
    }
}
