//! One file per container, cut anywhere, with its lengths unknown, and its channels in disorder.

use super::{chunk, counted, decode, format, kind_of, open_bytes, riff};
use crate::error::{LoadErrorKind, WarningCode};

/// A length of 64 bits, the higher bytes first.
fn long(len: usize) -> [u8; 8] {
    (len as u64).to_be_bytes()
}

fn big_endian(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [id, &long(content.len())[4..], content].concat()
}

fn aiff(audio: &[u8]) -> Vec<u8> {
    // One channel of 16 bits at 48 kHz as an 80-bit float.
    let common = b"\0\x01\0\0\0\x14\0\x10\x40\x0e\xbb\x80\0\0\0\0\0\0sowt\0\0";
    let sound = [&[0; 8], audio].concat();
    let form = [b"AIFC", &big_endian(b"COMM", common)[..], &big_endian(b"SSND", &sound)].concat();
    big_endian(b"FORM", &form)
}

fn au(audio: &[u8], stated: u32) -> Vec<u8> {
    let fields = [28, stated, 3, 48_000, 1].map(u32::to_le_bytes).concat();
    [b"dns.", &fields[..], b"text", audio].concat()
}

fn caf(audio: &[u8], stated: Option<usize>, channels: u32, layout: &[u8]) -> Vec<u8> {
    let mut description = 48_000_f64.to_be_bytes().to_vec();
    description.extend(b"lpcm\0\0\0\x02");
    description.extend([2 * channels, 1, channels, 16].map(u32::to_be_bytes).concat());
    let mut file = b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20".to_vec();
    file.extend(description);
    if !layout.is_empty() {
        file.extend([b"chan", &long(layout.len())[..], layout].concat());
    }
    file.extend(b"data");
    file.extend(stated.map_or([0xff; 8], |stated| long(stated + 4)));
    file.extend([0; 4]);
    file.extend(audio);
    file
}

fn w64(audio: &[u8]) -> Vec<u8> {
    const GUID: &[u8] = b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a";
    let chunk = |id: &[u8; 4], content: &[u8]| {
        let len = 24 + content.len() as u64;
        let mut chunk = [id, GUID, &len.to_le_bytes()[..], content].concat();
        chunk.resize(chunk.len().next_multiple_of(8), 0);
        chunk
    };
    let body = [chunk(b"fmt ", &format(1, 1, 16)), chunk(b"data", audio)].concat();
    let head = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0";
    [head, &(40 + body.len() as u64).to_le_bytes()[..], b"wave", GUID, &body].concat()
}

fn rf64(audio: &[u8]) -> Vec<u8> {
    let sizes = [0, audio.len() as u64, 0].map(u64::to_le_bytes).concat();
    let ds64 = chunk(b"ds64", &[&sizes[..], &[0; 4]].concat());
    let mut data = chunk(b"data", audio);
    data[4..8].fill(0xff);
    let mut file = riff(&[ds64, chunk(b"fmt ", &format(1, 1, 16)), data]);
    file[..8].copy_from_slice(b"RF64\xff\xff\xff\xff");
    file
}

#[test]
fn a_file_cut_at_any_byte_gives_its_whole_frames_or_an_error() {
    let (audio, expected) = counted(20);
    let wav = riff(&[chunk(b"fmt ", &format(1, 1, 16)), chunk(b"data", &audio)]);
    let files = [
        ("wav", wav),
        ("wav", rf64(&audio)),
        ("w64", w64(&audio)),
        ("aiff", aiff(&audio)),
        ("au", au(&audio, 40)),
        ("caf", caf(&audio, Some(40), 1, b"")),
    ];
    for (container, whole) in files {
        let info = open_bytes(&whole).expect("good file").info().clone();
        assert_eq!((info.container.as_str(), info.codec.as_str()), (container, "pcm_s16le"));
        assert_eq!((info.spec.sample_rate, info.frames), (48_000, Some(20)));
        let audio_start = whole.len() - audio.len();
        for len in 0..=whole.len() {
            let frames = len.saturating_sub(audio_start) / 2;
            match decode(&whole[..len]) {
                Ok((planes, warnings)) => {
                    assert_eq!(planes, [&expected[..frames]], "{container} cut at {len}");
                    let codes: Vec<WarningCode> = warnings.iter().map(|w| w.code).collect();
                    let wanted = if frames == 20 { vec![] } else { vec![WarningCode::Truncated] };
                    assert_eq!(codes, wanted, "{container} cut at {len}");
                }
                Err(error) => {
                    let what = error.full_message();
                    assert_eq!(frames, 0, "{container} cut at {len}: {what}");
                    assert_ne!(error.kind(), LoadErrorKind::Io, "{container} cut at {len}: {what}");
                }
            }
        }
    }
}

#[test]
fn a_length_that_is_not_known_is_told() {
    let (audio, expected) = counted(20);
    let mut files = vec![au(&audio, u32::MAX), au(&audio, 0), caf(&audio, None, 1, b"")];
    for len in [u64::MAX, i64::MAX.cast_unsigned(), 0] {
        let mut file = w64(&audio);
        let data = file.windows(4).position(|four| four == b"data").expect("it is there");
        file[data + 16..data + 24].copy_from_slice(&len.to_le_bytes());
        files.push(file);
    }
    for file in files {
        let (planes, warnings) = decode(&file).expect("must load");
        assert_eq!(planes, [&expected[..]]);
        assert_eq!(warnings[0].code, WarningCode::LengthEstimated);
        assert_eq!(warnings.len(), 1);
    }
}

#[test]
fn audio_whose_length_was_never_filled_in_lasts_to_the_end() {
    let (audio, expected) = counted(20);
    let mut files = Vec::new();
    // Nothing, no more than what comes in front of the audio, SoX, GStreamer, and the most.
    for stated in [0, 8, 0x7f00_0008, 0x7fff_0008, i32::MAX.cast_unsigned(), u32::MAX] {
        let mut file = aiff(&audio);
        let sound = file.len() - audio.len() - 12;
        file[sound..sound + 4].copy_from_slice(&stated.to_be_bytes());
        // Neither those of all and of frames.
        file[4..8].copy_from_slice(&stated.to_be_bytes());
        let common = file.windows(4).position(|four| four == b"COMM").expect("it is there");
        file[common + 10..common + 14].fill(0);
        files.push((stated, file));
    }
    for stated in [0, 4, u32::MAX] {
        let mut file = caf(&audio, None, 1, b"");
        let len = file.len() - audio.len() - 12;
        let bytes = u64::from(stated).to_be_bytes();
        file[len..len + 8].copy_from_slice(if stated == u32::MAX { &[0xff; 8] } else { &bytes });
        files.push((stated, file));
    }
    for (stated, file) in files {
        let (planes, warnings) = decode(&file).expect("must load");
        assert_eq!(planes, [&expected[..]], "{stated:x}");
        assert_eq!(warnings.len(), 1, "{stated:x}: {warnings:?}");
        assert_eq!(warnings[0].code, WarningCode::LengthEstimated, "{stated:x}");
    }
}

#[test]
fn audio_without_a_frame_is_empty() {
    for behind in [&b""[..], b"ANNO\0\0\0\x04text"] {
        for stated in [8_u32, 0] {
            let mut file = aiff(b"");
            let sound = file.len() - 12;
            file[sound..sound + 4].copy_from_slice(&stated.to_be_bytes());
            file.extend(behind);
            assert_eq!(kind_of(&file), LoadErrorKind::Empty, "{stated}, {behind:?}");
        }
        let file = [&caf(b"", Some(0), 1, b"")[..], behind].concat();
        assert_eq!(kind_of(&file), LoadErrorKind::Empty, "{behind:?}");
    }
    // One that is cut off is no live one.
    let mut file = aiff(&counted(20).0);
    let sound = file.len() - 40 - 12;
    file[sound..sound + 4].copy_from_slice(&0x7eff_ffff_u32.to_be_bytes());
    assert_eq!(decode(&file).expect("20 frames").1[0].code, WarningCode::Truncated);
}

#[test]
fn the_channels_of_a_caf_file_are_put_in_wave_order() {
    let (audio, values) = counted(6);
    let planes = |layout: &[u8]| -> Vec<f32> {
        let file = caf(&audio, Some(12), 6, layout);
        decode(&file).expect("good file").0.iter().map(|plane| plane[0]).collect()
    };
    let layout = |tag: u32, bits: u32, labels: &[u32]| {
        let count = u32::try_from(labels.len()).expect("few");
        let mut content = [tag, bits, count].map(u32::to_be_bytes).concat();
        for label in labels {
            content.extend(label.to_be_bytes());
            content.extend([0; 16]);
        }
        content
    };
    assert_eq!(planes(b""), values, "as they come");
    assert_eq!(planes(&layout(0x1_0000, 0x3f, &[])), values, "the bits of a mask");
    // C L R Ls Rs LFE, as labels and as a tag of its own.
    let sorted = [1, 2, 0, 5, 3, 4].map(|n: usize| values[n]);
    assert_eq!(planes(&layout(0, 0, &[3, 1, 2, 5, 6, 4])), sorted);
    assert_eq!(planes(&layout(0x007c_0006, 0, &[])), sorted);
    assert_eq!(planes(&layout(0x00ff_0006, 0, &[])), values, "an unknown tag");
    assert_eq!(planes(&layout(0, 0, &[3, 1])), values, "too few labels");
}

#[test]
fn the_channels_of_a_caf_file_are_for_the_speakers_that_it_names() {
    let (audio, values) = counted(4);
    let heard = |tag: u32, bits: u32, labels: &[u32]| {
        let mut layout =
            [tag, bits, u32::try_from(labels.len()).expect("few")].map(u32::to_be_bytes).concat();
        for label in labels {
            layout.extend(label.to_be_bytes());
            layout.extend([0; 16]);
        }
        let file = caf(&audio, Some(8), 4, &layout);
        let mask = open_bytes(&file).expect("good file").info().speakers.mask();
        let planes = decode(&file).expect("good file").0;
        (mask, planes.iter().map(|plane| plane[0]).collect::<Vec<f32>>())
    };
    let sorted = [1, 2, 0, 3].map(|n: usize| values[n]).to_vec();
    // L R C Cs, by a mask, a tag, another tag, as labels; C L R Cs; quad; 3.1.
    assert_eq!(heard(0x1_0000, 0x107, &[]), (Some(0x107), values.clone()));
    assert_eq!(heard(0x0073_0004, 0, &[]), (Some(0x107), values.clone()));
    assert_eq!(heard(0, 0, &[1, 2, 3, 9]), (Some(0x107), values.clone()));
    assert_eq!(heard(0x0074_0004, 0, &[]), (Some(0x107), sorted.clone()));
    assert_eq!(heard(0, 0, &[3, 1, 2, 9]), (Some(0x107), sorted));
    assert_eq!(heard(0x0084_0004, 0, &[]), (None, values.clone()));
    assert_eq!(heard(0x0088_0004, 0, &[]), (Some(0xf), values.clone()));
    assert_eq!(heard(0, 0, &[1, 2, 3, 3]), (None, values), "two of one speaker");
}

#[test]
fn rates_are_read_from_80_bits() {
    let rate = |bytes: &[u8; 10]| {
        let mut file = aiff(&[0; 8]);
        let at = file.windows(4).position(|four| four == b"COMM").expect("it is there") + 16;
        file[at..at + 10].copy_from_slice(bytes);
        open_bytes(&file).map(|decoder| decoder.info().spec.sample_rate)
    };
    // Apple, AIFF-C: 44,100 is 0x400e ac44 0000 0000 0000; 22,254.5454 the Macintosh's own rate.
    assert_eq!(rate(b"\x40\x0e\xac\x44\0\0\0\0\0\0").expect("good"), 44_100);
    assert_eq!(rate(b"\x40\x0d\xad\xdd\x17\x45\xd1\x46\0\0").expect("good"), 22_255);
    assert_eq!(rate(b"\x40\x10\xbb\x80\0\0\0\0\0\0").expect("good"), 192_000);
    for bad in [b"\xc0\x0e\xac\x44\0\0\0\0\0\0", b"\x7f\xff\0\0\0\0\0\0\0\0", &[0; 10]] {
        let error = rate(bad).err().map(|error| error.kind());
        assert_eq!(error, Some(LoadErrorKind::UnsupportedFormat), "{bad:?}");
    }
}

#[test]
fn other_codecs_in_these_containers_are_refused_by_name() {
    let mut file = aiff(&[0; 8]);
    let at = file.windows(4).position(|four| four == b"sowt").expect("it is there");
    file[at..at + 4].copy_from_slice(b"MAC3");
    let error = decode(&file).expect_err("MACE is not read");
    assert!(error.full_message().contains("MAC3"), "{}", error.full_message());
    let mut file = au(&[0; 8], 8);
    file[12..16].copy_from_slice(&23_u32.to_le_bytes());
    assert_eq!(kind_of(&file), LoadErrorKind::UnsupportedFormat);
}

#[test]
fn aiff_of_24_bits_in_little_endian_order_is_read_under_both_its_names() {
    for kind in [b"42ni", b"42n1"] {
        let mut file = aiff(&[1, 2, 3, 0xff, 0xff, 0xff]);
        let at = file.windows(4).position(|four| four == b"sowt").expect("it is there");
        file[at..at + 4].copy_from_slice(kind);
        // The bits of a value stand before the rate, which has ten bytes.
        file[at - 11] = 24;
        let (planes, _) = decode(&file).expect("a good file");
        assert_eq!(planes, [[197_121.0 / 8_388_608.0, -1.0 / 8_388_608.0]]);
    }
}

#[test]
fn what_caf_holds_of_codecs_that_are_not_read_there_is_refused_by_name() {
    let file = caf(&[0; 64], Some(64), 2, &[]);
    let at = file.windows(4).position(|id| id == b"lpcm").expect("ours");
    for codec in [b"opus", b"flac"] {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(codec);
        assert_eq!(kind_of(&file), LoadErrorKind::UnsupportedFormat, "{}", codec.escape_ascii());
    }
}
