//! FLAC, Ogg, MP4 and Matroska.

use super::{be, chunk, cover_of, le, said, tags_of};

fn comments(entries: &[&str]) -> Vec<u8> {
    let counted = |text: &str| {
        let len = u32::try_from(text.len()).expect("short");
        [&len.to_le_bytes()[..], text.as_bytes()].concat()
    };
    let count = u32::try_from(entries.len()).expect("few");
    let entries: Vec<u8> = entries.iter().flat_map(|entry| counted(entry)).collect();
    [counted("vendor"), le(&[count]), entries].concat()
}

fn block(kind: u8, content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(content.len()).expect("short").to_be_bytes();
    [&[kind], &len[1..], content].concat()
}

/// A FLAC file of these blocks, without audio.
fn flac(blocks: &[Vec<u8>]) -> Vec<u8> {
    [b"fLaC".to_vec(), block(0, &[0; 34]), blocks.concat(), block(0x81, b"")].concat()
}

fn picture(kind: u32, bytes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).expect("short");
    [&be(&[kind, 9])[..], b"image/png", &be(&[1]), b"d", &be(&[1, 1, 24, 0, len]), bytes].concat()
}

/// A FLAC file with all that is known.
pub(super) fn full_flac() -> Vec<u8> {
    let smpl = chunk(b"smpl", &le(&[0, 0, 0, 50, 0, 0, 0, 1, 0, 0, 0, 5, 9, 0, 0]), false);
    let mut sheet = vec![0; 396];
    sheet[395] = 3;
    for (offset, number, first) in [(0_u64, 1, 0_u64), (100, 2, 20), (999, 170, 0)] {
        sheet.extend(offset.to_be_bytes());
        sheet.push(number);
        sheet.extend([0; 26]);
        sheet.push(u8::from(number != 170));
        if number != 170 {
            sheet.extend(first.to_be_bytes());
            sheet.extend([1, 0, 0, 0]);
        }
    }
    flac(&[
        block(
            4,
            &comments(&[
                "TITLE=a",
                "artist=b",
                "ARTIST=c",
                "TRACKNUMBER=1/9",
                "Own Name=x=y",
                "DATE=2001",
                "YEAR=2001",
                "no",
            ]),
        ),
        block(2, &[b"riff".to_vec(), smpl].concat()),
        block(5, &sheet),
        block(6, &picture(4, b"\x89PNG-back")),
        block(6, &picture(3, b"\x89PNG-front")),
    ])
}

#[test]
fn flac_has_comments_pictures_cue_sheets_and_chunks_of_other_formats() {
    let file = full_flac();
    let metadata = said(&file);
    let expected = [
        ("title", "a"),
        ("artist", "b"),
        ("artist", "c"),
        ("track_number", "1"),
        ("track_total", "9"),
        ("own name", "x=y"),
        ("date", "2001"),
    ];
    assert_eq!(tags_of(&metadata), expected);
    assert_eq!((metadata.root_key, metadata.loops[0].end_frame), (Some(50), 10));
    let cues: Vec<_> = metadata.cues.iter().map(|cue| (cue.id, cue.frame)).collect();
    assert_eq!(cues, [(1, 0), (2, 120)]);
    let expected = ("image/png".to_owned(), b"\x89PNG-front".to_vec());
    assert_eq!(cover_of(&file), Some(expected));
}

#[test]
fn an_id3_tag_in_front_of_flac_fills_what_its_comments_lack() {
    let frames = [
        &b"TIT2\0\0\0\x04\0\0\0id3"[..],
        b"TCON\0\0\0\x05\0\0\0Jazz",
        b"TALB\0\0\0\x06\0\0\0album",
    ]
    .concat();
    let size = u8::try_from(frames.len()).expect("a short tag");
    let file = [b"ID3\x03\0\0\0\0\0", &[size][..], &frames, &full_flac()].concat();
    let found = said(&file).tags;
    let first = |name| found.all(name).collect::<Vec<_>>();
    assert_eq!((first("title"), first("artist")), (vec!["a"], vec!["b", "c"]));
    assert_eq!((first("genre"), first("album")), (vec!["Jazz"], vec!["album"]));
}

/// One page; its checksum is RFC 3533's.
fn page(flags: u8, sequence: u32, packet: &[u8]) -> Vec<u8> {
    let whole = packet.len() / 255;
    let mut page = [&b"OggS\0"[..], &[flags], &[0; 8], &le(&[7, sequence, 0])].concat();
    page.push(u8::try_from(whole + 1).expect("short packets"));
    page.extend(std::iter::repeat_n(255, whole));
    page.push(u8::try_from(packet.len() % 255).expect("a byte"));
    page.extend(packet);
    let sum = page.iter().fold(0_u32, |mut sum, byte| {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            sum = sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
        }
        sum
    });
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

/// Opus in Ogg with all that is known.
pub(super) fn opus() -> Vec<u8> {
    let entries = [
        "LOOPSTART=100",
        "LOOPLENGTH=50",
        "CHAPTER001=00:00:00.010",
        "CHAPTER001NAME=ten ms",
        "R128_TRACK_GAIN=-512",
        // A picture of type 3 without description: 1x1, "GIF8".
        "METADATA_BLOCK_PICTURE=AAAAAwAAAAlpbWFnZS9naWYAAAAAAAAAAQAAAAEAAAAYAAAAAAAAAARHSUY4",
    ];
    let tags = [b"OpusTags".to_vec(), comments(&entries)].concat();
    [page(2, 0, b"OpusHead"), page(0, 1, &tags)].concat()
}

#[test]
fn ogg_has_comments_in_its_second_packet() {
    let file = opus();
    let metadata = said(&file);
    assert_eq!((metadata.loops[0].start_frame, metadata.loops[0].end_frame), (100, 150));
    assert_eq!((metadata.cues[0].frame, metadata.cues[0].label.as_str()), (480, "ten ms"));
    // −2 dB to −23 LUFS is +3 dB to −18.
    assert_eq!(metadata.replaygain("replaygain_track_gain"), Some(3.0));
    assert_eq!(cover_of(&file), Some(("image/gif".to_owned(), b"GIF8".to_vec())));

    let vorbis = [&b"\x03vorbis"[..], &comments(&["TEMPO=99.5"])].concat();
    let file = [page(2, 0, b"\x01vorbis"), page(0, 1, &vorbis)].concat();
    assert_eq!(said(&file).tempo.map(|tempo| tempo.bpm), Some(99.5));
    // As ffmpeg writes what it had from an ID3 tag.
    let vorbis = [&b"\x03vorbis"[..], &comments(&["TBPM=120", "TKEY=Am", "TSRC=x"])].concat();
    let metadata = said(&[page(2, 0, b"\x01vorbis"), page(0, 1, &vorbis)].concat());
    assert_eq!((metadata.tempo.map(|tempo| tempo.bpm), metadata.key()), (Some(120.0), Some("Am")));
    assert_eq!(metadata.tags.get("isrc"), Some("x"));

    let flac = [
        page(2, 0, b"\x7fFLAC"),
        page(0, 1, &block(4, &comments(&["TITLE=in ogg"]))),
        page(0, 2, &block(0x86, &picture(3, b"\x89PNG"))),
    ];
    assert_eq!(tags_of(&said(&flac.concat())), [("title", "in ogg")]);
    assert!(cover_of(&flac.concat()).is_some());
}

fn box_(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(content.len() + 8).expect("short");
    [&len.to_be_bytes()[..], kind, content].concat()
}

fn data(kind: u32, value: &[u8]) -> Vec<u8> {
    box_(b"data", &[&be(&[kind, 0])[..], value].concat())
}

/// An MP4 file with all that is known.
pub(super) fn mp4() -> Vec<u8> {
    let free = |name: &[u8], value: &[u8]| {
        let mean = box_(b"mean", b"\0\0\0\0com.apple.iTunes");
        let name = box_(b"name", &[&[0; 4], name].concat());
        box_(b"----", &[mean, name, data(1, value)].concat())
    };
    let items = [
        box_(b"\xa9nam", &data(1, "Tïtle".as_bytes())),
        box_(b"\xa9ART", &[data(1, b"one"), data(1, b"two")].concat()),
        box_(b"trkn", &data(0, &[0, 0, 0, 3, 0, 12, 0, 0])),
        box_(b"gnre", &data(0, &[0, 18])),
        box_(b"tmpo", &data(21, &[0, 174])),
        free(b"initialkey", b"Fm"),
        free(b"iTunSMPB", b" 00000000 00000840"),
        box_(b"covr", &data(13, b"\xff\xd8\xff!")),
    ];
    let meta = box_(
        b"meta",
        &[vec![0; 4], box_(b"hdlr", &[0; 25]), box_(b"ilst", &items.concat())].concat(),
    );
    let chapters =
        [&[1, 0, 0, 0, 0, 0, 0, 0, 1][..], &100_000_u64.to_be_bytes(), b"\x02hi"].concat();
    let udta = box_(b"udta", &[meta, box_(b"chpl", &chapters)].concat());
    [box_(b"ftyp", b"M4A \0\0\0\0"), box_(b"free", &[0; 9]), box_(b"moov", &udta)].concat()
}

#[test]
fn mp4_has_items() {
    let file = mp4();
    let metadata = said(&file);
    let expected = [
        ("title", "Tïtle"),
        ("artist", "one"),
        ("artist", "two"),
        ("track_number", "3"),
        ("track_total", "12"),
        ("genre", "Rock"),
        ("bpm", "174"),
        ("key", "Fm"),
    ];
    assert_eq!(tags_of(&metadata), expected);
    assert_eq!((metadata.cues[0].frame, metadata.cues[0].label.as_str()), (480, "hi"));
    assert_eq!(cover_of(&file), Some(("image/jpeg".to_owned(), b"\xff\xd8\xff!".to_vec())));
}

#[test]
fn quicktime_has_texts_in_a_language_each() {
    let text = |language: u16, text: &[u8]| {
        let len = u16::try_from(text.len()).expect("short");
        [&len.to_be_bytes()[..], &language.to_be_bytes(), text].concat()
    };
    // "und" in five bits a letter; English of Macintosh.
    let (undetermined, english) = (0x55c4, 0);
    let texts = [
        box_(b"\xa9nam", &text(undetermined, "Tïtle".as_bytes())),
        box_(b"\xa9ART", &[text(english, b"Bj\x9ark"), text(1, b"Bjoerk")].concat()),
        box_(b"\xa9gen", &text(undetermined, b"\xfe\xff\0R\0o\0c\0k")),
        box_(b"\xa9swr", &text(english, "Ünser".as_bytes())),
        box_(b"\xa9cmt", b"\x01\0\0\0cut off"),
        vec![0; 4],
    ];
    let udta = box_(b"udta", &texts.concat());
    let file = [box_(b"ftyp", b"qt  \0\0\0\0"), box_(b"free", &[0; 9]), box_(b"moov", &udta)];
    let expected = [
        ("title", "Tïtle"),
        ("artist", "Björk"),
        ("artist", "Bjoerk"),
        ("genre", "Rock"),
        ("swr", "Ünser"),
    ];
    assert_eq!(tags_of(&said(&file.concat())), expected);
    // Beside items, they fill what these lack.
    let items = box_(b"ilst", &box_(b"\xa9nam", &data(1, b"of items")));
    let meta = box_(b"meta", &[vec![0; 4], box_(b"hdlr", &[0; 25]), items].concat());
    let udta = box_(b"udta", &[texts[..2].concat(), meta].concat());
    let file = [box_(b"ftyp", b"qt  \0\0\0\0"), box_(b"free", &[0; 9]), box_(b"moov", &udta)];
    let expected = [("title", "of items"), ("artist", "Björk"), ("artist", "Bjoerk")];
    assert_eq!(tags_of(&said(&file.concat())), expected);
}

#[test]
fn mp4_has_items_with_keys() {
    let names = ["title", "com.apple.quicktime.artist", "location.ISO6709", "Mood"];
    let keys: Vec<u8> = names.into_iter().flat_map(|name| box_(b"mdta", name.as_bytes())).collect();
    let item = |number: u32, value: &[u8]| box_(&number.to_be_bytes(), &data(1, value));
    // The last one has no key.
    let items =
        [item(1, b"T\0"), item(2, b"A"), item(4, b"calm"), item(10, b"lost"), item(3, b"+1/")];
    let parts = [
        box_(b"hdlr", &[&[0; 8], &b"mdta"[..], &[0; 13]].concat()),
        box_(b"keys", &[&be(&[0, 4])[..], &keys].concat()),
        box_(b"ilst", &items.concat()),
    ];
    let meta = box_(b"meta", &parts.concat());
    let file = [box_(b"ftyp", b"qt  \0\0\0\0"), box_(b"free", &[0; 9]), box_(b"moov", &meta)];
    let expected = [("title", "T"), ("artist", "A"), ("mood", "calm"), ("location.iso6709", "+1/")];
    assert_eq!(tags_of(&said(&file.concat())), expected);
}

fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).expect("short") | 0x4000;
    [id, &len.to_be_bytes(), content].concat()
}

/// A Matroska file with all that is known.
pub(super) fn matroska() -> Vec<u8> {
    let simple = |name: &[u8], value: &[u8]| {
        element(b"\x67\xc8", &[element(b"\x45\xa3", name), element(b"\x44\x87", value)].concat())
    };
    let album =
        [element(b"\x63\xc0", &element(b"\x68\xca", &[50])), simple(b"TITLE", b"the album")];
    let tags = [
        element(b"\x73\x73", &album.concat()),
        element(b"\x73\x73", &[element(b"\x63\xc0", b""), simple(b"ARTIST", b"me")].concat()),
    ];
    let chapter = [
        element(b"\x91", &10_000_000_u32.to_be_bytes()),
        element(b"\x80", &element(b"\x85", b"part")),
    ];
    let chapters = element(b"\x45\xb9", &element(b"\xb6", &chapter.concat()));
    let file = [
        element(b"\x46\x6e", b"cover.png"),
        element(b"\x46\x60", b"image/png"),
        element(b"\x46\x5c", b"\x89PNG"),
    ];
    let attachments = element(b"\x61\xa7", &file.concat());
    let info = element(b"\x15\x49\xa9\x66", &element(b"\x7b\xa9", b"song"));
    let chapters = element(b"\x10\x43\xa7\x70", &chapters);
    let attachments = element(b"\x19\x41\xa4\x69", &attachments);
    let cluster = element(b"\x1f\x43\xb6\x75", &[0; 100]);
    let tags = element(b"\x12\x54\xc3\x67", &tags.concat());
    let seek = |position: usize| {
        let position = u16::try_from(position).expect("short").to_be_bytes();
        let entry = [element(b"\x53\xab", b"\x12\x54\xc3\x67"), element(b"\x53\xac", &position)];
        element(b"\x11\x4d\x9b\x74", &element(b"\x4d\xbb", &entry.concat()))
    };
    let before = seek(0).len() + info.len() + chapters.len() + attachments.len() + cluster.len();
    let segment = [seek(before), info, chapters, attachments, cluster, tags].concat();
    [element(b"\x1a\x45\xdf\xa3", b""), element(b"\x18\x53\x80\x67", &segment)].concat()
}

#[test]
fn matroska_has_tags_chapters_and_attachments_also_behind_the_audio() {
    let file = matroska();
    let metadata = said(&file);
    let expected = [("title", "song"), ("album", "the album"), ("artist", "me")];
    assert_eq!(tags_of(&metadata), expected);
    assert_eq!((metadata.cues[0].frame, metadata.cues[0].label.as_str()), (480, "part"));
    assert_eq!(cover_of(&file), Some(("image/png".to_owned(), b"\x89PNG".to_vec())));
}
