//! An engine whose actors all live on the caller's thread; see [`crate::testing`].

use std::sync::mpsc::{self, Sender, TryRecvError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};
use actix_rt::time::{Instant, sleep};
use hotcue::output::PreparedOutput;

use super::ask::Waiter;
use super::system::Plan;
use super::{AudioEngine, RunInfo};
use crate::error::EngineError;
use crate::home::{Home, Homes};
use crate::messages::{Render, SwitchOutput};
use crate::testing::{Workshop, World};

/// How long a waiting task sleeps between two looks: one tick of the runtime's clock.
const LOOK: Duration = Duration::from_millis(1);

/// Calls that wait for an actor, in the form for those who live on the same thread as it. All
/// others are the same here as anywhere.
impl AudioEngine {
    /// As [`run_on`](Self::run_on), with all actors on the calling thread, whose runtime drives
    /// them: a tokio runtime of one thread, inside a `LocalSet`.
    ///
    /// # Errors
    /// As [`run_on`](Self::run_on).
    ///
    /// # Panics
    /// Outside such a runtime.
    pub fn run_here(
        &self,
        output: Box<dyn PreparedOutput>,
        world: &World,
    ) -> Result<RunInfo, EngineError> {
        let _lifecycle = self.begin()?;
        self.start_by(output, None, None, world.workshop(), |mut plan| {
            let spare = world.clone();
            plan.device.set_spare(Box::new(move |request| spare.spare(request)));
            plan.homes = Homes::Here(world.clone());
            plan.start_here()
        })
    }

    /// As [`run`](Self::run) on an output of the caller's own, with threads, in a workshop.
    ///
    /// # Errors
    /// As [`run_on`](Self::run_on).
    pub fn run_in(
        &self,
        output: Box<dyn PreparedOutput>,
        workshop: Arc<dyn Workshop>,
    ) -> Result<RunInfo, EngineError> {
        let _lifecycle = self.begin()?;
        self.start_by(output, None, None, workshop, Plan::start)
    }

    /// As [`shut_down`](Self::shut_down).
    pub async fn shut_down_here(&self) {
        let running = self.running.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            running.stop(Waiter::Task).await;
            self.notices.close();
        }
    }

    /// As [`render`](Self::render), up to what the sink renders at a time.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub async fn render_here(&self, frames: usize) -> Result<Vec<f32>, EngineError> {
        let sink = self.with(|running| Ok(running.sink.clone()))?;
        let rendered = ask(&sink, |done| Render { frames, done }, None).await;
        rendered.ok_or(EngineError::NotInitialized)?.ok_or(EngineError::NotOffline)
    }

    /// As [`set_output`](Self::set_output), to an output of the caller's own.
    ///
    /// # Errors
    /// As [`set_output`](Self::set_output).
    pub async fn switch_here(&self, prepared: Box<dyn PreparedOutput>) -> Result<(), EngineError> {
        let sink = self.with(|running| Ok(running.sink.clone()))?;
        let switched = ask(&sink, |done| SwitchOutput { prepared, target: None, done }, None).await;
        switched.ok_or(EngineError::NotInitialized)?.map_err(EngineError::from)
    }
}

/// Asks an actor and waits for the answer. None when the actor ends without one, or after
/// `patience`.
pub(super) async fn ask<A, M, T>(
    actor: &Addr<A>,
    make: impl FnOnce(Sender<T>) -> M,
    patience: Option<Duration>,
) -> Option<T>
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message<Result = ()> + Send + 'static,
{
    let deadline = patience.map(|patience| Instant::now() + patience);
    let (answer, answered) = mpsc::channel();
    actor.do_send(make(answer));
    loop {
        match answered.try_recv() {
            Ok(answer) => return Some(answer),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        if !actor.connected() || deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return None;
        }
        sleep(LOOK).await;
    }
}

/// Waits until the actors of these homes have ended, for at most `patience`.
pub(super) async fn join(homes: Vec<Home>, patience: Duration) {
    let deadline = Instant::now() + patience;
    while !homes.iter().all(Home::is_empty) && Instant::now() < deadline {
        sleep(LOOK).await;
    }
}
