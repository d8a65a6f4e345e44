//! Loops against a model that walks from frame to frame.

use super::*;

const KINDS: [LoopKind; 3] = [LoopKind::Forward, LoopKind::PingPong, LoopKind::Backward];

fn span(start_frame: u64, end_frame: u64, kind: LoopKind, rounds: u32) -> LoopSpan {
    LoopSpan { start_frame, end_frame, kind, rounds }
}

/// The frames that sound one after the other, forwards from `from` on, at most `count`.
fn walk(span: LoopSpan, length: i64, from: i64, count: usize) -> Vec<i64> {
    let start = i64::try_from(span.start_frame).expect("small");
    let end = i64::try_from(span.end_frame).expect("small").min(length);
    let (mut frame, mut up) = (from, true);
    let mut rounds = 1;
    let mut frames = Vec::new();
    while frames.len() < count && frame < length {
        frames.push(frame);
        frame += if up { 1 } else { -1 };
        let holds = span.rounds == 0 || rounds < span.rounds || span.kind == LoopKind::Backward;
        if up && frame == end && holds {
            match span.kind {
                LoopKind::Forward => {
                    frame = start;
                    rounds += 1;
                }
                LoopKind::PingPong | LoopKind::Backward => {
                    frame = end - 1;
                    up = false;
                }
            }
        } else if !up && frame == start - 1 {
            if span.kind == LoopKind::PingPong {
                frame = start;
                up = true;
                rounds += 1;
            } else {
                frame = end - 1;
            }
        }
    }
    frames
}

/// Every place of a voice, as `(index, fraction, goes down, surroundings)`.
fn places(
    track: &mut Track,
    speed: i64,
    length: i64,
    count: usize,
) -> Vec<(i64, u32, bool, Surroundings)> {
    let mut places = Vec::new();
    while places.len() < count
        && let Some(run) = track.run(speed, Some(length), (count - places.len()).min(37))
    {
        for frame in 0..run.frames {
            let (index, fraction) = run.place(frame);
            places.push((index, fraction, run.step < 0, run.surroundings));
        }
    }
    places
}

#[test]
fn a_voice_reads_what_comes_next_and_came_before_at_any_speed() {
    let mut checked = 0;
    for kind in KINDS {
        for (start, end) in [(0, 100), (30, 70), (30, 31), (10, 13), (50, 200)] {
            for rounds in [0, 1, 3] {
                let span = span(start, end, kind, rounds);
                let frames = walk(span, 100, 0, 2000);
                for speed in [1.0, 0.5, 0.731, 1.25, 3.7, 16.0] {
                    let mut track = Track::new(Some(span));
                    let speed = fixed(speed);
                    for (frame, place) in
                        places(&mut track, speed, 100, 400).into_iter().enumerate()
                    {
                        let (index, fraction, down, surroundings) = place;
                        let way = frame as i64 * speed;
                        let whole = usize::try_from(way >> 32).expect("small");
                        let what = format!("{span:?} at {speed}, frame {frame}: {place:?}");
                        // On the way down the fraction counts from the other side.
                        let (low, high) = (way & (ONE - 1), i64::from(fraction));
                        let fits = if down && low > 0 { ONE - low == high } else { low == high };
                        assert!(fits, "{what}: the fraction should be {low}");
                        let near = if down && fraction > 0 { index + 1 } else { index };
                        // Of a loop that is shorter than what is read, more is taken than is due.
                        let reach = 8.min(i64::try_from(end - start).expect("small"));
                        for offset in -reach..=reach {
                            let neighbour =
                                whole.checked_add_signed(isize::try_from(offset).expect("small"));
                            let Some(expected) = neighbour.and_then(|at| frames.get(at)) else {
                                continue;
                            };
                            let at = if down { near - offset } else { near + offset };
                            assert_eq!(surroundings.frame(at), *expected, "{what}, {offset}");
                            checked += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(checked > 100_000, "{checked}");
}

#[test]
fn a_loop_with_a_count_plays_on_to_the_end() {
    for (kind, frames) in [(LoopKind::Forward, 100 + 2 * 40), (LoopKind::PingPong, 100 + 4 * 40)] {
        let mut track = Track::new(Some(span(30, 70, kind, 3)));
        assert_eq!(places(&mut track, ONE, 100, 1000).len(), frames, "{kind:?}");
    }
}

#[test]
fn without_a_loop_to_follow_the_round_is_played_to_its_end() {
    for kind in KINDS {
        for after in [10, 50, 75, 120, 171] {
            let mut track = Track::new(Some(span(30, 70, kind, 0)));
            let mut heard = places(&mut track, ONE, 100, after);
            track.set_loop(None);
            heard.extend(places(&mut track, ONE, 100, 1000));
            let last: Vec<i64> = heard.iter().rev().take(30).map(|place| place.0).collect();
            assert_eq!(last, (70..100).rev().collect::<Vec<_>>(), "{kind:?} after {after}");
            let jumps = heard.windows(2).filter(|pair| (pair[0].0 - pair[1].0).abs() > 1).count();
            let expected = if kind == LoopKind::PingPong { 0 } else { 4 };
            assert!(jumps <= expected, "{kind:?} after {after}: {jumps} jumps");
        }
    }
}

#[test]
fn a_place_beyond_the_loop_or_the_sample_is_folded_into_the_loop() {
    for (from, first) in [(0, 0), (29, 29), (68, 68), (70, 30), (75, 35), (100, 60), (1_000, 40)] {
        let mut track = Track::new(Some(span(30, 70, LoopKind::Forward, 0)));
        track.place(from);
        assert_eq!(places(&mut track, ONE, 100, 1)[0].0, first, "from {from}");
        assert_eq!(track.edges_passed(), 0, "that is no round");
    }
    // Without a loop it is over.
    let mut track = Track::new(None);
    track.place(100);
    assert!(places(&mut track, ONE, 100, 1).is_empty());
    track.place(u64::MAX);
    assert!(places(&mut track, -ONE, 100, 1).is_empty());
}

#[test]
fn backwards_a_voice_comes_into_the_loop_from_above() {
    let mut track = Track::new(Some(span(30, 70, LoopKind::Forward, 0)));
    track.place(99);
    let heard: Vec<i64> = places(&mut track, -ONE, 100, 200).iter().map(|place| place.0).collect();
    let expected = (70..100).rev().chain((30..70).rev().cycle()).take(200);
    assert_eq!(heard, expected.collect::<Vec<_>>());
    assert_eq!(track.edges_passed(), 4);
}

#[test]
fn places_do_not_drift() {
    // A billion frames: a sum of `f64`s would be off by more than 1e-7.
    let mut track = Track::new(Some(span(0, 48_000, LoopKind::Forward, 0)));
    let speed = fixed(1.059_463_1);
    let frames = 1_000_000;
    for _ in 0..1000 {
        let mut left = frames;
        while let Some(run) = track.run(speed, Some(48_000), left) {
            left -= run.frames;
            if left == 0 {
                break;
            }
        }
    }
    let way = i128::from(speed) * i128::from(frames as i64) * 1000;
    let expected = way.rem_euclid(48_000 * i128::from(ONE)) as f64 / ONE as f64;
    assert!((track.position() - expected).abs() < 1e-9);
}
