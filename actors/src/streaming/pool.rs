//! What is to be read ahead, for whichever decoder has a moment.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use actix::Addr;
use actix_rt::time::Instant;
use hotcue::{Pulse, StreamFeed, StreamReader, StreamScan, StreamWatch, StreamedSample, Wish};

use super::MAX_STREAM_VOICES;
use crate::budget::{Account, Ledger};
use crate::decoder::DecoderActor;
use crate::messages::Tend;

/// Feeds that nobody has looked at for so long are neglected: whoever was to look is stuck.
const NEGLECTED: Duration = Duration::from_millis(60);
/// A scan that could not read has another try after so long, after twice as long the next time, and
/// so many in all.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const MOST_RETRIES: u32 = 6;
/// A decoder that is inside one step of a feed for so long is stuck in a read.
const STUCK: Duration = Duration::from_millis(500);

/// The feeds and scans of one engine.
pub(crate) struct Streams {
    ledger: Arc<Ledger>,
    /// Taken as a whole by whoever looks for something to do, which is often; made anew where it
    /// changes, which is seldom.
    voices: Mutex<Arc<[Arc<Voice>]>>,
    /// Those that there were at the end. They go with the pool: a voice whose feed goes says that its
    /// source is lost, and may sound still.
    left: OnceLock<Arc<[Arc<Voice>]>>,
    scans: Mutex<Vec<Arc<Scan>>>,
    /// Those that could not read, and when they have another try.
    resting: Mutex<Vec<(Instant, Arc<Scan>)>>,
    /// How many voices and scans there are that do not rest.
    count: AtomicUsize,
    stopped: AtomicBool,
    duty: Mutex<Duty>,
    on_neglect: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// One play of a stream.
struct Voice {
    feed: Mutex<StreamFeed>,
    watch: StreamWatch,
    pulse: Arc<Pulse>,
    /// The signs of life of its source when a render gave up waiting for one more.
    given_up: AtomicU64,
    step: Step,
    /// Of its windows.
    _account: Account,
}

struct Scan {
    scan: Mutex<StreamScan>,
    pulse: Arc<Pulse>,
    /// How often it was tried again.
    retries: AtomicU32,
    step: Step,
}

/// Since when somebody is inside a step.
#[derive(Default)]
struct Step(Mutex<Option<Instant>>);

impl Step {
    fn during<T>(&self, step: impl FnOnce() -> T) -> T {
        *lock(&self.0) = Some(Instant::now());
        let done = step();
        *lock(&self.0) = None;
        done
    }

    /// Whether it does not come back.
    fn is_stuck(&self) -> bool {
        lock(&self.0).is_some_and(|since| since.elapsed() >= STUCK)
    }
}

/// What a step of a scan has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// There is more to do.
    More,
    /// It is over.
    Over,
    /// Its source could not be read, and might be later.
    Unread,
}

/// Who looks after the feeds while all decoders are without a job.
#[derive(Default)]
struct Duty {
    /// Rises with whoever takes over: who was it before finds out by that.
    term: u64,
    decoder: Option<Addr<DecoderActor>>,
    looked: Option<Instant>,
    /// Decoders that are inside a step of a feed, by number and generation.
    inside: HashMap<(usize, u64), Instant>,
}

/// What is wrong with who looks after the feeds.
#[derive(Debug)]
pub(crate) struct Neglect {
    /// For who takes over.
    pub(crate) term: u64,
    /// Decoders that do not come back from a feed's file.
    pub(crate) stuck: Vec<(usize, u64)>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("count", &self.count).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Voice {
    /// Where it waits for frames, or for a length that `scans` are to find out, how many signs of life
    /// its sources have given so far.
    fn waits(&self, scans: Option<u64>) -> Option<u64> {
        if self.watch.is_over() {
            return None;
        }
        let beats = self.pulse.beats();
        match self.feed.try_lock() {
            Ok(feed) if feed.is_full() => {
                let scans = scans.filter(|_| feed.waits_for_length());
                scans.map(|scans| beats.wrapping_add(scans))
            }
            // Somebody steps it.
            Ok(_) | Err(_) => Some(beats),
        }
    }
}

/// How many of `voices` are not over.
fn living(voices: &[Arc<Voice>]) -> usize {
    voices.iter().filter(|voice| !voice.watch.is_over()).count()
}

impl Streams {
    /// None yet; their windows count in `ledger`.
    pub(crate) fn new(ledger: &Arc<Ledger>) -> Arc<Self> {
        Arc::new(Self {
            ledger: Arc::clone(ledger),
            voices: Mutex::default(),
            left: OnceLock::new(),
            scans: Mutex::default(),
            resting: Mutex::default(),
            count: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            duty: Mutex::default(),
            on_neglect: OnceLock::new(),
        })
    }

    /// Calls `tell` when nobody looks after the feeds, in any thread.
    pub(crate) fn on_neglect(&self, tell: impl Fn() + Send + Sync + 'static) {
        // Set once, by the engine that makes it.
        self.on_neglect.set(Box::new(tell)).ok();
    }

    /// Whether there is nothing to read at all.
    pub(crate) fn is_idle(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    fn all_voices(&self) -> Arc<[Arc<Voice>]> {
        Arc::clone(&lock(&self.voices))
    }

    /// How many plays of streams there are.
    pub(crate) fn voices(&self) -> usize {
        living(&lock(&self.voices))
    }

    /// A reader for a play that begins at `start`, whose feed is stepped from now on; None if there
    /// are too many.
    pub(crate) fn voice(&self, sample: &Arc<StreamedSample>, start: Wish) -> Option<StreamReader> {
        let mut voices = lock(&self.voices);
        // One that is over may have somebody inside a read, who keeps a thread, a file and its windows.
        let taken = voices.iter().filter(|voice| !voice.watch.is_over() || voice.step.is_stuck());
        if taken.count() >= MAX_STREAM_VOICES || self.stopped.load(Ordering::Acquire) {
            return None;
        }
        let (feed, reader) = sample.voice();
        reader.set_wish(start);
        let (watch, pulse) = (feed.watch(), feed.pulse());
        let account = self.ledger.take(sample.voice_bytes() as u64);
        let voice = Arc::new(Voice {
            feed: Mutex::new(feed),
            watch,
            pulse,
            given_up: AtomicU64::new(u64::MAX),
            step: Step::default(),
            _account: account,
        });
        *voices = voices.iter().cloned().chain([voice]).collect();
        self.count.fetch_add(1, Ordering::AcqRel);
        drop(voices);
        self.call();
        Some(reader)
    }

    /// Has a whole file looked at, once there is time.
    pub(crate) fn scan(&self, sample: &Arc<StreamedSample>) {
        if self.stopped.load(Ordering::Acquire) {
            return;
        }
        let scan = StreamScan::new(sample);
        let pulse = scan.pulse();
        let (scan, retries, step) = (Mutex::new(scan), AtomicU32::new(0), Step::default());
        lock(&self.scans).push(Arc::new(Scan { scan, pulse, retries, step }));
        self.count.fetch_add(1, Ordering::AcqRel);
        self.call();
    }

    /// Scans that could not read have another try, once they have rested; those that nobody wants any
    /// more go then.
    fn wake_scans(&self) {
        let now = Instant::now();
        let is_due = |(due, scan): &mut (Instant, Arc<Scan>)| {
            *due <= now || scan.scan.try_lock().is_ok_and(|scan| !scan.is_wanted())
        };
        let due: Vec<_> = lock(&self.resting).extract_if(.., is_due).collect();
        for (_, scan) in due {
            lock(&self.scans).push(scan);
            self.count.fetch_add(1, Ordering::AcqRel);
            self.call();
        }
    }

    /// Wakes whoever is on duty; if there is nobody, says so.
    pub(crate) fn call(&self) {
        let duty = lock(&self.duty);
        match &duty.decoder {
            Some(decoder) if decoder.connected() => {
                decoder.do_send(Tend { term: duty.term, again: false });
            }
            _ => {
                drop(duty);
                self.neglected();
            }
        }
    }

    fn neglected(&self) {
        if let Some(tell) = self.on_neglect.get() {
            tell();
        }
    }

    /// To be called now and then: says so if nobody looks after the feeds, and has done what was put
    /// off.
    pub(crate) fn watch(&self) {
        self.wake_scans();
        let looked = lock(&self.duty).looked;
        if !self.is_idle() && looked.is_none_or(|looked| looked.elapsed() > NEGLECTED) {
            self.neglected();
        }
    }

    /// Somebody else is to look after the feeds.
    pub(crate) fn relieve(&self) -> Neglect {
        let mut duty = lock(&self.duty);
        duty.term += 1;
        duty.decoder = None;
        duty.looked = Some(Instant::now());
        let is_stuck = |(_, since): &(&(usize, u64), &Instant)| since.elapsed() >= STUCK;
        let stuck = duty.inside.iter().filter(is_stuck).map(|(me, _)| *me).collect();
        Neglect { term: duty.term, stuck }
    }

    /// `decoder` is on duty in this term, if that is still the last one, and there is something to do.
    pub(crate) fn takes_duty(&self, term: u64, decoder: &Addr<DecoderActor>) -> bool {
        let mut duty = lock(&self.duty);
        if duty.term != term {
            return false;
        }
        duty.looked = Some(Instant::now());
        if self.is_idle() {
            duty.decoder = None;
            return false;
        }
        if duty.decoder.is_none() {
            duty.decoder = Some(decoder.clone());
        }
        true
    }

    /// Steps the feed that runs dry soonest, of those that nobody steps, by `step`; false if there
    /// is none that has anything to do.
    pub(crate) fn feed(
        &self,
        me: (usize, u64),
        step: impl FnOnce(&mut StreamFeed) -> bool,
    ) -> bool {
        let voices = self.all_voices();
        let mut over = Vec::new();
        let mut first: Option<(u64, &Voice, MutexGuard<'_, StreamFeed>)> = None;
        for voice in voices.iter() {
            let Ok(feed) = voice.feed.try_lock() else { continue };
            if feed.is_over() {
                over.push(Arc::clone(voice));
            } else if !feed.is_full() {
                let due = feed.due_frames();
                if first.as_ref().is_none_or(|(least, ..)| due < *least) {
                    first = Some((due, voice, feed));
                }
            }
        }
        self.enter(me);
        let worked =
            first.is_some_and(|(_, voice, mut feed)| voice.step.during(|| step(&mut feed)));
        if !over.is_empty() {
            let mut voices = lock(&self.voices);
            let before = voices.len();
            let goes_on = |voice: &&Arc<Voice>| !over.iter().any(|over| Arc::ptr_eq(over, voice));
            *voices = voices.iter().filter(goes_on).cloned().collect();
            self.count.fetch_sub(before - voices.len(), Ordering::AcqRel);
        }
        // Closing its file may take as long as a read.
        drop((voices, over));
        self.leave(me);
        worked
    }

    /// Steps the scan that has waited longest by `step`; false if there is none that nobody steps, or
    /// too many have somebody inside who does not come back.
    pub(crate) fn scan_on(
        &self,
        me: (usize, u64),
        step: impl FnOnce(&mut StreamScan) -> Scanned,
    ) -> bool {
        let scans = lock(&self.scans).clone();
        if scans.iter().filter(|scan| scan.step.is_stuck()).count() >= MAX_STREAM_VOICES {
            return false;
        }
        for scan in &scans {
            let Ok(mut stepped) = scan.scan.try_lock() else { continue };
            self.enter(me);
            let scanned = match stepped.is_wanted() {
                true => scan.step.during(|| step(&mut stepped)),
                false => Scanned::Over,
            };
            drop(stepped);
            if scanned != Scanned::More {
                self.leave_off(scan, scanned == Scanned::Unread);
            }
            self.leave(me);
            return true;
        }
        false
    }

    /// A scan is not to be stepped any more, or not for a while.
    fn leave_off(&self, scan: &Arc<Scan>, is_unread: bool) {
        let mut scans = lock(&self.scans);
        let before = scans.len();
        scans.retain(|other| !Arc::ptr_eq(other, scan));
        let left = before - scans.len();
        // At the end of the engine all of them go at once.
        if is_unread && left > 0 {
            let retries = scan.retries.fetch_add(1, Ordering::Relaxed);
            if retries < MOST_RETRIES {
                let due = Instant::now() + FIRST_RETRY * (1 << retries);
                lock(&self.resting).push((due, Arc::clone(scan)));
            }
        }
        self.count.fetch_sub(left, Ordering::AcqRel);
    }

    fn enter(&self, me: (usize, u64)) {
        let (mut duty, now) = (lock(&self.duty), Instant::now());
        duty.looked = Some(now);
        duty.inside.insert(me, now);
    }

    fn leave(&self, me: (usize, u64)) {
        lock(&self.duty).inside.remove(&me);
    }

    /// Whether a play might sound otherwise for want of frames that are yet to be read, or of a
    /// length that is yet to be found out. Those whose sources were given up are left out.
    pub(crate) fn is_hungry(&self) -> bool {
        let scans = self.beats_of_scans();
        let waits = |voice: &Arc<Voice>| {
            let beats = voice.waits(scans);
            beats.is_some_and(|beats| beats != voice.given_up.load(Ordering::Relaxed))
        };
        self.all_voices().iter().any(waits)
    }

    /// No play that waits now is waited for before its source gives a sign of life.
    pub(crate) fn give_up(&self) {
        let scans = self.beats_of_scans();
        for voice in self.all_voices().iter() {
            if let Some(beats) = voice.waits(scans) {
                voice.given_up.store(beats, Ordering::Relaxed);
            }
        }
    }

    /// The signs of life of the files that are looked at as a whole; None if there are none. What rests is
    /// not waited for: what begins at an end that is not known finds that itself meanwhile.
    fn beats_of_scans(&self) -> Option<u64> {
        let scans = lock(&self.scans);
        (!scans.is_empty()).then(|| scans.iter().map(|scan| scan.pulse.beats()).sum())
    }

    /// Rises with every sign of life of a source.
    pub(crate) fn beats(&self) -> u64 {
        let voices: u64 = self.all_voices().iter().map(|voice| voice.pulse.beats()).sum();
        voices.wrapping_add(self.beats_of_scans().unwrap_or(0))
    }

    /// Nothing more is read: what is inside a read ends with that.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let voices = std::mem::take(&mut *lock(&self.voices));
        let scans = std::mem::take(&mut *lock(&self.scans));
        lock(&self.resting).clear();
        voices.iter().for_each(|voice| voice.pulse.stop());
        self.left.set(voices).ok();
        scans.iter().for_each(|scan| scan.pulse.stop());
        self.count.store(0, Ordering::Release);
        lock(&self.duty).decoder = None;
    }
}
