//! `DecoderActor`: runs one job at a time, in short steps.

mod panic;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, Addr, AsyncContext, Context, Handler};
use hotcue::{
    LoadError, LoadErrorKind, LoadJob, LoadOptions, LoadedSample, Stage, Step, Workbench,
};

use crate::messages::{Continue, Decode, WorkerDied, WorkerFree};
use crate::request::{Outcome, Request};
use crate::supervisor::{LoaderSupervisor, SupervisorParts};

/// At most 30 `progress` events a second per load.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(34);

/// The actor that reads, decodes and resamples. One per arbiter thread; it may block in disk
/// reads only. Between two steps it sees whether its request is still wanted.
#[derive(Debug)]
pub struct DecoderActor {
    worker: usize,
    generation: u64,
    parts: SupervisorParts,
    supervisor: Addr<LoaderSupervisor>,
    bench: Workbench,
    running: Option<Running>,
}

struct Running {
    request: Arc<Request>,
    job: LoadJob,
    last_progress: Instant,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("request", &self.request).finish_non_exhaustive()
    }
}

impl DecoderActor {
    pub(crate) fn new(
        worker: usize,
        generation: u64,
        parts: SupervisorParts,
        supervisor: Addr<LoaderSupervisor>,
    ) -> Self {
        Self { worker, generation, parts, supervisor, bench: Workbench::default(), running: None }
    }

    /// One step of the job; true while there is more to do.
    fn step(&mut self) -> bool {
        let Some(running) = &mut self.running else { return false };
        if !running.request.is_live() {
            return false;
        }
        let bench = &mut self.bench;
        let job = &mut running.job;
        match panic::caught(|| job.step(bench)) {
            Ok(Ok(Step::Working)) => {
                running.report(&self.parts);
                true
            }
            Ok(Ok(Step::Done(loaded))) => {
                self.hand_on(loaded);
                false
            }
            Ok(Err(error)) => {
                self.fail(error);
                false
            }
            Err(message) => {
                // What the panic left behind is not trusted again.
                self.bench = Workbench::default();
                self.fail(LoadError::new(
                    LoadErrorKind::WorkerPanic,
                    format!("the decoder panicked: {message}"),
                ));
                false
            }
        }
    }

    fn hand_on(&mut self, loaded: LoadedSample) {
        if let Some(Running { request, job, .. }) = self.running.take() {
            self.parts.sink.decoded(request, loaded);
            discard(job);
        }
    }

    fn fail(&mut self, error: LoadError) {
        let Some(Running { request, job, .. }) = self.running.take() else { return };
        let error = match request.source.path() {
            Some(path) => error.with_path(path),
            None => error,
        };
        let stage = job.stage().max(Stage::Reading);
        let outcome = Outcome::Failed { error: error.clone(), stage };
        // As one piece: an engine that shuts down may have lost patience with this thread.
        self.parts.table.end_and_publish(&request, outcome, || {
            self.parts.publisher.error(&request, error, stage);
        });
        discard(job);
    }
}

/// Drops a job. A reader of the caller's own may panic even then; its load has ended already.
fn discard(job: LoadJob) {
    panic::caught(|| drop(job)).ok();
}

impl Running {
    fn report(&mut self, parts: &SupervisorParts) {
        if self.last_progress.elapsed() >= PROGRESS_INTERVAL {
            self.last_progress = Instant::now();
            self.request.set_progress(self.job.percent(), self.job.stage());
            parts.publisher.progress(&self.request);
        }
    }
}

impl Actor for DecoderActor {
    type Context = Context<Self>;
}

impl Handler<Decode> for DecoderActor {
    type Result = ();

    fn handle(&mut self, Decode(request): Decode, context: &mut Context<Self>) {
        if self.parts.table.start(&request) {
            self.parts.publisher.started(&request);
            let options = LoadOptions {
                sample_rate: Some(self.parts.sample_rate),
                max_sample_bytes: self.parts.max_sample_bytes,
            };
            let job = LoadJob::new(request.source.clone(), options);
            self.running = Some(Running { request, job, last_progress: Instant::now() });
        }
        self.handle(Continue, context);
    }
}

impl Handler<Continue> for DecoderActor {
    type Result = ();

    fn handle(&mut self, _: Continue, context: &mut Context<Self>) {
        if self.step() {
            // Back through the mailbox: whatever arrived during the step is read first.
            context.notify(Continue);
        } else {
            if let Some(Running { job, .. }) = self.running.take() {
                discard(job);
            }
            self.supervisor
                .do_send(WorkerFree { worker: self.worker, generation: self.generation });
        }
    }
}

impl Drop for DecoderActor {
    /// Reached while the engine runs only when something outside the caught step panicked.
    fn drop(&mut self) {
        self.fail(LoadError::new(LoadErrorKind::WorkerPanic, "the decoder died"));
        self.supervisor.do_send(WorkerDied { worker: self.worker, generation: self.generation });
    }
}
