//! Tasks that no decoder is at, in order.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use super::{Task, lock};
use crate::request::Request;

/// Higher priority first, then the older request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(Reverse<i32>, u64);

impl Place {
    pub(super) fn of(request: &Request) -> Self {
        Self(Reverse(request.priority()), request.id)
    }
}

#[derive(Default)]
pub(super) struct Pool(Mutex<BTreeMap<Place, Task>>);

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&lock(&self.0).len()).finish()
    }
}

impl Pool {
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    pub(super) fn put(&self, task: Task) {
        lock(&self.0).insert(task.place, task);
    }

    pub(super) fn take_first(&self) -> Option<Task> {
        lock(&self.0).pop_first().map(|(_, task)| task)
    }

    /// The first one, if its place is before `place`.
    pub(super) fn take_before(&self, place: Place) -> Option<Task> {
        let mut tasks = lock(&self.0);
        let first = tasks.first_entry().filter(|first| *first.key() < place)?;
        Some(first.remove())
    }

    pub(super) fn take_at(&self, place: Place) -> Option<Task> {
        lock(&self.0).remove(&place)
    }

    /// Moves a task to another place; false if it is not here.
    pub(super) fn move_to(&self, from: Place, to: Place) -> bool {
        let mut tasks = lock(&self.0);
        let Some(mut task) = tasks.remove(&from) else { return false };
        task.place = to;
        tasks.insert(to, task);
        true
    }

    pub(super) fn take_all(&self) -> BTreeMap<Place, Task> {
        std::mem::take(&mut *lock(&self.0))
    }
}
