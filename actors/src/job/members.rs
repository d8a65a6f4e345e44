//! The requests that a job is for.

use std::mem;
use std::sync::Arc;

use crate::request::Request;
use crate::sample::Sample;

/// Fewer members than this are not worth clearing.
const MIN_MEMBERS: usize = 16;

/// A request that gets what comes of the job.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) request: Arc<Request>,
    /// It joined when the file was open already, because it names the same path; whether that is
    /// still the same file is seen after the next step.
    pub(crate) by_path: bool,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No decoder took it yet.
    Queued,
    /// One did.
    Running,
    /// It has ended, or gone up in another: nobody can join it.
    Closed,
}

/// Who is in a job, and how far it is.
pub(super) struct State {
    pub(super) members: Vec<Member>,
    pub(super) phase: Phase,
    /// The sample, from where enough is there to be played to where it is complete.
    pub(super) arriving: Option<Arc<Sample>>,
    /// Somebody has come who was not told of that.
    pub(super) has_untold: bool,
    /// Somebody has come whose path may lead to another file by now.
    pub(super) has_unchecked: bool,
    /// The most urgent of the members when somebody last asked, and its priority.
    first: Option<(i32, Arc<Request>)>,
    /// The number of members at which those that have ended are cleared out next.
    clear_at: usize,
}

impl State {
    /// Those who still want it.
    pub(super) fn live(&self) -> impl Iterator<Item = &Arc<Request>> {
        self.members.iter().map(|member| &member.request).filter(|request| request.is_live())
    }

    pub(super) fn new(members: Vec<Member>) -> Self {
        Self {
            members,
            phase: Phase::Queued,
            arriving: None,
            has_untold: true,
            has_unchecked: false,
            first: None,
            clear_at: MIN_MEMBERS,
        }
    }

    pub(super) fn add(&mut self, member: Member) {
        // Of one slot that is loaded again and again, all but the newest have ended.
        if self.members.len() >= self.clear_at {
            self.members.retain(|member| member.request.is_live());
            self.clear_at = MIN_MEMBERS.max(2 * self.members.len());
        }
        self.consider(&member.request);
        self.has_untold = true;
        self.has_unchecked |= member.by_path;
        self.members.push(member);
    }

    /// A member that is new, or whose priority was changed, may be the most urgent one.
    pub(super) fn consider(&mut self, request: &Arc<Request>) {
        let priority = request.priority();
        if self.first.as_ref().is_some_and(|(first, _)| *first < priority) {
            self.first = Some((priority, Arc::clone(request)));
        }
    }

    /// The highest priority of a live member. Looks through all of them only when the most urgent
    /// one has ended or was changed.
    pub(super) fn priority(&mut self) -> Option<i32> {
        let holds = |(priority, request): &(i32, Arc<Request>)| {
            request.is_live() && request.priority() == *priority
        };
        if !self.first.as_ref().is_some_and(holds) {
            self.first = self
                .live()
                .map(|request| (request.priority(), request))
                .max_by_key(|(priority, _)| *priority)
                .map(|(priority, request)| (priority, Arc::clone(request)));
        }
        self.first.as_ref().map(|(priority, _)| *priority)
    }

    /// Takes out those who are not of the job any more.
    pub(super) fn take_out(&mut self, leaves: impl FnMut(&mut Member) -> bool) -> Vec<Member> {
        // It may be one of them, and lives on in another job.
        self.first = None;
        self.members.extract_if(.., leaves).collect()
    }

    pub(super) fn close(&mut self) -> Vec<Member> {
        self.phase = Phase::Closed;
        self.first = None;
        mem::take(&mut self.members)
    }
}
