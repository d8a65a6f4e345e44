//! What attacks say that are known exactly.

use super::super::attacks::Attacks;

#[test]
fn attacks_contradict_a_tempo_that_is_off_their_grid_if_they_are_exact() {
    for (bpm, parts) in [(91.3, 4.0), (126.0, 3.0), (170.5, 4.0)] {
        let places: Vec<f64> = (0..16).filter(|place| place % 5 != 3).map(f64::from).collect();
        let attacks = |off_sec: fn(f64) -> f64| {
            let at = |place: &f64| 0.02 + place * 60.0 / bpm / parts + off_sec(*place);
            let at_sec: Vec<f64> = places.iter().map(at).collect();
            Attacks::new(&at_sec, &vec![0.5; at_sec.len()])
        };
        let exact = attacks(|_| 0.0);
        assert!(exact.regularity(bpm) > 0.99 && exact.regularity(bpm + 3.0) < 0.8);
        assert_eq!(exact.contradict(bpm), None);
        let found = exact.contradict(1.012 * bpm).expect("another tempo");
        assert!((found - bpm).abs() < 0.1, "{found} for {bpm}");
        // A hand is off by more than a machine is.
        let played = attacks(|place| 0.012 * (2.4 * place * place).sin());
        assert_eq!(played.contradict(1.012 * bpm), None, "{bpm}");
    }
    assert_eq!(Attacks::new(&[], &[]).contradict(120.0), None);
    assert_eq!(Attacks::new(&[0.5; 4], &[1.0; 4]).contradict(120.0), None);
}

#[test]
fn a_first_attack_that_was_cut_does_not_outweigh_the_others() {
    let others: Vec<f64> =
        (1..8).map(|place| 0.012 + f64::from(place) * 60.0 / 140.0 / 2.0).collect();
    let at_sec: Vec<f64> = std::iter::once(0.0).chain(others).collect();
    let attacks = Attacks::new(&at_sec, &[1.0, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15]);
    // It would be 0.1 if the first counted for what it is.
    assert!(attacks.regularity(140.0) > 0.5);
}
