//! What a decoder does for streams, beside its jobs.

use std::sync::Arc;
use std::time::Duration;

use actix::{AsyncContext, Context, Handler};
use actix_rt::time::Instant;
use hotcue::{LoadErrorKind, LoadedSample, Workbench};

use super::{DecoderActor, Running, panic};
use crate::job::Assignment;
use crate::messages::{Continue, Idle, Tend};
use crate::streaming::Scanned;

/// How often feeds are looked at while nothing else calls: a voice that has jumped waits as long.
const INTERVAL: Duration = Duration::from_millis(3);
/// So long at a time a decoder reads before it looks into its mailbox.
const TURN: Duration = Duration::from_millis(5);
/// Steps of feeds before one of a load, if they take no longer than a turn: streams go first, and no
/// load waits for ever.
const FEEDS_PER_STEP: u32 = 16;
/// Steps of loads before one of a scan.
const STEPS_PER_SCAN: u32 = 16;

impl DecoderActor {
    /// Bytes that a load has come to, a stream's with all that will be known of it.
    pub(super) fn bytes_of(&self, loaded: &LoadedSample) -> usize {
        let streamed = self.running.as_ref().and_then(|running| running.work.streamed());
        streamed.map_or_else(|| loaded.buffer.byte_len(), |sample| sample.most_bytes())
    }

    /// Before a step of a load: what voices need sooner. Meanwhile the job lies beside this decoder,
    /// and where a stream's source does not answer, another goes on with it: false then. Out of the
    /// pool, where nobody sees to that, it feeds none.
    pub(super) fn feed_beside_job(&mut self, context: &mut Context<Self>) -> bool {
        if self.parts.streams.is_idle() || self.given.is_out() {
            return true;
        }
        let Some(running) = self.running.take() else { return false };
        let Running { job, work, reservation, offer, recalling, claimed, last_progress } = running;
        self.given.lay_down(Assignment::begun(Arc::clone(&job), work, reservation));
        self.feed_streams();
        let Some(given) = self.given.take() else {
            self.turn += 1;
            self.supervisor.do_send(Idle { from: self.me });
            return false;
        };
        match given {
            Assignment { job: same, work: Some(work), reservation: Some(reservation), .. }
                if Arc::ptr_eq(&same, &job) =>
            {
                self.running = Some(Running {
                    job,
                    work,
                    reservation,
                    offer,
                    recalling,
                    claimed,
                    last_progress,
                });
                true
            }
            // Its own is with somebody else, and it was given this one, for which it comes now.
            other => {
                self.turn += 1;
                if self.take(other) {
                    context.notify(Continue { turn: self.turn });
                } else {
                    self.go_on(context);
                }
                false
            }
        }
    }

    /// What voices need next.
    pub(super) fn feed_streams(&mut self) {
        let begin = Instant::now();
        (0..FEEDS_PER_STEP).all(|_| begin.elapsed() < TURN && self.feed_one());
        self.steps = self.steps.wrapping_add(1);
        if self.steps.is_multiple_of(STEPS_PER_SCAN) {
            self.scan_one();
        }
    }

    /// A step of the feed that needs it most; false if none does.
    fn feed_one(&mut self) -> bool {
        let Self { parts, bench, me, .. } = self;
        parts.streams.feed(*me, |feed| match panic::caught(|| feed.step(bench)) {
            Ok(stepped) => stepped.is_ok_and(|more| more),
            Err(message) => {
                *bench = Workbench::default();
                feed.fail(panic::error(&message));
                true
            }
        })
    }

    /// A step of a scan; false if there is none.
    fn scan_one(&mut self) -> bool {
        let Self { parts, me, .. } = self;
        parts.streams.scan_on(*me, |scan| match panic::caught(|| scan.step()) {
            Ok(Ok(true)) => Scanned::More,
            Ok(Err(error)) if may_pass(error.kind()) => Scanned::Unread,
            // One that fails is over: voices meet the same, and say so.
            Ok(Ok(false) | Err(_)) | Err(_) => Scanned::Over,
        })
    }

    /// Looks after the feeds for a moment; whether there is more to do at once.
    fn tend(&mut self) -> bool {
        // With a job, each of its steps does.
        if self.running.is_some() {
            return false;
        }
        if !self.parts.streams.is_idle() {
            self.put_study_back();
        }
        let begin = Instant::now();
        while begin.elapsed() < TURN {
            if !self.feed_one() && !self.scan_one() {
                return false;
            }
        }
        true
    }
}

/// Whether a file may be readable later, after a failure of this kind.
fn may_pass(kind: LoadErrorKind) -> bool {
    matches!(kind, LoadErrorKind::Io | LoadErrorKind::NotFound | LoadErrorKind::PermissionDenied)
}

impl Handler<Tend> for DecoderActor {
    type Result = ();

    fn handle(&mut self, Tend { term, again }: Tend, context: &mut Context<Self>) {
        if !self.parts.streams.takes_duty(term, &context.address()) {
            return;
        }
        let more = self.tend();
        let next = Tend { term, again: true };
        match (again, more) {
            (true, true) => context.notify(next),
            (true, false) => drop(context.notify_later(next, INTERVAL)),
            // The one that looks again and again does the rest.
            (false, _) => {}
        }
    }
}
