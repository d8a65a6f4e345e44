//! The search for a free slot, against the one who frees slots meanwhile; what slots offer.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use hotcue::analysis::AnalysisKind;
use hotcue::{
    AudioSpec, LoadError, LoadErrorKind, LoadOptions, LoadedSample, SampleBuffer, SampleWriter,
    Source, SourceIdentity, StageTimings,
};

use super::{Delivery, SlotState, Table};
use crate::budget::Budget;
use crate::engine::Normalize;
use crate::error::{AnalysisFailure, LoadFailure, SubmitError};
use crate::events::CancelReason;
use crate::request::{Request, Wishes};
use crate::sample::{Origin, Sample};
use crate::work::{Work, Workshop};

fn request(slot: u32) -> Arc<Request> {
    Request::new(slot, Source::Memory(Arc::from([])), 0)
}

/// Registers a request as the loader does, without jobs and events.
fn register(table: &Table, id: Option<u32>) -> Result<Arc<Request>, SubmitError> {
    table.register(id, request, |older, _| supersede(table, older))
}

fn supersede(table: &Table, older: Option<&Arc<Request>>) {
    if let Some(older) = older {
        let failure = LoadFailure::Cancelled(CancelReason::Superseded);
        table.end(older, Err(failure), || {});
    }
}

#[test]
fn a_slot_that_is_freed_during_a_search_is_found_by_the_next() {
    let table = Table::new(64, 1_000);
    for _ in 0..63 {
        register(&table, None).expect("a slot is free");
    }
    // The next search begins at 5 and goes up to 63.
    table.unload(5);
    register(&table, Some(5)).expect("accepted");
    let mut freed = None;
    let make = |slot| {
        // It holds the shard of 63 now; a slot of another shard is freed that it has passed.
        freed = (6..63).find(|id| !table.slots.try_get(id).is_locked());
        freed.inspect(|&id| drop(table.unload(id)));
        request(slot)
    };
    let searched = table.register(None, make, |_, _| {});
    assert_eq!(searched.expect("slot 63 is free").slot, 63);
    let freed = freed.expect("a map has more than one shard");
    assert_eq!(register(&table, None).expect("it is free").slot, freed);
    assert_eq!(register(&table, None).err(), Some(SubmitError::NoFreeSlot));
    table.unload(40);
    assert_eq!(register(&table, None).expect("it is free").slot, 40);
}

#[test]
fn the_lowest_free_slot_is_taken_whatever_was_taken_and_freed_before() {
    const SLOTS: u32 = 200;
    let table = Table::new(SLOTS, 100_000);
    let mut free: BTreeSet<u32> = (0..SLOTS).collect();
    let mut random = 1_u32;
    for round in 0..20_000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let id = (random >> 16) % SLOTS;
        match (random >> 8) % 8 {
            // For a while more are taken than freed, and then the other way round.
            0..3 => {
                let taken = register(&table, None).map(|request| request.slot);
                assert_eq!(taken.ok(), free.pop_first());
            }
            3 => {
                register(&table, Some(id)).expect("accepted");
                free.remove(&id);
            }
            4 => {
                let ids = [Some(id), None, None];
                let many = table.register_many(
                    &ids,
                    round,
                    |_, slot| request(slot),
                    |older, _| supersede(&table, older),
                );
                let others: Vec<_> = free.iter().copied().filter(|&it| it != id).take(2).collect();
                assert_eq!(many.is_ok(), others.len() == 2);
                let slots = many.iter().flatten().map(|request| request.slot);
                assert_eq!(slots.collect::<BTreeSet<_>>().len(), if many.is_ok() { 3 } else { 0 });
                for request in many.iter().flatten() {
                    assert!(request.slot == id || others.contains(&request.slot));
                    free.remove(&request.slot);
                }
            }
            kind => {
                for id in id..SLOTS.min(id + if round % 4_000 < 2_000 { 1 } else { kind }) {
                    table.unload(id);
                    free.insert(id);
                }
            }
        }
    }
}

#[test]
fn a_load_by_id_is_newer_than_a_batch_that_only_reserved_its_slot() {
    let table = Table::new(64, 1_000);
    let mut ids = vec![Some(63)];
    ids.resize(33, None);
    let mut newer = None;
    let make = |index, slot| {
        if index == 0 {
            // It holds the shard of 63 now; a slot of another shard is taken by name.
            let taken = (0..32).find(|id| !table.slots.try_get(id).is_locked());
            let taken = taken.expect("a map has more than one shard");
            newer = Some(register(&table, Some(taken)).expect("accepted"));
        }
        request(slot)
    };
    let registered = table.register_many(&ids, 1, make, |older, _| supersede(&table, older));
    let newer = newer.expect("made in the first call");
    for older in registered.expect("32 slots are free") {
        assert_eq!(older.is_live(), older.slot != newer.slot);
    }
    assert!(newer.is_live());
    assert_eq!((table.live(), table.queued()), (33, 33));
    assert_eq!(table.live_requests().len(), 33);
}

#[test]
fn what_a_batch_reserved_in_vain_is_free_again() {
    let table = Table::new(8, 1_000);
    register(&table, Some(3)).expect("accepted");
    // One named, seven without: one more than there are.
    let mut ids = vec![None; 7];
    ids.push(Some(1));
    let refused = table.register_many(&ids, 1, |_, slot| request(slot), |_, _| {});
    assert_eq!(refused.err(), Some(SubmitError::NoFreeSlot));
    assert_eq!((table.live(), table.queued()), (1, 1));
    let slots: Vec<u32> =
        (0..7).map(|_| register(&table, None).expect("seven are free").slot).collect();
    assert_eq!(slots, [0, 1, 2, 4, 5, 6, 7]);
}

#[test]
fn whoever_is_told_of_a_request_finds_it() {
    let table = Table::new(8, 1_000);
    // A request that joins a running load is told `started` at once, by the call that takes over.
    let is_listed = |request: &Arc<Request>| {
        assert!(table.request(request.id).is_some());
        assert!(table.live_requests().iter().any(|live| live.id == request.id));
    };
    register(&table, Some(3)).expect("accepted");
    let take_over = |older: Option<&Arc<Request>>, request: &Arc<Request>| {
        is_listed(request);
        supersede(&table, older);
    };
    table.register(Some(3), request, take_over).expect("accepted");
    let ids = [Some(3), Some(4), Some(4), None];
    table.register_many(&ids, 1, |_, slot| request(slot), take_over).expect("accepted");
    assert_eq!((table.live(), table.live_requests().len()), (3, 3));
}

/// A sample that is arriving, and the token that writes it.
fn arriving(frames: usize) -> (Arc<Sample>, SampleWriter) {
    let spec = AudioSpec { sample_rate: 48_000, channels: 1 };
    let mut writer = SampleWriter::with_capacity(spec, frames).expect("valid");
    writer.append(&[&vec![0.5; frames / 2]]).expect("it fits");
    let buffer = writer.buffer().expect("its length is known");
    (Sample::from_buffer(buffer), writer)
}

fn delivery(table: &Table, sample: &Arc<Sample>) -> Delivery {
    let account = Budget::new(Arc::new(Table::new(1, 1)), |_| {}).reserve().into_account();
    assert!(table.ledger().limit().is_none());
    Delivery::new(Arc::clone(sample), account)
}

#[test]
fn what_a_slot_has_offered_is_no_change_when_it_is_complete() {
    let table = Table::new(8, 8);
    let request = register(&table, Some(0)).expect("accepted");
    let (sample, writer) = arriving(100);
    assert!(table.offer(&request, &sample).is_none(), "nobody has said that it arrives");
    assert!(request.arrives(&sample));
    let offered = table.offer(&request, &sample).expect("the slot is empty");
    assert!(table.offer(&request, &sample).is_none(), "twice");
    writer.finish();
    let change = table.complete(&request, &delivery(&table, &sample)).expect("it is live");
    assert_eq!((change.serial, change.emptied), (offered.serial, offered.emptied));
    assert_eq!(table.state(0), SlotState::Ready);
}

#[test]
fn what_comes_instead_of_what_a_slot_has_offered_empties_it_first() {
    let table = Table::new(8, 8);
    let request = register(&table, Some(0)).expect("accepted");
    let ((older, _), (newer, writer)) = (arriving(100), arriving(200));
    request.arrives(&older);
    let offered = table.offer(&request, &older).expect("the slot is empty");
    writer.finish();
    let change = table.complete(&request, &delivery(&table, &newer)).expect("it is live");
    assert!(change.serial > offered.serial);
    assert_eq!(change.emptied, change.serial);
}

#[test]
fn an_offer_is_taken_back_by_whoever_ends_its_load() {
    let table = Table::new(8, 8);
    let withdrawn = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&withdrawn);
    table.on_withdrawn(move |_, change| {
        assert_eq!(change.serial, change.emptied);
        count.fetch_add(1, Ordering::Relaxed);
    });
    let offer = || {
        let request = register(&table, Some(0)).expect("accepted");
        let (sample, _) = arriving(100);
        request.arrives(&sample);
        table.offer(&request, &sample).expect("the slot is empty");
        assert_eq!(table.state(0), SlotState::Playable);
        (request, sample)
    };
    let (first, _) = offer();
    let (second, sample) = offer();
    assert_eq!(withdrawn.load(Ordering::Relaxed), 1, "the first was superseded");
    assert!(table.offer(&first, &sample).is_none(), "it has ended");
    table.withdraw(&second);
    assert_eq!((withdrawn.load(Ordering::Relaxed), table.state(0)), (2, SlotState::Queued));
    assert!(table.offer(&second, &sample).is_none(), "it has come to nothing");
    let (third, _) = offer();
    assert!(table.end_without_sample(&third, LoadFailure::Cancelled(CancelReason::User)));
    assert_eq!((withdrawn.load(Ordering::Relaxed), table.state(0)), (3, SlotState::Empty));
}

#[test]
fn whoever_hears_of_an_analysis_may_cancel_it() {
    let table = Table::new(8, 8);
    let (sample, writer) = arriving(100);
    writer.finish();
    let request = register(&table, Some(0)).expect("accepted");
    table.complete(&request, &delivery(&table, &sample)).expect("it is live");
    let wishes = Wishes { kinds: AnalysisKind::ALL.into_iter().collect(), ..Wishes::default() };
    let by_user = AnalysisFailure::Cancelled(CancelReason::User);
    let mut cancelled = false;
    table.analyze(0, wishes, |request, _| {
        cancelled = table.end_analyses_of(request.id, &by_user);
    });
    assert!(cancelled);
    assert_eq!(table.analyses().open(), 0);
}

/// The core's analyses.
struct Core;

impl Workshop for Core {
    fn work(&self, _: &Source, _: LoadOptions) -> Box<dyn Work> {
        unreachable!("nothing is loaded")
    }

    fn identify(&self, _: &Source) -> Option<SourceIdentity> {
        None
    }
}

/// A second of a wave whose loudness is known, from the file of this number.
fn sample_of(file: u64) -> Arc<Sample> {
    let square = (0..48_000).map(|frame| if frame / 24 % 2 == 0 { 0.1 } else { -0.1 }).collect();
    let buffer = SampleBuffer::from_planes(48_000, vec![square]).expect("valid");
    let loaded = LoadedSample {
        buffer,
        source_rate: 48_000,
        container: "test".to_owned(),
        codec: "test".to_owned(),
        bits_per_sample: None,
        warnings: Vec::new(),
        metadata: None,
        timings: StageTimings::default(),
    };
    let identity = SourceIdentity { device: 1, inode: file, len: 1, modified_ns: 1, changed_ns: 1 };
    Sample::new(loaded, Origin { path: None, file: Some(identity) })
}

#[test]
fn what_was_heard_of_an_evicted_sample_is_known_as_soon_as_it_arrives_again() {
    let normalize = Normalize::Loudness { target_lufs: -30.0 };
    for file in [1, 2] {
        let table = Table::new(8, 8);
        let request = register(&table, Some(0)).expect("accepted");
        let first = sample_of(1);
        table.complete(&request, &delivery(&table, &first)).expect("it is live");
        let kinds = [AnalysisKind::Loudness].into_iter().collect();
        table.analyze(0, Wishes { kinds, ..Wishes::default() }, |_, _| {}).expect("it is there");
        let mut task = table.analyses().take();
        while let Some(going_on) = task {
            let stepped = table.analyses().step(going_on, &Core, |step| Ok(step()));
            task = stepped.map(|(task, _)| task);
        }
        let expected = table.gain(0, normalize);
        assert!(expected < 0.5, "{expected}");
        let resident = table.resident(0).expect("it is there");
        table.empty_evicted(0, &resident).expect("it is there");
        let again = register(&table, Some(0)).expect("accepted");
        let arriving = sample_of(file);
        again.arrives(&arriving);
        table.offer(&again, &arriving).expect("the slot is empty");
        let expected = if file == 1 { expected } else { 1.0 };
        assert_eq!(table.gain(0, normalize), expected, "of file {file}");
    }
}

#[test]
fn a_load_that_is_being_accepted_when_all_fail_fails_as_well() {
    let table = Table::new(4, 10);
    let (inside, entered) = mpsc::channel();
    let request = thread::scope(|scope| {
        let accepted = scope.spawn(|| {
            let make = |slot| {
                inside.send(()).expect("it is waited for");
                // Listed only once the others were ended.
                while !table.is_closed() {
                    thread::yield_now();
                }
                thread::sleep(Duration::from_millis(20));
                request(slot)
            };
            table.register(Some(0), make, |_, _| {})
        });
        entered.recv().expect("it enters");
        let error = LoadError::new(LoadErrorKind::WorkerPanic, "all are to fail");
        let told = AtomicUsize::new(0);
        table.fail_all(&error, |_, _| {
            told.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(told.into_inner(), 1);
        accepted.join().expect("it does not panic").expect("it was accepted")
    });
    assert!(!request.is_live());
    assert_eq!((table.live(), table.queued()), (0, 0));
    assert_eq!(register(&table, None).err(), Some(SubmitError::Closed));
    assert_eq!((table.live(), table.queued()), (0, 0));
}

#[test]
fn nothing_goes_on_to_be_heard_once_the_engine_ends() {
    let table = Table::new(8, 8);
    let request = register(&table, Some(0)).expect("accepted");
    table.complete(&request, &delivery(&table, &sample_of(1))).expect("it is live");
    let kinds = [AnalysisKind::Loudness].into_iter().collect();
    table.analyze(0, Wishes { kinds, ..Wishes::default() }, |_, _| {}).expect("it is there");
    let task = table.analyses().take().expect("it waits");
    let step = |task| table.analyses().step(task, &Core, |step| Ok(step()));
    let (task, _) = step(task).expect("it takes more than a step");
    table.analyses().stop();
    assert!(step(task).is_none());
}
