//! 8SVX and VOC, built here after their documents.

use super::{decode, kind_of, open_bytes};
use crate::error::{LoadErrorKind, WarningCode};

fn iff(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(content.len()).expect("small").to_be_bytes();
    let mut chunk = [id, &len[..], content].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

/// A voice of 8 kHz: frames of the highest octave, octaves, compression; what `CHAN` says.
fn svx(kind: &[u8; 4], highest: u32, rest: [u8; 2], sides: Option<u32>, body: &[u8]) -> Vec<u8> {
    let voice =
        [&highest.to_be_bytes()[..], &[0; 8], &8_000_u16.to_be_bytes(), &rest, &[0, 1, 0, 0]];
    let sides = sides.map_or(Vec::new(), |sides| iff(b"CHAN", &sides.to_be_bytes()));
    let form = [kind, &iff(b"VHDR", &voice.concat())[..], &sides, &iff(b"BODY", body)].concat();
    iff(b"FORM", &form)
}

fn eighths(values: &[i8]) -> Vec<f32> {
    values.iter().map(|value| f32::from(*value) / 128.0).collect()
}

#[test]
fn a_voice_is_one_plane_or_two_of_which_the_left_lies_first() {
    let body = [64, 0xc0, 32, 16];
    let (planes, warnings) = decode(&svx(b"8SVX", 4, [1, 0], None, &body)).expect("mono");
    assert_eq!((planes, warnings), (vec![eighths(&[64, -64, 32, 16])], vec![]));
    let stereo = svx(b"8SVX", 2, [1, 0], Some(6), &body);
    let (planes, warnings) = decode(&stereo).expect("stereo");
    assert_eq!((planes, warnings), (vec![eighths(&[64, -64]), eighths(&[32, 16])], vec![]));
    let (planes, _) = decode(&svx(b"8SVX", 4, [1, 0], Some(4), &body)).expect("the right side");
    assert_eq!(planes.len(), 1);
    let (planes, _) = decode(&svx(b"16SV", 2, [1, 0], None, &body)).expect("16 bits");
    assert_eq!(planes, [vec![f32::from(0x40c0_i16) / 32_768.0, f32::from(0x2010_i16) / 32_768.0]]);
    let info = open_bytes(&stereo).expect("stereo").info().clone();
    assert_eq!((info.spec.sample_rate, &*info.container, &*info.codec), (8_000, "8svx", "pcm_s8"));
}

#[test]
fn of_many_frames_in_planes_none_is_lost() {
    let body: Vec<u8> = (0..200_000_u32).map(|n| (n * 7 % 251).to_le_bytes()[0]).collect();
    let values: Vec<i8> = body.iter().map(|byte| byte.cast_signed()).collect();
    let file = svx(b"8SVX", 100_000, [1, 0], Some(6), &body);
    let (planes, _) = decode(&file).expect("stereo");
    assert!(planes == [eighths(&values[..100_000]), eighths(&values[100_000..])]);
    // Cut within the right side.
    let (planes, warnings) = decode(&file[..file.len() - 40_000]).expect("both sides of a part");
    assert!(planes == [eighths(&values[..60_000]), eighths(&values[100_000..160_000])]);
    assert_eq!(warnings[0].code, WarningCode::Truncated);
}

#[test]
fn of_several_octaves_the_highest_is_played_and_compression_is_refused() {
    let (planes, warnings) =
        decode(&svx(b"8SVX", 2, [2, 0], None, &[64, 32, 1, 2, 3, 4])).expect("two octaves");
    assert_eq!((planes, warnings), (vec![eighths(&[64, 32])], vec![]));
    let packed = svx(b"8SVX", 2, [1, 1], None, &[0; 4]);
    assert_eq!(kind_of(&packed), LoadErrorKind::UnsupportedFormat);
    assert_eq!(kind_of(&svx(b"8SVX", 0, [1, 0], None, &[])), LoadErrorKind::Empty);
}

fn voc(blocks: &[(u8, &[u8])]) -> Vec<u8> {
    let mut file = b"Creative Voice File\x1a\x1a\0\x0a\x01\x29\x11".to_vec();
    for (kind, content) in blocks {
        file.push(*kind);
        file.extend(&u32::try_from(content.len()).expect("small").to_le_bytes()[..3]);
        file.extend(*content);
    }
    file
}

#[test]
fn sound_goes_on_over_blocks_of_other_kinds() {
    // A constant of 156: 10 kHz.
    let file =
        voc(&[(4, &[1, 0]), (1, &[156, 0, 192, 64]), (5, b"text\0"), (2, &[128, 0]), (0, &[])]);
    let (planes, warnings) = decode(&file[..file.len() - 3]).expect("two blocks of sound");
    assert_eq!((planes, warnings), (vec![vec![0.5, -0.5, 0.0, -1.0]], vec![]));
    let info = open_bytes(&file).expect("a file").info().clone();
    assert_eq!((info.spec.sample_rate, &*info.container, &*info.codec), (10_000, "voc", "pcm_u8"));
}

#[test]
fn blocks_may_say_more_of_their_format() {
    // 256,000,000 / (65,536 − 52,736) = 20,000 values a second, of two sides.
    let stereo = voc(&[(8, &[0, 0xce, 0, 1]), (1, &[0, 0, 192, 64, 128, 255])]);
    let (planes, _) = decode(&stereo).expect("stereo");
    assert_eq!(planes, [vec![0.5, 0.0], vec![-0.5, 127.0 / 128.0]]);
    assert_eq!(open_bytes(&stereo).expect("stereo").info().spec.sample_rate, 10_000);
    let words = [&[0x44, 0xac, 0, 0, 16, 1, 4, 0, 0, 0, 0, 0][..], &[0, 0x40, 0, 0xc0]].concat();
    let (planes, warnings) = decode(&voc(&[(9, &words), (0, &[])])).expect("16 bits");
    assert_eq!((planes, warnings), (vec![vec![0.5, -0.5]], vec![]));
}

#[test]
fn a_voice_file_ends_where_it_is_cut_or_changes() {
    let file = voc(&[(1, &[156, 0, 192, 64, 1, 2, 3])]);
    let (planes, warnings) = decode(&file[..file.len() - 3]).expect("two frames");
    assert_eq!((planes, warnings[0].code), (vec![vec![0.5, -0.5]], WarningCode::Truncated));
    let file = voc(&[(1, &[156, 0, 192, 64]), (1, &[206, 0, 192, 64])]);
    let (planes, warnings) = decode(&file).expect("up to another rate");
    assert_eq!((planes, warnings[0].code), (vec![vec![0.5, -0.5]], WarningCode::Truncated));
    // Also where what follows cannot be played: packed, a million frames a second, and cut in its head.
    for next in [&[156, 1, 9, 9][..], &[255, 0, 9, 9], &[156]] {
        let file = voc(&[(1, &[156, 0, 192, 64]), (1, next)]);
        let (planes, warnings) = decode(&file).expect("up to that");
        assert_eq!(planes, [vec![0.5, -0.5]]);
        let is_cut = next.len() > 2;
        assert_eq!(warnings.iter().any(|it| it.code == WarningCode::Truncated), is_cut);
    }
    assert_eq!(kind_of(&voc(&[(1, &[156, 1, 0, 0])])), LoadErrorKind::UnsupportedFormat);
    assert_eq!(kind_of(&voc(&[(0, &[])])), LoadErrorKind::Corrupt);
}
