//! A question to an actor, and the wait for its answer in the caller's thread.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};

/// How often a waiting caller looks whether the actor still lives.
const LOOK: Duration = Duration::from_millis(50);

/// Sends the message that `make` makes around the way back, and waits for the answer. None when
/// the actor ends without one, or at `deadline`.
pub(super) fn ask<A, M, T>(
    actor: &Addr<A>,
    make: impl FnOnce(Sender<T>) -> M,
    deadline: Option<Instant>,
) -> Option<T>
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message<Result = ()> + Send + 'static,
{
    let (answer, answered) = mpsc::channel();
    actor.do_send(make(answer));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match answered.recv_timeout(left.map_or(LOOK, |left| left.min(LOOK))) {
            Ok(answer) => return Some(answer),
            Err(RecvTimeoutError::Disconnected) => return None,
            // What was sent while the actor ended may lie in its mailbox for as long as anybody
            // holds its address: the way back never closes then.
            Err(RecvTimeoutError::Timeout)
                if !actor.connected() || left.is_some_and(|left| left.is_zero()) =>
            {
                return answered.try_recv().ok();
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
