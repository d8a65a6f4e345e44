//! Many requests at once: all are accepted, or none.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Placed, Table};
use crate::error::SubmitError;
use crate::request::Request;

impl Table {
    /// Accepts a request for each of `ids`, in this order, or none of them; `make` creates the one
    /// at an index for its slot. None takes the lowest free slot that no other of `ids` names.
    /// `batch` is unique in the process.
    ///
    /// `take_over` is called as by [`register`](Self::register), for each. Of an id that comes
    /// again, the later request supersedes the earlier one.
    pub(crate) fn register_many(
        &self,
        ids: &[Option<u32>],
        batch: u64,
        mut make: impl FnMut(usize, u32) -> Arc<Request>,
        mut take_over: impl FnMut(Option<&Arc<Request>>, &Arc<Request>),
    ) -> Result<Vec<Arc<Request>>, SubmitError> {
        ids.iter().flatten().try_for_each(|id| self.check_slot(*id))?;
        self.admit(ids.len())?;
        // The last thing that can fail, and no other thread sees it.
        let mut reserved = match self.reserve(ids, batch) {
            Ok(reserved) => reserved.into_iter(),
            Err(error) => {
                self.queued.fetch_sub(ids.len(), Ordering::AcqRel);
                return Err(error);
            }
        };
        self.live.fetch_add(ids.len(), Ordering::AcqRel);
        let placed = ids.iter().enumerate().map(|(index, id)| {
            let make = |slot| make(index, slot);
            self.enter(match id {
                Some(id) => self.place(*id, make, &mut take_over),
                None => {
                    let id = reserved.next().expect("a slot is reserved for each None");
                    self.place_reserved(id, batch, make, &mut take_over)
                }
            })
        });
        Ok(placed.collect())
    }

    /// Keeps as many free slots as `ids` has places without one from being taken as free.
    fn reserve(&self, ids: &[Option<u32>], batch: u64) -> Result<Vec<u32>, SubmitError> {
        let wanted = ids.iter().filter(|id| id.is_none()).count();
        let mut reserved = Vec::with_capacity(wanted);
        if wanted == 0 {
            return Ok(reserved);
        }
        let named: HashSet<u32> = ids.iter().copied().flatten().collect();
        let mut next = 0;
        while reserved.len() < wanted
            && let Some(id) = self.free.lowest(next)
        {
            next = id + 1;
            // A named slot is free still, should this fail.
            if named.contains(&id) {
                continue;
            }
            let mut slot = self.slots.entry(id).or_default();
            self.free.taken(id);
            if slot.is_free() {
                slot.reserved = Some(batch);
                reserved.push(id);
            }
        }
        if reserved.len() == wanted {
            return Ok(reserved);
        }
        for id in reserved {
            let mut slot = self.slots.entry(id).or_default();
            slot.reserved.take_if(|holder| *holder == batch);
            self.free.freed(id);
        }
        Err(SubmitError::NoFreeSlot)
    }

    /// As `place`, in a slot that was reserved. A load that named the slot meanwhile is newer: then
    /// this one is taken over itself, and ends at once.
    fn place_reserved(
        &self,
        id: u32,
        batch: u64,
        make: impl FnOnce(u32) -> Arc<Request>,
        take_over: impl FnOnce(Option<&Arc<Request>>, &Arc<Request>),
    ) -> Placed {
        let request = make(id);
        self.list(&request);
        let mut slot = self.slots.entry(id).or_default();
        if slot.reserved.take_if(|holder| *holder == batch).is_some() {
            slot.current = Some(Arc::clone(&request));
            slot.failed = false;
            take_over(None, &request);
            (request, None)
        } else {
            take_over(Some(&request), &request);
            (Arc::clone(&request), Some(request))
        }
    }
}
