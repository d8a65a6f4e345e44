//! One file is decoded once, and all who asked for it get the same buffer.

use std::collections::HashMap;

use hotcue_actors::LoaderEvent;

use super::Schedule;
use super::signs::is_silent;

pub(super) fn check(schedule: &Schedule<'_>) {
    if schedule.shape.budget.is_none() {
        check_buffers(schedule);
    }
    check_decodings(schedule);
}

/// Whether all who load a file share what comes of it: nobody waits with a load that hangs.
fn is_shared(schedule: &Schedule<'_>, file: usize) -> bool {
    let mut works = schedule.works.iter().filter(|work| work.file == file);
    schedule.disk.is_shared(file) && !works.any(|work| work.steps.iter().any(is_silent))
}

/// The tickets keep every sample alive, so the first one that was loaded of a file is the only
/// one: later requests join its load or find it in memory.
fn check_buffers(schedule: &Schedule<'_>) {
    let mut first = HashMap::new();
    let mut successes: Vec<_> =
        schedule.loads.iter().filter_map(|load| Some((load, load.request.audio?))).collect();
    successes.sort_by_key(|(load, _)| load.ended);
    for (load, buffer) in successes {
        if !is_shared(schedule, load.request.file) {
            continue;
        }
        let known = *first.entry(buffer.origin).or_insert(buffer);
        assert_eq!(known, buffer, "loaded again: {:?}", load.request);
        if let Some(LoaderEvent::Success { from_cache: true, .. }) = load.events.last() {
            let earlier = schedule
                .loads
                .iter()
                .any(|other| other.ended <= load.ended && other.request.audio == Some(buffer));
            assert!(earlier, "found in memory before it was there: {:?}", load.request);
        }
    }
}

/// After the first step of each, in which it is found out which file it is, the steps of two
/// decodings of one file never alternate.
fn check_decodings(schedule: &Schedule<'_>) {
    let mut steps: Vec<_> = schedule
        .works
        .iter()
        .enumerate()
        .filter(|(_, work)| is_shared(schedule, work.file))
        .flat_map(|(number, work)| work.steps.iter().map(move |step| (step, work.file, number)))
        .filter(|(step, ..)| step.index > 0)
        .collect();
    steps.sort_by_key(|(step, ..)| step.place);
    let mut last: HashMap<_, Vec<usize>> = HashMap::new();
    for (step, file, work) in steps {
        let works = last.entry((file, step.version)).or_default();
        if works.last() != Some(&work) {
            assert!(!works.contains(&work), "file {file} is decoded twice at a time: {works:?}");
            works.push(work);
        }
    }
}
