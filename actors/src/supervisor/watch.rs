//! What the supervisor looks after while decoders are busy: stalls, fairness, signs of life.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use actix::{Addr, AsyncContext, Context};
use hotcue::{LoadError, LoadErrorKind, Stage};

use super::LoaderSupervisor;
use super::worker::{Abandoned, Busy, Found, Worker};
use crate::decoder::fail_request;
use crate::job::{Job, Member};
use crate::messages::Discard;

/// How often busy decoders are looked at. Nothing ticks while all are free.
const LOOK: Duration = Duration::from_millis(10);
/// A load that says nothing for so long says its progress again.
const HEARTBEAT: Duration = Duration::from_millis(200);
/// A job that has run so long on its worker gives way to a clearly shorter one.
const LONG: Duration = Duration::from_millis(100);
/// How much earlier than that the sizes of waiting files are looked at.
const MEASURE_AFTER: Duration = Duration::from_millis(60);
/// Files that are looked at at once.
const MEASURED_AT_ONCE: usize = 32;
/// How often a load that waits for memory asks again, though no other said that it made room.
const LOOK_FOR_ROOM: Duration = Duration::from_millis(50);
/// Most workers outside the pool, inside reads that do not return.
const MAX_STALLED: usize = 64;

impl LoaderSupervisor {
    /// Sees to it that busy decoders are looked at from now on.
    pub(super) fn watch(&mut self, context: &mut Context<Self>) {
        if !self.watching {
            self.watching = true;
            context.run_later(LOOK, |supervisor, context| {
                supervisor.watching = false;
                supervisor.look(&context.address());
                if !supervisor.stopping && supervisor.is_at_work() {
                    supervisor.watch(context);
                }
            });
        }
    }

    fn is_at_work(&self) -> bool {
        let busy = self.workers.iter().chain(&self.stalled).any(|worker| worker.busy.is_some());
        busy || self.queue.len() > 0 || !self.parked.is_empty()
    }

    fn look(&mut self, supervisor: &Addr<Self>) {
        if self.stopping {
            return;
        }
        self.look_at_workers(supervisor);
        self.look_at_stalled();
        self.abandoned.retain_mut(|abandoned| !abandoned.is_over());
        self.sweep();
        for unwanted in
            self.parked.extract_if(.., |parked| !parked.job.is_wanted()).collect::<Vec<_>>()
        {
            self.discard(unwanted);
        }
        if self.parked.iter().any(|parked| parked.since.elapsed() >= LOOK_FOR_ROOM) {
            self.unpark();
        }
        self.give_signs_of_life();
        self.measure();
        self.yield_to_shorter();
        self.dispatch();
    }

    /// Replaces decoders that do not come back. One whose load nobody wants finds that out
    /// whenever its read returns, and touches nothing after that; one whose load is wanted may
    /// still bring it.
    fn look_at_workers(&mut self, supervisor: &Addr<Self>) {
        if self.workers.iter().all(|worker| worker.busy.as_ref().is_some_and(Busy::is_long)) {
            self.take_back();
        }
        for number in 0..self.workers.len() {
            if self.workers[number].is_late()
                && let Some(given) = self.workers[number].take_given_back()
            {
                self.enqueue(given);
                // Where there can be no other one, whoever else is free is asked first.
                self.workers[number].helps = true;
                self.replace(number, true, supervisor);
                continue;
            }
            let Some(busy) = &mut self.workers[number].busy else { continue };
            let (found, job) = (busy.look(), Arc::clone(&busy.job));
            self.tell_of(&found, &job);
            if !matches!(found, Found::Well) {
                // Where there can be no other one, the next look tries again.
                self.replace(number, !found.is_hopeless(), supervisor);
            }
        }
    }

    /// Has another decoder in the place of one that does not come back: without a thread for it,
    /// or with too many outside already that are still wanted, none.
    pub(super) fn replace(&mut self, number: usize, is_wanted: bool, supervisor: &Addr<Self>) {
        if is_wanted && self.stalled.len() >= MAX_STALLED {
            return;
        }
        let Ok(home) = self.parts.homes.open() else { return };
        if !self.workers[number].given.put_out() {
            // It has just come back.
            return home.stop();
        }
        let generation = self.workers[number].generation + 1;
        let next = Worker::start(home, number, generation, &self.parts, supervisor);
        // What the old one was told to drop, it has not.
        next.addr.do_send(Discard);
        let mut old = mem::replace(&mut self.workers[number], next);
        if let Some(given) = old.take_given_back() {
            self.enqueue(given);
        }
        if is_wanted { self.stalled.push(old) } else { self.abandon(old) }
    }

    fn look_at_stalled(&mut self) {
        let mut index = 0;
        while let Some(worker) = self.stalled.get_mut(index) {
            let Some(busy) = &mut worker.busy else {
                index += 1;
                continue;
            };
            let (found, job) = (busy.look(), Arc::clone(&busy.job));
            self.tell_of(&found, &job);
            if found.is_hopeless() {
                let worker = self.stalled.swap_remove(index);
                self.abandon(worker);
            } else {
                index += 1;
            }
        }
    }

    /// Tells those who wait for a job what a look at its decoder has found.
    fn tell_of(&self, found: &Found, job: &Job) {
        match found {
            Found::Well | Found::Stuck => {}
            Found::Stalled(silence) => self.tell_stalled(job, *silence),
            Found::Lost => self.fail_lost(job),
        }
    }

    /// Ends a job whose decoder works without end.
    fn fail_lost(&self, job: &Job) {
        let message = "a part of it takes longer than a minute to decode";
        let error = LoadError::new(LoadErrorKind::Corrupt, message);
        // Closed: whatever the decoder brings after all goes nowhere.
        for Member { request, .. } in job.close() {
            fail_request(&self.parts, &request, &error, request.stage().max(Stage::Reading));
        }
        job.stop_reading();
    }

    /// Gives a decoder up: its thread ends after the step that it is in.
    pub(super) fn abandon(&mut self, worker: Worker) {
        if let Some(busy) = &worker.busy {
            busy.job.give_up();
        }
        worker.home.stop();
        self.abandoned.push(Abandoned::new(worker));
        self.parts.table.count_abandoned_worker();
    }

    fn tell_stalled(&self, job: &Job, silence: Duration) {
        // Of a job whose decoder has not had its turn for so long, nobody has heard yet.
        for request in job.live().iter().filter(|request| !request.is_queued()) {
            self.parts.publisher.stalled(request, silence);
        }
    }

    /// Says the progress again of loads that are given back or slow.
    fn give_signs_of_life(&self) {
        let running = self.workers.iter().chain(&self.stalled);
        let running = running.filter_map(|worker| worker.busy.as_ref());
        let running = running.filter(|busy| !busy.has_stalled()).map(|busy| &busy.job);
        let parked = self.parked.iter().map(|parked| &parked.job);
        for job in running.chain(self.queue.told()).chain(parked) {
            if job.silent_for() >= HEARTBEAT {
                job.reported();
                // To one that begins anew, others may have come that have not seen `started`.
                for request in job.live().iter().filter(|request| !request.is_queued()) {
                    self.parts.publisher.progress(request);
                }
            }
        }
    }

    /// Has the sizes of files that wait looked at, once some job has run for long.
    fn measure(&mut self) {
        let long = |worker: &Worker| {
            worker.busy.as_ref().is_some_and(|busy| busy.since.elapsed() >= MEASURE_AFTER)
        };
        if self.scout.is_here() && self.workers.iter().any(long) {
            let jobs = self.queue.take_unmeasured(MEASURED_AT_ONCE);
            if !jobs.is_empty() {
                self.scout.send(jobs);
            }
        }
    }

    /// Asks decoders that have run one job for long to give way to a shorter one of the same
    /// priority: to one that has less than half as much left to read.
    pub(super) fn yield_to_shorter(&mut self) {
        if self.stopping || !self.parked.is_empty() {
            return;
        }
        let mut asked = self.asked_back();
        for number in 0..self.workers.len() {
            if !self.may_suspend(asked) {
                return;
            }
            if let Some(shorter) = self.shorter_than(number) {
                self.workers[number].preempt(Some(shorter));
                asked += 1;
            }
        }
    }

    fn shorter_than(&self, number: usize) -> Option<u64> {
        let busy = self.workers[number].busy.as_ref().filter(|busy| busy.can_give_way())?;
        if busy.since.elapsed() < LONG {
            return None;
        }
        let (id, bytes) = self.queue.smallest(busy.job.priority()?)?;
        let promised = |worker: &Worker| {
            worker.busy.as_ref().is_some_and(|busy| busy.preempted == Some(Some(id)))
        };
        let shorter = bytes <= busy.job.bytes_left()? / 2;
        (shorter && !self.workers.iter().any(promised)).then_some(id)
    }
}
