//! Many loads at once, accepted whole or not at all.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Wake, Waker};

use hotcue::Source;

use super::{AudioEngine, LoadTicket, LoadWaiter, SubmitOptions};
use crate::aside;
use crate::error::EngineError;
use crate::request::Request;
use crate::submit::Loader;
use crate::tally::{Count, Tally};

/// What the caller holds of loads that were accepted together; readable after the engine shut
/// down, like its tickets.
#[derive(Clone)]
pub struct LoadBatch {
    tickets: Arc<[LoadTicket]>,
    tally: Arc<Tally>,
}

impl fmt::Debug for LoadBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoadBatch").field(&self.progress()).finish()
    }
}

/// How far a batch is. A request that has ended counts as 100 percent, however it went; no figure
/// ever falls, and `percent` is 100 once `done + failed + cancelled == total`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchProgress {
    /// Samples that are in their slots.
    pub done: usize,
    /// Loads that failed.
    pub failed: usize,
    /// Loads that were cancelled, superseded or cut off by shutting down.
    pub cancelled: usize,
    /// All loads of the batch.
    pub total: usize,
    /// 0..=100, the mean of the loads'.
    pub percent: f64,
}

impl LoadBatch {
    /// One ticket per load, in the order that they were given in.
    pub fn tickets(&self) -> &[LoadTicket] {
        &self.tickets
    }

    /// How far it is. Takes the same time for any number of loads; what an event that was read
    /// says is counted.
    pub fn progress(&self) -> BatchProgress {
        let total = self.tickets.len();
        let Count { done, failed, cancelled, percent } = self.tally.count(total);
        BatchProgress { done, failed, cancelled, total, percent }
    }

    /// Ends every load that has not ended; the answer is how many, each of which has its
    /// `cancelled` event. What is still to be heard for the others ends, too.
    pub fn cancel(&self) -> usize {
        // The newest first: what waits is gone before a decoder that was busy looks for more.
        let cancelled = |ticket: &&LoadTicket| {
            ticket.cancel_load() || {
                ticket.cancel();
                false
            }
        };
        self.tickets.iter().rev().filter(cancelled).count()
    }

    /// As [`LoadTicket::wake`], when all its loads have ended.
    #[must_use = "dropped, it wakes nobody"]
    pub fn wake(&self, waker: &Waker) -> Option<Vec<LoadWaiter>> {
        let left = AtomicUsize::new(self.tickets.len());
        let countdown = Arc::new(Countdown { left, waker: waker.clone() });
        let each = Waker::from(Arc::clone(&countdown));
        let waiters: Vec<_> = self.tickets.iter().filter_map(|ticket| ticket.wake(&each)).collect();
        // Those that had ended already wake nobody.
        let ended = self.tickets.len() - waiters.len();
        let is_last = countdown.count(ended);
        (!is_last).then_some(waiters)
    }
}

/// Wakes when it was woken as often as there were loads to end.
struct Countdown {
    left: AtomicUsize,
    waker: Waker,
}

impl Countdown {
    /// So many more have ended. True if these were the last.
    fn count(&self, ended: usize) -> bool {
        // AcqRel: what was done for any of them is seen by whoever is woken.
        self.left.fetch_sub(ended, Ordering::AcqRel) == ended
    }
}

impl Wake for Countdown {
    fn wake(self: Arc<Self>) {
        if self.count(1) {
            self.waker.wake_by_ref();
        }
    }
}

impl AudioEngine {
    /// Loads each source into its slot, or into the lowest free one that the batch does not name.
    /// All are accepted or none; otherwise it is as
    /// [`load_sample_async`](Self::load_sample_async) one after the other: of an id that comes
    /// again, the later load supersedes the earlier one.
    ///
    /// ```
    /// use hotcue::Source;
    /// use hotcue_actors::{AudioEngine, EngineConfig};
    ///
    /// let engine = AudioEngine::new(EngineConfig { output: "offline".into(), ..Default::default() })?;
    /// engine.run()?;
    /// let file = |name: &str| Source::Path(name.into());
    /// let batch = engine.load_many_async(vec![(Some(0), file("a.wav")), (None, file("b.wav"))], 0)?;
    /// for ticket in batch.tickets() {
    ///     assert!(ticket.wait(None).is_some_and(|outcome| outcome.is_err()));
    /// }
    /// assert_eq!((batch.progress().failed, batch.progress().percent), (2, 100.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As of [`load_sample_async`](Self::load_sample_async), of any of them; `Submit(QueueFull)`
    /// when not all find room in the queue. Then nothing is accepted and nothing superseded.
    pub fn load_many_async(
        &self,
        items: Vec<(Option<u32>, Source)>,
        priority: i32,
    ) -> Result<LoadBatch, EngineError> {
        self.submit_many(items, &SubmitOptions { priority, ..SubmitOptions::default() })
    }

    /// As [`load_many_async`](Self::load_many_async), each as
    /// [`stream_sample_async`](Self::stream_sample_async).
    ///
    /// # Errors
    /// As of [`load_many_async`](Self::load_many_async).
    pub fn stream_many_async(
        &self,
        items: Vec<(Option<u32>, Source)>,
        priority: i32,
    ) -> Result<LoadBatch, EngineError> {
        self.submit_many(items, &SubmitOptions { priority, stream: true, ..Default::default() })
    }

    /// As [`load_many_async`](Self::load_many_async), with all options there are.
    ///
    /// # Errors
    /// As of [`load_many_async`](Self::load_many_async).
    pub fn submit_many(
        &self,
        items: Vec<(Option<u32>, Source)>,
        options: &SubmitOptions,
    ) -> Result<LoadBatch, EngineError> {
        let wishes = options.wishes()?;
        self.check_fork()?;
        // The engine ends afterwards; other calls go on meanwhile, also while somebody waits to end it.
        let _accepting = self.accepting.read().unwrap_or_else(PoisonError::into_inner);
        let loader = self.with(|running| Ok(running.loader()))?;
        let (ids, sources): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let tally = Arc::new(Tally::default());
        let first = Request::next_ids(ids.len() as u64);
        let mut sources = sources.into_iter();
        let requests = loader.submit_many(&ids, first, |index, slot| {
            let source = sources.next().expect("the table asks once for each id, in order");
            Request::in_batch(first + index as u64, slot, aside::kept(source), wishes, &tally)
        })?;
        let Loader { table, publisher, .. } = loader;
        let tickets = requests
            .into_iter()
            .map(|request| LoadTicket::new(request, Arc::clone(&table), publisher.clone()));
        Ok(LoadBatch { tickets: tickets.collect(), tally })
    }
}
