//! Who looks after the feeds of streams.

use std::mem;

use actix::{AsyncContext as _, Context, Handler};

use super::LoaderSupervisor;
use super::worker::Worker;
use crate::messages::{Discard, Neglected, Tend};

impl Handler<Neglected> for LoaderSupervisor {
    type Result = ();

    fn handle(&mut self, _: Neglected, context: &mut Context<Self>) {
        if self.stopping || self.parts.streams.is_idle() {
            return;
        }
        let neglect = self.parts.streams.relieve();
        for stuck in neglect.stuck {
            let Some(number) = self.workers.iter().position(|worker| worker.is(stuck)) else {
                continue;
            };
            // Without a thread for another one, the next complaint tries again.
            if let Ok(home) = self.parts.homes.open() {
                let generation = self.workers[number].generation + 1;
                let address = context.address();
                let next = Worker::start(home, number, generation, &self.parts, &address);
                next.addr.do_send(Discard);
                let old = mem::replace(&mut self.workers[number], next);
                // What it was given meanwhile it may still bring.
                if old.busy.is_some() { self.stalled.push(old) } else { self.abandon(old) }
            }
        }
        let free = self.workers.iter().find(|worker| worker.busy.is_none());
        let moving = || self.workers.iter().find(|worker| !worker.is_stalled());
        if let Some(worker) = free.or_else(moving) {
            worker.addr.do_send(Tend { term: neglect.term, again: true });
        }
    }
}
