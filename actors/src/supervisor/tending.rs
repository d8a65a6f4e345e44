//! Who looks after the feeds of streams.

use actix::{AsyncContext as _, Context, Handler};

use super::LoaderSupervisor;
use crate::messages::{Neglected, Tend};

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
            // What it was given meanwhile it may still bring.
            let is_wanted = self.workers[number].busy.is_some();
            // Where there can be no other one, the next complaint tries again.
            self.replace(number, is_wanted, &context.address());
        }
        if let Some(worker) = self.reachable_worker() {
            worker.addr.do_send(Tend { term: neglect.term, again: true });
        }
        // What one of them was hearing when it went to read for a stream lies there since.
        self.assist();
    }
}
