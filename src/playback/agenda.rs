//! What is to be changed at frames to come.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::ring::Command;

/// Changes that may be to come at a time, beside plays and stops.
pub const MAX_CHANGES_AHEAD: usize = 1024;

/// Commands until their frame comes.
#[derive(Debug)]
pub(super) struct Agenda {
    /// The next one on top. Never more than it was made for, so that it does not grow.
    entries: BinaryHeap<Reverse<Entry>>,
    next_serial: u64,
}

/// Ordered by frame; of one frame, as they were sent.
#[derive(Debug)]
struct Entry {
    frame: u64,
    serial: u64,
    command: Command,
}

impl Agenda {
    pub(super) fn new() -> Self {
        Self { entries: BinaryHeap::with_capacity(MAX_CHANGES_AHEAD), next_serial: 0 }
    }

    /// Keeps a command that carries no sample until `frame`; false where there is no room.
    pub(super) fn add(&mut self, frame: u64, command: Command) -> bool {
        let has_room = self.entries.len() < MAX_CHANGES_AHEAD;
        if has_room {
            self.entries.push(Reverse(Entry { frame, serial: self.next_serial, command }));
            self.next_serial += 1;
        }
        has_room
    }

    /// The frame of the next one.
    pub(super) fn next_frame(&self) -> Option<u64> {
        self.entries.peek().map(|Reverse(entry)| entry.frame)
    }

    /// Takes out the next one whose frame the clock has reached.
    pub(super) fn take_due(&mut self, now: u64) -> Option<Command> {
        self.next_frame().filter(|frame| *frame <= now)?;
        self.entries.pop().map(|Reverse(entry)| entry.command)
    }

    /// Takes back what is for this voice alone.
    pub(super) fn forget(&mut self, voice: u64) {
        self.entries.retain(|Reverse(entry)| entry.command.voice() != Some(voice));
    }

    /// What `find` makes of the last command up to `frame` that it makes something of.
    pub(super) fn last_up_to<T>(
        &self,
        frame: u64,
        find: impl Fn(&Command) -> Option<T>,
    ) -> Option<T> {
        let entries = self.entries.iter().map(|Reverse(entry)| entry);
        let found = entries
            .filter(|entry| entry.frame <= frame)
            .filter_map(|entry| find(&entry.command).map(|found| (entry, found)));
        found.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, found)| found)
    }

    /// The next one that `filter` lets through, and its frame.
    pub(super) fn find(&self, filter: impl Fn(&Command) -> bool) -> Option<(u64, &Command)> {
        let entries = self.entries.iter().map(|Reverse(entry)| entry);
        let next = entries.filter(|entry| filter(&entry.command)).min();
        next.map(|entry| (entry.frame, &entry.command))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.frame, self.serial).cmp(&(other.frame, other.serial))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
