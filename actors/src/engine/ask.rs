//! A question to an actor, and the wait for its answer.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};

/// How often a waiting caller looks whether the actor still lives.
const LOOK: Duration = Duration::from_millis(50);

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiter {
    /// The calling thread, until the answer is there.
    Thread,
    /// The calling task: the one who answers lives on the same thread.
    #[cfg(feature = "testing")]
    Task,
}

impl Waiter {
    /// As [`ask`], for at most `patience`.
    pub(super) async fn ask<A, M, T>(
        self,
        actor: &Addr<A>,
        make: impl FnOnce(Sender<T>) -> M,
        patience: Option<Duration>,
    ) -> Option<T>
    where
        A: Actor + Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message<Result = ()> + Send + 'static,
    {
        match self {
            Self::Thread => ask(actor, make, patience.map(|patience| Instant::now() + patience)),
            #[cfg(feature = "testing")]
            Self::Task => super::here::ask(actor, make, patience).await,
        }
    }
}

/// Runs what waits as [`Waiter::Thread`]: it is never left halfway.
///
/// # Panics
/// When it waits as a task.
pub(super) fn block_on<T>(waiting: impl Future<Output = T>) -> T {
    match pin!(waiting).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a thread waits inside the call that makes it wait"),
    }
}

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
