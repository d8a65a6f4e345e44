//! What the queue keeps of jobs that come and go, and whose requests end meanwhile.

use std::path::PathBuf;
use std::sync::Arc;

use hotcue::{LoadJob, LoadOptions, Source};

use super::Queue;
use crate::error::LoadFailure;
use crate::events::CancelReason;
use crate::job::{Assignment, Job};
use crate::request::Request;

fn request(priority: i32) -> Arc<Request> {
    Request::new(0, Source::Path(PathBuf::from("/a/file")), priority)
}

fn push(queue: &mut Queue, job: &Arc<Job>) {
    queue.push(Assignment::new(Arc::clone(job))).expect("somebody wants it");
}

fn cancel(request: &Request) {
    request.end(Err(LoadFailure::Cancelled(CancelReason::User)), |_| {});
}

#[test]
fn nothing_stays_of_a_job_that_was_taken_out() {
    let mut queue = Queue::default();
    // The first one waits all the while.
    let first = request(100);
    let job = Job::new(&first);
    push(&mut queue, &job);
    for round in 0..1_000 {
        let request = request(round % 7);
        let job = Job::new(&request);
        push(&mut queue, &job);
        // Laid out and taken back, as each change of a priority does.
        let taken = queue.take(job.id).expect("it is there");
        queue.push(taken).expect("somebody wants it");
        queue.take(job.id).expect("it is there");
    }
    assert_eq!(queue.len(), 1);
    let lens = [queue.order.len(), queue.arrivals.len(), queue.unmeasured.len()];
    assert_eq!(lens, [1, 1, 1]);
    assert_eq!((queue.sizes.len(), queue.begun.len(), queue.told.len()), (0, 0, 0));
}

#[test]
fn a_job_is_less_urgent_once_its_most_urgent_request_is_gone() {
    let mut queue = Queue::default();
    let requests = [0, 9, 5, 1].map(request);
    let [shared, joining, middle, low] = requests.each_ref().map(Job::new);
    assert!(joining.merge_into(&shared));
    for job in [&shared, &middle, &low] {
        push(&mut queue, job);
    }
    assert_eq!(queue.priority_at(0), Some(9));
    cancel(&requests[1]);
    assert_eq!(queue.priority_at(0), Some(5));
    let order = [(); 3].map(|()| queue.pop().expect("three wait").job.id);
    assert_eq!(order, [middle.id, low.id, shared.id]);
}

#[test]
fn the_newest_of_many_files_is_measured_first() {
    let mut queue = Queue::default();
    let requests: Vec<_> = (0..100).map(|_| request(0)).collect();
    let jobs: Vec<_> = requests.iter().map(Job::new).collect();
    jobs.iter().for_each(|job| push(&mut queue, job));
    let measured: Vec<u64> = queue.take_unmeasured(10).iter().map(|job| job.id).collect();
    let newest: Vec<u64> = jobs.iter().rev().take(10).map(|job| job.id).collect();
    assert_eq!(measured, newest);
    assert_eq!(queue.take_unmeasured(1_000).len(), 90);
    assert!(queue.take_unmeasured(1).is_empty());
}

#[test]
fn what_was_begun_in_vain_is_swept_at_once() {
    let mut queue = Queue::default();
    let before: Vec<_> = (0..10_000).map(|_| request(0)).collect();
    let jobs: Vec<_> = before.iter().map(Job::new).collect();
    jobs.iter().for_each(|job| push(&mut queue, job));
    let begun = [request(0), request(0)];
    for request in &begun {
        let job = Job::new(request);
        let work = Box::new(LoadJob::new(job.source.clone(), LoadOptions::default()));
        let assignment = Assignment { work: Some(work), ..Assignment::new(job) };
        queue.push(assignment).expect("somebody wants it");
    }
    cancel(&begun[1]);
    // Its buffer takes memory, and its place keeps another job from being given back.
    let swept: Vec<u64> = queue.sweep().iter().map(|swept| swept.job.id).collect();
    assert_eq!(swept, [begun[1].id]);
    assert_eq!(queue.begun_count(), 1);
}

#[test]
fn a_job_that_begins_again_gives_signs_of_life_while_it_waits() {
    let mut queue = Queue::default();
    let requests = [request(0), request(0), request(0)];
    let [fresh, before, over] = requests.each_ref().map(Job::new);
    let anew = before.again(before.close()).expect("somebody wants it");
    // Its memory was needed by an older one: nothing of what was done is left.
    assert!(over.begin(|_| {}));
    [&fresh, &anew, &over].into_iter().for_each(|job| push(&mut queue, job));
    let told: Vec<u64> = queue.told().map(|job| job.id).collect();
    assert_eq!(told, [anew.id, over.id]);
}
