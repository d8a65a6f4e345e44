//! What a caller must find at every moment, restated from the promises: slots, requests, states.

use std::sync::Arc;
use std::time::Duration;

use hotcue::SampleBuffer;
use hotcue_actors::{AudioEngine, CancelReason, LoadFailure, LoadTicket, SlotState};

use crate::disk::{Disk, End, origin};

/// A request that was accepted.
pub(crate) struct Request {
    pub(crate) ticket: LoadTicket,
    pub(crate) file: usize,
    /// Of the file, when it was submitted.
    version: u64,
    /// The version at the submit of the oldest request whose job it may have joined by its path.
    job_version: u64,
    pub(crate) accepted: Duration,
    /// What it was set to, and when.
    pub(crate) priorities: Vec<(Duration, i32)>,
    /// The reason for which it must have been cancelled.
    pub(crate) cancelled: Option<CancelReason>,
    pub(crate) buffer: Option<Audio>,
    ended: bool,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("id", &self.ticket.request_id())
            .field("slot", &self.ticket.id())
            .field("file", &(self.file, self.version))
            .field("accepted", &self.accepted)
            .field("cancelled", &self.cancelled)
            .finish_non_exhaustive()
    }
}

/// Which piece of audio something is, without holding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Audio {
    /// Where it lies: equal for those who share it.
    at: usize,
    /// File and version.
    pub(crate) origin: (usize, u64),
}

impl Audio {
    pub(crate) fn of(buffer: &SampleBuffer) -> Self {
        Self { at: std::ptr::from_ref(buffer).addr(), origin: origin(buffer) }
    }
}

#[derive(Debug, Default)]
struct Slot {
    holds: Option<Audio>,
    /// The newest request, while it is live.
    current: Option<usize>,
    failed: bool,
}

/// The slots and requests of one engine.
#[derive(Debug)]
pub(crate) struct Model {
    slots: Vec<Slot>,
    pub(crate) requests: Vec<Request>,
    /// Ends that may come of a file, by version.
    ends: Vec<Vec<End>>,
    /// Requests may also fail because the callback took nothing.
    pub(crate) ring_may_fill: bool,
}

impl Model {
    pub(crate) fn new(slots: usize, disk: &Disk) -> Self {
        let ends = (0..disk.len()).map(|file| vec![disk.now(file).1.end]).collect();
        let slots = (0..slots).map(|_| Slot::default()).collect();
        Self { slots, requests: Vec::new(), ends, ring_may_fill: false }
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
        let slot = &mut self.slots[ticket.id() as usize];
        let older = slot.current.replace(self.requests.len());
        slot.failed = false;
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
            file,
            version,
            job_version,
            accepted: now,
            priorities: vec![(now, priority)],
            cancelled: None,
            buffer: None,
            ended: false,
        });
    }

    /// It must have ended so, there and then.
    fn cancelled(&mut self, request: usize, reason: CancelReason) {
        let request = &mut self.requests[request];
        request.cancelled = Some(reason);
        request.ended = true;
        match request.ticket.wait(Some(Duration::ZERO)) {
            Some(Err(LoadFailure::Cancelled(found))) if found == reason => {}
            other => panic!("{other:?} is not {reason:?} of {request:?}"),
        }
    }

    /// `cancel_load` gave `answer`.
    pub(crate) fn cancel(&mut self, request: usize, answer: bool) {
        assert_eq!(answer, !self.requests[request].ended, "cancel: {:?}", self.requests[request]);
        if answer {
            self.cancelled(request, CancelReason::User);
            let slot = &mut self.slots[self.requests[request].ticket.id() as usize];
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
        let slot = &mut self.slots[slot];
        slot.holds = Some(Audio::of(buffer));
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
        let request = &self.requests[request];
        let from = usize::try_from(request.job_version).expect("few versions");
        self.ends[request.file][from..].contains(&End::Hangs)
    }

    /// Takes over what has ended since the last call, and holds the engine against the model.
    pub(crate) fn look(&mut self, engine: &AudioEngine) {
        for index in 0..self.requests.len() {
            if !self.requests[index].ended
                && let Some(outcome) = self.requests[index].ticket.wait(Some(Duration::ZERO))
            {
                self.ended(index, outcome);
            }
        }
        let live: Vec<u64> =
            self.live().map(|request| self.requests[request].ticket.request_id()).collect();
        let loads = engine.loads().expect("it runs");
        let listed: Vec<u64> = loads.iter().map(|load| load.request_id).collect();
        assert_eq!(listed, live, "the live requests");
        assert_eq!(engine.stats().live, live.len());
        for (id, slot) in (0..).zip(&self.slots) {
            let sample = engine.sample(id).expect("it runs");
            let held = sample.as_ref().map(|sample| Audio::of(sample.buffer()));
            assert_eq!(held, slot.holds, "what slot {id} holds");
            let state = engine.state(id).expect("it runs");
            let expected = match (&slot.holds, slot.current) {
                (Some(_), _) => state == SlotState::Ready,
                (None, Some(_)) => matches!(state, SlotState::Queued | SlotState::Loading),
                (None, None) if slot.failed => state == SlotState::Failed,
                (None, None) => state == SlotState::Empty,
            };
            assert!(expected, "slot {id} is {state:?}, not {slot:?}");
        }
    }

    /// A request ended by itself: only as its file allows.
    fn ended(&mut self, index: usize, outcome: Result<Arc<hotcue_actors::Sample>, LoadFailure>) {
        let request = &mut self.requests[index];
        request.ended = true;
        let ends = &self.ends[request.file];
        let possible = &ends[usize::try_from(request.job_version).expect("few versions")..];
        let slot = &mut self.slots[request.ticket.id() as usize];
        assert_eq!(slot.current.take(), Some(index), "an older one ends by itself: {request:?}");
        match outcome {
            Ok(sample) => {
                let (file, version) = origin(sample.buffer());
                assert_eq!(file, request.file, "{request:?}");
                assert!(version >= request.version, "older than at submit: {request:?}");
                let version = usize::try_from(version).expect("few versions");
                assert_eq!(ends[version], End::Good, "{request:?}");
                request.buffer = Some(Audio::of(sample.buffer()));
                slot.holds = request.buffer;
                slot.failed = false;
            }
            Err(LoadFailure::Failed { error, .. }) => {
                slot.failed = slot.holds.is_none();
                let ring = error.kind() == hotcue::LoadErrorKind::RingBufferFull;
                let fits = |end: &End| match end {
                    End::Fails(kind) => *kind == error.kind(),
                    End::Panics | End::Kills => error.kind() == hotcue::LoadErrorKind::WorkerPanic,
                    End::Good | End::Hangs => false,
                };
                let expected = possible.iter().any(fits) || (ring && self.ring_may_fill);
                assert!(expected, "{error} of {request:?}");
            }
            Err(other) => panic!("{other} by nobody: {request:?}"),
        }
    }

    /// The engine has been shut down: what was live has ended, most of it so.
    pub(crate) fn shut_down(&mut self) {
        for index in 0..self.requests.len() {
            if self.requests[index].ended {
                continue;
            }
            match self.requests[index].ticket.wait(Some(Duration::ZERO)) {
                Some(Err(LoadFailure::Cancelled(CancelReason::Shutdown))) => {
                    self.requests[index].ended = true;
                    self.requests[index].cancelled = Some(CancelReason::Shutdown);
                }
                // It was quicker.
                Some(outcome) => self.ended(index, outcome),
                None => panic!("not ended by shutting down: {:?}", self.requests[index]),
            }
        }
    }
}
