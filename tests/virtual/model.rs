//! What a caller must find at every moment, restated from the promises: slots, requests, states.

mod eviction;

use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::Instant;
use hotcue::analysis::AnalysisKind;
use hotcue::{LoadErrorKind, SampleBuffer, Stage};
use hotcue_actors::{AudioEngine, CancelReason, LoadFailure, LoadTicket, Sample, SlotState};

use crate::disk::{Disk, End, origin};

/// Of a request that loads nothing.
pub(crate) const NO_FILE: usize = usize::MAX;

/// Which audio a slot holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Audio {
    /// Which buffer: no two that are alive share an address. None with a memory budget, under
    /// which nothing keeps it alive.
    at: Option<usize>,
    /// Which file, in which version.
    pub(crate) origin: (usize, u64),
}

/// A request that was accepted.
pub(crate) struct Request {
    /// None of one that a play made, to bring an evicted sample back.
    pub(crate) ticket: Option<LoadTicket>,
    pub(crate) id: u64,
    pub(crate) slot: u32,
    pub(crate) file: usize,
    /// Of the file, when it was submitted.
    version: u64,
    /// The version at the submit of the oldest request whose job it may have joined by its path.
    pub(crate) job_version: u64,
    pub(crate) accepted: Duration,
    /// What it was set to, and when.
    pub(crate) priorities: Vec<(Duration, i32)>,
    /// The reason for which it must have been cancelled.
    pub(crate) cancelled: Option<CancelReason>,
    pub(crate) succeeded: bool,
    /// What it asks to be heard, in order.
    pub(crate) kinds: Vec<AnalysisKind>,
    /// What came of it. Without a memory budget the ticket keeps it in memory.
    pub(crate) audio: Option<Audio>,
    ended: bool,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("id", &self.id)
            .field("slot", &self.slot)
            .field("file", &(self.file, self.version))
            .field("accepted", &self.accepted)
            .field("cancelled", &self.cancelled)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Slot {
    holds: Option<Audio>,
    /// What it held before that was evicted, unless something has come into its place.
    evicted: Option<usize>,
    pinned: bool,
    /// Looped voices that nobody has asked to end.
    looped: Vec<u64>,
    /// The newest request, while it is live.
    current: Option<usize>,
    failed: bool,
    /// A load has failed since the last look.
    just_failed: bool,
}

/// A sample that has left its slot for so long is held by somebody, says the engine.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// The slots and requests of one engine.
#[derive(Debug)]
pub(crate) struct Model {
    slots: Vec<Slot>,
    pub(crate) requests: Vec<Request>,
    /// Ends that may come of a file, by version.
    ends: Vec<Vec<End>>,
    /// Requests may also fail because the callback took nothing.
    pub(crate) ring_may_fill: bool,
    /// When the callback last ran; None of one that the sink runs.
    pulled: Option<Instant>,
    /// At some time it did not run for so long that a sample in it counted as held by somebody.
    callback_rested: bool,
    pub(crate) budget: Option<u64>,
    /// Evictions that were seen, by slot.
    pub(crate) evictions: Vec<usize>,
    /// Loads of files that are small enough may fail for want of memory: something has been
    /// played, pinned, pushed or loaded from memory, which stays.
    something_stays: bool,
}

impl Model {
    pub(crate) fn new(slots: usize, disk: &Disk, budget: Option<u64>) -> Self {
        let ends = (0..disk.len()).map(|file| vec![disk.now(file).1.end]).collect();
        Self {
            slots: (0..slots).map(|_| Slot::default()).collect(),
            requests: Vec::new(),
            ends,
            ring_may_fill: false,
            pulled: Some(Instant::now()),
            callback_rested: false,
            budget,
            evictions: vec![0; slots],
            something_stays: false,
        }
    }

    /// The callback runs, once or, as the sink runs it, whenever there is something to do.
    pub(crate) fn pulled(&mut self, by_the_sink: bool) {
        self.see_rest();
        self.pulled = (!by_the_sink).then(Instant::now);
    }

    fn see_rest(&mut self) {
        self.callback_rested |= self.pulled.is_some_and(|pulled| pulled.elapsed() >= ON_ITS_WAY);
    }

    /// A load was accepted. A live one of the same slot has been superseded.
    pub(crate) fn accepted(
        &mut self,
        ticket: LoadTicket,
        file: usize,
        version: u64,
        priority: i32,
        now: Duration,
    ) {
        let (id, slot) = (ticket.request_id(), ticket.id());
        self.add(Some(ticket), (id, slot), (file, version), priority, now);
    }

    fn add(
        &mut self,
        ticket: Option<LoadTicket>,
        (id, slot): (u64, u32),
        (file, version): (usize, u64),
        priority: i32,
        now: Duration,
    ) {
        let at = &mut self.slots[slot as usize];
        let older = at.current.replace(self.requests.len());
        at.failed = false;
        let mut job_version = version;
        if let Some(older) = older {
            self.cancelled(older, CancelReason::Superseded);
            let older = &self.requests[older];
            if older.file == file {
                job_version = older.job_version;
            }
        }
        self.requests.push(Request {
            ticket,
            id,
            slot,
            file,
            version,
            job_version,
            accepted: now,
            priorities: vec![(now, priority)],
            cancelled: None,
            succeeded: false,
            kinds: Vec::new(),
            audio: None,
            ended: false,
        });
    }

    /// The newest request asks for `kinds`.
    pub(crate) fn asks(&mut self, kinds: &[AnalysisKind]) {
        self.requests.last_mut().expect("there is one").kinds = kinds.to_vec();
    }

    /// An analysis of what a slot holds was accepted: it is no load, and has ended well.
    pub(crate) fn analyzed(&mut self, ticket: &LoadTicket, kinds: &[AnalysisKind], now: Duration) {
        let held = self.slots[ticket.id() as usize].holds.expect("it holds what is analysed");
        if let Some(Ok(sample)) = ticket.wait(Some(Duration::ZERO)) {
            assert_eq!(self.audio(sample.buffer()), held, "what the slot holds");
        }
        self.requests.push(Request {
            ticket: None,
            id: ticket.request_id(),
            slot: ticket.id(),
            file: NO_FILE,
            version: 0,
            job_version: 0,
            accepted: now,
            priorities: vec![(now, 0)],
            cancelled: None,
            succeeded: true,
            kinds: kinds.to_vec(),
            audio: None,
            ended: true,
        });
    }

    /// A slot holds nothing that could be analysed.
    pub(crate) fn cannot_be_analyzed(&self, slot: u32) {
        let slot = &self.slots[slot as usize];
        assert!(slot.holds.is_none(), "{slot:?} can be analysed");
    }

    /// The newest request that has ended well and has asked for something.
    pub(crate) fn some_that_asks(&self) -> Option<usize> {
        self.requests.iter().rposition(|request| request.succeeded && !request.kinds.is_empty())
    }

    /// It must have ended so, there and then.
    fn cancelled(&mut self, request: usize, reason: CancelReason) {
        let request = &mut self.requests[request];
        request.cancelled = Some(reason);
        request.ended = true;
        let Some(ticket) = &request.ticket else { return };
        match ticket.wait(Some(Duration::ZERO)) {
            Some(Err(LoadFailure::Cancelled(found))) if found == reason => {}
            other => panic!("{other:?} is not {reason:?} of {request:?}"),
        }
    }

    /// `cancel_load` gave `answer`.
    pub(crate) fn cancel(&mut self, request: usize, answer: bool) {
        let asks = &self.requests[request];
        if asks.ended && answer {
            let heard = asks.succeeded && !asks.kinds.is_empty();
            return assert!(heard, "nothing to be cancelled: {asks:?}");
        }
        assert_eq!(answer, !self.requests[request].ended, "cancel: {:?}", self.requests[request]);
        if answer {
            self.cancelled(request, CancelReason::User);
            let slot = &mut self.slots[self.requests[request].slot as usize];
            if slot.current == Some(request) {
                slot.current = None;
                slot.failed = false;
            }
        }
    }

    pub(crate) fn set_priority(
        &mut self,
        request: usize,
        priority: i32,
        answer: bool,
        now: Duration,
    ) {
        let request = &mut self.requests[request];
        assert_eq!(answer, !request.ended, "set_priority: {request:?}");
        request.priorities.push((now, priority));
    }

    pub(crate) fn unload(&mut self, slot: usize) {
        if let Some(request) = self.slots[slot].current.take() {
            self.cancelled(request, CancelReason::User);
        }
        self.slots[slot] = Slot::default();
    }

    pub(crate) fn push(&mut self, slot: usize, buffer: &SampleBuffer) {
        self.something_stays = true;
        let audio = self.audio(buffer);
        let slot = &mut self.slots[slot];
        slot.holds = Some(audio);
        slot.evicted = None;
        slot.failed = false;
    }

    pub(crate) fn replaced(&mut self, file: usize, end: End) {
        self.ends[file].push(end);
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = usize> {
        (0..self.requests.len()).filter(|request| !self.requests[*request].ended)
    }

    /// Whether one whose file hangs: its end is not to be waited for.
    pub(crate) fn may_hang(&self, request: usize) -> bool {
        self.possible(&self.requests[request]).contains(&End::Hangs)
    }

    fn possible(&self, request: &Request) -> &[End] {
        let from = usize::try_from(request.job_version).expect("few versions");
        &self.ends[request.file][from..]
    }

    /// Takes over what has ended since the last call, and holds the engine against the model.
    pub(crate) fn look(&mut self, engine: &AudioEngine, disk: &Disk) {
        self.see_rest();
        let loads = engine.loads().expect("it runs");
        for index in 0..self.requests.len() {
            let request = &self.requests[index];
            if request.ended {
                continue;
            }
            match &request.ticket {
                Some(ticket) => {
                    if let Some(outcome) = ticket.wait(Some(Duration::ZERO)) {
                        self.ended(index, outcome, disk);
                    }
                }
                None if loads.iter().any(|load| load.request_id == request.id) => {}
                None => self.reload_ended(index, engine),
            }
        }
        let live: Vec<u64> = self.live().map(|request| self.requests[request].id).collect();
        let listed: Vec<u64> = loads.iter().map(|load| load.request_id).collect();
        assert_eq!(listed, live, "the live requests");
        let stats = engine.stats();
        assert_eq!(stats.live, live.len());
        self.check_budget(&stats, disk);
        for id in 0..self.slots.len() {
            self.check_slot(u32::try_from(id).expect("few slots"), engine, disk);
        }
    }

    fn check_slot(&mut self, id: u32, engine: &AudioEngine, disk: &Disk) {
        let sample = engine.sample(id).expect("it runs");
        let held = sample.as_ref().map(|sample| self.audio(sample.buffer()));
        drop(sample);
        let holds = self.slots[id as usize].holds;
        if held.is_none() && holds.is_some() {
            self.evicted(id, disk);
        } else {
            assert_eq!(held, holds, "slot {id}, of {:?}", self.slots[id as usize]);
        }
        let slot = &mut self.slots[id as usize];
        let state = engine.state(id).expect("it runs");
        if std::mem::take(&mut slot.just_failed) && slot.holds.is_none() {
            // Which came first, that or an eviction, only the slot knows.
            slot.failed = state == SlotState::Failed || slot.evicted.is_none();
        }
        let expected = match (slot.holds, slot.current) {
            (Some(_), _) => state == SlotState::Ready,
            (None, Some(_)) => {
                matches!(state, SlotState::Queued | SlotState::Loading | SlotState::Playable)
            }
            (None, None) if slot.failed => state == SlotState::Failed,
            (None, None) if slot.evicted.is_some() => state == SlotState::Evicted,
            (None, None) => state == SlotState::Empty,
        };
        assert!(expected, "slot {id} is {state:?}, not {slot:?}");
    }

    /// A request ended by itself: only as its file allows.
    fn ended(&mut self, index: usize, outcome: Result<Arc<Sample>, LoadFailure>, disk: &Disk) {
        match outcome {
            Ok(sample) => {
                let audio = self.audio(sample.buffer());
                self.succeeded(index, audio);
            }
            Err(LoadFailure::Failed { error, stage }) => {
                let lacks_memory = error.kind() == LoadErrorKind::OutOfMemoryBudget;
                let done =
                    self.requests[index].ticket.as_ref().is_some_and(|t| t.percent() == 100.0);
                if lacks_memory && stage == Stage::Publishing && done {
                    // It succeeded, and the sample is gone again.
                    let request = &self.requests[index];
                    let slot = request.slot;
                    // Which version it was, nobody can say any more: one that ends well.
                    let version = (request.version..).find(|version| {
                        let version = usize::try_from(*version).expect("few versions");
                        self.ends[request.file].get(version).is_none_or(|end| *end == End::Good)
                    });
                    let version = version.expect("at the latest after the last");
                    let audio = Audio { at: None, origin: (request.file, version) };
                    self.succeeded(index, audio);
                    return self.evicted(slot, disk);
                }
                self.failed(index, error.kind(), disk);
            }
            Err(other) => panic!("{other} by nobody: {:?}", self.requests[index]),
        }
    }

    fn audio(&self, buffer: &SampleBuffer) -> Audio {
        let at = self.budget.is_none().then(|| std::ptr::from_ref(buffer).addr());
        Audio { at, origin: origin(buffer) }
    }

    fn take_current(&mut self, index: usize) -> &mut Slot {
        self.requests[index].ended = true;
        let slot = &mut self.slots[self.requests[index].slot as usize];
        let current = slot.current.take();
        assert_eq!(current, Some(index), "an older one ends by itself");
        slot
    }

    fn succeeded(&mut self, index: usize, found: Audio) {
        let slot = self.take_current(index);
        slot.holds = Some(found);
        slot.evicted = None;
        slot.failed = false;
        let request = &mut self.requests[index];
        request.succeeded = true;
        request.audio = Some(found);
        let (file, version) = found.origin;
        assert_eq!(file, request.file, "{request:?}");
        assert!(version >= request.version, "older than at submit: {request:?}");
        let version = usize::try_from(version).expect("few versions");
        assert_eq!(self.ends[file][version], End::Good, "{request:?}");
    }

    fn failed(&mut self, index: usize, kind: LoadErrorKind, disk: &Disk) {
        let slot = self.take_current(index);
        slot.failed = slot.holds.is_none();
        slot.just_failed = true;
        let request = &self.requests[index];
        let fits = |end: &End| match end {
            End::Fails(expected) => *expected == kind,
            End::Panics | End::Kills => kind == LoadErrorKind::WorkerPanic,
            End::Good | End::Hangs => false,
        };
        // Of what an older load of the file ran into, one that came later hears nothing.
        let version = usize::try_from(request.version).expect("few versions");
        let expected = self.ends[request.file][version..].iter().any(fits)
            || (kind == LoadErrorKind::RingBufferFull && self.ring_may_fill)
            || (kind == LoadErrorKind::OutOfMemoryBudget && self.may_lack_memory(disk));
        assert!(expected, "{kind:?} of {request:?}");
    }

    /// The engine has been shut down: what was live has ended, most of it so.
    pub(crate) fn shut_down(&mut self, disk: &Disk) {
        for index in 0..self.requests.len() {
            let request = &mut self.requests[index];
            if request.ended {
                continue;
            }
            // Of one without a ticket only the event says how it ended.
            let outcome = request.ticket.as_ref().map(|ticket| ticket.wait(Some(Duration::ZERO)));
            match outcome {
                None | Some(Some(Err(LoadFailure::Cancelled(CancelReason::Shutdown)))) => {
                    request.ended = true;
                    request.cancelled = Some(CancelReason::Shutdown);
                }
                // It was quicker.
                Some(Some(outcome)) => self.ended(index, outcome, disk),
                Some(None) => panic!("not ended by shutting down: {request:?}"),
            }
        }
    }
}
