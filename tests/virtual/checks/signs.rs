//! A load that goes on says so, and one that does not says that.

use std::time::Duration;

use hotcue_actors::LoaderEvent;

use super::{Load, Schedule, Step, TICK, Work, time};

const STALLED: Duration = Duration::from_secs(2);
/// How often the supervisor looks.
const LOOK: Duration = Duration::from_millis(10);
/// The longest silence of a load that runs.
const SILENCE: Duration = Duration::from_millis(250);

pub(super) fn check(schedule: &Schedule<'_>) {
    for load in &schedule.loads {
        check_stalls(schedule, load);
        check_silence(schedule, load);
    }
    for work in &schedule.works {
        check_told(schedule, work);
    }
}

/// When such a step is first known to have gone on for `times` × 2 s, at the latest.
fn told_by(schedule: &Schedule<'_>, step: &Step, times: u32) -> Duration {
    step.from + STALLED * times + 2 * (LOOK + schedule.hops(2))
}

pub(super) fn is_silent(step: &Step) -> bool {
    step.takes >= STALLED && !step.beats
}

/// `stalled` is said only of a file whose read has not returned for 2 s.
fn check_stalls(schedule: &Schedule<'_>, load: &Load<'_>) {
    for event in &load.events {
        let LoaderEvent::Stalled { stalled_sec, .. } = event else { continue };
        let at = time(event);
        let explains = |step: &Step| {
            is_silent(step)
                && step.from + STALLED <= at + TICK
                && at <= step.until() + LOOK + schedule.hops(3)
                && *stalled_sec <= (at - step.from + TICK).as_secs_f64()
        };
        let works = schedule.works.iter().filter(|work| work.file == load.request.file);
        let explained = works.flat_map(|work| &work.steps).any(explains);
        assert!(explained, "it does not stall: {event:?}");
    }
}

/// Of a read that has not returned for 2, 4, … s, all who wait for it are told.
fn check_told(schedule: &Schedule<'_>, work: &Work) {
    for step in work.steps.iter().filter(|step| is_silent(step)) {
        let mut times = 1;
        loop {
            let (from, until) = (step.from + STALLED * times, told_by(schedule, step, times));
            if until >= step.until().min(schedule.end) {
                break;
            }
            // That nobody else decodes this file, or will, makes them members for sure.
            let alone = |load: &&Load<'_>| {
                let others = schedule.works.iter().filter(|other| !std::ptr::eq(*other, work));
                !others.into_iter().any(|other| {
                    other.file == work.file
                        && other.made < load.ended
                        && other.dropped.is_none_or(|dropped| dropped > step.from)
                })
            };
            let waits = |load: &&Load<'_>| {
                load.request.file == work.file
                    && load.runs_at(step.from + schedule.hops(1))
                    && load.runs_at(until)
            };
            for load in schedule.loads.iter().filter(waits).filter(alone) {
                let told = load.events.iter().any(|event| {
                    matches!(event, LoaderEvent::Stalled { .. })
                        && (from..=until).contains(&time(event))
                });
                assert!(told, "not told after {:?}: {:?}", STALLED * times, load.request);
            }
            times += 1;
            if times > 20 {
                break;
            }
        }
    }
}

/// A load that was started is never silent for long, unless its file is.
fn check_silence(schedule: &Schedule<'_>, load: &Load<'_>) {
    // Once decoded, nobody has anything to say while the callback takes nothing.
    if schedule.shape.floods {
        return;
    }
    let limit = SILENCE + schedule.hops(6);
    let stalls: Vec<&Step> = schedule
        .works
        .iter()
        .filter(|work| work.file == load.request.file)
        .flat_map(|work| work.steps.iter().filter(|step| is_silent(step)))
        .collect();
    for pair in load.events.windows(2).take_while(|pair| !pair[0].is_terminal()) {
        let (from, until) = (time(pair[0]), time(pair[1]));
        let stalled = || {
            stalls
                .iter()
                .any(|step| step.from < until && from < step.until() + SILENCE + schedule.hops(6))
        };
        let quiet = until.saturating_sub(from) > limit && !stalled();
        assert!(!quiet, "{limit:?} without a word: {:?} and {:?}", pair[0], pair[1]);
    }
}
