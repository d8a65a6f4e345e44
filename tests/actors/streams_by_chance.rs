//! Streams beside the same samples in memory, whatever is commanded.

use std::iter;
use std::path::{Path, PathBuf};

use hotcue::Source;
use hotcue::playback::{PlaybackEvent, Retrigger};
use hotcue_actors::{
    AudioEngine, EngineError, LoadTicket, LoopMode, PlayLoop, PlayOptions, PlaybackNotice,
    VoiceChange,
};
use hotcue_tests::{PATIENCE, Random, TempDir, fixtures, long_form, noise, wav_bytes};

use crate::offline;

const RATE: u32 = 48_000;
const MEMORY: u32 = 0;
const STREAM: u32 = 1;

/// A file of one channel, twenty seconds of noise.
fn long_file(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("noise.wav");
    let frames = 20 * RATE;
    let values = noise(1, frames as usize);
    let value = |frame: u32, _| f64::from(values[frame as usize]) / 256.0 - 0.5;
    std::fs::write(&path, wav_bytes(RATE, 1, frames, value)).expect("a file can be written");
    path
}

/// One engine, in which the same is asked of a sample in memory, heard on the left, and of one that
/// is streamed, heard on the right.
struct Both {
    engine: AudioEngine,
    duration_sec: f64,
    /// Exact speeds read no frames but their own.
    speeds: &'static [f64],
    /// In memory and streamed.
    voices: Option<[u64; 2]>,
    log: Vec<String>,
}

impl Both {
    fn new(path: &Path, dice: &mut Random) -> Self {
        let engine = offline(2);
        let source = Source::Path(path.to_path_buf());
        let wait = |ticket: LoadTicket| {
            let outcome = ticket.wait(Some(PATIENCE)).expect("it ends");
            outcome.expect("a sound file")
        };
        let memory = engine.load_sample_async(Some(MEMORY), source.clone(), 0).expect("accepted");
        let duration_sec = wait(memory).duration_sec();
        wait(engine.stream_sample_async(Some(STREAM), source, 0).expect("accepted"));
        let speeds: &[f64] = match dice.one_in(2) {
            true => &[1.0, -1.0],
            false => &[1.0, -1.0, 0.5, 2.0, 1.37, -0.7, -3.1, 3.9],
        };
        Self { engine, duration_sec, speeds, voices: None, log: Vec::new() }
    }

    fn speed(&self, dice: &mut Random) -> f64 {
        self.speeds[dice.below(self.speeds.len())]
    }

    /// A place in the sample, in seconds.
    fn place(&self, dice: &mut Random) -> f64 {
        self.duration_sec * dice.below(10_000) as f64 / 10_000.0
    }

    /// A loop that begins and ends behind and before the edges of the file, or none.
    fn looping(&self, dice: &mut Random) -> PlayLoop {
        let modes = [LoopMode::Off, LoopMode::Forward, LoopMode::PingPong, LoopMode::Backward];
        let length_sec =
            [0.005, 0.05, 0.3, 2.0][dice.below(4)] * (1.0 + dice.below(100) as f64 / 99.0);
        let start_sec = 0.02 + self.place(dice) * 0.9;
        let end_sec = (start_sec + length_sec).min(self.duration_sec - 0.01);
        let mode = if end_sec > start_sec + 0.004 { modes[dice.below(4)] } else { LoopMode::Off };
        match mode {
            LoopMode::Off => PlayLoop::default(),
            mode => PlayLoop { mode, start_sec, end_sec: Some(end_sec) },
        }
    }

    fn play(&mut self, dice: &mut Random) {
        let options = PlayOptions {
            speed: self.speed(dice),
            looping: self.looping(dice),
            start_sec: if dice.one_in(2) { self.place(dice) } else { 0.0 },
            fade_in_sec: [0.0, 0.1][dice.below(2)],
            fade_out_sec: [0.0, 0.2][dice.below(2)],
            retrigger: [Retrigger::Overlap, Retrigger::Restart][dice.below(2)],
            ..PlayOptions::default()
        };
        self.log.push(format!("{options:?}"));
        let play = |slot, pan| {
            let options = PlayOptions { pan, ..options };
            self.engine.play_sample(slot, options).expect("it runs").expect("it is loaded")
        };
        self.voices = Some([play(MEMORY, -1.0), play(STREAM, 1.0)]);
    }

    /// Does something to the voices that were begun last.
    fn command(&mut self, dice: &mut Random) {
        let Some(voices) = self.voices.filter(|_| !dice.one_in(5)) else { return self.play(dice) };
        let engine = &self.engine;
        let each = |command: &dyn Fn(u64) -> Result<bool, EngineError>| {
            voices.into_iter().for_each(|voice| assert!(command(voice).is_ok()));
        };
        // Also while others are to come yet.
        let clock = engine.clock().expect("it runs").frame;
        let at = dice.one_in(2).then(|| clock + dice.below(30_000) as u64);
        let then = at.map_or_else(String::new, |at| format!(" at {at}"));
        let change = |change: VoiceChange| {
            each(&|voice| engine.at(at).set_voice(voice, change));
            format!("{change:?}{then}")
        };
        let said = match dice.below(8) {
            0..3 => {
                let to = self.place(dice);
                each(&|voice| engine.at(at).seek_voice(voice, to));
                format!("seek to {to}{then}")
            }
            3 | 4 => {
                change(VoiceChange { speed: Some(self.speed(dice)), ..VoiceChange::default() })
            }
            5 => {
                change(VoiceChange { looping: Some(self.looping(dice)), ..VoiceChange::default() })
            }
            6 => {
                each(&|voice| engine.at(at).pause_voice(voice));
                format!("pause{then}")
            }
            _ => {
                each(&|voice| engine.at(at).resume_voice(voice));
                format!("resume{then}")
            }
        };
        self.log.push(said);
    }

    /// Renders, and lays the sides beside each other.
    fn check(&mut self, dice: &mut Random) {
        let most = [1, 100, 240, 1_000, 5_000, 20_000][dice.below(6)];
        let frames = 1 + dice.below(most);
        self.log.push(format!("{frames} frames"));
        let rendered = self.engine.render(frames).expect("offline");
        let sides = rendered.samples.chunks(2);
        let differs = sides.clone().position(|sides| sides[0].to_bits() != sides[1].to_bits());
        assert_eq!(differs, None, "{:#?}", self.log);
    }

    /// When the voices of a slot ended, and why.
    fn ends(&self) -> [Vec<String>; 2] {
        let notices: Vec<_> = iter::from_fn(|| self.engine.poll_playback_events()).collect();
        [MEMORY, STREAM].map(|wanted| {
            let ends = notices.iter().filter_map(|notice| match notice {
                PlaybackNotice::Voice(PlaybackEvent::Ended { slot, frame, reason, .. })
                    if *slot == wanted =>
                {
                    Some(format!("{frame}: {reason:?}"))
                }
                _ => None,
            });
            ends.collect()
        })
    }
}

#[test]
fn whatever_is_commanded_a_stream_sounds_to_the_bit_as_its_sample_in_memory() {
    let folder = TempDir::new();
    let long = long_file(&folder);
    let sources = [long, fixtures().join("long/vorbis_mono.ogg"), fixtures().join("long/mp2.mp2")];
    for seed in 0..if long_form() { 3_000 } else { 60 } {
        let mut dice = Random::new(seed);
        let mut both = Both::new(&sources[dice.below(sources.len())], &mut dice);
        both.log.push(format!("seed {seed}"));
        for _ in 0..3 + dice.below(12) {
            both.command(&mut dice);
            both.check(&mut dice);
        }
        let [memory, stream] = both.ends();
        assert_eq!(stream, memory, "{:#?}", both.log);
        assert_eq!(both.engine.stats().underruns, 0, "{:#?}", both.log);
    }
}
