//! One file, several requests: decoded once, in memory once.

mod replaced;

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue_actors::{
    AudioEngine, CancelReason, LoadFailure, LoadTicket, LoaderEvent, Sample, SlotState,
};
use hotcue_tests::{Contract, PATIENCE, TempDir, collect_until_ended, sine, wait_until, wav_bytes};

use crate::offline;

fn sample_of(ticket: &LoadTicket) -> Arc<Sample> {
    match ticket.wait(Some(PATIENCE)) {
        Some(Ok(sample)) => sample,
        other => panic!("{other:?}"),
    }
}

fn tone(hz: f64, frames: u32) -> Vec<u8> {
    wav_bytes(44_100, 1, frames, sine(hz, 44_100))
}

/// Waits until a load is under way, its file open.
fn wait_for_progress(ticket: &LoadTicket) {
    wait_until("the load is under way", || ticket.percent() > 0.0);
}

fn from_cache(engine: &AudioEngine, ticket: &LoadTicket) -> bool {
    let mut contract = Contract::default();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let event = engine.events().wait(deadline).expect("an event");
        if event.request_id() != Some(ticket.request_id()) {
            continue;
        }
        contract.see(event.clone());
        if let LoaderEvent::Success { from_cache, .. } = event {
            return from_cache;
        }
    }
}

#[test]
fn requests_for_one_file_at_the_same_time_are_one_job() {
    let folder = TempDir::new();
    // Long enough that the second worker opens it while the first decodes.
    let path = folder.silent_wav("long.wav", 44_100, 600);
    let engine = offline(2);
    let load =
        |id| engine.load_sample_async(Some(id), Source::Path(path.clone()), 0).expect("accepted");
    let first = load(0);
    wait_for_progress(&first);
    let others: Vec<_> = (1..20).map(load).collect();
    let sample = sample_of(&first);
    for ticket in &others {
        assert!(Arc::ptr_eq(&sample, &sample_of(ticket)), "one buffer");
    }
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 20);
    // The last of them are likely to have come when it was done: by path they are the same.
    let later = load(30);
    assert!(from_cache(&engine, &later));
    assert!(Arc::ptr_eq(&sample, &sample_of(&later)));
}

#[test]
fn a_shared_job_goes_on_while_anybody_wants_it() {
    let folder = TempDir::new();
    let path = folder.silent_wav("long.wav", 44_100, 1_200);
    let engine = offline(2);
    let load =
        |id| engine.load_sample_async(Some(id), Source::Path(path.clone()), 0).expect("accepted");
    let (first, second) = (load(0), load(1));
    wait_for_progress(&second);
    wait_for_progress(&first);
    assert!(first.cancel());
    assert_eq!(sample_of(&second).frames(), 1_200 * 48_000);
    assert_eq!(engine.state(0).expect("it runs"), SlotState::Empty);

    // Once nobody wants it, it stops.
    let third = engine
        .load_sample_async(Some(2), Source::Path(folder.silent_wav("b.wav", 44_100, 7_200)), 0)
        .expect("accepted");
    wait_for_progress(&third);
    assert!(third.cancel());
    let other = Source::Path(folder.write("c.wav", &tone(440.0, 100)));
    sample_of(&engine.load_sample_async(Some(3), other, 0).expect("accepted"));
}

#[test]
fn promise_5_a_reload_of_the_same_file_joins_the_running_job() {
    let folder = TempDir::new();
    let path = folder.silent_wav("long.wav", 44_100, 2_400);
    let engine = offline(1);
    let load =
        || engine.load_sample_async(Some(0), Source::Path(path.clone()), 0).expect("accepted");
    let older = load();
    wait_until("it is well under way", || older.percent() > 20.0);
    let reached = older.percent();
    let newer = load();
    let superseded = older.wait(Some(PATIENCE));
    assert!(
        matches!(superseded, Some(Err(LoadFailure::Cancelled(CancelReason::Superseded)))),
        "{superseded:?}"
    );
    wait_for_progress(&newer);
    assert!(newer.percent() >= reached, "it goes on where the older one was: {}", newer.percent());
    assert_eq!(sample_of(&newer).frames(), 2_400 * 48_000);
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 2);
}

#[test]
fn a_reload_while_the_file_is_replaced_brings_the_new_content() {
    let folder = TempDir::new();
    let path = folder.silent_wav("a.wav", 44_100, 1_200);
    let engine = offline(1);
    let load =
        || engine.load_sample_async(Some(0), Source::Path(path.clone()), 0).expect("accepted");
    let older = load();
    wait_for_progress(&older);
    let new = folder.write("b.wav", &tone(440.0, 44_100));
    fs::rename(new, &path).expect("it can be replaced");
    let newer = load();
    assert_eq!(sample_of(&newer).frames(), 48_000, "the old file was 20 minutes long");
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 2);
}

#[test]
fn a_file_that_was_written_to_is_not_taken_from_memory() {
    let folder = TempDir::new();
    let engine = offline(1);
    let path = folder.write("a.wav", &tone(440.0, 1_000));
    let load =
        |id| engine.load_sample_async(Some(id), Source::Path(path.clone()), 0).expect("accepted");
    let first = load(0);
    assert!(!from_cache(&engine, &first));
    assert!(from_cache(&engine, &load(1)));
    folder.write("a.wav", &tone(880.0, 2_000));
    let changed = load(2);
    assert!(!from_cache(&engine, &changed));
    assert_ne!(sample_of(&changed).frames(), sample_of(&first).frames());
    // A copy is another file.
    let copy = folder.path().join("copy.wav");
    fs::copy(&path, &copy).expect("it can be copied");
    let copied = engine.load_sample_async(Some(3), Source::Path(copy), 0).expect("accepted");
    assert!(!from_cache(&engine, &copied));
    // The same file by another name is not, once it has that.
    let link = folder.path().join("link.wav");
    fs::hard_link(&path, &link).expect("it can be linked");
    load(4).wait(None);
    let linked = engine.load_sample_async(Some(5), Source::Path(link), 0).expect("accepted");
    assert!(from_cache(&engine, &linked));
}

#[cfg(unix)]
#[test]
fn a_file_that_was_given_its_old_time_back_is_not_taken_from_memory() {
    let folder = TempDir::new();
    let engine = offline(1);
    let path = folder.write("a.wav", &tone(440.0, 1_000));
    let modified = fs::metadata(&path).and_then(|it| it.modified()).expect("it is there");
    let load =
        |id| engine.load_sample_async(Some(id), Source::Path(path.clone()), 0).expect("accepted");
    let first = load(0);
    assert!(!from_cache(&engine, &first));
    // Long enough for the clock of the file system to have moved.
    std::thread::sleep(Duration::from_millis(30));
    folder.write("a.wav", &tone(880.0, 1_000));
    let file = fs::File::options().append(true).open(&path).expect("it is ours");
    file.set_modified(modified).expect("it is ours");
    let changed = load(1);
    assert!(!from_cache(&engine, &changed));
    let (first, changed) = (sample_of(&first), sample_of(&changed));
    assert_ne!(first.buffer().plane(0)[..100], changed.buffer().plane(0)[..100]);
}

#[test]
fn what_left_memory_is_read_again() {
    let folder = TempDir::new();
    let engine = offline(1);
    let path = folder.write("a.wav", &tone(440.0, 1_000));
    let load =
        |id| engine.load_sample_async(Some(id), Source::Path(path.clone()), 0).expect("accepted");
    assert!(!from_cache(&engine, &load(0)));
    engine.unload_sample(0).expect("it runs");
    wait_until("its memory is free", || {
        let stats = engine.stats();
        stats.samples == 0 && stats.reserved_bytes == 0
    });
    assert!(!from_cache(&engine, &load(0)));
    let held = engine.sample(0).expect("it runs").expect("it is there");
    engine.unload_sample(0).expect("it runs");
    assert!(from_cache(&engine, &load(5)), "the program holds it, so it is in memory");
    assert!(Arc::ptr_eq(&held, &engine.sample(5).expect("it runs").expect("there")));
}

#[test]
fn a_broken_file_fails_for_everybody_who_asked() {
    let folder = TempDir::new();
    let engine = offline(3);
    for round in 0..50 {
        let path = folder.write("bad.wav", format!("nonsense {round}").as_bytes());
        let tickets: Vec<_> = (0..6)
            .map(|id| engine.load_sample_async(Some(id), Source::Path(path.clone()), 0))
            .map(|ticket| ticket.expect("accepted"))
            .collect();
        for ticket in tickets {
            let outcome = ticket.wait(Some(PATIENCE));
            assert!(matches!(outcome, Some(Err(LoadFailure::Failed { .. }))), "{outcome:?}");
        }
    }
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 300);
    assert!(engine.events().wait(Instant::now() + Duration::from_millis(20)).is_none());
}

/// An engine that loads a long file into slot 0 and, through a link to it, into slot 1.
#[cfg(unix)]
fn with_a_link(folder: &TempDir) -> (AudioEngine, [LoadTicket; 2]) {
    let path = folder.silent_wav("a.wav", 44_100, 1_800);
    let link = folder.path().join("link.wav");
    std::os::unix::fs::symlink(&path, &link).expect("it can be linked");
    let engine = offline(2);
    let tickets = [(0, path), (1, link)].map(|(id, path)| {
        let ticket = engine.load_sample_async(Some(id), Source::Path(path), 0).expect("accepted");
        wait_for_progress(&ticket);
        ticket
    });
    (engine, tickets)
}

/// Has the link point to a file of so many seconds.
#[cfg(unix)]
fn point_elsewhere(folder: &TempDir, seconds: u32) -> std::path::PathBuf {
    let link = folder.path().join("link.wav");
    let other = folder.silent_wav("other.wav", 44_100, seconds);
    fs::remove_file(&link).expect("it is there");
    std::os::unix::fs::symlink(other, &link).expect("it can be linked");
    link
}

#[cfg(unix)]
#[test]
fn a_reload_through_a_link_brings_what_it_points_to_now() {
    let folder = TempDir::new();
    let (engine, [first, _]) = with_a_link(&folder);
    let link = point_elsewhere(&folder, 1);
    let newer = engine.load_sample_async(Some(1), Source::Path(link), 0).expect("accepted");
    assert!(first.percent() < 100.0, "it joins a load that runs");
    assert_eq!(sample_of(&newer).frames(), 48_000);
    assert_eq!(sample_of(&first).frames(), 1_800 * 48_000, "its file is the same as before");
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 3);
}

#[cfg(unix)]
#[test]
fn reloads_of_one_job_each_bring_their_own_file() {
    let folder = TempDir::new();
    let (engine, [first, _]) = with_a_link(&folder);
    let link = point_elsewhere(&folder, 1);
    let path = folder.path().join("a.wav");
    fs::rename(folder.silent_wav("b.wav", 44_100, 2), &path).expect("it can be replaced");
    let load =
        |id, path| engine.load_sample_async(Some(id), Source::Path(path), 0).expect("accepted");
    let newer = [load(0, path), load(1, link)];
    assert!(first.percent() < 100.0, "they join a load that runs");
    assert_eq!(newer.each_ref().map(|ticket| sample_of(ticket).frames()), [2 * 48_000, 48_000]);
    let mut contract = Contract::default();
    collect_until_ended(engine.events(), &mut contract, 4);
}

#[test]
fn a_load_that_gives_way_before_its_file_is_open_is_shared_all_the_same() {
    /// Decoders are asked for jobs that they have just taken, which they rarely hear in between.
    const ROUNDS: usize = 20;
    const FILES: u32 = 300;
    let folder = TempDir::new();
    let paths: Vec<_> = (0..FILES)
        .map(|n| folder.write(&format!("{n}.wav"), &tone(440.0 + f64::from(n), 2_000)))
        .collect();
    let engine = offline(2);
    let load = |id: u32, priority| {
        let source = Source::Path(paths[(id % FILES) as usize].clone());
        engine.load_sample_async(Some(id), source, priority).expect("accepted")
    };
    for _ in 0..ROUNDS {
        let urgency = |id: u32| if id % 3 == 2 { 1 + (id % 50).cast_signed() } else { 0 };
        let first: Vec<_> = (0..FILES).map(|id| load(id, urgency(id))).collect();
        let first: Vec<_> = first.iter().map(sample_of).collect();
        let again: Vec<_> = (FILES..2 * FILES).map(|id| load(id, 0)).collect();
        for (first, again) in first.iter().zip(&again) {
            assert!(Arc::ptr_eq(first, &sample_of(again)), "{:?} is there twice", first.path());
        }
        (0..2 * FILES).for_each(|id| engine.unload_sample(id).expect("it runs"));
    }
    engine.shut_down();
}
