//! What a file's name says of its content.

use std::ffi::OsStr;
use std::path::Path;

use crate::error::{LoadWarning, WarningCode};

/// Extensions and the containers, as [`StreamInfo`](crate::StreamInfo) names them, that go by
/// them. What is not here says nothing.
const KNOWN: &[(&[&str], &[&str])] = &[
    (&["wav", "wave", "bwf", "rf64"], &["wav"]),
    (&["w64"], &["w64"]),
    (&["au", "snd"], &["au"]),
    (&["aif", "aiff", "aifc"], &["aiff"]),
    (&["iff"], &["8svx", "aiff"]),
    (&["8svx", "svx"], &["8svx"]),
    (&["voc"], &["voc"]),
    (&["flac"], &["flac"]),
    (&["ogg", "oga", "ogx", "opus"], &["ogg"]),
    // All three layers of MPEG audio go by the name of the third, and the other way round.
    (&["mp3", "mp2", "mp1", "mpga"], &["mp3", "mp2", "mp1"]),
    (&["mp4", "m4a", "m4b", "m4r", "mov", "3gp"], &["mp4"]),
    (&["caf"], &["caf"]),
    (&["mka", "mkv", "webm"], &["mkv"]),
    (&["aac", "adts"], &["aac"]),
    // Formats that are not read here: whatever was read is something else.
    (&["wv", "ape", "wma", "amr", "ac3", "mid"], &[]),
];

/// The extensions of files that can be read here, in lower case and without a dot: what to take out of
/// a folder. A file is read by its content, whatever its name.
///
/// ```
/// assert!(hotcue::extensions().any(|extension| extension == "flac"));
/// ```
pub fn extensions() -> impl Iterator<Item = &'static str> {
    KNOWN
        .iter()
        .filter(|(_, containers)| !containers.is_empty())
        .flat_map(|(names, _)| *names)
        .copied()
}

/// The warning that `path` has the extension of another format than the `container` found in it.
pub fn mismatch(path: &Path, container: &str) -> Option<LoadWarning> {
    let extension = path.extension().and_then(OsStr::to_str)?.to_ascii_lowercase();
    let (_, containers) = KNOWN.iter().find(|(names, _)| names.contains(&extension.as_str()))?;
    (!containers.contains(&container)).then(|| LoadWarning {
        code: WarningCode::ExtensionMismatch,
        message: format!("the file is named .{extension} and holds {container}"),
        numbers: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{extensions, mismatch};

    #[test]
    fn what_can_be_read_has_each_extension_once_and_nothing_else_has_one() {
        let names: Vec<&str> = extensions().collect();
        let once: HashSet<&str> = names.iter().copied().collect();
        assert_eq!(once.len(), names.len());
        for name in ["wav", "aif", "flac", "ogg", "opus", "mp3", "m4a", "aac", "mka", "w64", "voc"]
        {
            assert!(once.contains(name), "{name}");
        }
        for name in ["wma", "ape", "mid", "txt", ""] {
            assert!(!once.contains(name), "{name}");
        }
        assert!(names.iter().all(|name| name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9'))));
    }

    #[test]
    fn only_known_extensions_of_another_format_are_a_mismatch() {
        let differs = |name: &str, container| mismatch(name.as_ref(), container).is_some();
        for (name, container) in [
            ("a.wav", "wav"),
            ("a.WAVE", "wav"),
            ("b.c/a.aifc", "aiff"),
            ("a.snd", "au"),
            ("a.w64", "w64"),
            ("a.iff", "8svx"),
            ("a.8svx", "8svx"),
            ("a.voc", "voc"),
            ("a.oga", "ogg"),
            ("a.mp2", "mp3"),
            ("a.mp3", "mp2"),
            ("a.m4b", "mp4"),
            ("a.webm", "mkv"),
            ("a.aac", "aac"),
            ("wav", "flac"),
            ("a.take3", "flac"),
            ("a", "flac"),
            (".flac", "wav"),
        ] {
            assert!(!differs(name, container), "{name} with {container}");
        }
        for (name, container) in [
            ("a.wav", "flac"),
            ("a.b.Mp3", "wav"),
            ("a.aac", "mp4"),
            ("a.au", "wav"),
            ("a.voc", "wav"),
        ] {
            assert!(differs(name, container), "{name} with {container}");
        }
    }
}
