//! Where an actor lives: on a thread of its own, or, under a virtual clock, beside all others.

use std::cell::Cell;
use std::time::Duration;
use std::{io, thread};

use actix::{Actor, Addr, Context};
use actix_rt::Arbiter;

#[cfg(feature = "testing")]
use crate::testing::{Room, World};

/// How long a thread in a rush sleeps when it has nothing to do: for two dozen tiny
/// loads. A play that comes in the rush waits no longer.
const DOZE: Duration = Duration::from_micros(250);
/// The same where nothing but new loads has come, which decoders that are busy do not wait for.
/// Each time that it wakes may cost the caller, who goes on submitting, his core.
const LONG_DOZE: Duration = Duration::from_millis(1);

thread_local! {
    static NEXT_DOZE: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// For an actor that was just sent what comes by the thousand: see [`Homes::open_for_many`].
pub(crate) fn more_may_come() {
    NEXT_DOZE.set(Some(DOZE));
}

/// As [`more_may_come`], of what can wait for longer.
pub(crate) fn more_may_come_later() {
    NEXT_DOZE.set(NEXT_DOZE.get().or(Some(LONG_DOZE)));
}

/// Opens homes for actors, all of one kind.
#[derive(Clone, Debug)]
pub(crate) enum Homes {
    /// A thread each.
    Threads,
    /// All on the thread that opens them.
    #[cfg(feature = "testing")]
    Here(World),
}

impl Homes {
    /// Opens one whose thread sleeps for a moment before it waits for its next message, if
    /// [`more_may_come`] and there `is_rush`. What arrives meanwhile is read together, and wakes
    /// nobody: most of what a tiny load costs is waking threads.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn open_for_many(
        &self,
        is_rush: impl Fn() -> bool + Send + Sync + 'static,
    ) -> io::Result<Home> {
        match self {
            Self::Threads => Arbiter::try_with_tokio_rt(move || {
                tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .on_thread_park(move || {
                        if let Some(doze) = NEXT_DOZE.take()
                            && is_rush()
                        {
                            thread::sleep(doze);
                        }
                    })
                    .build()
            })
            .map(Home::Thread),
            #[cfg(feature = "testing")]
            Self::Here(world) => Ok(Home::Room(world.room())),
        }
    }

    /// Opens one more.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn open(&self) -> io::Result<Home> {
        match self {
            Self::Threads => Arbiter::try_new().map(Home::Thread),
            #[cfg(feature = "testing")]
            Self::Here(world) => Ok(Home::Room(world.room())),
        }
    }
}

/// One of them. Its actors end with [`stop`](Self::stop), not when it is dropped.
#[derive(Debug)]
pub(crate) enum Home {
    Thread(Arbiter),
    #[cfg(feature = "testing")]
    Room(Room),
}

impl Home {
    /// Starts an actor that `make` makes there.
    pub(crate) fn start<A>(
        &self,
        make: impl FnOnce(&mut Context<A>) -> A + Send + 'static,
    ) -> Addr<A>
    where
        A: Actor<Context = Context<A>>,
    {
        match self {
            Self::Thread(arbiter) => A::start_in_arbiter(&arbiter.handle(), make),
            #[cfg(feature = "testing")]
            Self::Room(room) => room.start(make),
        }
    }

    /// Does something on its thread, if it has one.
    pub(crate) fn prepare(&self, work: impl FnOnce() + Send + 'static) {
        match self {
            // False only for an arbiter that has ended.
            Self::Thread(arbiter) => {
                arbiter.spawn_fn(work);
            }
            #[cfg(feature = "testing")]
            Self::Room(_) => drop(work),
        }
    }

    /// Ends its actors after what they are just doing.
    pub(crate) fn stop(&self) {
        match self {
            Self::Thread(arbiter) => {
                arbiter.stop();
            }
            #[cfg(feature = "testing")]
            Self::Room(room) => room.stop(),
        }
    }

    /// Whether its actors have ended, as far as it can tell.
    #[cfg(feature = "testing")]
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Thread(_) => false,
            Self::Room(room) => room.is_empty(),
        }
    }

    /// Waits for the end of its thread, if it has one.
    pub(crate) fn join(self) {
        match self {
            // A panic in it has been reported by the panic hook.
            Self::Thread(arbiter) => {
                arbiter.join().ok();
            }
            #[cfg(feature = "testing")]
            Self::Room(_) => {}
        }
    }
}
