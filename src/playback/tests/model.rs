//! The renderer against a slow model of one voice, and against itself in other block sizes.
//!
//! The model knows one frame at a time, in f64, and only what the documentation says: which frame
//! of the sample is read, and by which factors it is multiplied.

use super::events::Dice;
use super::*;

/// One voice at speed 1 or −1, as the documentation has it.
struct Model {
    sample: Vec<f32>,
    looped: bool,
    backwards: bool,
    place: i64,
    paused: bool,
    /// Its bus is paused.
    held: bool,
    /// Where to, and when that is to be heard.
    seek: Option<(i64, Option<u64>)>,
    /// Whether it is to stand or to go on where it jumps to.
    then: Option<bool>,
    heard_at: u64,
    /// Something was read where it was put.
    moved: bool,
    /// What it is told when its clock comes to that frame.
    agenda: Vec<(u64, ControlMessage)>,
    attack: bool,
    /// The fade that it begins with.
    rise: Fade,
    opening: Option<f64>,
    gate: Fade,
    release: Option<Fade>,
    volume: Fade,
    over: bool,
    /// Frames that have sounded.
    clock: u64,
    /// When a stop begins, and its fade.
    stop: Option<(u64, u32)>,
}

/// A straight way between two values.
#[derive(Clone, Copy)]
struct Fade {
    from: f64,
    to: f64,
    frames: f64,
    done: f64,
}

impl Fade {
    fn at(value: f64) -> Self {
        Self { from: value, to: value, frames: 0.0, done: 0.0 }
    }

    fn value(&self) -> f64 {
        if self.done >= self.frames {
            return self.to;
        }
        self.from + (self.to - self.from) * self.done / self.frames
    }

    fn step(&mut self) -> f64 {
        self.done = (self.done + 1.0).min(self.frames);
        self.value()
    }

    fn go(&mut self, to: f64, frames: f64) {
        if (to - self.to).abs() > 0.0 {
            *self = Self { from: self.value(), to, frames, done: 0.0 };
        }
    }

    fn is_shut(&self) -> bool {
        self.to == 0.0 && self.done >= self.frames
    }
}

const RAMP_FRAMES: f64 = RAMP as f64;

impl Model {
    fn new(sample: &[f32], looped: bool, backwards: bool, fade_in_frames: u32) -> Self {
        Self {
            sample: sample.to_vec(),
            looped,
            backwards,
            place: if backwards { sample.len() as i64 - 1 } else { 0 },
            paused: false,
            held: false,
            seek: None,
            then: None,
            heard_at: 0,
            moved: false,
            agenda: Vec::new(),
            attack: true,
            rise: Fade { from: 0.0, to: 1.0, frames: f64::from(fade_in_frames), done: 0.0 },
            opening: None,
            gate: Fade::at(0.0),
            release: None,
            volume: Fade::at(1.0),
            over: false,
            clock: 0,
            stop: None,
        }
    }

    /// Obeys a command, or keeps it until then.
    fn hear(&mut self, message: &ControlMessage) {
        use ControlMessage as M;
        let voice = 1;
        let (frame, kept) = match *message {
            M::PauseVoice { at_frame, .. } => (at_frame, M::PauseVoice { voice, at_frame }),
            M::ResumeVoice { at_frame, .. } => (at_frame, M::ResumeVoice { voice, at_frame }),
            M::PauseBus { bus, at_frame } => (at_frame, M::PauseBus { bus, at_frame }),
            M::ResumeBus { bus, at_frame } => (at_frame, M::ResumeBus { bus, at_frame }),
            M::SeekVoice { frame, at_frame, .. } => (
                at_frame.map(|at_frame| at_frame.saturating_sub(2 * RAMP as u64)),
                M::SeekVoice { voice, frame, at_frame },
            ),
            M::SetVoice { volume, fade_frames, at_frame, .. } => (
                at_frame,
                M::SetVoice {
                    voice,
                    volume,
                    pan: None,
                    speed: None,
                    looping: None,
                    fade_frames,
                    at_frame,
                },
            ),
            M::CancelChanges { .. } => {
                let is_of_a_bus =
                    |message: &M| matches!(message, M::PauseBus { .. } | M::ResumeBus { .. });
                self.then = None;
                return self.agenda.retain(|(_, message)| is_of_a_bus(message));
            }
            _ => return self.obey(message),
        };
        match frame.filter(|frame| *frame > self.clock) {
            None => self.obey(message),
            Some(frame) => self.keep(frame, kept),
        }
    }

    fn keep(&mut self, frame: u64, message: ControlMessage) {
        let behind = self.agenda.iter().position(|(other, _)| *other > frame);
        self.agenda.insert(behind.unwrap_or(self.agenda.len()), (frame, message));
    }

    /// Whether it is told to stand, or to go on, up to a frame to come.
    fn stands_by(&self, until: u64) -> Option<bool> {
        let told = self.agenda.iter().rev().filter(|(frame, _)| *frame <= until);
        told.map(|(_, message)| message).find_map(|message| match message {
            ControlMessage::PauseVoice { .. } => Some(true),
            ControlMessage::ResumeVoice { .. } => Some(false),
            _ => None,
        })
    }

    fn obey(&mut self, message: &ControlMessage) {
        if self.over {
            return;
        }
        let silent = self.gate.is_shut();
        match *message {
            ControlMessage::StopVoice { fade_frames, at_frame: Some(frame), .. }
                if frame > self.clock =>
            {
                self.stop = Some((frame, fade_frames));
            }
            ControlMessage::StopVoice { .. } if silent => self.over = true,
            ControlMessage::StopVoice { fade_frames, .. } => {
                let frames = f64::from(fade_frames.max(48));
                match &mut self.release {
                    None => {
                        let mut release = Fade::at(1.0);
                        release.go(0.0, frames);
                        self.release = Some(release);
                    }
                    Some(release) if release.frames - release.done > frames => {
                        *release = Fade { from: release.value(), to: 0.0, frames, done: 0.0 };
                    }
                    Some(_) => {}
                }
            }
            ControlMessage::PauseBus { bus: 0, .. } => self.held = true,
            ControlMessage::ResumeBus { bus: 0, .. } => self.held = false,
            _ if self.release.is_some() => {}
            ControlMessage::PauseVoice { .. } => self.paused = true,
            ControlMessage::ResumeVoice { .. } => self.paused = false,
            ControlMessage::SeekVoice { frame, at_frame, .. } => {
                let at_frame = at_frame.filter(|frame| *frame + 20 * RAMP as u64 > self.clock);
                let then = at_frame.and_then(|until| self.stands_by(until));
                if let Some(at_frame) = at_frame.filter(|frame| *frame > self.clock)
                    && then == Some(true)
                {
                    let seek = ControlMessage::SeekVoice { voice: 1, frame, at_frame: None };
                    return self.keep(at_frame, seek);
                }
                if at_frame.is_some() || self.heard_at <= self.clock {
                    self.seek = Some((i64::try_from(frame).expect("small"), at_frame));
                    (self.then, self.heard_at) = (then, at_frame.unwrap_or(0));
                }
            }
            ControlMessage::SetVoice { volume: Some(volume), fade_frames, .. } => {
                let frames = fade_frames.map_or(RAMP_FRAMES, |frames| f64::from(frames.max(48)));
                let left = self.volume.frames - self.volume.done;
                if silent {
                    self.volume = Fade::at(volume.into());
                } else if self.volume.to != f64::from(volume) || left > frames {
                    let (from, to) = (self.volume.value(), volume.into());
                    self.volume = Fade { from, to, frames, done: 0.0 };
                }
            }
            _ => {}
        }
    }

    fn stands(&self) -> bool {
        self.paused || self.held
    }

    /// The next frame.
    fn step(&mut self) -> f64 {
        if let Some((_, fade_frames)) = self.stop.take_if(|(frame, _)| *frame == self.clock) {
            self.obey(&ControlMessage::StopVoice { voice: 1, fade_frames, at_frame: None });
        }
        while self.agenda.first().is_some_and(|(frame, _)| *frame == self.clock) {
            let (_, message) = self.agenda.remove(0);
            self.obey(&message);
        }
        self.sound()
    }

    /// Where it is to be put now, silent as it is, and how long it takes to come back.
    fn landing(&self, frame: i64, at_frame: Option<u64>) -> Option<(i64, Option<f64>)> {
        let Some(at_frame) = at_frame else { return Some((frame, None)) };
        let left =
            i64::try_from(at_frame).expect("small") - i64::try_from(self.clock).expect("small");
        if self.stands() {
            return (left <= 0).then_some((frame, None));
        }
        // What has not begun by then begins there.
        let ahead = if self.moved { left } else { left.max(0) };
        // No longer than it takes to come there from where it begins.
        let room = if self.backwards { self.sample.len() as i64 - 1 - frame } else { frame };
        let lead = room.clamp(0, RAMP as i64);
        let way = if self.backwards { ahead } else { -ahead };
        let opening = (left > 0).then(|| left.max(lead.min(RAMP as i64 / 5)) as f64);
        (left <= lead).then_some((frame + way, opening))
    }

    fn sound(&mut self) -> f64 {
        if self.gate.is_shut() && self.release.is_none() && self.seek.is_some() {
            self.paused = self.then.take().unwrap_or(self.paused);
        }
        let landing = self.seek.and_then(|(frame, at_frame)| self.landing(frame, at_frame));
        self.clock += 1;
        let fade = |way: f64, frames: f64| (way * frames).round().max(1.0);
        if self.over {
            return 0.0;
        }
        if self.stands() || self.seek.is_some() {
            self.opening = self.opening.filter(|_| self.gate.is_shut());
            if self.gate.to > 0.0 {
                self.gate.go(0.0, RAMP_FRAMES);
            }
        }
        if self.gate.is_shut() {
            if self.release.is_some() {
                self.over = true;
                return 0.0;
            }
            if let Some((place, opening)) = landing {
                if self.seek.is_some_and(|(_, at_frame)| at_frame.is_some()) {
                    self.rise = Fade::at(1.0);
                }
                (self.seek, self.moved) = (None, false);
                self.place = place;
                let begin = if self.backwards { self.sample.len() as i64 - 1 } else { 0 };
                self.attack = place == begin;
                self.opening = opening.or(self.opening);
            }
            if self.stands() || self.seek.is_some() {
                return 0.0;
            }
        }
        if !self.stands() && self.seek.is_none() {
            if self.attack || self.rise.value() == 0.0 {
                self.gate = Fade::at(1.0);
            }
            let frames = self.opening.unwrap_or(RAMP_FRAMES);
            self.gate.go(1.0, fade(1.0 - self.gate.value(), frames));
        }
        let length = self.sample.len() as i64;
        if self.looped {
            self.place = self.place.rem_euclid(length);
        } else if !(0..length).contains(&self.place) {
            if self.release.is_none() && self.seek.is_some() {
                self.gate = Fade::at(0.0);
                self.clock -= 1;
                return self.sound();
            }
            self.over = true;
            return 0.0;
        }
        (self.attack, self.moved) = (false, true);
        let bend = |fade: f64| fade * fade * (3.0 - 2.0 * fade);
        let release = self.release.as_mut().map_or(1.0, Fade::step);
        if self.release.is_some() && release == 0.0 {
            self.over = true;
        }
        let gain =
            bend(self.rise.step()) * bend(self.gate.step()) * bend(release) * self.volume.step();
        let value = self.sample[usize::try_from(self.place).expect("in the sample")];
        self.place += if self.backwards { -1 } else { 1 };
        f64::from(value) * gain
    }
}

/// A command for voice 1, or its bus, that the model knows.
fn command(dice: &mut Dice, clock: u64) -> ControlMessage {
    let voice = 1;
    let at_frame = (dice.below(3) == 0).then(|| clock + dice.below(1500));
    match dice.below(15) {
        0..=2 => ControlMessage::PauseVoice { voice, at_frame },
        3..=5 => ControlMessage::ResumeVoice { voice, at_frame },
        12 if dice.below(2) == 0 => ControlMessage::PauseBus { bus: 0, at_frame },
        // Another bus is not its.
        12 => ControlMessage::PauseBus { bus: 1 + u32::from(dice.below(2) == 0), at_frame },
        13 => ControlMessage::ResumeBus { bus: 0, at_frame },
        14 if dice.below(4) == 0 => ControlMessage::CancelChanges { voice },
        6 | 7 | 14 => {
            ControlMessage::SeekVoice { voice, frame: dice.below(4) * dice.below(900), at_frame }
        }
        8..=10 => ControlMessage::SetVoice {
            voice,
            volume: Some(dice.below(9) as f32 / 4.0),
            pan: None,
            speed: None,
            looping: None,
            fade_frames: [None, Some(0), Some(1_000)][dice.size(3)],
            at_frame,
        },
        _ if dice.below(4) == 0 => {
            let fade_frames = u32::try_from(dice.below(3000)).expect("small");
            let at_frame = (dice.below(2) == 0).then(|| clock + dice.below(1500));
            ControlMessage::StopVoice { voice, fade_frames, at_frame }
        }
        _ => ControlMessage::ResumeVoice { voice, at_frame },
    }
}

#[test]
fn a_voice_is_where_the_model_says_and_as_loud() {
    let (mut heard, mut ended) = (0.0_f64, 0);
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let frames = [1, 2, 3, 100, 300, 2000][dice.size(6)];
        let sample = noise(frames, u32::try_from(seed).expect("small") + 1);
        let (looped, backwards) = (dice.below(4) > 0, dice.below(2) == 0);
        let fade_in_frames = [0, 0, 1, 100, 5_000][dice.size(5)];
        let mut model = Model::new(&sample, looped, backwards, fade_in_frames);
        let mut rig = Rig::new();
        rig.load(0, vec![sample]);
        let speed = if backwards { -1.0 } else { 1.0 };
        let looping = looped.into();
        rig.play(1, 0, VoiceParams { looping, speed, fade_in_frames, ..params() });
        for turn in 0..60 {
            for _ in 0..dice.below(3) {
                let message = command(&mut dice, model.clock);
                model.hear(&message);
                rig.send(message);
            }
            let block = 1 + dice.size(400);
            for (frame, value) in rig.left(block).into_iter().enumerate() {
                let expected = model.step();
                heard = heard.max(expected.abs());
                let off = (f64::from(value) - expected).abs();
                assert!(
                    off < 1e-4,
                    "seed {seed}, turn {turn}, frame {frame}: {value}, the model says {expected}"
                );
            }
        }
        // An end is told by the block after it.
        rig.left(1);
        model.step();
        let is_over = rig.ends().len() == 1;
        assert_eq!(is_over, model.over, "seed {seed}");
        ended += u32::from(is_over);
    }
    assert!(heard > 1.0 && (50..350).contains(&ended), "{heard} {ended}");
}

/// Everything heard and told in a long session of random commands, `sizes` deciding into which
/// blocks the frames between commands are cut.
fn session(seed: u64, sizes: &mut Dice) -> (Vec<f32>, Vec<PlaybackEvent>) {
    let mut dice = Dice(seed);
    let config = PlaybackConfig { slots: 4, max_voices: 6, ..PlaybackConfig::default() };
    let mut rig = Rig::with(config);
    let mut out = Vec::new();
    let mut plays = 0;
    for _ in 0..40 {
        for _ in 0..dice.below(5) {
            let message = dice.message(&mut rig, plays);
            rig.send(message);
            let (slot, clock) = (dice.slot(), rig.controller.shared().clock_frames());
            let params = dice.params(clock);
            rig.play(plays, slot, params);
            plays += 1;
        }
        let mut left = 1 + dice.size(900);
        while left > 0 {
            let size = (1 + sizes.size(600)).min(left);
            out.extend(rig.render(size).swap_remove(usize::from(plays % 2 == 0)));
            left -= size;
        }
        rig.controller.collect();
    }
    rig.send(ControlMessage::StopAll { fade_frames: 240, at_frame: None });
    rig.left(1000);
    // Within one block of the mixer they come by voice, not by time, and of rounds the last.
    let mut events = rig.events();
    events.retain(|event| !matches!(event, PlaybackEvent::Looped { .. }));
    events.sort_by_key(|event| match *event {
        PlaybackEvent::Started { voice, frame, .. } => (voice, frame, 0),
        PlaybackEvent::Looped { voice, frame, .. } => (voice, frame, 1),
        PlaybackEvent::Ended { voice, frame, .. } => (voice, frame, 2),
    });
    (out, events)
}

#[test]
fn the_cut_into_blocks_changes_nothing_whatever_is_commanded() {
    let mut heard = 0;
    for seed in 0..60 {
        let (whole, events) = session(seed, &mut Dice(0));
        for cut in 1..4 {
            let (other, other_events) = session(seed, &mut Dice(1000 * seed + cut));
            let differs = whole.iter().zip(&other).position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!((differs, whole.len()), (None, other.len()), "seed {seed}, cut {cut}");
            assert_eq!(events, other_events, "seed {seed}, cut {cut}");
        }
        assert!(whole.iter().all(|value| value.is_finite()), "seed {seed}");
        heard += u32::from(sharpest(&whole) > 0.0);
    }
    assert!(heard > 50, "only {heard} of 60 sessions were heard");
}
