//! Reservations against each other, and evictions against whoever uses a sample.

mod contention;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hotcue::playback::{ControlMessage, Controller, PlaybackConfig, Renderer, VoiceParams, split};
use hotcue::{LoadErrorKind, LoadedSample, SampleBuffer, Source, StageTimings};

use super::{Budget, Evicted, NoRoom, Reservation};
use crate::request::Request;
use crate::sample::{Origin, Sample};
use crate::table::{Delivery, PlayStart, Resident, SlotState, Table};

/// Bytes of a sample of so many frames.
const PER_FRAME: usize = 4;

/// A budget of 100 frames over 8 slots, with no actor.
struct Rig {
    table: Arc<Table>,
    budget: Arc<Budget>,
    evicted: Arc<Mutex<Vec<Evicted>>>,
    callback: Mutex<(Controller, Renderer)>,
}

impl Rig {
    fn new() -> Self {
        Self::of(8, 100 * PER_FRAME as u64)
    }

    fn of(slots: usize, limit: u64) -> Self {
        let (controller, renderer) = split(PlaybackConfig { slots, ..PlaybackConfig::default() });
        let count = u32::try_from(slots).expect("few");
        let table = Table::with_budget(count, 1_000, Some(limit), controller.shared());
        let table = Arc::new(table);
        let evicted = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&evicted);
        let budget = Budget::new(Arc::clone(&table), move |evicted| {
            list.lock().expect("no panic").push(evicted);
        });
        Self { table, budget, evicted, callback: Mutex::new((controller, renderer)) }
    }

    fn reserve(&self, frames: usize) -> Result<Reservation, NoRoom> {
        let mut reservation = self.budget.reserve();
        reservation.grow_to(frames * PER_FRAME).map(|()| reservation)
    }

    fn reserved(&self, frames: usize) -> Reservation {
        self.reserve(frames).expect("there is room")
    }

    /// Loads a file of so many frames into a slot.
    fn load(&self, slot: u32, frames: usize) -> u64 {
        self.finish(slot, frames, self.reserved(frames))
    }

    fn finish(&self, slot: u32, frames: usize, reservation: Reservation) -> u64 {
        let delivery = deliver(frames, reservation);
        self.put(slot, &delivery)
    }

    fn put(&self, slot: u32, delivery: &Delivery) -> u64 {
        let request = self.table.register(Some(slot), request, |_, _| {}).expect("accepted");
        assert!(self.table.start(&request));
        self.table.complete(&request, delivery).expect("nobody ended it");
        request.id
    }

    fn play(&self, slot: u32) -> PlayStart {
        self.table.begin_play(slot, true, |_| request(slot)).expect("it is not closed")
    }

    /// Ends a play of a slot: the callback finds nothing there.
    fn end_play(&self, slot: u32) {
        let (controller, renderer) = &mut *self.callback.lock().expect("no panic");
        let play = ControlMessage::Play { voice: 1, slot, params: VoiceParams::default() };
        controller.try_send(play).expect("room");
        renderer.render(&mut []);
    }

    /// Slots that were evicted since the last call, with the bytes that this freed.
    fn evicted(&self) -> Vec<(u32, u64)> {
        let evicted = std::mem::take(&mut *self.evicted.lock().expect("no panic"));
        evicted.iter().map(|evicted| (evicted.slot, evicted.freed_bytes)).collect()
    }

    fn bytes(&self) -> (u64, u64) {
        let held = self.table.held();
        (held.sample_bytes, held.elsewhere_bytes)
    }
}

fn request(slot: u32) -> Arc<Request> {
    Request::new(slot, Source::Path(PathBuf::from("a.wav")), 0)
}

fn sample_of(frames: usize, path: Option<&str>) -> Arc<Sample> {
    let loaded = LoadedSample {
        buffer: SampleBuffer::from_planes(48_000, vec![vec![0.5; frames]]).expect("valid"),
        source_rate: 48_000,
        container: "wav".to_owned(),
        codec: "pcm_s16le".to_owned(),
        bits_per_sample: Some(16),
        warnings: Vec::new(),
        metadata: None,
        timings: StageTimings::default(),
    };
    Sample::new(loaded, Origin { path: path.map(PathBuf::from), file: None })
}

fn deliver(frames: usize, reservation: Reservation) -> Delivery {
    Delivery::new(sample_of(frames, Some("a.wav")), reservation.into_account())
}

/// The message of a load that never finds room.
fn refusal(result: Result<Reservation, NoRoom>) -> String {
    match result {
        Err(NoRoom::Never(error)) => {
            assert_eq!(error.kind(), LoadErrorKind::OutOfMemoryBudget);
            error.to_string()
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn what_was_used_least_recently_leaves_first() {
    let rig = Rig::new();
    let loads: Vec<u64> = (0..4).map(|slot| rig.load(slot, 25)).collect();
    assert!(rig.evicted().is_empty(), "they fit exactly");
    assert!(matches!(rig.play(0), PlayStart::Ready));
    rig.end_play(0);
    drop(rig.table.sample(1));
    let fifth = rig.reserved(30);
    let evicted = rig.evicted.lock().expect("no panic").clone();
    let of: Vec<_> = evicted.iter().map(|e| (e.slot, e.request_id, e.freed_bytes)).collect();
    assert_eq!(of, [(2, loads[2], 100), (3, loads[3], 100)]);
    assert!(evicted.iter().all(|e| e.change.is_some()));
    assert_eq!(rig.bytes(), (200, 120), "freed and reserved");
    let states = [0, 1, 2, 3].map(|slot| rig.table.state(slot));
    let (ready, evicted) = (SlotState::Ready, SlotState::Evicted);
    assert_eq!(states, [ready, ready, evicted, evicted]);
    drop(fifth);
    assert_eq!(rig.bytes(), (200, 0));
}

#[test]
fn nothing_is_evicted_for_a_load_that_fails_all_the_same() {
    let rig = Rig::new();
    rig.load(0, 50);
    rig.load(1, 50);
    rig.table.pin(1, true);
    let why = refusal(rig.reserve(60));
    assert!(why.contains("takes 240 bytes of a memory budget of 400"), "{why}");
    assert!(why.contains("200 are pinned"), "{why}");
    refusal(rig.reserve(101));
    assert!(rig.evicted().is_empty());
    let held = rig.table.sample(0);
    let why = refusal(rig.reserve(10));
    assert!(why.contains("200 are pinned, 0 play and 200 are held"), "{why}");
    drop(held);
    rig.table.pin(1, false);
    let _all = rig.reserved(100);
    assert_eq!(rig.evicted(), [(1, 200), (0, 200)], "slot 0 was looked at");
}

#[test]
fn content_that_cannot_be_read_again_stays() {
    let rig = Rig::new();
    let account = rig.reserved(60).into_account();
    rig.put(0, &Delivery::new(sample_of(60, None), account));
    let why = refusal(rig.reserve(50));
    assert!(why.contains("240 stream or are of no file"), "{why}");
    rig.table.set_sample(1, &Resident::pushed(sample_of(1_000, Some("pushed.wav"))));
    drop(rig.reserved(40));
    assert!(rig.evicted().is_empty());
    assert_eq!(rig.bytes(), (240 + 4_000, 0));
}

#[test]
fn a_play_keeps_its_sample_from_the_call_to_the_end() {
    let rig = Rig::new();
    rig.load(0, 60);
    assert!(matches!(rig.play(0), PlayStart::Ready));
    let why = refusal(rig.reserve(50));
    assert!(why.contains("240 play"), "{why}");
    rig.end_play(0);
    assert!(rig.reserve(50).is_ok());
    assert_eq!(rig.evicted(), [(0, 240)]);

    // One that waits for its sample, and one that is dropped.
    let PlayStart::Loading(expected) = rig.play(0) else { panic!("it comes back") };
    let reload = expected.reload.expect("nothing else loads it");
    let delivery = deliver(60, rig.reserved(60));
    assert!(rig.table.start(&reload) && rig.table.complete(&reload, &delivery).is_some());
    drop(delivery);
    refusal(rig.reserve(50));
    rig.table.drop_play(0);
    assert!(rig.reserve(50).is_ok());
}

#[test]
fn a_sample_in_several_slots_leaves_all_of_them_or_none() {
    let rig = Rig::new();
    let delivery = deliver(80, rig.reserved(80));
    let [_, fifth] = [2, 5].map(|slot| rig.put(slot, &delivery));
    assert_eq!(rig.bytes(), (320, 0), "it counts once");
    // On its way to a third slot.
    let resident = Arc::clone(delivery.resident());
    let another = Delivery::again(&resident).expect("it is in memory");
    drop(delivery);
    assert!(matches!(rig.reserve(50), Err(NoRoom::WaitForOthers)));
    let sixth = rig.put(6, &another);
    drop(another);

    rig.table.pin(5, true);
    refusal(rig.reserve(50));
    rig.table.pin(5, false);
    assert!(matches!(rig.play(6), PlayStart::Ready));
    refusal(rig.reserve(50));
    rig.end_play(6);
    // One of them is loaded anew; the others still share.
    let second = rig.load(2, 10);
    let held = rig.table.sample(5);
    refusal(rig.reserve(50));
    drop(held);
    assert!(rig.reserve(50).is_ok());
    let evicted = std::mem::take(&mut *rig.evicted.lock().expect("no panic"));
    let of: Vec<_> = evicted.iter().map(|e| (e.slot, e.request_id, e.freed_bytes)).collect();
    assert_eq!(of, [(2, second, 40), (5, fifth, 0), (6, sixth, 320)]);
    assert!(Delivery::again(&resident).is_none(), "nobody gets at it any more");
    assert!(rig.table.sample(5).is_none() && rig.table.sample(6).is_none());
}

#[test]
fn bytes_count_until_they_are_freed() {
    let rig = Rig::new();
    rig.load(0, 60);
    // As the callback does: it holds the audio, not the sample.
    let buffer = {
        let resident = rig.table.resident(0).expect("it is there");
        Arc::clone(resident.sample().buffer())
    };
    // What is evicted may be overdrawn by one load, however large; the next waits for it.
    let first = rig.reserved(50);
    assert_eq!((rig.evicted(), rig.bytes()), (vec![(0, 240)], (0, 440)));
    assert!(matches!(rig.reserve(50), Err(NoRoom::WaitForOthers)));
    drop(buffer);
    assert_eq!(rig.bytes(), (0, 200));
    let second = rig.reserved(50);
    drop((first, second));

    // A sample that its slot has lost counts for as long as a caller holds it.
    rig.load(0, 60);
    let held = rig.table.sample(0);
    rig.table.unload(0);
    assert_eq!(rig.bytes(), (0, 240));
    assert!(matches!(rig.reserve(50), Err(NoRoom::WaitForOthers)), "it may be on its way out");
    std::thread::sleep(std::time::Duration::from_millis(600));
    refusal(rig.reserve(50));
    drop(held);
    assert!(rig.reserve(50).is_ok());
}

#[test]
fn small_loads_do_not_each_wait_until_what_was_evicted_for_the_one_before_is_freed() {
    let rig = Rig::of(200, 200 * PER_FRAME as u64);
    (0..200).for_each(|slot| _ = rig.load(slot, 1));
    // The callback holds what is evicted for as long as it takes.
    let buffer = |slot| {
        let resident = rig.table.resident(slot).expect("it is there");
        Arc::clone(resident.sample().buffer())
    };
    let buffers: Vec<_> = (0..200).map(buffer).collect();
    let first = rig.reserved(1);
    assert_eq!(rig.evicted().len(), 1, "no more than it takes");
    assert_eq!(rig.bytes(), (199 * 4, 2 * 4), "one is overdrawn, and counted");
    // The next one has to wait, and so would each of those behind it.
    assert!(matches!(rig.reserve(1), Err(NoRoom::WaitForOthers)));
    assert_eq!(rig.evicted().len(), 15);
    assert!(matches!(rig.reserve(1), Err(NoRoom::WaitForOthers)));
    assert!(rig.evicted().is_empty(), "once is enough");
    drop(buffers);
    let others: Vec<_> = (0..15).map(|_| rig.reserved(1)).collect();
    assert!(rig.evicted().is_empty(), "they have their room");
    assert_eq!(rig.bytes(), (184 * 4, 16 * 4));
    drop((first, others));
}

#[test]
fn no_more_than_an_eighth_leaves_for_who_comes_next() {
    let rig = Rig::of(40, 40 * PER_FRAME as u64);
    (0..40).for_each(|slot| _ = rig.load(slot, 1));
    let buffers: Vec<_> = (0..40)
        .map(|slot| Arc::clone(rig.table.resident(slot).expect("it is there").sample().buffer()))
        .collect();
    let first = rig.reserved(1);
    assert!(matches!(rig.reserve(1), Err(NoRoom::WaitForOthers)));
    assert_eq!(rig.evicted().len(), 5);
    drop((first, buffers));
}

#[test]
fn no_large_sample_leaves_for_small_loads_that_may_come_next() {
    let rig = Rig::of(100, 100 * PER_FRAME as u64);
    _ = rig.load(0, 2);
    _ = rig.load(1, 60);
    (2..40).for_each(|slot| _ = rig.load(slot, 1));
    let held = Arc::clone(rig.table.resident(0).expect("it is there").sample().buffer());
    let first = rig.reserved(1);
    assert!(matches!(rig.reserve(1), Err(NoRoom::WaitForOthers)));
    assert_eq!(rig.evicted(), [(0, 2 * 4)], "what is freed for the first is enough for both");
    drop((first, held));
}

#[test]
fn a_ticket_keeps_no_sample_that_has_left() {
    let rig = Rig::new();
    let request = rig.table.register(Some(0), request, |_, _| {}).expect("accepted");
    let delivery = deliver(60, rig.reserved(60));
    assert!(rig.table.start(&request) && rig.table.complete(&request, &delivery).is_some());
    drop(delivery);
    let sample = request.sample().expect("it is in the slot");
    refusal(rig.reserve(50));
    drop(sample);
    assert!(rig.reserve(50).is_ok());
    assert!(request.sample().is_none());
    assert!(matches!(request.wait(None), Some(Ok(None))));

    // One for which somebody waits is there for them.
    let request = rig.table.register(Some(0), |_| self::request(0), |_, _| {}).expect("accepted");
    request.begin_waiting();
    let delivery = deliver(60, rig.reserved(60));
    assert!(rig.table.start(&request) && rig.table.complete(&request, &delivery).is_some());
    drop(delivery);
    refusal(rig.reserve(50));
    assert!(request.sample().is_some());
    request.end_waiting(None);
    assert!(rig.reserve(50).is_ok());
    assert!(request.sample().is_none());
}

#[test]
fn an_evicted_slot_is_not_free_and_remembers_its_file() {
    let rig = Rig::of(2, 400);
    rig.load(0, 60);
    drop(rig.reserved(50));
    assert_eq!(rig.table.state(0), SlotState::Evicted);
    let taken = [1, 1].map(|_| rig.table.register(None, request, |_, _| {}).ok().map(|r| r.slot));
    assert_eq!(taken, [Some(1), None], "slot 0 is not free");
    let mut asked = None;
    let play = rig.table.begin_play(0, false, |path| {
        asked = Some(path);
        request(0)
    });
    let Ok(PlayStart::Loading(expected)) = play else { panic!("it comes back") };
    assert_eq!(asked, Some(PathBuf::from("a.wav")));
    assert!(matches!(rig.play(0), PlayStart::Loading(second) if second.reload.is_none()));
    let reload = expected.reload.expect("nothing else loads it");
    let error = hotcue::LoadError::new(LoadErrorKind::NotFound, "gone");
    let failed = crate::error::LoadFailure::Failed { error, stage: hotcue::Stage::Queued };
    assert!(rig.table.end_without_sample(&reload, failed));
    assert_eq!(rig.table.state(0), SlotState::Failed);
    assert!(matches!(rig.play(0), PlayStart::Loading(again) if again.reload.is_some()));
    rig.table.unload(0);
    assert_eq!(rig.table.state(0), SlotState::Empty);
    assert!(matches!(rig.play(0), PlayStart::Empty));
}

#[test]
fn whoever_waits_is_told_of_room() {
    let rig = Rig::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    rig.table.ledger().on_room(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let first = rig.reserved(60);
    drop(rig.reserved(10));
    assert_eq!(calls.load(Ordering::Relaxed), 0, "nobody waits");
    let mut second = rig.budget.reserve();
    assert!(matches!(second.grow_to(240), Err(NoRoom::WaitForOthers)));
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    drop(first);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert!(second.grow_to(240).is_ok());
    rig.finish(1, 10, rig.reserved(10));
    assert_eq!(calls.load(Ordering::Relaxed), 1, "nobody waits any more");
}

#[test]
fn a_load_that_was_given_up_holds_up_nobody() {
    let rig = Rig::new();
    let held = rig.reserved(90);
    // Its read returns after all, and it goes on for a moment.
    let mut given_up = rig.budget.reserve();
    given_up.account().give_up();
    given_up.grow_to(50 * PER_FRAME).ok();
    drop(given_up);
    drop(held);
    rig.reserve(100).expect("nobody waits for anything");
}
