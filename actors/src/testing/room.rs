//! Where an actor lives on the caller's thread.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll, Waker};
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context};
use actix_rt::time::{Instant, Sleep, sleep};

use super::World;

/// Stands for the thread of an actor: its actors end together, after what they are just doing.
#[derive(Debug)]
pub(crate) struct Room {
    world: World,
    life: Arc<Life>,
}

#[derive(Debug, Default)]
struct Life {
    stopped: AtomicBool,
    actors: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Life {
    fn ends(&self, inside: Option<Instant>) -> bool {
        self.stopped.load(Ordering::Relaxed) && inside.is_none()
    }
}

impl Room {
    pub(super) fn new(world: World) -> Self {
        Self { world, life: Arc::default() }
    }

    pub(crate) fn start<A>(&self, make: impl FnOnce(&mut Context<A>) -> A) -> Addr<A>
    where
        A: Actor<Context = Context<A>>,
    {
        let mut context = Context::new();
        let actor = make(&mut context);
        let address = context.address();
        self.life.actors.fetch_add(1, Ordering::Relaxed);
        actix_rt::spawn(Delayed {
            guest: Guest(Arc::clone(&self.life)),
            actor: Some(Box::pin(context.into_future(actor))),
            world: self.world.clone(),
            rest: None,
            inside: None,
        });
        address
    }

    pub(crate) fn stop(&self) {
        self.life.stopped.store(true, Ordering::Relaxed);
        let waker = self.life.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether its last actor has ended.
    pub(crate) fn is_empty(&self) -> bool {
        self.life.actors.load(Ordering::Relaxed) == 0
    }
}

/// Counts the actor out when its task ends, however it does.
struct Guest(Arc<Life>);

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.actors.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An actor that now and then is not yet let read its mailbox.
struct Delayed<F> {
    /// Dropped after the actor.
    actor: Option<Pin<Box<F>>>,
    guest: Guest,
    world: World,
    rest: Option<Pin<Box<Sleep>>>,
    /// Until when its thread would be inside a step, and could not end.
    inside: Option<Instant>,
}

impl<F: Future<Output = ()>> Future for Delayed<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<()> {
        let this = &mut *self;
        *this.guest.0.waker.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(context.waker().clone());
        if this.rest.is_none() {
            match this.world.delay() {
                None => {}
                Some(Duration::ZERO) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(delay) => this.rest = Some(Box::pin(sleep(delay))),
            }
        }
        if let Some(rest) = &mut this.rest {
            if rest.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            this.rest = None;
        }
        let mut polled = Poll::Pending;
        if let Some(actor) = this.actor.as_mut().filter(|_| !this.guest.0.ends(this.inside)) {
            polled = actor.as_mut().poll(context);
            let (now, time) = (Instant::now(), this.world.take_blocked());
            if time > Duration::ZERO {
                this.inside = Some(now + time);
            } else if this.inside.is_some_and(|until| until <= now) {
                this.inside = None;
            }
        }
        if this.guest.0.ends(this.inside) {
            this.actor = None;
            return Poll::Ready(());
        }
        polled
    }
}
