use super::super::profiles::best;
use super::Mode;

/// As much of a profile as of the one of its relative key.
fn between(tonic: usize) -> [f64; 12] {
    const MAJOR: [f64; 12] =
        [1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30];
    const MINOR: [f64; 12] =
        [1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23];
    let unit = |profile: [f64; 12]| {
        let mean = profile.iter().sum::<f64>() / 12.0;
        let centred = profile.map(|weight| weight - mean);
        let length = centred.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        centred.map(|weight| weight / length)
    };
    let [major, minor] = [unit(MAJOR), unit(MINOR)];
    std::array::from_fn(|class| major[(class + 12 - tonic) % 12] + minor[(class + 15 - tonic) % 12])
}

/// Where two relative keys fit alike, it is minor, by what that has ahead.
#[test]
fn of_two_relative_keys_that_fit_alike_it_is_minor() {
    for tonic in 0..12 {
        let heard = best(&between(usize::from(tonic)));
        assert_eq!((heard.tonic, heard.mode), ((tonic + 9) % 12, Mode::Minor));
        assert!((heard.margin - 0.05).abs() < 1e-9, "{}", heard.margin);
    }
}

#[test]
fn where_all_classes_are_alike_no_key_is_ahead() {
    assert_eq!(best(&[1.0; 12]).margin, 0.0);
}
