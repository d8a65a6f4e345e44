//! What becomes of a job: it finds room and goes on, joins another, is handed on, fails, or is
//! given back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use hotcue::{LoadError, LoadedSample, SourceIdentity, Stage};

use super::{DecoderActor, Running, head, panic};
use crate::budget::NoRoom;
use crate::error::LoadFailure;
use crate::job::{Assignment, Job, Member};
use crate::messages::{Reprioritised, Submit, Suspended};
use crate::registry::Claim;
use crate::request::Request;
use crate::sample::Sample;
use crate::supervisor::SupervisorParts;
use crate::table::Delivery;
use crate::work::Work;

/// Whether the memory budget has room.
pub(super) enum Room {
    There,
    /// The job is the supervisor's again.
    Later,
    /// The job has failed.
    Never,
}

impl DecoderActor {
    /// Reserves what the sample takes by now. Without room the job goes back to the supervisor, or
    /// fails.
    pub(super) fn make_room(&mut self, bytes: usize) -> Room {
        let Some(running) = &mut self.running else { return Room::Never };
        if let Some(priority) = running.job.priority() {
            running.reservation.is_of(priority);
        }
        match running.reservation.grow_to(bytes) {
            Ok(()) => Room::There,
            Err(NoRoom::WaitForOthers) => {
                self.give_back(true);
                Room::Later
            }
            Err(NoRoom::StartOver) => {
                // An older load needs what this one holds.
                if let Some(Running { job, work, .. }) = self.running.take() {
                    if let Some(file) = work.identity() {
                        self.parts.registry.forget(file, &job);
                    }
                    self.withdraw(&job);
                    drop_work(work);
                    let assignment = Assignment::new(job);
                    self.supervisor.do_send(Suspended { from: self.me, assignment, no_room: true });
                }
                Room::Later
            }
            Err(NoRoom::Never(error)) => {
                self.fail(&error);
                Room::Never
            }
        }
    }

    /// Once the file is open: sees whether it is in memory, or being decoded by another. True
    /// when this decoder is to go on.
    pub(super) fn share(&mut self) -> bool {
        let Some(running) = &mut self.running else { return false };
        if running.claimed {
            return true;
        }
        let Some(file) = running.work.identity() else { return true };
        running.claimed = true;
        // It may be another one when it is asked for again, and look the same.
        if file.may_change_unseen(SystemTime::now()) {
            return true;
        }
        let job = Arc::clone(&running.job);
        loop {
            match self.parts.registry.claim(file, &job) {
                Claim::New => return true,
                Claim::Join(other) => {
                    if job.merge_into(&other) {
                        self.tell_of_head(&other, Some(file));
                        self.supervisor.do_send(Reprioritised(other));
                        break;
                    }
                    // It has just come to nothing.
                    self.parts.registry.forget(file, &other);
                }
                Claim::Cached(delivery) => {
                    self.deliver(&job, Some(file), delivery, true);
                    break;
                }
            }
        }
        self.drop_running();
        false
    }

    pub(super) fn hand_on(&mut self, loaded: LoadedSample) {
        let Some(running) = self.running.take() else { return };
        let Running { job, mut work, reservation, recalling, .. } = running;
        let file = work.identity();
        let origin = head::origin_of(&job, file);
        let sample = match work.streamed() {
            Some(stream) => Sample::streaming(loaded, origin, stream),
            None => self.completed(&job, loaded, origin),
        };
        recalling.into_iter().for_each(|recalling| recalling.tell(&sample));
        let delivery = Delivery::new(sample, reservation.into_account());
        if let Some(file) = file {
            self.parts.registry.finished(file, &job, delivery.resident());
        }
        // First: whoever is told of the sample can see that it is still to be stored.
        work.store().into_iter().for_each(|store| self.parts.stores.put(store));
        self.deliver(&job, file, delivery, false);
        drop_work(work);
    }

    /// Closes the job and sends its members what came of it.
    fn deliver(
        &self,
        job: &Job,
        file: Option<SourceIdentity>,
        delivery: Delivery,
        from_cache: bool,
    ) {
        let members = self.close(job, file);
        // While the first one is held, each can have another.
        let resident = delivery.resident();
        let deliveries = members.into_iter().filter_map(|member| {
            Delivery::again(resident).map(|delivery| (member.request, delivery))
        });
        self.parts.sink.decoded(deliveries.collect(), from_cache);
    }

    /// Closes a job that was of `file` and gives those whom its end concerns. Whoever asked for a
    /// path after the file was opened may have meant what is there now: for them, it begins anew.
    fn close(&self, job: &Job, file: Option<SourceIdentity>) -> Vec<Member> {
        let mut has_changed = self.has_changed(file);
        let mut members = job.close();
        let changed = members.extract_if(.., |member| has_changed(member)).collect();
        self.begin_anew(job, changed);
        members
    }

    /// The same of those who have joined the job at hand since its last step: they are not to wait
    /// for the end of what they do not want.
    pub(super) fn part(&self) {
        let Some(Running { job, work, .. }) = &self.running else { return };
        let Some(file) = work.identity() else { return };
        let members = job.unchecked();
        if !members.is_empty() {
            let mut has_changed = self.has_changed(Some(file));
            let seen = members.iter().map(|member| (member.request.id, has_changed(member)));
            let changed = job.checked(&seen.collect());
            self.begin_anew(job, changed);
        }
    }

    /// Whether a member joined by a path that leads to another file than `file` by now. By several
    /// links, one job may be of several paths; each is looked at once.
    fn has_changed(&self, file: Option<SourceIdentity>) -> impl FnMut(&Member) -> bool {
        let mut paths = BTreeMap::new();
        move |Member { request, by_path }| {
            let Some(path) = request.path().filter(|_| *by_path) else { return false };
            let is_same = || self.parts.workshop.identify(&request.source) == file;
            *paths.entry(path).or_insert_with(|| !is_same())
        }
    }

    /// Has those who are not of the job any more loaded by others, one for each path.
    fn begin_anew(&self, job: &Job, members: Vec<Member>) {
        let mut paths: BTreeMap<Option<PathBuf>, Vec<Member>> = BTreeMap::new();
        for member in members {
            paths.entry(member.request.path()).or_default().push(member);
        }
        for again in paths.into_values().filter_map(|members| job.again(members)) {
            self.supervisor.do_send(Submit(again));
        }
    }

    /// Ends all requests of the job with `error`.
    pub(super) fn fail(&mut self, error: &LoadError) {
        let Some(Running { job, work, .. }) = self.running.take() else { return };
        let file = work.identity();
        if let Some(file) = file {
            self.parts.registry.forget(file, &job);
        }
        self.fail_members(&job, file, error, work.stage().max(Stage::Reading));
        drop_work(work);
    }

    /// Closes a job that was of `file`, and ends all requests of it.
    pub(super) fn fail_members(
        &self,
        job: &Job,
        file: Option<SourceIdentity>,
        error: &LoadError,
        stage: Stage,
    ) {
        for Member { request, .. } in self.close(job, file) {
            // One whose job began anew was further before.
            fail_request(&self.parts, &request, error, stage.max(request.stage()));
        }
    }

    /// Lets go of a job that has ended or lives on in another.
    pub(super) fn drop_running(&mut self) {
        if let Some(Running { job, work, .. }) = self.running.take() {
            if let Some(file) = work.identity() {
                self.parts.registry.forget(file, &job);
            }
            drop_work(work);
        }
    }

    /// Gives the job back to the supervisor, as it is.
    pub(super) fn give_back(&mut self, no_room: bool) {
        if let Some(Running { job, work, reservation, .. }) = self.running.take() {
            let assignment = Assignment::begun(job, work, reservation);
            self.supervisor.do_send(Suspended { from: self.me, assignment, no_room });
        }
    }
}

/// Ends one request, as one piece: an engine that shuts down may have lost patience with this
/// thread.
pub(crate) fn fail_request(
    parts: &SupervisorParts,
    request: &Arc<Request>,
    error: &LoadError,
    stage: Stage,
) {
    let error = match request.source.path() {
        Some(path) => error.clone().with_path(path),
        None => error.clone(),
    };
    let failure = LoadFailure::Failed { error: error.clone(), stage };
    parts.table.end_and_publish(request, failure, || {
        parts.publisher.error(request, error, stage);
    });
}

/// Drops what was done of a job. A reader of the caller's own may panic even then.
fn drop_work(work: Box<dyn Work>) {
    panic::caught(|| drop(work)).ok();
}

/// Drops a job that nobody wants any more.
pub(crate) fn discard(assignment: Assignment) {
    assignment.job.close();
    if let Some(work) = assignment.work {
        drop_work(work);
    }
}
