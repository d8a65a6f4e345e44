//! Who joins a job while it is given up, and how many it remembers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use hotcue::Source;

use super::Job;
use crate::error::LoadFailure;
use crate::events::CancelReason;
use crate::request::Request;

fn request() -> Arc<Request> {
    Request::new(0, Source::Path(PathBuf::from("/a/file")), 0)
}

fn cancel(request: &Request) {
    request.end(Err(LoadFailure::Cancelled(CancelReason::User)), |_| {});
}

#[test]
fn nobody_is_lost_who_joins_a_job_that_is_given_up() {
    for _ in 0..2_000 {
        let [first, second] = [(); 2].map(|()| request());
        let [shared, other] = [&first, &second].map(Job::new);
        cancel(&first);
        let begin = Barrier::new(2);
        let (joined, given_up) = thread::scope(|scope| {
            let joins = scope.spawn(|| {
                begin.wait();
                other.merge_into(&shared)
            });
            begin.wait();
            let given_up = shared.close_if_unwanted();
            (joins.join().expect("no panic"), given_up)
        });
        assert_ne!(joined, given_up);
        let job = if joined { &shared } else { &other };
        assert!(job.live().iter().any(|live| Arc::ptr_eq(live, &second)));
        assert!(second.job().is_some_and(|its| Arc::ptr_eq(&its, job)));
    }
}

#[test]
fn who_begins_again_is_not_taken_to_have_said_something() {
    let request = request();
    let job = Job::new(&request);
    assert!(job.begin(|_| {}));
    let silence = Duration::from_millis(20);
    thread::sleep(silence);
    assert!(job.begin(|_| {}));
    assert!(job.silent_for() >= silence);
}

#[test]
fn who_joins_another_job_has_waited_for_a_word_since_the_last_one_of_his_own() {
    let [first, second] = [(); 2].map(|()| request());
    let own = Job::new(&first);
    assert!(own.begin(|_| {}));
    let silence = Duration::from_millis(20);
    thread::sleep(silence);
    let other = Job::new(&second);
    assert!(other.begin(|_| {}));
    assert!(own.merge_into(&other));
    assert!(other.silent_for() >= silence);
}

#[test]
fn a_slot_that_is_loaded_again_and_again_leaves_little_behind() {
    let first = request();
    let job = Job::new(&first);
    let mut newest = first;
    for _ in 0..10_000 {
        let next = request();
        assert!(job.join(&next, |_| cancel(&newest)));
        newest = next;
    }
    assert_eq!(job.priority(), Some(0));
    assert_eq!(job.live().len(), 1);
    assert!(job.close().len() < 100);
}

#[test]
fn a_job_is_as_urgent_as_its_most_urgent_live_request() {
    let requests = [(); 4].map(|()| request());
    let job = Job::new(&requests[0]);
    for request in &requests[1..] {
        assert!(job.join(request, |_| {}));
    }
    let set = |index: usize, priority| {
        requests[index].set_priority(priority);
        job.reprioritised(&requests[index]);
        job.priority()
    };
    assert_eq!(set(1, 7), Some(7));
    assert_eq!(set(2, 9), Some(9));
    assert_eq!(set(3, 8), Some(9));
    assert_eq!(set(2, -5), Some(8));
    cancel(&requests[3]);
    assert_eq!(job.priority(), Some(7));
    cancel(&requests[1]);
    assert_eq!(job.priority(), Some(0));
    cancel(&requests[0]);
    assert_eq!(job.priority(), Some(-5));
    cancel(&requests[2]);
    assert_eq!(job.priority(), None);
}

#[test]
fn whoever_leaves_a_job_for_another_file_does_not_keep_it_going() {
    let requests = [(); 3].map(|()| request());
    let job = Job::new(&requests[0]);
    assert!(job.begin(|_| {}));
    for request in &requests[1..] {
        assert!(job.join(request, |_| {}));
    }
    let unchecked = |job: &Job| job.unchecked().iter().map(|it| it.request.id).collect::<Vec<_>>();
    assert_eq!(unchecked(&job), [requests[1].id, requests[2].id], "the first has opened the file");
    assert_eq!(unchecked(&job), [], "each is seen to once");
    assert!(job.is_wanted(), "as the supervisor asks");
    let seen = BTreeMap::from([(requests[1].id, false), (requests[2].id, true)]);
    let again = job.again(job.checked(&seen)).expect("somebody wants it");
    assert!(again.live().iter().all(|live| Arc::ptr_eq(live, &requests[2])));
    cancel(&requests[0]);
    assert!(job.is_wanted());
    cancel(&requests[1]);
    assert!(!job.is_wanted() && again.is_wanted());
}

#[test]
fn a_job_that_waits_is_silent_only_if_its_requests_were_told_that_it_began() {
    let requests = [request(), request()];
    let [fresh, before] = requests.each_ref().map(Job::new);
    let anew = before.again(before.close()).expect("somebody wants it");
    let deadline = Instant::now() + Duration::from_secs(60);
    while anew.silent_for() < Duration::from_millis(2) {
        assert!(Instant::now() < deadline, "it is never silent");
    }
    assert_eq!(fresh.silent_for(), Duration::ZERO);
}
