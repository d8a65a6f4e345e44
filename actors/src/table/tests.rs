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
