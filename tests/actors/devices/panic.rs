//! A callback that panics.

use hotcue::output::{Output, OutputInfo, PreparedOutput, StartError};
use hotcue::playback::{EndReason, PlaybackEvent, Renderer};
use hotcue_actors::{AudioEngine, DeviceState, EngineConfig, PlayOptions, PlaybackNotice};
use hotcue_tests::panics::caught;
use hotcue_tests::wait_until;

use super::{mock_at, play_ramp, states_until};

const PANICS_AT: u64 = 1 << 17;

/// Has the callback of an output panic.
struct Panicking(Box<dyn PreparedOutput>);

impl PreparedOutput for Panicking {
    fn info(&self) -> &OutputInfo {
        self.0.info()
    }

    fn start(self: Box<Self>, mut renderer: Renderer) -> Result<Box<dyn Output>, StartError> {
        renderer.panic_at(PANICS_AT);
        self.0.start(renderer)
    }
}

#[test]
fn a_callback_that_panics_is_silent_for_a_block_says_so_and_goes_on() {
    let device = mock_at("card", 48_000, 2);
    let engine = AudioEngine::new(EngineConfig::default()).expect("a valid configuration");
    engine.run_on(Box::new(Panicking(device.prepare()))).expect("a mock starts");
    play_ramp(&engine);
    let pull = || caught(|| device.pull(64)).expect("no panic leaves the callback");
    let is_silent = |block: &[f32]| block.iter().all(|value| *value == 0.0);
    let clock = || engine.clock().expect("it runs").frame;
    wait_until("it sounds", || pull().is_some_and(|block| !is_silent(&block)));
    assert!(clock() < PANICS_AT, "it sounded before");
    while clock() < PANICS_AT {
        assert!(!is_silent(&pull().expect("it runs")));
    }
    assert!(is_silent(&pull().expect("it runs")));
    assert_eq!(clock(), PANICS_AT + 64, "the clock goes on");
    assert_eq!(states_until(&engine, DeviceState::Recovered).last().expect("one").1, "card");
    assert_eq!(engine.stats().callback_panics, 1);
    let notices = std::iter::from_fn(|| engine.poll_playback_events());
    let ends = notices.filter_map(|notice| match notice {
        PlaybackNotice::Voice(PlaybackEvent::Ended { reason, .. }) => Some(reason),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [EndReason::Failed]);
    engine.play_sample(0, PlayOptions::default()).expect("it runs");
    wait_until("it sounds again", || pull().is_some_and(|block| !is_silent(&block)));
}
