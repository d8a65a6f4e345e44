//! Notices a device that has stopped asking for audio, or that spins while it waits.

#[cfg(test)]
mod tests;

use std::time::Duration;

use actix_rt::time::Instant;

use crate::looks::LastLook;

/// A device that has asked for nothing for so long has stopped. PulseAudio may take two seconds
/// of audio in advance.
const STALLED: Duration = Duration::from_secs(3);
/// The same before its first callback: a wireless one takes its time.
const SLOW_START: Duration = Duration::from_secs(6);
/// How often the processor time is looked at.
const WINDOW: Duration = Duration::from_secs(1);
/// A thread that takes more of a processor than this beside rendering, for two windows, spins.
/// What waits as it should takes 0.02; what spins 0.8, or its share of a busy machine.
const SPIN: f64 = 0.25;

/// What is wrong with a device. [`Watch`] finds what it does not say itself: the last two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is gone.
    Lost,
    /// It has asked for far more audio than its rate.
    RunsAway,
    /// It has stopped asking for audio.
    Stalled,
    /// It plays, and takes a processor for itself. Said once.
    Spinning,
}

/// What was seen of one output.
#[derive(Debug)]
pub(super) struct Watch {
    began: Instant,
    frames: u64,
    looked: LastLook,
    moved_at: Instant,
    /// Since when and from what processor time on the window is.
    window: Option<(Instant, Duration)>,
    spinning: u32,
}

impl Watch {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            began: now,
            frames: 0,
            looked: LastLook::at(now),
            moved_at: now,
            window: None,
            spinning: 0,
        }
    }

    /// When it began.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Takes what an output says of itself. `idle_cpu` is asked once in a [`WINDOW`].
    pub(super) fn look(
        &mut self,
        pulled_frames: Option<u64>,
        idle_cpu: impl FnOnce() -> Option<Duration>,
        now: Instant,
    ) -> Option<Fault> {
        // No device could ask for anything meanwhile.
        self.moved_at += self.looked.look(now);
        let frames = pulled_frames?;
        if frames != self.frames {
            (self.frames, self.moved_at) = (frames, now);
        }
        let patience = if frames == 0 { SLOW_START } else { STALLED };
        if now.saturating_duration_since(self.moved_at) > patience {
            return Some(Fault::Stalled);
        }
        let (since, cpu_before) = match self.window {
            Some((since, _)) if now.saturating_duration_since(since) < WINDOW => return None,
            Some(window) => window,
            None => (now, Duration::MAX),
        };
        let cpu = idle_cpu()?;
        self.window = Some((now, cpu));
        let spent = cpu.saturating_sub(cpu_before).as_secs_f64();
        let is_spinning = spent > SPIN * now.saturating_duration_since(since).as_secs_f64();
        self.spinning = if is_spinning { self.spinning + 1 } else { 0 };
        (self.spinning == 2).then_some(Fault::Spinning)
    }
}
