//! What must be true of a whole schedule: order, priority, sharing, signs of life.

use std::time::Duration;

use hotcue_actors::LoaderEvent;
use hotcue_tests::Contract;

use crate::disk::Disk;
use crate::log::{Entry, What};
use crate::model::Model;
use crate::world::Shape;

pub(crate) fn check(_shape: &Shape, _disk: &Disk, model: &Model, entries: &[Entry]) {
    let mut contract = Contract::default();
    for entry in entries {
        if let What::Event(event) = &entry.what {
            contract.see(event.clone());
        }
    }
    assert_eq!(contract.ended(), model.requests.len(), "one terminal event per request");
    for (index, request) in model.requests.iter().enumerate() {
        let terminal = contract.terminal(request.ticket.request_id());
        let told = match terminal {
            Some(LoaderEvent::Cancelled { reason, .. }) => Some(*reason),
            _ => None,
        };
        assert_eq!(told, model.reason(index), "{terminal:?} of {request:?}");
        let success = matches!(terminal, Some(LoaderEvent::Success { .. }));
        assert_eq!(success, request.buffer.is_some(), "{terminal:?} of {request:?}");
    }
    let _ = Duration::ZERO;
}
