//! From a sample's channels to the output's.

use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

use super::*;

/// What each output channel hears if only channel `input` of `inputs` holds a 1.
fn heard(inputs: usize, outputs: usize, input: usize) -> Vec<f32> {
    heard_from(0, inputs, outputs, input)
}

/// The same, of a sample for the speakers of a mask.
fn heard_from(mask: u32, inputs: usize, outputs: usize, input: usize) -> Vec<f32> {
    let mut rig =
        Rig::with(PlaybackConfig { output_channels: outputs, ..PlaybackConfig::default() });
    let spec = AudioSpec { sample_rate: RATE, channels: inputs };
    let mut writer = SampleWriter::with_capacity(spec, 1).expect("a valid sample");
    writer.set_speakers(Speakers::of_mask(mask, inputs));
    let planes: Vec<&[f32]> =
        (0..inputs).map(|channel| if channel == input { &[1.0][..] } else { &[0.0] }).collect();
    writer.append(&planes).expect("there is room");
    rig.lend(0, &writer.finish());
    rig.play(1, 0, params());
    rig.render(1).into_iter().map(|plane| plane[0]).collect()
}

#[test]
fn channels_go_where_their_layout_says() {
    const H: f32 = FRAC_1_SQRT_2;
    // Per sample layout and output count: what each input channel gives to each output.
    let cases: &[(usize, &[&[f32]])] = &[
        (1, &[&[1.0]]),
        (1, &[&[1.0, 1.0]]),
        (1, &[&[1.0, 1.0, 0.0, 0.0, 0.0, 0.0]]),
        (2, &[&[0.5], &[0.5]]),
        (2, &[&[1.0, 0.0], &[0.0, 1.0]]),
        (2, &[&[1.0, 0.0, 0.0, 0.0], &[0.0, 1.0, 0.0, 0.0]]),
        // L R C
        (3, &[&[1.0, 0.0], &[0.0, 1.0], &[H, H]]),
        // L R Ls Rs
        (4, &[&[1.0, 0.0], &[0.0, 1.0], &[H, 0.0], &[0.0, H]]),
        // L R C Ls Rs
        (5, &[&[1.0, 0.0], &[0.0, 1.0], &[H, H], &[H, 0.0], &[0.0, H]]),
        // L R C LFE Ls Rs
        (6, &[&[1.0, 0.0], &[0.0, 1.0], &[H, H], &[0.0, 0.0], &[H, 0.0], &[0.0, H]]),
        // L R C LFE Cs Ls Rs
        (7, &[&[1.0, 0.0], &[0.0, 1.0], &[H, H], &[0.0, 0.0], &[0.5, 0.5], &[H, 0.0], &[0.0, H]]),
        // L R C LFE Lb Rb Ls Rs
        (
            8,
            &[
                &[1.0, 0.0],
                &[0.0, 1.0],
                &[H, H],
                &[0.0, 0.0],
                &[H, 0.0],
                &[0.0, H],
                &[H, 0.0],
                &[0.0, H],
            ],
        ),
        // 5.1 to one speaker: half of each side.
        (6, &[&[0.5], &[0.5], &[H], &[0.0], &[0.5 * H], &[0.5 * H]]),
        // L R C to L R Ls Rs, and back: no centre, no sides.
        (3, &[&[1.0, 0.0, 0.0, 0.0], &[0.0, 1.0, 0.0, 0.0], &[H, H, 0.0, 0.0]]),
        (4, &[&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[H, 0.0, 0.0], &[0.0, H, 0.0]]),
        // L R Ls Rs to 5.1: everybody has his own speaker.
        (
            4,
            &[
                &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            ],
        ),
        // 5.1 to L R Ls Rs: the centre in front, no LFE.
        (
            6,
            &[
                &[1.0, 0.0, 0.0, 0.0],
                &[0.0, 1.0, 0.0, 0.0],
                &[H, H, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 1.0, 0.0],
                &[0.0, 0.0, 0.0, 1.0],
            ],
        ),
        // 7.1 to 5.1: the backs join the sides.
        (
            8,
            &[
                &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
                &[0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            ],
        ),
        // 6.1: a back centre between the sides where there is no other.
        (
            7,
            &[
                &[1.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 1.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 1.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, H, H],
                &[0.0, 0.0, 0.0, 1.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 1.0],
            ],
        ),
        // No layout: channel by channel.
        (9, &[&[1.0, 0.0], &[0.0, 1.0], &[0.0, 0.0], &[0.0, 0.0]]),
    ];
    for (inputs, matrix) in cases {
        for (input, expected) in matrix.iter().enumerate() {
            let out = heard(*inputs, expected.len(), input);
            assert_eq!(out, *expected, "{inputs} → {}: channel {input}", expected.len());
        }
    }
    assert_eq!(heard(64, 2, 63), [0.0, 0.0]);
    assert_eq!(heard(64, 64, 63)[63], 1.0);
}

#[test]
fn channels_go_where_the_file_says() {
    const H: f32 = FRAC_1_SQRT_2;
    let cases: &[(u32, &[&[f32]])] = &[
        // 2.1
        (0xb, &[&[1.0, 0.0], &[0.0, 1.0], &[0.0, 0.0]]),
        // L R C LFE to two speakers, and to L R Ls Rs, which are as many.
        (0xf, &[&[1.0, 0.0], &[0.0, 1.0], &[H, H], &[0.0, 0.0]]),
        (0xf, &[&[1.0, 0.0, 0.0, 0.0], &[0.0, 1.0, 0.0, 0.0], &[H, H, 0.0, 0.0], &[0.0; 4]]),
        // L R C Cb
        (0x107, &[&[1.0, 0.0], &[0.0, 1.0], &[H, H], &[0.5, 0.5]]),
        (0x107, &[&[0.5], &[0.5], &[H], &[0.5]]),
        (
            0x107,
            &[
                &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, H, H],
            ],
        ),
        // L R C LFE Ls Rs Cb to 5.1: not the surrounds one place on.
        (
            0x13f,
            &[
                &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
                &[0.0, 0.0, 0.0, 0.0, H, H],
            ],
        ),
        // Side and back pairs without a centre, to 7.1.
        (
            0x633,
            &[
                &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            ],
        ),
    ];
    for (mask, matrix) in cases {
        for (input, expected) in matrix.iter().enumerate() {
            let out = heard_from(*mask, matrix.len(), expected.len(), input);
            assert_eq!(out, *expected, "{mask:#x} → {}: channel {input}", expected.len());
        }
    }
    // More than eight that are named, as 7.1.4: heights are heard below.
    assert_eq!(heard_from(0x2_d63f, 12, 2, 9), [0.0, 1.0]);
}

#[test]
fn pan_keeps_the_power_and_is_unity_in_the_middle() {
    for step in -20..=20_i16 {
        let pan = f32::from(step) / 20.0;
        let mut rig = Rig::new();
        rig.load(0, vec![vec![1.0; 4]]);
        rig.play(1, 0, VoiceParams { pan, ..params() });
        let out = rig.render(4);
        let (left, right) = (out[0][0], out[1][0]);
        assert!((left * left + right * right - 2.0).abs() < 1e-6, "pan {pan}: {left} {right}");
        // sin and cos of the angle, by their definition.
        let tangent = ((pan + 1.0) * std::f32::consts::FRAC_PI_4).tan();
        if pan < 0.9 {
            assert!((right / left - tangent).abs() < 1e-5, "pan {pan}");
        }
        match step {
            -20 => assert_eq!([left, right], [SQRT_2, 0.0]),
            0 => assert_eq!([left, right], [1.0, 1.0]),
            20 => assert_eq!([left, right], [0.0, SQRT_2]),
            _ => {}
        }
    }
}

#[test]
fn pan_moves_the_front_pair_and_leaves_other_channels() {
    let mut rig = Rig::with(PlaybackConfig { output_channels: 4, ..PlaybackConfig::default() });
    rig.load(0, vec![vec![1.0; 4]; 4]);
    rig.play(1, 0, VoiceParams { pan: -1.0, ..params() });
    let out: Vec<f32> = rig.render(1).into_iter().map(|plane| plane[0]).collect();
    assert_eq!(out, [SQRT_2, 0.0, 1.0, 1.0]);

    let mut rig = Rig::with(PlaybackConfig { output_channels: 1, ..PlaybackConfig::default() });
    rig.load(0, vec![vec![1.0; 4]]);
    rig.play(1, 0, VoiceParams { pan: -1.0, ..params() });
    assert_eq!(rig.left(1), [1.0], "one speaker has no sides");
}

#[test]
fn the_output_may_change_its_channels_under_a_voice() {
    let mut rig = Rig::new();
    rig.load(0, vec![vec![0.5; 100], vec![0.25; 100]]);
    rig.play(1, 0, params());
    assert_eq!(rig.render(1), [[0.5], [0.25]]);
    rig.renderer.set_output_channels(1);
    rig.channels = 1;
    assert_eq!(rig.render(1), [[0.375]]);
}

#[test]
fn one_channel_to_many_and_many_to_one() {
    let mut expected = vec![0.0; 8];
    expected[..2].fill(1.0);
    assert_eq!(heard(1, 8, 0), expected);
    for (input, expected) in [(0, 0.5), (1, 0.5), (2, 0.0), (63, 0.0)] {
        assert_eq!(heard(64, 1, input), [expected], "channel {input}");
    }
}
