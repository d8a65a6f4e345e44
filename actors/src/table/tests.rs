//! The search for a free slot, against the one who frees slots meanwhile.

use std::sync::Arc;

use hotcue::Source;

use super::Table;
use crate::error::SubmitError;
use crate::request::Request;

fn request(slot: u32) -> Arc<Request> {
    Request::new(slot, Source::Memory(Arc::from([])), 0)
}

#[test]
fn a_slot_that_is_freed_during_a_search_is_found_by_the_next() {
    let table = Table::new(64, 1_000);
    for _ in 0..63 {
        table.register(None, request).expect("a slot is free");
    }
    // The next search begins at 5 and goes up to 63.
    table.unload(5);
    table.register(Some(5), request).expect("accepted");
    let mut freed = None;
    let searched = table.register(None, |slot| {
        // It holds the shard of 63 now; a slot of another shard is freed that it has passed.
        freed = (6..63).find(|id| !table.slots.try_get(id).is_locked());
        freed.inspect(|&id| drop(table.unload(id)));
        request(slot)
    });
    assert_eq!(searched.expect("slot 63 is free").0.slot, 63);
    let freed = freed.expect("a map has more than one shard");
    assert_eq!(table.register(None, request).expect("it is free").0.slot, freed);
    assert_eq!(table.register(None, request).err(), Some(SubmitError::NoFreeSlot));
    table.unload(40);
    assert_eq!(table.register(None, request).expect("it is free").0.slot, 40);
}

#[test]
fn a_load_by_id_is_newer_than_a_batch_that_only_reserved_its_slot() {
    let table = Table::new(64, 1_000);
    let mut ids = vec![Some(63)];
    ids.resize(33, None);
    let mut newer = None;
    let registered = table.register_many(&ids, 1, |index, slot| {
        if index == 0 {
            // It holds the shard of 63 now; a slot of another shard is taken by name.
            let taken = (0..32).find(|id| !table.slots.try_get(id).is_locked());
            let taken = taken.expect("a map has more than one shard");
            newer = Some(table.register(Some(taken), request).expect("accepted").0);
        }
        request(slot)
    });
    let registered = registered.expect("32 slots are free");
    let newer = newer.expect("made in the first call");
    for (older, superseded) in &registered {
        assert_eq!(older.is_live(), older.slot != newer.slot);
        assert_eq!(superseded.is_some(), older.slot == newer.slot);
    }
    assert!(newer.is_live());
    assert_eq!((table.live(), table.queued()), (33, 33));
    assert_eq!(table.live_requests().len(), 33);
}

#[test]
fn what_a_batch_reserved_in_vain_is_free_again() {
    let table = Table::new(8, 1_000);
    table.register(Some(3), request).expect("accepted");
    // One named, seven without: one more than there are.
    let mut ids = vec![None; 7];
    ids.push(Some(1));
    let refused = table.register_many(&ids, 1, |_, slot| request(slot));
    assert_eq!(refused.err(), Some(SubmitError::NoFreeSlot));
    assert_eq!((table.live(), table.queued()), (1, 1));
    let slots: Vec<u32> =
        (0..7).map(|_| table.register(None, request).expect("seven are free").0.slot).collect();
    assert_eq!(slots, [0, 1, 2, 4, 5, 6, 7]);
}
