//! The three rings between [`Controller`](super::Controller) and
//! [`Renderer`](super::Renderer); the only file that names rtrb.
//!
//! A sample goes into the callback as a [`Loan`]. Only a [`Lender`] makes loans, and never more
//! at a time than the retired ring has places, so [`Returns::give_back`] cannot fail.

use std::sync::Arc;

use super::events::PlaybackEvent;
use super::material::Material;
use super::messages::{ControlMessage, Exchange};
use crate::buffer::SampleBuffer;
use crate::stream::StreamReader;

/// A command as it travels.
pub(super) type Command = ControlMessage<Loan, Loan>;
/// Commands in: the callback's end.
pub(super) type CommandRx = rtrb::Consumer<Command>;
/// Playback events out: the callback's end.
pub(super) type EventTx = rtrb::Producer<PlaybackEvent>;
/// Playback events out: the caller's end.
pub(super) type EventRx = rtrb::Consumer<PlaybackEvent>;

/// A ring for commands.
pub(super) fn command_ring(capacity: usize) -> (CommandTx, CommandRx) {
    let (commands_tx, commands_rx) = rtrb::RingBuffer::new(capacity);
    (CommandTx(commands_tx), commands_rx)
}

/// Commands in: the caller's end.
#[derive(Debug)]
pub(super) struct CommandTx(rtrb::Producer<Command>);

impl CommandTx {
    /// Free places.
    pub(super) fn free_places(&self) -> usize {
        self.0.slots()
    }

    /// Holds a place for one command, if there is one.
    pub(super) fn reserve(&mut self) -> Option<CommandPlace<'_>> {
        self.0.write_chunk_uninit(1).ok().map(CommandPlace)
    }
}

/// A place in the command ring. Dropped unused, it is free again.
#[derive(Debug)]
pub(super) struct CommandPlace<'ring>(rtrb::chunks::WriteChunkUninit<'ring, Command>);

impl CommandPlace<'_> {
    /// Sends `command`.
    pub(super) fn send(self, command: Command) {
        self.0.fill_from_iter([command]);
    }
}

/// A ring for playback events.
pub(super) fn event_ring(capacity: usize) -> (EventTx, EventRx) {
    rtrb::RingBuffer::new(capacity)
}

/// A ring for retired samples with `places` places, and with it the right to lend that many.
pub(super) fn return_ring(places: usize) -> (Lender, Returns) {
    let (retired_tx, retired_rx) = rtrb::RingBuffer::new(places);
    (Lender { free_places: places, retired_rx }, Returns { retired_tx })
}

/// A sample lent to the callback, or one voice's view of a streamed one. It holds a place in the
/// retired ring for its way home.
#[derive(Debug)]
pub(super) struct Loan(Lent);

#[derive(Debug)]
enum Lent {
    Sample(Arc<SampleBuffer>),
    Stream(StreamReader),
}

impl Loan {
    /// What it is to a voice.
    pub(super) fn material(&self) -> Material<'_> {
        match &self.0 {
            Lent::Sample(sample) => Material::Memory(sample),
            Lent::Stream(reader) => Material::Stream(reader),
        }
    }
}

/// Lends samples to the callback and frees what comes back.
#[derive(Debug)]
pub(super) struct Lender {
    free_places: usize,
    retired_rx: rtrb::Consumer<Loan>,
}

impl Lender {
    /// How many more samples may be lent now.
    pub(super) fn free_places(&self) -> usize {
        self.free_places
    }

    /// Takes a place for the way home of what a command carries, if it carries something; gives the
    /// command back when none is left.
    pub(super) fn lend(&mut self, message: ControlMessage) -> Result<Command, ControlMessage> {
        message.try_exchange(self)
    }

    fn take_place<T>(&mut self, what: T, lent: impl FnOnce(T) -> Lent) -> Result<Loan, T> {
        match self.free_places.checked_sub(1) {
            Some(left) => {
                self.free_places = left;
                Ok(Loan(lent(what)))
            }
            None => Err(what),
        }
    }

    /// Frees every sample that came back; says how many.
    pub(super) fn collect(&mut self) -> usize {
        let mut collected = 0;
        while let Ok(loan) = self.retired_rx.pop() {
            drop(loan);
            self.free_places += 1;
            collected += 1;
        }
        collected
    }
}

impl Exchange<Arc<SampleBuffer>, StreamReader, Loan> for Lender {
    fn sample(&mut self, sample: Arc<SampleBuffer>) -> Result<Loan, Arc<SampleBuffer>> {
        self.take_place(sample, Lent::Sample)
    }

    fn stream(&mut self, stream: StreamReader) -> Result<Loan, StreamReader> {
        self.take_place(stream, Lent::Stream)
    }
}

/// The callback's way to get rid of a sample.
#[derive(Debug)]
pub(super) struct Returns {
    retired_tx: rtrb::Producer<Loan>,
}

impl Returns {
    /// Sends a sample home. Realtime-safe.
    pub(super) fn give_back(&mut self, loan: Loan) {
        if let Err(full) = self.retired_tx.push(loan) {
            debug_assert!(false, "more loans than places in the retired ring");
            // A leak is a smaller evil than freeing in the callback.
            std::mem::forget(full);
        }
    }
}
