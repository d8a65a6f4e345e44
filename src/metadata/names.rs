//! What formats call the tags that many of them have.
//!
//! # Sources
//! ID3v2.4.0 *native frames* (2000), ID3v2.2.0 (1998); Microsoft, *RIFF MCI*, `INFO`; Xiph.org,
//! *Ogg Vorbis I format specification: comment field*; Apple, *QuickTime File Format*, metadata;
//! *APEv2 specification*; names in use by `MusicBrainz` Picard's *tag mapping*.

/// A name as Vorbis comments, APE tags, Matroska and free texts in ID3 and MP4 have it.
pub(super) fn free(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let common = match name.as_str() {
        "albumartist" | "album artist" | "band" => "album_artist",
        "year" | "date_released" | "date_recorded" => "date",
        "tracknumber" | "track" | "part_number" => "track_number",
        "tracktotal" | "totaltracks" | "total_parts" => "track_total",
        "discnumber" | "disc" => "disc_number",
        "disctotal" | "totaldiscs" => "disc_total",
        // ffmpeg passes on what ID3 calls them.
        "tempo" | "tbpm" => "bpm",
        "initialkey" | "initial_key" | "initial key" | "tkey" => "key",
        "tsrc" => "isrc",
        "unsyncedlyrics" | "unsynced lyrics" => "lyrics",
        "encodedby" | "encoded-by" | "encoded by" => "encoded_by",
        "encoding" | "encoded_with" => "encoder",
        "label" | "organization" => "publisher",
        "albumsort" => "album_sort",
        "artistsort" => "artist_sort",
        "titlesort" => "title_sort",
        "albumartistsort" => "album_artist_sort",
        "composersort" => "composer_sort",
        "originaldate" | "originalyear" => "original_date",
        _ => return name,
    };
    common.to_owned()
}

/// What an ID3 frame of text is called; versions 2.3 and 2.4, and 2.2 in three letters.
pub(super) fn id3(id: &[u8]) -> Option<&'static str> {
    Some(match id {
        b"TIT2" | b"TT2" => "title",
        b"TPE1" | b"TP1" => "artist",
        b"TALB" | b"TAL" => "album",
        b"TPE2" | b"TP2" => "album_artist",
        b"TPE3" | b"TP3" => "conductor",
        b"TPE4" | b"TP4" => "remixer",
        b"TDRC" | b"TYER" | b"TYE" => "date",
        b"TDOR" | b"TORY" | b"TOR" => "original_date",
        b"TDRL" => "release_date",
        b"TCON" | b"TCO" => "genre",
        b"TRCK" | b"TRK" => "track_number",
        b"TPOS" | b"TPA" => "disc_number",
        b"TCOM" | b"TCM" => "composer",
        b"TEXT" | b"TXT" => "lyricist",
        b"TPUB" | b"TPB" => "publisher",
        b"TCOP" | b"TCR" => "copyright",
        b"TSRC" | b"TRC" => "isrc",
        b"TSSE" | b"TSS" => "encoder",
        b"TENC" | b"TEN" => "encoded_by",
        b"TLAN" | b"TLA" => "language",
        b"TBPM" | b"TBP" => "bpm",
        b"TKEY" | b"TKE" => "key",
        b"TIT1" | b"TT1" => "grouping",
        b"TIT3" | b"TT3" => "subtitle",
        b"TMOO" => "mood",
        b"TSOP" | b"TSP" => "artist_sort",
        b"TSOA" | b"TSA" => "album_sort",
        b"TSOT" | b"TST" => "title_sort",
        b"TSO2" | b"TS2" => "album_artist_sort",
        b"TSOC" | b"TSC" => "composer_sort",
        b"TCMP" | b"TCP" => "compilation",
        b"TLEN" | b"TLE" => "length_ms",
        _ => return None,
    })
}

/// What a chunk of `LIST INFO` is called.
pub(super) fn info(id: [u8; 4]) -> Option<&'static str> {
    Some(match &id.map(|letter| letter.to_ascii_uppercase()) {
        b"INAM" => "title",
        b"IART" => "artist",
        b"IPRD" | b"IALB" => "album",
        b"ICRD" | b"IYER" => "date",
        b"IGNR" => "genre",
        b"ICMT" => "comment",
        b"IPRT" | b"ITRK" | b"TRCK" => "track_number",
        b"IMUS" => "composer",
        b"ICOP" => "copyright",
        b"ISFT" => "encoder",
        b"ITCH" => "encoded_by",
        b"ILNG" => "language",
        b"IENG" => "engineer",
        b"IKEY" => "keywords",
        b"ISBJ" => "subject",
        b"ISRC" => "source",
        b"IBPM" => "bpm",
        b"IWRI" => "lyricist",
        b"IARL" => "archival_location",
        b"ICMS" => "commissioned_by",
        b"IMED" => "medium",
        b"ISRF" => "source_form",
        _ => return None,
    })
}

/// What an item of MP4's `ilst` is called.
pub(super) fn mp4(id: [u8; 4]) -> Option<&'static str> {
    Some(match &id {
        b"\xa9nam" => "title",
        b"\xa9ART" => "artist",
        b"\xa9alb" => "album",
        b"aART" => "album_artist",
        b"\xa9day" => "date",
        b"\xa9gen" | b"gnre" => "genre",
        b"\xa9cmt" => "comment",
        b"\xa9wrt" | b"\xa9com" => "composer",
        b"\xa9too" => "encoder",
        b"\xa9enc" => "encoded_by",
        b"\xa9lyr" => "lyrics",
        b"\xa9grp" => "grouping",
        b"cprt" | b"\xa9cpy" => "copyright",
        b"tmpo" => "bpm",
        b"desc" => "description",
        b"soal" => "album_sort",
        b"soar" => "artist_sort",
        b"sonm" => "title_sort",
        b"soaa" => "album_artist_sort",
        b"soco" => "composer_sort",
        b"cpil" => "compilation",
        _ => return None,
    })
}
