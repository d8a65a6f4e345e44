//! What a play does in every state of its slot, with every `when_loading` and every `retrigger`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hotcue::Source;
use hotcue::playback::{EndReason, PlaybackEvent, Retrigger};
use hotcue_actors::{
    AudioEngine, DropReason, EngineConfig, EngineError, PlayOptions, PlaybackNotice, SlotState,
    WhenLoading,
};
use hotcue_tests::{
    BlockingSource, Gate, PATIENCE, PausingSource, TempDir, sine, wait_until, wav_bytes,
};

use crate::running;

const WHEN: [WhenLoading; 3] = [WhenLoading::PlayWhenReady, WhenLoading::Drop, WhenLoading::Raise];
const RETRIGGERS: [Retrigger; 4] =
    [Retrigger::Overlap, Retrigger::Restart, Retrigger::Ignore, Retrigger::Toggle];
const FRAMES: u32 = 4_800;

fn content() -> Vec<u8> {
    wav_bytes(48_000, 1, FRAMES, sine(440.0, 48_000))
}

/// An engine whose slot 0 is in a state, and what holds it there.
struct Rig {
    engine: AudioEngine,
    gate: Arc<Gate>,
    folder: TempDir,
}

impl Rig {
    fn new(state: &str) -> Self {
        let engine = running(EngineConfig {
            output: "offline".to_owned(),
            workers: Some(1),
            // Room for one of them.
            memory_budget: (state == "evicted").then_some(u64::from(FRAMES) * 4),
            ..EngineConfig::default()
        });
        let rig = Self { engine, gate: Arc::default(), folder: TempDir::new() };
        let file = |name| Source::Path(rig.folder.write(name, &content()));
        let load =
            |id, source| rig.engine.load_sample_async(Some(id), source, 0).expect("accepted");
        let loaded =
            |id, source| assert!(matches!(load(id, source).wait(Some(PATIENCE)), Some(Ok(_))));
        match state {
            "empty" => {}
            "failed" => {
                let nonsense = Source::Memory(Arc::from(&b"nonsense"[..]));
                assert!(matches!(load(0, nonsense).wait(Some(PATIENCE)), Some(Err(_))));
            }
            "queued" => {
                load(1, rig.blocked());
                wait_until("the decoder is busy", || rig.state(1) == SlotState::Loading);
                load(0, Source::Memory(content().into()));
            }
            "loading" => {
                load(0, rig.blocked());
                wait_until("it is loading", || rig.state(0) == SlotState::Loading);
            }
            "playable" => {
                load(0, rig.halved());
                wait_until("enough is there", || rig.state(0) == SlotState::Playable);
            }
            "ready" => loaded(0, file("a.wav")),
            "reloading" => {
                loaded(0, file("a.wav"));
                load(0, rig.blocked());
            }
            "evicted" => {
                loaded(0, file("a.wav"));
                loaded(1, file("b.wav"));
                wait_until("it was evicted", || rig.state(0) == SlotState::Evicted);
            }
            other => panic!("no state {other}"),
        }
        rig
    }

    fn blocked(&self) -> Source {
        let gate = Arc::clone(&self.gate);
        Source::Custom(Arc::new(BlockingSource { gate, content: content() }))
    }

    /// Two seconds, the second of which is blocked.
    fn halved(&self) -> Source {
        let content = wav_bytes(48_000, 1, 96_000, sine(440.0, 48_000));
        let gates = vec![(content.len() / 2, Arc::clone(&self.gate))];
        Source::Custom(Arc::new(PausingSource { gates, content: content.into(), fails: false }))
    }

    fn state(&self, id: u32) -> SlotState {
        self.engine.state(id).expect("it runs")
    }

    fn notices(&self) -> Vec<PlaybackNotice> {
        std::iter::from_fn(|| self.engine.poll_playback_events()).collect()
    }

    /// Renders until the voice has started or is over; whether it sounds.
    fn sounds(&self, voice: u64) -> bool {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.engine.render(64).expect("offline");
            for notice in self.notices() {
                match notice {
                    PlaybackNotice::Voice(PlaybackEvent::Started { voice: v, .. })
                        if v == voice =>
                    {
                        return true;
                    }
                    PlaybackNotice::Voice(PlaybackEvent::Ended { voice: v, reason, .. })
                        if v == voice =>
                    {
                        assert_eq!(reason, EndReason::Ignored);
                        return false;
                    }
                    PlaybackNotice::Dropped { voice: v, reason, .. } if v == voice => {
                        panic!("dropped: {reason:?}");
                    }
                    _ => {}
                }
            }
            assert!(Instant::now() < deadline, "nothing became of voice {voice}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What a play of slot 0 comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Sounds,
    SoundsOnceLoaded,
    Nothing,
    Raises,
}

fn expected(state: &str, when_loading: WhenLoading) -> Outcome {
    match (state, when_loading) {
        ("empty" | "failed", _) => Outcome::Nothing,
        ("playable" | "ready" | "reloading", _) => Outcome::Sounds,
        (_, WhenLoading::PlayWhenReady) => Outcome::SoundsOnceLoaded,
        (_, WhenLoading::Drop) => Outcome::Nothing,
        (_, WhenLoading::Raise) => Outcome::Raises,
    }
}

#[test]
fn every_state_of_a_slot_with_every_way_to_play_it() {
    let states =
        ["empty", "queued", "loading", "playable", "ready", "reloading", "failed", "evicted"];
    for state in states {
        for when_loading in WHEN {
            for retrigger in RETRIGGERS {
                let what = format!("{state}, {when_loading:?}, {retrigger:?}");
                let rig = Rig::new(state);
                let options = PlayOptions {
                    when_loading,
                    retrigger,
                    max_wait_sec: 60.0,
                    ..PlayOptions::default()
                };
                let played = rig.engine.play_sample(0, options);
                let outcome = match &played {
                    Ok(None) => Outcome::Nothing,
                    Err(EngineError::NotReady(0)) => Outcome::Raises,
                    Err(error) => panic!("{what}: {error}"),
                    Ok(Some(_)) if matches!(state, "playable" | "ready" | "reloading") => {
                        Outcome::Sounds
                    }
                    Ok(Some(_)) => Outcome::SoundsOnceLoaded,
                };
                assert_eq!(outcome, expected(state, when_loading), "{what}");
                if let Ok(Some(voice)) = played {
                    if outcome == Outcome::SoundsOnceLoaded {
                        rig.gate.open();
                    }
                    // Nothing sounded before it: no retrigger keeps the first voice from sounding.
                    assert!(rig.sounds(voice), "{what}");
                    // A second one meets the first.
                    let second = rig.engine.play_sample(0, options).expect("it runs");
                    let sounds = rig.sounds(second.expect("the slot is ready by now"));
                    let is_heard = matches!(retrigger, Retrigger::Overlap | Retrigger::Restart);
                    assert_eq!(sounds, is_heard, "{what}: the second");
                }
                rig.gate.open();
            }
        }
    }
}

#[test]
fn of_plays_that_wait_the_last_one_counts() {
    for state in ["queued", "loading"] {
        let rig = Rig::new(state);
        let options = PlayOptions { max_wait_sec: 60.0, ..PlayOptions::default() };
        let press = || rig.engine.play_sample(0, options).expect("it runs").expect("it waits");
        let voices: Vec<u64> = (0..50).map(|_| press()).collect();
        rig.gate.open();
        assert!(rig.sounds_only_last(&voices), "{state}: fifty presses are one voice");
    }
}

impl Rig {
    fn sounds_only_last(&self, voices: &[u64]) -> bool {
        let mut replaced = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.engine.render(64).expect("offline");
            for notice in self.notices() {
                match notice {
                    PlaybackNotice::Dropped { voice, reason: DropReason::Replaced, .. } => {
                        replaced.push(voice);
                    }
                    PlaybackNotice::Voice(PlaybackEvent::Started { voice, .. }) => {
                        return Some(&voice) == voices.last()
                            && replaced == voices[..voices.len() - 1]
                            && self.engine.stats().voices == 1;
                    }
                    _ => {}
                }
            }
            assert!(Instant::now() < deadline, "nothing sounded");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
