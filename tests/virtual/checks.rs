//! What must be true of a whole schedule: order, priority, sharing, signs of life.

mod analysis;
mod priority;
mod sharing;
mod signs;

use std::time::Duration;

use hotcue_actors::LoaderEvent;
use hotcue_tests::Contract;

use crate::disk::Disk;
use crate::log::{Entry, What};
use crate::model::Model;
use crate::world::Shape;

/// One tick of tokio's clock, to which timers are rounded up.
const TICK: Duration = Duration::from_millis(1);

/// All that the checks look at.
struct Schedule<'a> {
    shape: &'a Shape,
    disk: &'a Disk,
    loads: Vec<Load<'a>>,
    works: Vec<Work>,
    /// When steps of analyses began.
    heard: Vec<Duration>,
    /// When the last call was made.
    end: Duration,
}

/// A request with what was told of it.
struct Load<'a> {
    request: &'a crate::model::Request,
    started: Option<Duration>,
    ended: Duration,
    /// All of it, in order.
    events: Vec<&'a LoaderEvent>,
}

/// A decoding.
struct Work {
    file: usize,
    made: Duration,
    steps: Vec<Step>,
    dropped: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Step {
    /// Its place in the log.
    place: usize,
    version: u64,
    index: usize,
    from: Duration,
    takes: Duration,
    beats: bool,
}

impl Step {
    fn until(&self) -> Duration {
        self.from + self.takes
    }
}

impl Work {
    fn is_alive_at(&self, time: Duration) -> bool {
        self.made <= time && self.dropped.is_none_or(|dropped| dropped > time)
    }
}

fn time(event: &LoaderEvent) -> Duration {
    Duration::from_secs_f64(event.time_sec())
}

impl Load<'_> {
    /// The lowest and the highest priority that it had from `from` to `until`.
    fn priorities(&self, from: Duration, until: Duration) -> (i32, i32) {
        let all = &self.request.priorities;
        let first = all.iter().rposition(|(at, _)| *at < from).unwrap_or(0);
        let during = all[first..].iter().take_while(|(at, _)| *at <= until);
        let during = during.map(|(_, priority)| *priority);
        let lowest = during.clone().min().expect("it has one from the start");
        (lowest, during.max().expect("it has one from the start"))
    }

    /// Whether it was accepted before `from` and in the queue until after `until`.
    fn waits(&self, from: Duration, until: Duration) -> bool {
        self.request.accepted < from
            && self.started.is_none_or(|started| started > until)
            && self.ended > until
    }

    fn runs_at(&self, time: Duration) -> bool {
        self.has_run(time, time)
    }

    /// Whether it ran at some time in between.
    fn has_run(&self, from: Duration, until: Duration) -> bool {
        self.started.is_some_and(|started| started <= until) && self.ended > from
    }
}

impl<'a> Schedule<'a> {
    fn new(shape: &'a Shape, disk: &'a Disk, model: &'a Model, entries: &'a [Entry]) -> Self {
        let mut loads: Vec<Load<'a>> = model
            .requests
            .iter()
            .map(|request| Load {
                request,
                started: None,
                ended: Duration::MAX,
                events: Vec::new(),
            })
            .collect();
        let mut works: Vec<Work> = Vec::new();
        let mut heard = Vec::new();
        let mut end = Duration::ZERO;
        for (place, Entry { at, what }) in entries.iter().enumerate() {
            match what {
                What::Made { file, .. } => {
                    let (made, steps) = (*at, Vec::new());
                    works.push(Work { file: *file, made, steps, dropped: None });
                }
                What::Step { work, version, index, takes, beats, .. } => {
                    let (version, index, takes, beats) = (*version, *index, *takes, *beats);
                    let step = Step { place, version, index, from: *at, takes, beats };
                    works[*work].steps.push(step);
                }
                What::Dropped { work } => works[*work].dropped = Some(*at),
                What::Event(event) => {
                    let id = event.request_id();
                    let load = id.and_then(|id| {
                        // They rise.
                        let index = loads.binary_search_by_key(&id, |load| load.request.id);
                        index.ok().map(|index| &mut loads[index])
                    });
                    let Some(load) = load else { continue };
                    if matches!(event, LoaderEvent::Started { .. }) {
                        load.started = Some(time(event));
                    }
                    if event.is_terminal() {
                        load.ended = time(event);
                    }
                    load.events.push(event);
                }
                What::Heard => heard.push(*at),
                What::Call(_) => end = *at,
                What::Notice(_) => {}
            }
        }
        Self { shape, disk, loads, works, heard, end }
    }

    /// How long messages may be on their way through so many actors.
    fn hops(&self, count: u32) -> Duration {
        (self.shape.jitter.longest + TICK) * count
    }
}

/// Panics where a promise is broken.
pub(crate) fn check(shape: &Shape, disk: &Disk, model: &Model, entries: &[Entry]) {
    check_ends(model, entries);
    check_evictions(model, entries);
    let schedule = Schedule::new(shape, disk, model, entries);
    analysis::check(&schedule);
    priority::check(&schedule);
    sharing::check(&schedule);
    signs::check(&schedule);
}

/// Every eviction that was seen was told, with the bytes that it freed; without a budget none.
fn check_evictions(model: &Model, entries: &[Entry]) {
    let mut told = vec![0; model.evictions.len()];
    for Entry { what, .. } in entries {
        if let What::Event(LoaderEvent::Evicted { id, .. }) = what {
            told[*id as usize] += 1;
        }
    }
    for (slot, (told, seen)) in told.iter().zip(&model.evictions).enumerate() {
        assert!(told >= seen, "{seen} evictions from slot {slot}, {told} were told");
        assert!(model.budget.is_some() || *told == 0, "evicted without a budget");
    }
}

/// One terminal event each, which says what the ticket says; per request the order of events.
fn check_ends(model: &Model, entries: &[Entry]) {
    let mut contract = Contract::default();
    for entry in entries {
        if let What::Event(event) = &entry.what {
            contract.see(event.clone());
        }
    }
    assert_eq!(contract.ended(), model.requests.len(), "one terminal event per request");
    for request in &model.requests {
        let terminal = contract.terminal(request.id);
        let told = match terminal {
            Some(LoaderEvent::Cancelled { reason, .. }) => Some(*reason),
            _ => None,
        };
        assert_eq!(told, request.cancelled, "{terminal:?} of {request:?}");
        if !request.kinds.is_empty() {
            let mut told = contract.kinds(request.id).map(<[_]>::to_vec);
            told.iter_mut().for_each(|kinds| kinds.sort_unstable());
            assert_eq!(told.as_ref(), Some(&request.kinds), "one event per kind of {request:?}");
            if let Some(ticket) = &request.ticket {
                let answers = contract.events(request.id).iter().filter_map(|event| match event {
                    LoaderEvent::Analysis { analysis, result, .. } => Some((*analysis, result)),
                    _ => None,
                });
                let mut answers: Vec<_> =
                    answers.map(|(kind, result)| (kind, result.is_ok())).collect();
                answers.sort_unstable();
                let waited = ticket.wait_analyses(Some(Duration::ZERO)).expect("it is over");
                let mut waited: Vec<_> =
                    waited.iter().map(|(kind, result)| (*kind, result.is_ok())).collect();
                waited.sort_unstable();
                assert_eq!(waited, answers, "what is waited for is what is told: {request:?}");
            }
        }
        let success = matches!(terminal, Some(LoaderEvent::Success { .. }));
        assert_eq!(success, request.succeeded, "{terminal:?} of {request:?}");
    }
}
