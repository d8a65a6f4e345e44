//! ID3v2, ID3v1 and APEv2.

use super::{cover_of, said, tags_of};

fn seven(len: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| u8::try_from(len >> shift & 0x7f).expect("seven bits"))
}

/// A tag of `version` with these flags, some padding, and something like audio behind it.
fn tagged(version: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let len = seven(body.len() + 20);
    [&b"ID3"[..], &[version, 0, flags], &len, body, &[0; 20], b"\xff\xfb\x90\x64\0\0\0\0"].concat()
}

fn frame(version: u8, id: &[u8], flags: u16, content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(content.len()).expect("short").to_be_bytes();
    match version {
        2 => [id, &len[1..], content].concat(),
        3 => [id, &len, &flags.to_be_bytes(), content].concat(),
        _ => [id, &seven(content.len()), &flags.to_be_bytes(), content].concat(),
    }
}

fn utf16(text: &str) -> Vec<u8> {
    [&b"\xff\xfe"[..], &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat()
}

#[test]
fn all_versions_and_encodings_say_the_same() {
    for version in [2, 3, 4] {
        let (title, artist, own): (&[u8], &[u8], &[u8]) =
            if version == 2 { (b"TT2", b"TP1", b"TXX") } else { (b"TIT2", b"TPE1", b"TXXX") };
        let big_endian: Vec<u8> = "Ärger".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let own_text = [utf16("INITIALKEY"), vec![0, 0], utf16("8A")].concat();
        let body = [
            frame(version, title, 0, &[&[1][..], &utf16("Ärger 🎵"), &[0, 0]].concat()),
            frame(version, artist, 0, b"\0M\xf6tley \x80\0"),
            frame(version, b"TALB", 0, &[&[2][..], &big_endian].concat()),
            frame(version, b"TCOM", 0, &[&[3][..], "Ωmega".as_bytes()].concat()),
            frame(version, own, 0, &[&[1][..], &own_text].concat()),
        ];
        let body = if version == 2 { [&body[..2], &body[4..]].concat() } else { body.to_vec() };
        let metadata = said(&tagged(version, 0, &body.concat()));
        let rest = [("album", "Ärger"), ("composer", "Ωmega")];
        let mut expected = vec![("title", "Ärger 🎵"), ("artist", "Mötley €")];
        expected.extend(rest.iter().filter(|_| version > 2));
        expected.push(("key", "8A"));
        assert_eq!(tags_of(&metadata), expected, "2.{version}");
        assert_eq!(metadata.key(), Some("8A"));
    }
}

/// A tag of 2.3 with many kinds of frames.
pub(super) fn version_3() -> Vec<u8> {
    let body = [
        frame(3, b"TYER", 0, b"\x002001"),
        frame(3, b"TDAT", 0, b"\x002412"),
        frame(3, b"TCON", 0, b"\0(17)"),
        frame(3, b"TBPM", 0, b"\x00174,5"),
        frame(3, b"TRCK", 0, b"\x0007/12"),
        frame(3, b"COMM", 0, b"\0eng\0plain"),
        frame(3, b"COMM", 0, b"\0engiTunNORM\0 0000 0000"),
        frame(3, b"COMM", 0, b"\0engRating\0good"),
        frame(3, b"RVA2", 0, b"track\0\x01\xfc\0\x10\x40\0"),
        frame(3, b"WOAR", 0, b"http://a.b"),
        frame(3, b"PRIV", 0, b"secret"),
        frame(3, b"TPE1", 0x80, b"\0\0\0\x09compressed"),
        frame(3, b"TPE1", 0x20, b"\x07\0grouped"),
    ];
    tagged(3, 0, &body.concat())
}

#[test]
fn frames_that_are_more_than_a_text_are_read() {
    let metadata = said(&version_3());
    let expected = [
        ("genre", "Rock"),
        ("bpm", "174,5"),
        ("track_number", "07"),
        ("track_total", "12"),
        ("comment", "plain"),
        ("comment:rating", "good"),
        ("woar", "http://a.b"),
        ("artist", "grouped"),
        ("date", "2001-12-24"),
        ("replaygain_track_gain", "-2.00 dB"),
        ("replaygain_track_peak", "0.500000"),
    ];
    assert_eq!(tags_of(&metadata), expected);
    assert_eq!(metadata.tempo.map(|tempo| tempo.bpm), Some(174.5));
    assert_eq!(metadata.replaygain("replaygain_track_gain"), Some(-2.0));
    assert_eq!(metadata.replaygain("replaygain_track_peak"), Some(0.5));
}

#[test]
fn the_number_of_a_recording_may_be_missing_behind_its_owner() {
    let owner = b"http://musicbrainz.org";
    for version in [2, 3, 4] {
        let id: &[u8] = if version == 2 { b"UFI" } else { b"UFID" };
        let with = |content: &[u8]| said(&tagged(version, 0, &frame(version, id, 0, content)));
        assert_eq!(tags_of(&with(owner)), []);
        assert_eq!(tags_of(&with(&[owner, &b"\0"[..]].concat())), []);
        let number = [("musicbrainz_trackid", "id 34")];
        assert_eq!(tags_of(&with(&[owner, &b"\0id 34"[..]].concat())), number);
    }
}

#[test]
fn each_text_of_a_frame_has_the_order_that_its_own_mark_says() {
    // An empty description, the higher bytes first, and a comment with the lower ones first.
    let comment = [&b"\x01eng\xfe\xff\0\0"[..], &utf16("Ärger")].concat();
    let metadata = said(&tagged(3, 0, &frame(3, b"COMM", 0, &comment)));
    assert_eq!(tags_of(&metadata), [("comment", "Ärger")]);
}

#[test]
fn several_values_of_a_name_stay_apart_in_rust_and_are_joined_elsewhere() {
    let metadata = said(&tagged(4, 0, &frame(4, b"TPE1", 0, b"\x03One\0Two")));
    assert_eq!(metadata.tags.all("artist").collect::<Vec<_>>(), ["One", "Two"]);
    assert_eq!(metadata.tags.joined(), [("artist", "One; Two".to_owned())]);
}

/// One that is unsynchronised as a whole.
pub(super) fn unsynchronised() -> Vec<u8> {
    // The tag as a whole: 0xff 0xe0 became 0xff 0x00 0xe0; its length counts before.
    let plain = frame(3, b"TIT2", 0, b"\x01\xff\xfea\0");
    let picture = frame(3, b"APIC", 0, b"\0image/jpeg\0\x03\0\xff\xd8\xff\xe0");
    let body = [plain, picture, frame(3, b"TPE1", 0, b"\0b")].concat();
    let stuffed: Vec<u8> = body
        .iter()
        .flat_map(|byte| if *byte == 0xff { vec![0xff, 0] } else { vec![*byte] })
        .collect();
    tagged(3, 0x80, &stuffed)
}

#[test]
fn unsynchronised_tags_and_frames_are_read() {
    let file = unsynchronised();
    assert_eq!(tags_of(&said(&file)), [("title", "a"), ("artist", "b")]);
    assert_eq!(cover_of(&file), Some(("image/jpeg".to_owned(), vec![0xff, 0xd8, 0xff, 0xe0])));
    // One frame of 2.4, with its length in front.
    let body = frame(4, b"TIT2", 0x0003, b"\0\0\0\x05\x01\xff\0\xfea\0");
    assert_eq!(tags_of(&said(&tagged(4, 0x80, &body))), [("title", "a")]);
    // Or the tag of 2.4 alone says so, rightly or wrongly.
    let title = frame(4, b"TIT2", 0, b"\x01\xff\0\xfea\0");
    for (picture, shown) in [
        (&b"\xff\xd8\xff\0\xe0\xff\0\0!"[..], &b"\xff\xd8\xff\xe0\xff\0!"[..]),
        (b"\xff\xd8\xff\xe0\xff\0!", b"\xff\xd8\xff\xe0\xff\0!"),
    ] {
        let picture = frame(4, b"APIC", 0, &[b"\0image/jpeg\0\x03\0", picture].concat());
        let file = tagged(4, 0x80, &[title.clone(), picture].concat());
        assert_eq!(tags_of(&said(&file)), [("title", "a")]);
        assert_eq!(cover_of(&file), Some(("image/jpeg".to_owned(), shown.to_vec())));
    }
}

#[test]
fn genres_by_number_may_be_several_and_the_last_refined() {
    for (content, genres) in [
        (&b"\0(51)(39)"[..], &["Techno-Industrial", "Noise"][..]),
        (b"\0(4)Eurodisco", &["Eurodisco"]),
        (b"\0(51)(39)White", &["Techno-Industrial", "White"]),
        (b"\0(RX) ((Live)", &["Remix", "(Live)"]),
        (b"\0(sic) Pop", &["(sic) Pop"]),
    ] {
        let metadata = said(&tagged(3, 0, &frame(3, b"TCON", 0, content)));
        let expected: Vec<_> = genres.iter().map(|genre| ("genre", *genre)).collect();
        assert_eq!(tags_of(&metadata), expected);
    }
}

#[test]
fn the_address_of_a_picture_is_no_cover() {
    let link = frame(3, b"APIC", 0, b"\0-->\0\x03\0http://x/y.jpg");
    assert_eq!(cover_of(&tagged(3, 0, &link)), None);
    let inside = frame(3, b"APIC", 0, b"\0image/png\0\0\0png");
    let file = tagged(3, 0, &[link, inside].concat());
    assert_eq!(cover_of(&file), Some(("image/png".to_owned(), b"png".to_vec())));
}

#[test]
fn lengths_of_eight_bits_in_2_4_are_understood() {
    let long = "x".repeat(200);
    let len = u32::try_from(long.len() + 1).expect("short").to_be_bytes();
    let body = [&b"TIT2"[..], &len, &[0, 0, 3], long.as_bytes(), &frame(4, b"TPE1", 0, b"\x03b")];
    let metadata = said(&tagged(4, 0, &body.concat()));
    assert_eq!(tags_of(&metadata), [("title", long.as_str()), ("artist", "b")]);
}

#[test]
fn names_of_2_2_filled_up_with_a_space_are_read_in_later_versions() {
    for version in [3, 4] {
        let body =
            [frame(version, b"TSP ", 0, b"\0sorted"), frame(version, b"TIT2", 0, b"\0title")];
        let metadata = said(&tagged(version, 0, &body.concat()));
        assert_eq!(tags_of(&metadata), [("artist_sort", "sorted"), ("title", "title")]);
    }
}

#[test]
fn an_extension_that_is_only_announced_hides_nothing() {
    for version in [3, 4] {
        let body = frame(version, b"TIT2", 0, b"\0title");
        assert_eq!(tags_of(&said(&tagged(version, 0x40, &body))), [("title", "title")]);
    }
}

/// One with a chapter.
pub(super) fn chapter() -> Vec<u8> {
    let inner = frame(3, b"TIT2", 0, b"\0Intro");
    let deeper = frame(3, b"CHAP", 0, &[&b"x\0"[..], &[0; 16]].concat());
    // 5 ms to 10 ms: frames 240 to 480 at 48 kHz.
    let times = [[0, 0, 0, 5], [0, 0, 0, 10], [0xff; 4], [0xff; 4]].concat();
    let chapter = [&b"c1\0"[..], &times, &deeper, &inner].concat();
    tagged(3, 0, &frame(3, b"CHAP", 0, &chapter))
}

#[test]
fn chapters_become_cues_and_nothing_goes_deeper() {
    let metadata = said(&chapter());
    let [cue] = metadata.cues.as_slice() else { panic!("one cue: {metadata:?}") };
    assert_eq!((cue.frame, cue.end_frame, cue.label.as_str()), (240, Some(480), "Intro"));
}

#[test]
fn the_front_cover_comes_before_other_pictures() {
    let body = [
        frame(3, b"APIC", 0, b"\0image/png\0\x04back\0\x89PNG-back"),
        frame(3, b"APIC", 0, b"\x01image/\0\x03f\0\0\0GIF8-front"),
    ];
    let expected = ("image/gif".to_owned(), b"GIF8-front".to_vec());
    assert_eq!(cover_of(&tagged(3, 0, &body.concat())), Some(expected));
    let old = frame(2, b"PIC", 0, b"\0JPG\x03\0what?");
    let expected = ("image/jpg".to_owned(), b"what?".to_vec());
    assert_eq!(cover_of(&tagged(2, 0, &old)), Some(expected));
}

/// Frames with both kinds of tags behind them.
pub(super) fn behind() -> Vec<u8> {
    let item = |key: &[u8], flags: u32, value: &[u8]| {
        let len = u32::try_from(value.len()).expect("short");
        [&len.to_le_bytes()[..], &flags.to_le_bytes(), key, b"\0", value].concat()
    };
    let items = [
        item(b"Title", 0, b"from ape"),
        item(b"Album Artist", 0, b"A\0B"),
        item(b"REPLAYGAIN_TRACK_GAIN", 0, b"-7.25 dB"),
        item(b"Cover Art (Front)", 2, b"name.png\0\x89PNG"),
    ]
    .concat();
    let size = u32::try_from(items.len() + 32).expect("short");
    let footer = [&b"APETAGEX"[..], &super::le(&[2_000, size, 4, 0, 0, 0])].concat();
    let mut v1 = [0; 128];
    v1[..3].copy_from_slice(b"TAG");
    v1[3..11].copy_from_slice(b"from v1 ");
    v1[33..38].copy_from_slice(b"Bj\xf6rk");
    v1[126] = 9;
    v1[127] = 8;
    [&b"\xff\xfb\x90\x64"[..], &[0; 40], &items, &footer, &v1].concat()
}

#[test]
fn tags_behind_the_audio_fill_what_is_missing() {
    let file = behind();
    let metadata = said(&file);
    let expected = [
        ("title", "from ape"),
        ("album_artist", "A"),
        ("album_artist", "B"),
        ("replaygain_track_gain", "-7.25 dB"),
        ("artist", "Björk"),
        ("track_number", "9"),
        ("genre", "Jazz"),
    ];
    assert_eq!(tags_of(&metadata), expected);
    assert_eq!(metadata.replaygain("replaygain_track_gain"), Some(-7.25));
    assert_eq!(cover_of(&file), Some(("image/png".to_owned(), b"\x89PNG".to_vec())));
}
