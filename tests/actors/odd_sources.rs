//! Paths that lead to no plain audio file end in a clear error at once.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hotcue::LoadErrorKind::{self, Empty, Io, NotFound, PermissionDenied, UnsupportedFormat};
use hotcue::Source;
use hotcue_actors::{AudioEngine, LoadFailure};
use hotcue_tests::{TempDir, sine, wav_bytes};

use crate::offline;

/// None of these takes a millisecond; what blocks takes for ever.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Loads `path`: None is a success, else the kind and the whole message.
fn outcome(engine: &AudioEngine, path: &Path) -> Option<(LoadErrorKind, String)> {
    let ticket = engine
        .load_sample_async(Some(0), Source::Path(path.to_path_buf()), 0)
        .expect("a bad path is accepted like any other");
    match ticket.wait(Some(AT_ONCE)) {
        Some(Ok(_)) => None,
        Some(Err(LoadFailure::Failed { error, .. })) => {
            assert_eq!(error.path(), Some(path), "the error names the file");
            Some((error.kind(), error.full_message()))
        }
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn expect(engine: &AudioEngine, path: impl AsRef<Path>, kind: LoadErrorKind, message: &str) {
    let path = path.as_ref();
    let got = outcome(engine, path);
    assert_eq!(got, Some((kind, message.to_owned())), "{}", path.display());
}

fn tone() -> Vec<u8> {
    wav_bytes(48_000, 1, 100, sine(440.0, 48_000))
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting_for_it() {
    let folder = TempDir::new();
    let engine = offline(1);
    let fifo = folder.path().join("pipe.wav");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs").success());
    let socket = folder.path().join("s");
    let _listener = UnixListener::bind(&socket).expect("a socket can be bound");
    expect(&engine, folder.path(), Io, "reading failed: is a folder");
    for path in [&fifo, &socket] {
        expect(&engine, path, Io, "reading failed: not a regular file");
    }
    for device in ["/dev/zero", "/dev/null", "/dev/tty"] {
        let (kind, message) = outcome(&engine, Path::new(device)).expect("no audio in a device");
        assert_eq!(kind, Io, "{device}");
        assert!(message.starts_with("reading failed: "), "{message}");
    }
}

#[test]
fn links_that_lead_nowhere_or_in_circles_end() {
    let folder = TempDir::new();
    let engine = offline(1);
    let link = |name: &str, target: &Path| {
        let path = folder.path().join(name);
        symlink(target, &path).expect("a link can be made");
        path
    };
    let missing = "file not found";
    expect(&engine, link("dangling.wav", Path::new("nothing.wav")), NotFound, missing);
    expect(
        &engine,
        link("zero.wav", Path::new("/dev/zero")),
        Io,
        "reading failed: not a regular file",
    );
    let (kind, message) =
        outcome(&engine, &link("loop.wav", Path::new("loop.wav"))).expect("a circle has no end");
    assert_eq!(kind, Io, "{message}");
    assert!(message.contains("symbolic links"), "{message}");
    let good = folder.write("good.wav", &tone());
    assert_eq!(outcome(&engine, &link("link.wav", &good)), None);
}

#[test]
fn names_may_be_anything_that_the_system_allows_and_the_rest_is_an_error() {
    let folder = TempDir::new();
    let engine = offline(1);
    for name in [&b"\xff\xfe.wav"[..], b"a\nb.wav", b"-rf", b" ", "♪ ħé̂.wav".as_bytes()] {
        let path = folder.path().join(OsStr::from_bytes(name));
        // Not every file system takes any bytes.
        if fs::write(&path, tone()).is_ok() {
            assert_eq!(outcome(&engine, &path), None, "{}", path.display());
        }
    }
    expect(&engine, "", NotFound, "file not found");
    let (kind, message) =
        outcome(&engine, &PathBuf::from("a/".repeat(2_500))).expect("a path that is too long");
    assert!(matches!(kind, Io | NotFound), "{message}");
    let (kind, message) =
        outcome(&engine, &PathBuf::from("b".repeat(5_000))).expect("a name that is too long");
    assert_eq!(kind, Io, "{message}");
    assert!(message.to_lowercase().contains("name too long"), "{message}");
    let (kind, message) =
        outcome(&engine, Path::new("nul\0inside.wav")).expect("no name has a NUL");
    assert_eq!(kind, Io, "{message}");
    let below_a_file = folder.write("good.wav", &tone()).join("b.wav");
    let (kind, message) = outcome(&engine, &below_a_file).expect("a file is no folder");
    assert!(matches!(kind, Io | NotFound), "{message}");
}

#[test]
fn files_that_may_not_be_read_are_denied() {
    let folder = TempDir::new();
    let engine = offline(1);
    let path = folder.write("secret.wav", &tone());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("the file is ours");
    match File::open(&path) {
        // Nobody keeps root from reading.
        Ok(_) => assert_eq!(outcome(&engine, &path), None),
        Err(_) => {
            let denied = "permission denied";
            expect(&engine, &path, PermissionDenied, denied);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn files_without_a_length_are_empty_and_endless_ones_end() {
    let folder = TempDir::new();
    let engine = offline(1);
    expect(&engine, "/proc/self/status", Empty, "the file is empty");
    // 100 GB of nothing, most of which is never read.
    let path = folder.path().join("huge.mp3");
    let file = File::create(&path).expect("a file can be made");
    if file.set_len(100 << 30).is_ok() {
        expect(&engine, &path, UnsupportedFormat, "not an audio file of a supported format");
    }
}
