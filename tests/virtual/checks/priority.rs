//! The most urgent first, of these the oldest; who runs gives way.

use std::time::Duration;

use hotcue::LoadErrorKind;
use hotcue_actors::CancelReason;

use super::{Load, Schedule, Work};
use crate::disk::End;
use crate::model::NO_FILE;

/// Who has waited so long may overtake once in eight times.
const AGED: Duration = Duration::from_secs(2);
/// What has run so long gives way to a shorter one.
const LONG: Duration = Duration::from_millis(100);
/// So long after it came, the size of a file is known where another runs for long.
const MEASURED: Duration = Duration::from_millis(20);
/// For so long a job may lie with a decoder that is not done as soon as another one.
const LAID_OUT: Duration = Duration::from_millis(50);

pub(super) fn check(schedule: &Schedule<'_>) {
    for work in &schedule.works {
        check_start(schedule, work);
        // While some load waits for memory, those go on that may set some free.
        if schedule.shape.budget.is_none() {
            check_giving_way(schedule, work);
        }
    }
}

/// Time that a decision may lag behind what the caller sees.
fn lag(schedule: &Schedule<'_>) -> Duration {
    schedule.hops(4)
}

/// The request whose place it has taken over: a queued one of the same slot and file, which it
/// superseded.
fn predecessor(schedule: &Schedule<'_>, index: usize) -> Option<usize> {
    let load = &schedule.loads[index];
    let slot = load.request.slot;
    let older = schedule.loads[..index]
        .iter()
        .rposition(|older| older.request.slot == slot && older.request.file != NO_FILE)?;
    let before = &schedule.loads[older];
    let has_place = before.request.cancelled == Some(CancelReason::Superseded)
        && before.ended >= load.request.accepted
        && before.request.file == load.request.file
        && schedule.disk.is_path(load.request.file)
        && before.started.is_none_or(|started| started > load.request.accepted);
    has_place.then_some(older)
}

/// The age of a request's job.
fn age(schedule: &Schedule<'_>, index: usize) -> usize {
    predecessor(schedule, index).map_or(index, |older| age(schedule, older))
}

/// The highest priority that a request's place had from `from` to `until`.
fn highest(schedule: &Schedule<'_>, index: usize, from: Duration, until: Duration) -> i32 {
    let (_, own) = schedule.loads[index].priorities(from, until);
    match predecessor(schedule, index) {
        Some(older) if schedule.loads[older].ended >= from => {
            own.max(highest(schedule, older, from, until))
        }
        _ => own,
    }
}

/// Whether the oldest of them has waited so long that it may overtake.
fn has_aged(schedule: &Schedule<'_>, members: &[usize], at: Duration) -> bool {
    let accepted = |index: &usize| schedule.loads[age(schedule, *index)].request.accepted;
    members.iter().map(accepted).min().is_some_and(|first| at.saturating_sub(first) >= AGED)
}

/// No job was begun while a more urgent one waited, or an older one that was as urgent.
fn check_start(schedule: &Schedule<'_>, work: &Work) {
    let (from, at) = (work.made.saturating_sub(lag(schedule)), work.made);
    let members: Vec<usize> = (0..schedule.loads.len())
        .filter(|index| {
            let load = &schedule.loads[*index];
            let started = load.started.unwrap_or(Duration::MAX);
            load.request.file == work.file && started.abs_diff(at) < Duration::from_micros(1)
        })
        .collect();
    // None: its file was replaced while it was loaded, and it begins anew.
    let priorities = members.iter().map(|index| highest(schedule, *index, from, at));
    let Some(highest) = priorities.max() else { return };
    if has_aged(schedule, &members, at) {
        return;
    }
    let oldest = members.iter().map(|index| age(schedule, *index)).min();
    let is_long = |other: &Work| other.made + LONG <= at && other.is_alive_at(from);
    let long = schedule.works.iter().any(is_long);
    let bytes = schedule.disk.now(work.file).1.bytes;
    for (index, load) in schedule.loads.iter().enumerate() {
        // One that starts about now may have been given to its decoder first.
        if members.contains(&index) || !load.waits(from, at + lag(schedule)) {
            continue;
        }
        let (lowest, _) = load.priorities(from, at);
        assert!(
            lowest <= highest,
            "at {at:?} {:?} was begun while {:?} waited",
            schedule.loads[members[0]].request,
            load.request
        );
        // A shorter one may have been let in for a long one that ran; of what is not there, has been
        // replaced since somebody looked, or came just before that, the length is not known.
        let is_known = |index: usize| {
            let request = schedule.loads[index].request;
            let (version, script) = schedule.disk.now(request.file);
            script.end != End::Fails(LoadErrorKind::NotFound) && request.job_version >= version
        };
        let looked_at = load.request.accepted + MEASURED;
        let came_later =
            |member: &usize| schedule.loads[*member].request.accepted > looked_at + lag(schedule);
        let was_looked_at = !long || members.iter().all(came_later);
        let known = was_looked_at && is_known(index) && members.iter().all(|m| is_known(*m));
        let shorter = !known || bytes < schedule.disk.now(load.request.file).1.bytes;
        let older = Some(age(schedule, index)) < oldest
            && load.waits(from.saturating_sub(LAID_OUT), at + lag(schedule));
        assert!(
            lowest < highest || !older || shorter,
            "at {at:?} {:?} was begun before the older {:?}",
            schedule.loads[members[0]].request,
            load.request
        );
    }
}

/// A job gives way between two steps to one of higher priority.
fn check_giving_way(schedule: &Schedule<'_>, work: &Work) {
    /// Steps that are no longer than this leave time to give way.
    const SHORT: Duration = Duration::from_millis(50);
    let patience = 2 * SHORT + 2 * lag(schedule);
    // When it went on last, after it had been given back.
    let mut resumed = work.made;
    let mut until = work.made;
    for step in &work.steps {
        let (from, at) = (step.from.saturating_sub(patience), step.from);
        if at > until + lag(schedule) {
            resumed = at;
        }
        until = step.until();
        let is_member = |index: &usize| {
            let load = &schedule.loads[*index];
            load.request.file == work.file && load.runs_at(at)
        };
        let members: Vec<usize> = (0..schedule.loads.len()).filter(is_member).collect();
        let has_its_turn = at - resumed <= patience && has_aged(schedule, &members, resumed);
        if members.is_empty() || has_its_turn {
            continue;
        }
        // Also of those that have ended meanwhile: with a more urgent one, a job may just have
        // become less urgent.
        let lately = schedule.loads.iter().filter(|load| load.request.file == work.file);
        let lately = lately.filter(|load| load.has_run(from, at));
        let Some(highest) = lately.map(|load| load.priorities(from, at).1).max() else { continue };
        // Not one that is on its way to another decoder by now.
        let waiting = |load: &&Load<'_>| {
            load.waits(from, at + lag(schedule)) && load.priorities(from, at).0 > highest
        };
        let Some(waits) = schedule.loads.iter().find(waiting) else { continue };
        // As many jobs as there may be suspended ones beside those that run.
        let begun = schedule.works.iter().filter(|work| work.is_alive_at(at)).count();
        let long = schedule
            .works
            .iter()
            .flat_map(|work| &work.steps)
            .any(|other| other.takes > SHORT && other.from < at && other.until() > from);
        let may_give_way = begun <= 2 * schedule.shape.workers && !long;
        let begun_before = work.made < from;
        assert!(
            !(may_give_way && begun_before),
            "at {at:?} file {} goes on for {:?} while {:?} waits",
            work.file,
            schedule.loads[members[0]].request,
            waits.request
        );
    }
}
