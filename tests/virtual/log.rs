//! All that happened in a schedule, in order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_rt::time::Instant;
use hotcue_actors::{LoaderEvent, PlaybackNotice};

/// One thing that happened.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "all of it is read where a log is printed or compared")]
pub(crate) enum What {
    /// The caller's.
    Call(Call),
    /// Read from the event queue.
    Event(LoaderEvent),
    /// A decoder took up a new load of a file.
    Made { work: usize, file: usize },
    /// A step of it began that takes so long.
    Step { work: usize, file: usize, version: u64, index: usize, takes: Duration, beats: bool },
    /// A step of an analysis began.
    Heard,
    /// It is gone.
    Dropped { work: usize },
    /// A notice of the audio side.
    Notice(PlaybackNotice),
}

/// A call and what it gave. Requests are numbered in the order in which they were accepted.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "as above")]
pub(crate) enum Call {
    Load { request: Option<usize>, slot: Option<u32>, file: usize, priority: i32, kinds: usize },
    LoadMany { first: Option<usize>, loads: Vec<(Option<u32>, usize)>, priority: i32 },
    CancelMany { cancelled: usize },
    Analyze { slot: u32, request: Option<usize> },
    Cancel { request: usize, cancelled: bool },
    SetPriority { request: usize, priority: i32, live: bool },
    Unload { slot: u32 },
    Push { slot: u32 },
    Pin { slot: u32, pinned: bool },
    Play { slot: u32, plays: bool },
    Stop { slot: u32 },
    Replace { file: usize },
    Pull { frames: usize },
    Flood,
    LoseDevice,
    SwitchOutput,
    ShutDown { took: Duration },
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Duration,
    pub(crate) what: What,
}

/// Clones are the same log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    start: Instant,
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl Log {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), entries: Arc::default() }
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn note(&self, what: What) {
        let entry = Entry { at: self.now(), what };
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The log for people, and for comparison: ids, which are unique in the process, are replaced by
/// the order of their first appearance.
pub(crate) fn text(entries: &[Entry]) -> String {
    let mut seen = Vec::new();
    let mut text = String::new();
    for Entry { at, what } in entries {
        let line = format!("{:>9.3}  {what:?}\n", at.as_secs_f64() * 1e3);
        let mut rest = &line[..];
        for name in ["request_id: ", "voice: "] {
            if let Some(place) = rest.find(name) {
                let (head, tail) = rest.split_at(place + name.len());
                let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
                let id = (name, tail[..digits].to_owned());
                let number = seen.iter().position(|other| *other == id).unwrap_or_else(|| {
                    seen.push(id);
                    seen.len() - 1
                });
                text.push_str(&format!("{head}#{number}"));
                rest = &tail[digits..];
            }
        }
        text.push_str(rest);
    }
    text
}
