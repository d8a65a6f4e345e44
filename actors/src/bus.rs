//! `EventBus`: hands every event to every subscriber's own queue.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use actix::{Actor, Addr, Context, Handler};
use actix_rt::time::Instant;
use hotcue::analysis::{AnalysisKind, AnalysisResult};

use crate::clock::EngineClock;
use crate::error::AnalysisFailure;
use crate::events::{CancelReason, DeviceState, LoaderEvent, StageTimes};
use crate::home::more_may_come;
use crate::messages::{Close, Flush, Publish, Subscribe, Unsubscribe};
use crate::queue::EventQueue;
use crate::request::Request;
use crate::sample::Sample;

/// The actor that fans [`LoaderEvent`]s out. Shares an arbiter with the supervisor; never blocks.
#[derive(Debug)]
pub struct EventBus {
    /// These hear nothing of loads whose callers wait for their end: nobody might ever read that.
    polled: Vec<Arc<EventQueue>>,
    subscribers: Vec<Arc<EventQueue>>,
    /// Nothing more will come: the engine shuts down.
    closed: bool,
    /// The time of the last event.
    last_sec: f64,
    /// Analyses that overtook the end of their load, by request.
    early: HashMap<u64, Vec<LoaderEvent>>,
}

impl EventBus {
    /// A bus that writes to queues that are polled, and as yet to no subscriber's.
    pub(crate) fn new(polled: Vec<Arc<EventQueue>>) -> Self {
        let (subscribers, early) = (Vec::new(), HashMap::new());
        Self { polled, subscribers, closed: false, last_sec: 0.0, early }
    }

    /// What is to be told of analyses right after the end of their load: those that were quicker,
    /// or, where there is no sample, why there will be none.
    fn analyses_after(&mut self, end: &LoaderEvent, request: &Request) -> Vec<LoaderEvent> {
        let early = self.early.remove(&request.id).unwrap_or_default();
        let Some(failure) = end.precludes_analysis() else { return early };
        let mut open = request.kinds;
        let unheard = std::iter::from_fn(|| {
            let analysis = open.take_first()?;
            Some(LoaderEvent::Analysis {
                id: request.slot,
                request_id: request.id,
                time_sec: end.time_sec(),
                analysis,
                result: Err(failure.clone()),
                last: open.is_empty(),
            })
        });
        unheard.collect()
    }

    /// Nothing comes after what was published so far.
    fn close(&mut self) {
        self.closed = true;
        for queue in self.polled.drain(..).chain(self.subscribers.drain(..)) {
            queue.close();
        }
    }

    fn hand_out(&self, event: LoaderEvent, awaited: bool) {
        let polled: &[_] = if awaited { &[] } else { &self.polled };
        let mut queues = polled.iter().chain(&self.subscribers);
        let Some(last) = queues.next_back() else { return };
        queues.for_each(|queue| queue.push(event.clone()));
        last.push(event);
    }
}

impl Actor for EventBus {
    type Context = Context<Self>;
}

impl Drop for EventBus {
    /// Where a panic has ended it, nobody is left waiting for events.
    fn drop(&mut self) {
        self.close();
    }
}

impl Handler<Publish> for EventBus {
    type Result = ();

    fn handle(&mut self, publish: Publish, _: &mut Context<Self>) {
        let Publish { mut event, request } = publish;
        more_may_come();
        // Threads race: a decoder may still report progress of a request that its owner has
        // just cancelled. Here is the one place where nothing follows a terminal event.
        if request.as_ref().is_some_and(|request| !request.admit(&event)) {
            return;
        }
        if let (LoaderEvent::Analysis { .. }, Some(request)) = (&event, &request)
            && !request.is_told_ended()
        {
            return self.early.entry(request.id).or_default().push(event);
        }
        // They looked at the clock before they sent; whoever reads is to see it go forward.
        self.last_sec = event.not_before(self.last_sec);
        let awaited = request.as_ref().is_some_and(|request| request.awaited);
        if let Some(complete) = event.complete() {
            self.hand_out(complete, awaited);
        }
        let analyses = match &request {
            Some(request) if event.is_terminal() => self.analyses_after(&event, request),
            _ => Vec::new(),
        };
        let may_answer = event.is_terminal() || matches!(event, LoaderEvent::Analysis { .. });
        self.hand_out(event, awaited);
        for mut analysis in analyses {
            self.last_sec = analysis.not_before(self.last_sec);
            self.hand_out(analysis, awaited);
        }
        // Here, as who answered may have held anything; the load has ended by now.
        if let Some(request) = request.filter(|_| may_answer) {
            request.answers.wake();
        }
    }
}

impl Handler<Subscribe> for EventBus {
    type Result = ();

    fn handle(&mut self, Subscribe(queue): Subscribe, _: &mut Context<Self>) {
        if self.closed {
            return queue.close();
        }
        let mut queues = self.polled.iter().chain(&self.subscribers);
        if !queues.any(|known| Arc::ptr_eq(known, &queue)) {
            // It may be of a run before, which has closed it.
            queue.open();
            self.subscribers.push(queue);
        }
    }
}

impl Handler<Unsubscribe> for EventBus {
    type Result = ();

    fn handle(&mut self, Unsubscribe(queue): Unsubscribe, _: &mut Context<Self>) {
        let unsubscribed = self.subscribers.extract_if(.., |known| Arc::ptr_eq(known, &queue));
        unsubscribed.for_each(|queue| queue.close());
    }
}

impl Handler<Flush> for EventBus {
    type Result = ();

    fn handle(&mut self, Flush(done): Flush, _: &mut Context<Self>) {
        // The asker may have given up waiting; then nobody needs the answer.
        done.send(()).ok();
    }
}

impl Handler<Close> for EventBus {
    type Result = ();

    fn handle(&mut self, Close(done): Close, _: &mut Context<Self>) {
        self.close();
        done.send(()).ok();
    }
}

/// How actors and callers publish: the bus's address and the engine's clock.
#[derive(Clone, Debug)]
pub(crate) struct Publisher {
    bus: Addr<EventBus>,
    clock: EngineClock,
}

impl Publisher {
    pub(crate) fn new(bus: Addr<EventBus>, clock: EngineClock) -> Self {
        Self { bus, clock }
    }

    pub(crate) fn started(&self, request: &Arc<Request>) {
        self.of(request, |id, request_id, time_sec| LoaderEvent::Started {
            id,
            request_id,
            time_sec,
            path: request.path(),
        });
    }

    pub(crate) fn progress(&self, request: &Arc<Request>) {
        self.of(request, |id, request_id, time_sec| LoaderEvent::Progress {
            id,
            request_id,
            time_sec,
            percent: request.percent(),
            stage: request.stage(),
        });
    }

    pub(crate) fn stalled(&self, request: &Arc<Request>, silence: Duration) {
        self.of(request, |id, request_id, time_sec| LoaderEvent::Stalled {
            id,
            request_id,
            time_sec,
            stage: request.stage(),
            stalled_sec: silence.as_secs_f64(),
        });
    }

    pub(crate) fn playable(&self, request: &Arc<Request>, ready_sec: f64) {
        self.of(request, |id, request_id, time_sec| LoaderEvent::Playable {
            id,
            request_id,
            time_sec,
            ready_sec,
        });
    }

    /// The bus puts a `progress` of 100 before it. `decoded` is when the sample was there.
    pub(crate) fn success(
        &self,
        request: &Arc<Request>,
        sample: &Sample,
        from_cache: bool,
        decoded: Instant,
    ) {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let mut stage_times = StageTimes {
            queued_ms: ms(request.queued_for()),
            publishing_ms: ms(decoded.elapsed()),
            ..StageTimes::default()
        };
        if !from_cache {
            let timings = sample.timings();
            stage_times.reading_ms = ms(timings.reading);
            stage_times.decoding_ms = ms(timings.decoding);
            stage_times.resampling_ms = ms(timings.resampling);
        }
        self.of(request, |id, request_id, time_sec| LoaderEvent::Success {
            id,
            request_id,
            time_sec,
            duration_sec: sample.duration_sec(),
            frames: sample.frames() as u64,
            channels: sample.channels(),
            sample_rate: sample.sample_rate(),
            source_rate: sample.source_rate(),
            warnings: sample.warnings_as(request.path().as_deref()),
            load_ms: request.submitted.elapsed().as_secs_f64() * 1e3,
            from_cache,
            stage_times,
        });
    }

    pub(crate) fn error(
        &self,
        request: &Arc<Request>,
        error: hotcue::LoadError,
        stage: hotcue::Stage,
    ) {
        self.of(request, |id, request_id, time_sec| LoaderEvent::Error {
            id,
            request_id,
            time_sec,
            error,
            stage,
            path: request.path(),
        });
    }

    pub(crate) fn cancelled(&self, request: &Arc<Request>, reason: CancelReason) {
        self.of(request, |id, request_id, time_sec| LoaderEvent::Cancelled {
            id,
            request_id,
            time_sec,
            reason,
        });
    }

    pub(crate) fn analysis(
        &self,
        request: &Arc<Request>,
        analysis: AnalysisKind,
        result: Result<Arc<AnalysisResult>, AnalysisFailure>,
        last: bool,
    ) {
        self.of(request, |id, request_id, time_sec| LoaderEvent::Analysis {
            id,
            request_id,
            time_sec,
            analysis,
            result,
            last,
        });
    }

    /// Of a slot whose load may have ended long ago: nothing of that request is asked.
    pub(crate) fn evicted(&self, id: u32, request_id: u64, freed_bytes: u64) {
        let time_sec = self.clock.now_sec();
        let event = LoaderEvent::Evicted { id, request_id, time_sec, freed_bytes };
        self.bus.do_send(Publish { event, request: None });
    }

    pub(crate) fn device(&self, state: DeviceState, name: impl Into<String>) {
        let event =
            LoaderEvent::Device { time_sec: self.clock.now_sec(), state, name: name.into() };
        self.bus.do_send(Publish { event, request: None });
    }

    fn of(&self, request: &Arc<Request>, make: impl FnOnce(u32, u64, f64) -> LoaderEvent) {
        let event = make(request.slot, request.id, self.clock.now_sec());
        self.bus.do_send(Publish { event, request: Some(Arc::clone(request)) });
        // Else the bus does so. Not here: who publishes may hold what a waker asks for.
        if !self.bus.connected() {
            let request = Arc::clone(request);
            let wake = move || request.answers.wake();
            thread::Builder::new().name("hotcue-wake".into()).spawn(wake).ok();
        }
    }
}
