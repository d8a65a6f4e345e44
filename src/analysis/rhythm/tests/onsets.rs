//! Where onsets and slices lie, and what is silent.

use super::super::super::grid_slices;
use super::{Noise, Track, analyse, frames};
use crate::buffer::SampleBuffer;

#[test]
fn silence_at_the_ends_is_measured() {
    let mut track = Track::new(48_000, 3.0);
    for frame in frames(0.5, 48_000)..frames(2.0, 48_000) {
        track.plane[frame] = if frame % 2 == 0 { 0.5 } else { -0.5 };
    }
    let (onsets, _, _) = analyse(track.sample());
    assert!((onsets.leading_silence_sec - 0.5).abs() < 1e-9, "{onsets:?}");
    assert!((onsets.trailing_silence_sec - 1.0).abs() < 1e-9, "{onsets:?}");
    // The last frame of the silence is the last one that is 0.
    assert_eq!(onsets.frames.first(), Some(&23_999));
}

#[test]
fn an_offset_of_the_whole_is_silence_and_what_stays_for_a_moment_is_not() {
    for offset in [0.0, 0.0005, 0.005, -0.01] {
        let mut track = Track::new(48_000, 3.0);
        for frame in frames(0.5, 48_000)..frames(2.0, 48_000) {
            track.plane[frame] = if frame % 2 == 0 { 0.5 } else { -0.5 };
        }
        track.plane.iter_mut().for_each(|value| *value += offset);
        let (onsets, _, _) = analyse(track.sample());
        let ends = [onsets.leading_silence_sec, onsets.trailing_silence_sec];
        assert!((ends[0] - 0.5).abs() < 1e-9 && (ends[1] - 1.0).abs() < 1e-9, "{offset}: {ends:?}");
    }
    // Square waves: a loud one that stays for 50 ms, and a soft one that stays for 25.
    for level in [0.5, 0.01] {
        let mut track = Track::new(48_000, 3.0);
        for (frame, value) in track.plane.iter_mut().enumerate() {
            let half = frame / if level > 0.1 { 2_400 } else { 1_200 };
            *value = if half % 2 == 0 { level } else { -level };
        }
        track.plane[72_000] = 0.5;
        let (onsets, _, _) = analyse(track.sample());
        let ends = [onsets.leading_silence_sec, onsets.trailing_silence_sec];
        assert_eq!(ends, [0.0, 0.0], "of {level}");
    }
}

/// Whether a channel is 0 at `frame`, has just changed its sign, or does next.
fn crosses_zero(plane: &[f32], frame: u64) -> bool {
    let at = frame as usize;
    let changes = |one: usize, other: usize| (plane[one] < 0.0) != (plane[other] < 0.0);
    plane[at] == 0.0 || at == 0 || changes(at - 1, at) || changes(at, at + 1)
}

/// Strikes over a tone that is 20 dB below them: nowhere is it silent.
fn strikes_over_a_tone(rate: u32, places_sec: &[f64]) -> Track {
    let mut track = Track::new(rate, 4.0);
    for (n, value) in track.plane.iter_mut().enumerate() {
        *value = (0.08 * (std::f64::consts::TAU * 110.0 * n as f64 / f64::from(rate)).sin()) as f32;
    }
    for at_sec in places_sec {
        track.strike(*at_sec, 700.0, 0.05, 0.8);
    }
    track
}

#[test]
fn onsets_lie_at_zero_crossings_before_the_attacks() {
    // At no multiple of a frame of the flux, and 110 ms apart at the least.
    let places_sec = [0.1234, 0.5077, 0.9503, 1.0606, 1.7771, 2.4999, 3.3333];
    for rate in [22_050, 44_100, 48_000, 96_000] {
        let track = strikes_over_a_tone(rate, &places_sec);
        let plane = track.plane.clone();
        let (onsets, _, _) = analyse(track.sample());
        let found = &onsets.onsets_sec;
        for (place, strength) in places_sec.iter().map(|place| {
            let near = |at: &usize| (found[*at] - place).abs();
            let nearest = (0..found.len()).min_by(|one, two| near(one).total_cmp(&near(two)));
            let nearest = nearest.expect("some onset");
            (found[nearest] - place, onsets.strengths[nearest])
        }) {
            assert!((-0.005..0.001).contains(&place), "{place} s off at {rate} Hz: {found:?}");
            assert!(strength > 0.3, "{strength} at {rate} Hz");
        }
        // The tone's own start is one, too; where it is cut off is none.
        assert_eq!((found.len(), found[0]), (places_sec.len() + 1, 0.0), "{found:?}");
        for frame in &onsets.frames {
            assert!(crosses_zero(&plane, *frame), "{frame} at {rate} Hz");
        }
        assert!(onsets.frames.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[test]
fn onsets_move_with_the_sound_over_a_low_note_at_any_rate() {
    // A note that is louder than where attacks are said to begin: it is below that for a moment
    // around each zero crossing only.
    let places_sec = [0.5, 0.9137, 1.3021, 1.7];
    let found = |rate: u32, later: usize| {
        let mut track = Track::new(rate, 2.2);
        for (n, value) in track.plane.iter_mut().enumerate() {
            let turns = 70.0 * n as f64 / f64::from(rate);
            *value = (0.16 * (std::f64::consts::TAU * turns).sin()) as f32;
        }
        for (at_sec, level) in places_sec.into_iter().zip([0.8, 0.7, 0.6, 0.5]) {
            track.strike(at_sec, 700.0, 0.05, level);
        }
        track.plane.splice(0..0, vec![0.0; later]);
        let (onsets, _, _) = analyse(track.sample());
        let later_sec = later as f64 / f64::from(rate);
        places_sec.map(|place| {
            let off = onsets.onsets_sec.iter().map(|at| at - later_sec - place);
            off.min_by(|one, other| one.abs().total_cmp(&other.abs())).expect("an onset")
        })
    };
    let expected = found(44_100, 0);
    for (rate, later) in [(44_100, 0), (48_000, 0)]
        .into_iter()
        .flat_map(|(rate, first)| (first..10).map(move |nth| (rate, nth * 53)))
    {
        let now = found(rate, later);
        let is_same = |(one, other): (f64, f64)| (one - other).abs() < 0.001;
        assert!(expected.into_iter().zip(now).all(is_same), "{now:?} at {rate} Hz, {later} later");
    }
}

#[test]
fn a_flam_begins_with_its_first_stroke() {
    // Further apart than onsets are at least, but nearer than two peaks of the flux.
    for apart_sec in [0.0305, 0.031, 0.0315] {
        for (gain, begins_with_it) in [(0.8, true), (0.6, true), (0.05, false)] {
            let mut track = Track::new(44_100, 1.0);
            track.hiss(0.0, 0.05, gain);
            track.hiss(apart_sec, 0.05, 0.8);
            let (onsets, _, _) = analyse(track.sample());
            let begins = onsets.onsets_sec[0] == 0.0;
            assert_eq!(begins, begins_with_it, "{apart_sec} s, {gain}: {onsets:?}");
        }
    }
}

#[test]
fn what_begins_in_the_last_moment_has_an_onset() {
    for rate in [8_000, 44_100, 96_000] {
        let onsets_of = |plane: Vec<f32>| {
            let sample = SampleBuffer::from_planes(rate, vec![plane]).expect("a mono sample");
            analyse(sample).0
        };
        let second = rate as usize;
        for before_end_sec in [0.0, 0.002, 0.01, 0.025] {
            let click = second - 1 - frames(before_end_sec, rate);
            for level in [0.7, -0.7] {
                let mut plane = vec![0.0; second];
                plane[click] = level;
                let expected = [click as u64 - 1];
                assert_eq!(onsets_of(plane).frames, expected, "{before_end_sec} s at {rate} Hz");
            }
        }
        let short: Vec<f32> = (0..second / 50).map(|at| (0.3 * at as f32).sin()).collect();
        assert_eq!(onsets_of(short.clone()).frames, [0], "20 ms at {rate} Hz");
        assert_eq!(onsets_of(short).strengths, [1.0]);
        assert_eq!(onsets_of(vec![0.5]).frames, [0], "one frame at {rate} Hz");

        let mut two = Track::new(rate, 1.0);
        two.strike(0.25, 700.0, 0.05, 0.8);
        two.plane[second - 1] = 0.2;
        let found = onsets_of(two.plane);
        assert_eq!(found.frames.last(), Some(&(second as u64 - 2)), "{found:?} at {rate} Hz");
        assert_eq!(found.frames.len(), 2, "{found:?} at {rate} Hz");
    }
}

#[test]
fn what_only_ends_there_has_none() {
    // A tone that is cut off, one that fades out, and one beside which a click is soft.
    let tone = |at: usize| (0.05 * at as f32).sin();
    let cut: Vec<f32> = (0..8_001).map(tone).collect();
    let faded = (0..8_001).map(|at| tone(at) * (1.0 - at as f32 / 8_001.0)).collect();
    let mut clicked = cut.clone();
    clicked[8_000] = 1.5;
    let mut soft = vec![0.0; 8_001];
    (soft[800], soft[8_000]) = (1.0, 0.04);
    for (what, plane, expected) in [
        ("cut off", cut, 0..1),
        ("faded", faded, 0..1),
        ("beside a click", clicked, 0..1),
        ("a soft click", soft, 799..801),
    ] {
        let sample = SampleBuffer::from_planes(8_000, vec![plane]).expect("a mono sample");
        let found = analyse(sample).0.frames;
        assert!(found.len() == 1 && expected.contains(&found[0]), "{what}: {found:?}");
    }
}

/// Notes of 0.35 s, a quarter of a second apart, that begin in 5 ms and end in `release_sec`.
fn notes(rate: u32, partials: u32, release_sec: f64) -> (Vec<f64>, Vec<f32>) {
    let starts_sec: Vec<f64> = (0..8).map(|note| 0.1 + 0.6 * f64::from(note)).collect();
    let mut track = Track::new(rate, 5.0);
    for (start_sec, semitones) in starts_sec.iter().zip([0, 4, 7, 12, 11, 7, 4, 2]) {
        let hz = 220.0 * 2.0_f64.powf(f64::from(semitones) / 12.0);
        let start = frames(*start_sec, rate);
        for (n, value) in track.plane[start..][..frames(0.35, rate)].iter_mut().enumerate() {
            let since_sec = n as f64 / f64::from(rate);
            let partial = |nth: u32| {
                let turns = f64::from(nth) * hz * since_sec;
                (std::f64::consts::TAU * turns).sin() / f64::from(nth)
            };
            let [begin, end] = [since_sec / 0.005, (0.35 - since_sec) / release_sec];
            let level = 0.2 * begin.min(end).min(1.0);
            *value = (level * (1..=partials).map(partial).sum::<f64>()) as f32;
        }
    }
    (starts_sec, track.plane)
}

#[test]
fn notes_have_an_onset_where_they_begin_and_none_where_they_end() {
    for rate in [22_050, 44_100, 96_000] {
        for partials in [1, 2, 4, 10] {
            for release_sec in [0.0, 0.001, 0.005, 0.01, 0.02] {
                let (starts_sec, plane) = notes(rate, partials, release_sec);
                let sample = SampleBuffer::from_planes(rate, vec![plane]).expect("a mono sample");
                let (onsets, _, _) = analyse(sample);
                let told = format!("{partials}, {release_sec} s at {rate} Hz: {onsets:?}");
                assert_eq!(onsets.frames.len(), starts_sec.len(), "{told}");
                for (found, start) in onsets.onsets_sec.iter().zip(&starts_sec) {
                    assert!((found - start).abs() < 0.01, "{told}");
                }
                // They are all alike.
                assert!(onsets.strengths.iter().all(|strength| *strength > 0.5), "{told}");
            }
        }
    }
}

#[test]
fn a_tone_that_is_cut_has_its_beginning_alone() {
    // Also where there is hardly any silence behind it.
    for (end_sec, length_sec) in [(1.0, 2.0), (1.0005, 2.0), (0.49, 0.5), (0.96, 1.0)] {
        let mut track = Track::new(44_100, length_sec);
        for (n, value) in track.plane[..frames(end_sec, 44_100)].iter_mut().enumerate() {
            *value = (0.5 * (std::f64::consts::TAU * 440.0 * n as f64 / 44_100.0).sin()) as f32;
        }
        let (onsets, _, _) = analyse(track.sample());
        let expected = (vec![0], vec![1.0]);
        assert_eq!((onsets.frames, onsets.strengths), expected, "{end_sec} of {length_sec} s");
    }
}

#[test]
fn a_soft_stroke_over_one_that_dies_away_is_an_onset() {
    for (hz, decay_sec) in [(60.0, 0.02), (110.0, 0.015), (200.0, 0.015)] {
        for gain in [0.03, 0.1] {
            let mut track = Track::new(44_100, 1.5);
            for at_sec in [0.2, 0.7, 1.2] {
                track.strike(at_sec, hz, decay_sec, 0.8);
                track.hiss(at_sec + 0.06, 0.01, gain);
            }
            let (onsets, _, _) = analyse(track.sample());
            let found = &onsets.onsets_sec;
            for at_sec in [0.26, 0.76, 1.26] {
                let is_there = found.iter().any(|found| (found - at_sec).abs() < 0.02);
                assert!(is_there, "{hz} Hz, {gain}: {found:?}");
            }
        }
    }
}

#[test]
fn slices_of_a_grid_are_moved_to_zero_crossings() {
    let track = strikes_over_a_tone(44_100, &[0.5, 1.0]);
    let plane = track.plane.clone();
    let sample = track.sample();
    let slices = grid_slices(&sample, &[0.25, 0.75, 1.25], 4);
    assert_eq!(slices.len(), 12);
    for (n, frame) in slices.iter().enumerate() {
        let place_sec = 0.25 + 0.125 * n as f64;
        // Half a period of 110 Hz is 4.5 ms.
        assert!((*frame as f64 / 44_100.0 - place_sec).abs() <= 0.0046, "{frame} for {place_sec}");
        assert!(crosses_zero(&plane, *frame), "{frame}");
    }
}

#[test]
fn silence_is_what_is_silent_in_every_channel() {
    let mut planes = vec![vec![0.0_f32; 48_000]; 3];
    planes[1][12_000] = 0.5;
    planes[2][35_999] = -1.0;
    // Less than 60 dB below the peak: not heard.
    planes[0][100] = 0.0009;
    planes[0][47_000] = -0.0009;
    let sample = SampleBuffer::from_planes(48_000, planes).expect("three channels");
    let (onsets, _, _) = analyse(sample);
    assert_eq!((onsets.leading_silence_sec, onsets.trailing_silence_sec), (0.25, 0.25));
}

#[test]
fn the_strongest_onset_has_a_strength_of_1_though_more_may_rise_where_none_is() {
    let mut noise = Noise(1);
    for case in 0..500 {
        let rate = [1_000, 1_001, 2_000, 8_000, 11_025, 44_100][case % 6];
        let mut track = Track::new(rate, 0.05 + (case % 97) as f64 / 40.0);
        let frames = track.plane.len() as f64;
        // What is no audio at all rises everywhere.
        for _ in 0..2 {
            let mut at = || ((noise.next() + 1.0) * frames / 2.0) as usize;
            let (one, other) = (at(), at());
            let is_bits = noise.next() < 0.0;
            let level = 10.0_f64.powf(4.0 * noise.next());
            for value in &mut track.plane[one.min(other)..one.max(other)] {
                noise.next();
                let bits = f32::from_bits(noise.0);
                match is_bits {
                    true => *value = if bits.is_finite() { bits } else { 0.0 },
                    false => *value += (level * noise.next()) as f32,
                }
            }
        }
        let (onsets, _, _) = analyse(track.sample());
        let strongest = onsets.strengths.iter().copied().fold(0.0, f64::max);
        assert!(onsets.frames.is_empty() || strongest == 1.0, "{case}: {onsets:?}");
    }
}
