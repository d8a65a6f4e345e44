//! `AudioSinkActor`: the one writer of the ring into the callback, and keeper of the output.

mod backlog;
mod device;
mod handle;
mod streams;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, SpawnHandle};
use actix_rt::time::Instant;
use hotcue::playback::{ControlMessage, Controller, PlaybackEvent};
use hotcue::{LoadError, LoadErrorKind, Stage};

pub use handle::AudioStreamHandle;

use crate::bus::Publisher;
use crate::error::LoadFailure;
use crate::events::DeviceState;
use crate::home::more_may_come;
use crate::messages::{
    Arriving, Control, Decoded, Play, PlayWhenReady, PushSample, Render, StopSink, SwitchOutput,
    Unload, UnloadCause,
};
use crate::playback::{DropReason, Notices, PlaybackNotice};
use crate::request::Request;
use crate::sample::Sample;
use crate::streaming::Streams;
use crate::table::{Change, Delivery, Resident, Table};
use backlog::Backlog;
pub(crate) use device::{Device, DeviceView, Target};
use streams::SlotStreams;
use waiting::WaitingPlays;

/// How often buffers are freed, playback events fetched and the output looked at.
const TICK: Duration = Duration::from_millis(20);
/// The same where nothing sounds, nothing is on its way, and that for [`QUIET_TICKS`]: each time that
/// an idle engine wakes is a part of what it takes of the processor.
const IDLE_TICK: Duration = Duration::from_millis(100);
const QUIET_TICKS: u32 = 50;
/// A running callback that takes no message for so long fails what waits for it.
const RING_STALLED: Duration = Duration::from_secs(2);
/// A device that has asked for nothing for so long does not run: it is given up, and a clock takes
/// its place, or it asks again.
const RESTS: Duration = Duration::from_millis(500);
/// Places in the ring that one message takes at most: a sample may bring an unload along.
const MOST_PLACES: usize = 2;

/// The actor between the loader and the audio callback. Runs on an arbiter of its own and never
/// blocks, except while an output starts or stops, and that on `offline` it renders.
#[derive(Debug)]
pub struct AudioSinkActor {
    table: Arc<Table>,
    publisher: Publisher,
    notices: Arc<Notices>,
    controller: Controller,
    device: Device,
    backlog: Backlog,
    waiting: WaitingPlays,
    slots: SlotStreams,
    /// The serial of the change of each slot that was sent last.
    sent: HashMap<u32, u64>,
    /// Panics of the callback that were told of.
    panics: u64,
    /// What the device had asked for, and since when it was no more.
    pulled: (Option<u64>, Instant),
    stopped: bool,
    next_tick: SpawnHandle,
    /// Ticks in a row, and since the last message, that found nothing to do.
    quiet_ticks: u32,
}

/// What goes to the callback, in order.
#[derive(Debug)]
enum Outgoing {
    /// What is there of a load that runs: its slot offers it once it has a place in the ring.
    Arriving { request: Arc<Request>, sample: Arc<Sample> },
    /// A finished load: completes its request once it has a place in the ring.
    Sample { request: Arc<Request>, delivery: Delivery, from_cache: bool, at: Instant },
    /// A sample that is in the table already, unless the slot was changed again meanwhile.
    Pushed { slot: u32, change: Change, sample: Arc<Resident> },
    /// A voice; dropped with a notice when the ring is stuck.
    Play(Play),
    /// Anything else.
    Control(ControlMessage),
    /// An emptied slot, unless a newer change was sent meanwhile.
    Unload { slot: u32, change: Change },
}

impl AudioSinkActor {
    pub(crate) fn new(
        table: Arc<Table>,
        publisher: Publisher,
        notices: Arc<Notices>,
        controller: Controller,
        device: Device,
        streams: Arc<Streams>,
    ) -> Self {
        Self {
            table,
            publisher,
            notices,
            controller,
            device,
            backlog: Backlog::default(),
            waiting: WaitingPlays::default(),
            slots: SlotStreams::new(streams),
            sent: HashMap::new(),
            panics: 0,
            pulled: (None, Instant::now()),
            stopped: false,
            next_tick: SpawnHandle::default(),
            quiet_ticks: 0,
        }
    }

    /// Sends now, or after all that waits already.
    fn send(&mut self, outgoing: Outgoing) {
        self.queue(outgoing);
        self.flush();
    }

    fn queue(&mut self, outgoing: Outgoing) {
        if let Some(refused) = self.backlog.push(outgoing) {
            self.drop_play(&refused, DropReason::OutputStalled);
        }
    }

    /// Sends what waits, as far as the ring takes it, and lets an output that nobody else
    /// drives take it.
    fn flush(&mut self) {
        loop {
            while self.controller.free_slots() >= MOST_PLACES
                && let Some(outgoing) = self.backlog.pop()
            {
                self.send_now(outgoing);
            }
            let taken = self.device.run_commands();
            self.collect();
            if !taken || self.backlog.is_empty() {
                break;
            }
        }
    }

    /// Sends one message; the ring has room for it.
    fn send_now(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Control(message) => self.push_to_ring(message),
            Outgoing::Play(mut play) => {
                play.params.gain = self.table.gain(play.slot, play.normalize);
                if let Some(command) = self.command_of(play) {
                    self.push_to_ring(command);
                }
            }
            Outgoing::Unload { slot, change } => self.send_change(slot, change, None),
            Outgoing::Pushed { slot, change, sample } => {
                self.send_change(slot, change, Some(sample.sample()));
            }
            Outgoing::Arriving { request, sample } => self.offer(&request, &sample),
            Outgoing::Sample { request, delivery, from_cache, at } => {
                self.publish(&request, &delivery, from_cache, at);
            }
        }
    }

    /// Sends a change of a slot that the table has seen already. Changes by several threads
    /// overtake each other on the way here: one that comes late is left out, and one that
    /// overtook an unload brings it along, for the voices that are to fade.
    fn send_change(&mut self, slot: u32, change: Change, sample: Option<&Sample>) {
        let sent = self.sent.insert(slot, change.serial).unwrap_or(0);
        if sent >= change.serial {
            self.sent.insert(slot, sent);
            return;
        }
        if sent < change.emptied {
            self.push_to_ring(ControlMessage::UnloadSample { slot });
            self.slots.holds(slot, None);
        }
        if let Some(sample) = sample {
            self.slots.holds(slot, Some(sample));
            let own_loop = sample.own_loop();
            let sample = Arc::clone(sample.buffer());
            self.push_to_ring(ControlMessage::LoadSample { slot, sample, own_loop });
        }
    }

    /// Ends a request with its sample: table, ring, events, in this order. Had it ended before,
    /// the sample goes away here. Till all of it is done the delivery keeps it from being evicted.
    fn publish(
        &mut self,
        request: &Arc<Request>,
        delivery: &Delivery,
        from_cache: bool,
        at: Instant,
    ) {
        let Some(change) = self.table.complete(request, delivery) else { return };
        let sample = delivery.resident().sample();
        // What the slot offered already is not sent again: its last change was that.
        self.send_change(request.slot, change, Some(sample));
        self.slots.scan(sample);
        self.publisher.success(request, sample, from_cache, at);
        self.play_waiting(request.slot);
    }

    /// Has an empty slot play a sample that is still arriving: table, ring, events, in this order.
    fn offer(&mut self, request: &Arc<Request>, sample: &Arc<Sample>) {
        let Some(change) = self.table.offer(request, sample) else { return };
        self.send_change(request.slot, change, Some(sample));
        if request.tell_playable() {
            self.publisher.playable(request, sample.duration_sec());
        }
        self.play_waiting(request.slot);
    }

    fn play_waiting(&mut self, slot: u32) {
        let clock_frames = self.controller.shared().clock_frames();
        if let Some(play) = self.waiting.take_stopped(slot, clock_frames) {
            self.drop_play(&play, DropReason::Stopped);
        }
        for outgoing in self.waiting.take_to_sound(slot) {
            self.queue(outgoing);
        }
    }

    fn push_to_ring(&mut self, message: ControlMessage) {
        // `free_slots` said that there is room, and this actor is the only writer.
        let sent = self.controller.try_send(message);
        debug_assert!(sent.is_ok(), "the ring lost a place that it had");
    }

    /// Frees what came back and passes playback events on.
    fn collect(&mut self) {
        self.controller.collect();
        while let Some(event) = self.controller.poll_event() {
            if let PlaybackEvent::Ended { slot, .. } = event {
                self.table.touch(slot);
            }
            self.notices.push(PlaybackNotice::Voice(event));
        }
    }

    /// Fails what has waited too long for a callback that runs but takes nothing.
    fn give_up_if_stalled(&mut self) {
        let taken = self.controller.free_slots() >= MOST_PLACES;
        let pulled = self.device.pulled_frames();
        if pulled != self.pulled.0 {
            self.pulled = (pulled, Instant::now());
        }
        let rests = pulled.is_some() && self.pulled.1.elapsed() > RESTS;
        if !self.backlog.stalled_for(RING_STALLED, taken) || rests {
            return;
        }
        for outgoing in self.backlog.take_stalled() {
            match outgoing {
                Outgoing::Sample { request, .. } => {
                    let error = LoadError::new(
                        LoadErrorKind::RingBufferFull,
                        "the audio callback took no message for 2 s",
                    );
                    let stage = Stage::Publishing;
                    let failure = LoadFailure::Failed { error: error.clone(), stage };
                    if self.table.end_without_sample(&request, failure) {
                        self.publisher.error(&request, error, stage);
                    }
                }
                Outgoing::Play(play) => self.drop_play(&play, DropReason::OutputStalled),
                // Its load goes on, and may come to the same.
                Outgoing::Arriving { .. }
                | Outgoing::Control(_)
                | Outgoing::Unload { .. }
                | Outgoing::Pushed { .. } => {}
            }
        }
    }

    /// Says that the callback goes on after a panic, a bug: its voices are gone, and their ends
    /// have been passed on.
    fn tell_of_panics(&mut self) {
        let panics = self.controller.shared().callback_panics();
        if panics > self.panics {
            self.collect();
            self.panics = panics;
            self.publisher.device(DeviceState::Recovered, self.device.name());
        }
    }

    /// Says of plays that the callback never took that they are none, at the end.
    fn drop_stalled_plays(&mut self) {
        for outgoing in self.backlog.take_stalled() {
            if let Outgoing::Play(play) = outgoing {
                self.drop_play(&play, DropReason::OutputStalled);
            }
        }
    }

    fn drop_play(&self, play: &Play, reason: DropReason) {
        self.table.drop_play(play.slot);
        self.notices.push(PlaybackNotice::Dropped { voice: play.voice, slot: play.slot, reason });
    }

    fn drop_waiting(&mut self, slot: u32, reason: DropReason) {
        if let Some(play) = self.waiting.take(slot) {
            self.drop_play(&play, reason);
        }
    }

    fn tick(&mut self, context: &mut Context<Self>) {
        self.device.look(&self.publisher);
        self.tell_of_panics();
        self.slots.look();
        self.flush();
        self.table.ledger().collected();
        self.give_up_if_stalled();
        let clock_frames = self.controller.shared().clock_frames();
        for (play, reason) in self.waiting.sweep(&self.table, Instant::now(), clock_frames) {
            self.drop_play(&play, reason);
        }
        self.quiet_ticks = if self.is_quiet() { self.quiet_ticks.saturating_add(1) } else { 0 };
        let wait = if self.quiet_ticks < QUIET_TICKS { TICK } else { IDLE_TICK };
        self.next_tick = context.run_later(wait, Self::tick);
    }

    /// Whether nothing sounds and nothing is on its way.
    fn is_quiet(&self) -> bool {
        self.controller.shared().voices() == 0
            && self.backlog.is_empty()
            && self.waiting.is_empty()
            && !self.device.is_looking()
    }

    /// Something comes: what it leads to is not to wait for the tick of an idle engine.
    fn wake(&mut self, context: &mut Context<Self>) {
        if mem::take(&mut self.quiet_ticks) >= QUIET_TICKS {
            context.cancel_future(self.next_tick);
            self.next_tick = context.run_later(TICK, Self::tick);
        }
    }
}

impl Drop for AudioSinkActor {
    /// Where a panic has ended it, as of an output of the caller's own, nothing comes into a slot any
    /// more: no load is left waiting for that, and no play.
    fn drop(&mut self) {
        if self.stopped || self.table.is_closed() {
            return;
        }
        self.publisher.device(DeviceState::Lost, self.device.shown_name());
        let error = LoadError::new(LoadErrorKind::Device, "the audio side has panicked");
        let publish = |request: &_, stage| self.publisher.error(request, error.clone(), stage);
        self.table.fail_all(&error, publish);
        for play in self.waiting.take_all() {
            self.drop_play(&play, DropReason::OutputStalled);
        }
        self.drop_stalled_plays();
    }
}

impl Actor for AudioSinkActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.next_tick = context.run_later(TICK, Self::tick);
    }
}

impl Handler<Arriving> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, arriving: Arriving, context: &mut Context<Self>) {
        self.wake(context);
        let Arriving { requests, sample } = arriving;
        for request in requests {
            self.send(Outgoing::Arriving { request, sample: Arc::clone(&sample) });
        }
    }
}

impl Handler<Decoded> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, decoded: Decoded, context: &mut Context<Self>) {
        self.wake(context);
        let Decoded { deliveries, from_cache, at } = decoded;
        more_may_come();
        for (request, delivery) in deliveries {
            self.send(Outgoing::Sample { request, delivery, from_cache, at });
        }
    }
}

impl Handler<PushSample> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, push: PushSample, context: &mut Context<Self>) {
        self.wake(context);
        let PushSample { slot, change, sample } = push;
        self.send(Outgoing::Pushed { slot, change, sample });
        self.play_waiting(slot);
        self.flush();
    }
}

impl Handler<Play> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, play: Play, context: &mut Context<Self>) {
        self.wake(context);
        self.send(Outgoing::Play(play));
    }
}

impl Handler<PlayWhenReady> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, waiting: PlayWhenReady, context: &mut Context<Self>) {
        self.wake(context);
        let slot = waiting.play.slot;
        if self.table.unloaded_since(slot, waiting.since) {
            // The unload of another thread came later and was quicker.
            self.drop_play(&waiting.play, DropReason::Unloaded);
        } else if self.table.can_play(slot) {
            // The load has come so far between the caller's look at the table and now.
            self.send(Outgoing::Play(waiting.play));
        } else {
            self.drop_waiting(slot, DropReason::Replaced);
            self.waiting.insert(waiting);
        }
    }
}

impl Handler<Control> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, Control(message): Control, context: &mut Context<Self>) {
        self.wake(context);
        let clock_frames = self.controller.shared().clock_frames();
        for play in self.waiting.heed(&message, clock_frames) {
            self.drop_play(&play, DropReason::Stopped);
        }
        self.send(Outgoing::Control(message));
    }
}

impl Handler<Unload> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, Unload { slot, change, cause }: Unload, context: &mut Context<Self>) {
        self.wake(context);
        // Another thread may have loaded the slot anew, and asked for a play of that.
        if cause == UnloadCause::Asked
            && let Some(older) = self.waiting.take_older(slot, change.serial)
        {
            self.drop_play(&older, DropReason::Unloaded);
        }
        self.send(Outgoing::Unload { slot, change });
    }
}

impl Handler<Render> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, Render { frames, done }: Render, _: &mut Context<Self>) {
        if self.stopped {
            return;
        }
        self.flush();
        let rendered = self.render(frames);
        self.collect();
        // A caller that was interrupted no longer wants the frames.
        done.send(rendered).ok();
    }
}

impl Handler<SwitchOutput> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, switch: SwitchOutput, context: &mut Context<Self>) {
        self.wake(context);
        if self.stopped {
            return;
        }
        self.device.set_target(switch.target);
        let before = self.device.name();
        let result = self.device.switch_to(switch.prepared);
        match &result {
            Ok(()) => self.publisher.device(DeviceState::Started, self.device.name()),
            Err(_) => self.publisher.device(DeviceState::Lost, before),
        }
        // The caller waits for this answer unless its thread was interrupted.
        switch.done.send(result).ok();
    }
}

impl Handler<StopSink> for AudioSinkActor {
    type Result = ();

    fn handle(&mut self, StopSink(done): StopSink, _: &mut Context<Self>) {
        self.stopped = true;
        self.device.stop();
        self.collect();
        // Their loads have ended with the engine; no tick comes to notice it.
        for play in self.waiting.take_all() {
            self.drop_play(&play, DropReason::LoadEnded);
        }
        self.drop_stalled_plays();
        // The engine waits for this answer, unless it lost patience with the output.
        done.send(()).ok();
    }
}
