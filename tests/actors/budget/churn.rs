//! A thousand loads through a small memory, while it plays.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use hotcue::playback::{EndReason, PlaybackEvent};
use hotcue_actors::{PlayOptions, PlaybackNotice};
use hotcue_tests::{Contract, PATIENCE};

use super::{FRAMES, LONG, Rig, SAMPLE, level};

const LOADS: u32 = 1_000;
const SLOTS: u32 = 64;
/// Samples that fit: one that loops, one that plays, and what two workers have in hand.
const FIT: u64 = 6;

/// What the budget is held against while others work.
struct Watch {
    over: AtomicBool,
    most: AtomicU64,
}

impl Watch {
    fn run(&self, rig: &Rig) {
        while !self.over.load(Ordering::Acquire) {
            let stats = rig.engine.stats();
            let bytes = stats.sample_bytes + stats.reserved_bytes;
            self.most.fetch_max(bytes, Ordering::Relaxed);
            thread::yield_now();
        }
    }
}

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Release);
    }
}

struct StopWhenDropped<'a>(&'a Watch);

/// Renders until a voice has ended, checks every frame of it against the loop of slot 0, and says
/// what the voice added in all.
fn play_to_its_end(rig: &Rig, id: u32, heard: &mut HashMap<u64, EndReason>) -> f64 {
    let voice = rig.play(id, LONG);
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut sum = 0.0;
    while !heard.contains_key(&voice) {
        assert!(std::time::Instant::now() < deadline, "the play of {id} never sounds");
        for value in rig.render(480) {
            let extra = value - level(0);
            assert!(
                extra.abs() < 1e-6 || (extra - level(id)).abs() < 1e-6,
                "a frame is {value} while {id} plays"
            );
            sum += f64::from(extra);
        }
        while let Some(notice) = rig.engine.poll_playback_events() {
            match notice {
                PlaybackNotice::Voice(PlaybackEvent::Ended { voice, reason, .. }) => {
                    heard.insert(voice, reason);
                }
                PlaybackNotice::Voice(_) => {}
                dropped => panic!("{dropped:?}"),
            }
        }
    }
    assert_eq!(heard[&voice], EndReason::Finished, "the play of {id}");
    sum
}

#[test]
fn budget_holds_under_a_thousand_loads_and_no_playing_voice_is_evicted() {
    let rig = Rig::new(FIT, 2);
    rig.load(0);
    let looping = rig.play(0, PlayOptions { looping: true.into(), ..LONG });
    let watch = Watch { over: AtomicBool::new(false), most: AtomicU64::new(0) };
    let mut heard = HashMap::new();
    let mut contract = Contract::default();
    let (mut plays, mut evicted) = (0, 0);
    thread::scope(|scope| {
        let _stop = StopWhenDropped(&watch);
        scope.spawn(|| watch.run(&rig));
        let loader = scope.spawn(|| {
            let mut tickets = Vec::new();
            for load in 0..LOADS {
                // Of what nobody reads for longer the oldest events may go.
                while rig.engine.events().len() > 500 && !watch.over.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                tickets.push(rig.submit(1 + load * 37 % (SLOTS - 1)));
                // Two in hand and one that waits, as from somebody who browses.
                if load >= 2 {
                    let ended = tickets[load as usize - 2].wait(Some(PATIENCE));
                    assert!(ended.is_some(), "load {load} never ends");
                }
            }
            tickets
        });
        // Slots are played in an order of their own: most of what they held has left by then.
        for turn in 0_u32.. {
            let id = 1 + turn * 29 % (SLOTS - 1);
            if rig.engine.state(id).expect("it runs") != hotcue_actors::SlotState::Empty {
                let sum = play_to_its_end(&rig, id, &mut heard);
                let whole = f64::from(level(id)) * f64::from(FRAMES);
                assert!((sum - whole).abs() < 1e-3 * whole, "slot {id}: {sum} of {whole}");
                plays += 1;
            }
            evicted += super::evictions(&rig.drain(&mut contract)).len();
            if loader.is_finished() && plays >= 100 {
                break;
            }
        }
        let tickets = loader.join().expect("it has not failed");
        for ticket in &tickets {
            let kind = match ticket.wait(Some(PATIENCE)) {
                Some(Err(hotcue_actors::LoadFailure::Failed { error, .. })) => error.to_string(),
                Some(_) => continue,
                None => panic!("{ticket:?} never ends"),
            };
            assert_eq!(kind, "the sample has left memory; load it again");
        }
    });
    assert!(!heard.contains_key(&looping), "the loop has ended");
    evicted += super::evictions(&rig.drain(&mut contract)).len();
    let most = watch.most.into_inner();
    assert!(most <= (FIT + 1) * SAMPLE, "{most} bytes of {}", FIT * SAMPLE);
    assert!(most >= FIT * SAMPLE && evicted >= 500, "{most} bytes, {evicted} evictions");
    assert!(plays >= 100);
}
