//! Where bars begin.

use super::super::bars::{Accents, Bars, Begins, Start};
use super::super::changes::Changes;
use super::super::contrast::Sound;
use super::super::novelty::Novelty;
use super::{Track, analyse, assert_beats, frames};

#[test]
fn bars_begin_where_chords_change() {
    let chords_hz = [
        [110.0, 220.0, 277.0, 330.0],
        [98.0, 196.0, 247.0, 294.0],
        [87.0, 175.0, 220.0, 262.0],
        [82.0, 165.0, 208.0, 247.0],
    ];
    for bpm in [90.7, 96.3, 101.7] {
        let bar_sec = 240.0 / bpm;
        let mut track = Track::new(22_050, 14.0 * bar_sec);
        for beat in 0..56 {
            let at_sec = f64::from(beat) * bar_sec / 4.0;
            for hz in chords_hz[beat as usize / 4 % 4] {
                track.strike(at_sec, hz, 0.4, 0.2);
            }
            track.hiss(at_sec, 0.01, 0.1);
            track.hiss(at_sec + bar_sec / 8.0, 0.01, 0.05);
        }
        // Within any beat of a bar.
        for from_sec in [0.31, 1.0, 1.57, 2.2] {
            let part = frames(from_sec, 22_050)..frames(from_sec + 25.0, 22_050);
            let (_, tempo, _) =
                analyse(Track { rate: 22_050, plane: track.plane[part].to_vec() }.sample());
            assert!(tempo.downbeats_sec.len() >= 9, "{tempo:?}");
            for downbeat in &tempo.downbeats_sec {
                let off = (downbeat + from_sec) / bar_sec;
                assert!((off - off.round()).abs() < 0.01, "{off} at {bpm}, {from_sec}");
            }
        }
    }
}

#[test]
fn bars_begin_where_a_whole_bar_differs_from_the_one_before() {
    for bpm in [90.7, 101.7] {
        let beat_sec = 60.0 / bpm;
        let mut track = Track::new(44_100, 56.0 * beat_sec);
        for beat in 0..56 {
            let at_sec = f64::from(beat) * beat_sec;
            track.strike(at_sec, 60.0, 0.08, 0.8);
            // All beats of all bars are as loud, and what differs is too high for chords.
            for part in [0.0, 0.5] {
                let hz = if beat / 4 % 2 == 0 { 3_000.0 } else { 7_000.0 };
                track.strike(at_sec + part * beat_sec, hz, 0.03, 0.2);
            }
        }
        // Within any beat of a bar.
        for from in [0.3, 1.3, 2.3, 3.3] {
            let from_sec = from * beat_sec;
            let part = frames(from_sec, 44_100)..frames(from_sec + 25.0, 44_100);
            let (_, tempo, _) =
                analyse(Track { rate: 44_100, plane: track.plane[part].to_vec() }.sample());
            assert!(tempo.downbeats_sec.len() >= 9, "{tempo:?}");
            for downbeat in &tempo.downbeats_sec {
                let off = (downbeat + from_sec) / (4.0 * beat_sec);
                assert!((off - off.round()).abs() < 0.01, "{off} at {bpm}, {from}");
            }
        }
    }
}

#[test]
fn a_contrast_is_the_variance_of_how_much_louder_filters_are_a_bar_later() {
    let mut sound = Sound::new(3, 60);
    // Four blocks of each.
    for spectrum in [[1.0, 3.0, 2.0], [2.0, 1.0, 5.0], [2.5, 1.5, 5.5]] {
        (0..20).for_each(|_| sound.hear(&spectrum));
    }
    // The differences are 1, −2 and 3, and 2/3 on the whole.
    let contrast = |from, border, to| sound.contrast([from, border, to]);
    let expected =
        [1.0_f64, -2.0, 3.0].map(|louder| (louder - 2.0 / 3.0).powi(2)).iter().sum::<f64>() / 3.0;
    for [from, border, to] in [[0.0, 20.0, 40.0], [-0.2, 19.8, 39.8], [10.0, 16.0, 25.0]] {
        let found = contrast(from, border, to).expect("two parts");
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}, of {border}");
    }
    // Louder as a whole is not another sound.
    assert!(contrast(20.0, 40.0, 60.0).is_some_and(|none| none < 1e-9));
    let beyond =
        [contrast(-6.0, 20.0, 40.0), contrast(20.0, 40.0, 60.5), contrast(20.0, 20.0, 40.0)];
    assert_eq!(beyond, [None; 3]);
}

/// A signal that is 1 where a bar of rock has a stroke, in frames of a sixteenth each, the bar
/// beginning at frame `first`.
fn strokes(first: usize, places: &[usize]) -> Vec<f32> {
    let is_stroke = |frame: usize| places.contains(&((frame + 16 - first) % 16));
    // Sixteenths are ten frames apart.
    (0..1_600).map(|at| f32::from(u8::from(at % 10 == 0 && is_stroke(at / 10)))).collect()
}

/// Where bars begin in forty beats of such signals, none of which the sample begins with.
fn bars_of(novelty: &Novelty) -> Bars {
    let mut accents = Accents::default();
    let changes = Changes::new(1, 0);
    (0..40).for_each(|beat| accents.add(f64::from(beat) * 40.0, 40.0, novelty, &changes));
    let start = Start { begins: Begins::Cut, parts: 0.5, part_frames: 10.0, is_on_beat: false };
    accents.scores(0.0, &start, None).bars(&[])
}

/// Strokes below 110 Hz, below 250 Hz, and of a snare, in bars that begin at frame `first`.
fn struck(first: usize, [bass, kick, snare]: [&[usize]; 3]) -> Novelty {
    let mut novelty = Novelty::default();
    novelty.all = vec![0.0; 1_600];
    novelty.bass = strokes(first, bass);
    novelty.kick = strokes(first, kick);
    novelty.snare = strokes(first, snare);
    novelty
}

#[test]
fn bars_begin_where_kicks_and_snares_say_though_beats_were_taken_to_lie_between() {
    for first in 0..16 {
        let novelty = struck(first, [&[], &[0, 10], &[4, 12]]);
        assert_eq!(bars_of(&novelty), Bars { per_bar: 4, first });
    }
}

#[test]
fn beats_are_on_the_kicks_where_a_snare_is_halfway_between_every_two() {
    // A snare has something below 250 Hz, too.
    let signals: [&[usize]; 3] = [&[0, 4, 8, 12], &[0, 2, 4, 6, 8, 10, 12, 14], &[2, 6, 10, 14]];
    for first in 0..4 {
        // All beats are alike, and any of them may begin a bar.
        assert_eq!(bars_of(&struck(first, signals)), Bars { per_bar: 4, first });
    }
}

#[test]
fn a_snare_on_every_beat_stays_there_where_a_kick_sounds_with_it() {
    let beats = [0, 4, 8, 12];
    for first in 0..4 {
        let novelty = struck(first, [&beats, &beats, &beats]);
        assert_eq!(bars_of(&novelty), Bars { per_bar: 4, first });
    }
}

#[test]
fn contrasts_say_which_of_beats_that_are_alike_is_the_first_but_traces_and_few_of_them_nothing() {
    let beats = [0, 4, 8, 12];
    let (novelty, changes) = (struck(0, [&beats, &beats, &beats]), Changes::new(1, 0));
    let mut accents = Accents::default();
    (0..40).for_each(|beat| accents.add(f64::from(beat) * 40.0, 40.0, &novelty, &changes));
    let start = Start { begins: Begins::Silence, parts: 0.0, part_frames: 10.0, is_on_beat: false };
    let scores = accents.scores(0.0, &start, None);
    for first in 1..4 {
        let contrasts = |known: usize, most: f64| -> Vec<Option<f64>> {
            let of = |beat: usize| [1.0, 0.4, 0.5, 0.7][(beat + 4 - first) % 4] * most;
            (0..40).map(|beat| (4..4 + known).contains(&beat).then(|| of(beat))).collect()
        };
        let bars = |known, most| scores.bars(&contrasts(known, most));
        assert_eq!(bars(32, 0.1), Bars { per_bar: 4, first: 4 * first });
        assert_eq!(bars(32, 0.0001), Bars { per_bar: 4, first: 0 });
        // Two of each beat of a bar are enough, and fewer are not.
        assert_eq!(bars(8, 0.1), Bars { per_bar: 4, first: 4 * first });
        assert_eq!(bars(7, 0.1), Bars { per_bar: 4, first: 0 });
    }
}

#[test]
fn a_change_is_one_less_the_cosine_between_half_a_second_and_the_next() {
    let mut changes = Changes::new(2, 400);
    for frame in 0..400 {
        changes.hear(if frame < 200 { &[3.0, 0.0] } else { &[0.0, 2.0] });
    }
    assert_eq!((changes.at(49.0), changes.at(351.0)), (None, None));
    assert!(changes.at(50.0).is_some() && changes.at(350.0).is_some());
    assert!(changes.at(145.0).is_some_and(|none| none < 2e-5));
    let expected = |block: u32| {
        // So many of ten blocks that are before it are after the border.
        let (new, old) = (2.0 * f64::from(block), 3.0 * f64::from(10 - block));
        1.0 - new / new.hypot(old)
    };
    for block in 0..10 {
        for part in [0.0, 0.1, 0.5, 0.9] {
            let between = expected(block) + part * (expected(block + 1) - expected(block));
            let found = changes.at(200.0 + 5.0 * (f64::from(block) + part)).expect("a change");
            assert!((found - between).abs() < 2e-5, "{found}, not {between}");
        }
    }
}

#[test]
fn of_silence_there_is_no_change_and_of_what_repeats_itself_what_rounding_leaves_is_none() {
    let mut silent = Changes::new(2, 400);
    (0..400).for_each(|_| silent.hear(&[0.0, 0.0]));
    assert!((0..400).all(|frame| silent.at(f64::from(frame)).is_none()));
    // Half a second that comes again, with 24 bits of each value: a change of nothing.
    let mut repeated = Changes::new(64, 400);
    for frame in 0..400 {
        let value = |at: u32| ((frame % 50 * 37 + at * 11) % 101) as f32 / 3.0 + 0.1;
        let rounded = |at: u32| value(at) * (1.0 + f32::EPSILON * (frame / 50 + at) as f32 % 3.0);
        repeated.hear(&(0..64).map(rounded).collect::<Vec<_>>());
    }
    let changes = (50..350).filter_map(|frame| repeated.at(f64::from(frame)));
    let (least, most) =
        changes.fold((f64::MAX, 0.0_f64), |(least, most), at| (at.min(least), at.max(most)));
    assert!(most < 1.2 * least, "{least} to {most}");
}

#[test]
fn bars_of_a_program_begin_with_the_file_though_all_that_sounds_is_off_the_beat() {
    for (bpm, bars) in [(97.0, 2_u32), (137.0, 2), (151.0, 4)] {
        let beat_sec = 60.0 / bpm;
        let mut track = Track::new(44_100, f64::from(bars) * 4.0 * beat_sec);
        for beat in 0..4 * bars {
            track.hiss((f64::from(beat) + 0.5) * beat_sec, 0.03, 0.3);
        }
        let (_, tempo, _) = analyse(track.sample());
        let expected: Vec<f64> = (0..4 * bars).map(|beat| f64::from(beat) * beat_sec).collect();
        assert_eq!(tempo.n_beats, Some(4 * bars), "{tempo:?}");
        assert_beats(&tempo.beats_sec, &expected, 0.001);
        let first: Vec<f64> = expected.into_iter().step_by(4).collect();
        assert_beats(&tempo.downbeats_sec, &first, 0.001);
    }
}
