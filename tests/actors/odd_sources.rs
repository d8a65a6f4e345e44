//! Paths that lead to no plain audio file end in a clear error at once.
#![cfg(unix)]

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hotcue::LoadErrorKind::{
    self, Corrupt, Empty, Io, NotFound, PermissionDenied, UnsupportedFormat,
};
use hotcue::{LoadError, LoadJob, LoadOptions, LoadedSample, Source, Step, Workbench};
use hotcue_actors::{AudioEngine, LoadFailure};
use hotcue_tests::{TempDir, fixtures, sine, wav_bytes};

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

#[test]
fn paths_through_what_is_no_folder_or_in_circles_end() {
    let folder = TempDir::new();
    let engine = offline(1);
    let ring: Vec<PathBuf> = (0..3).map(|n| folder.path().join(format!("ring{n}"))).collect();
    for (n, link) in ring.iter().enumerate() {
        symlink(&ring[(n + 1) % ring.len()], link).expect("a link can be made");
    }
    let good = folder.write("good.wav", &tone());
    let paths = [
        (ring[0].clone(), "a ring of links"),
        (ring[1].join("below.wav"), "below a ring"),
        (good.join("x/y"), "beside"),
        (good.join("below.wav"), "below a file"),
        (folder.path().join("a".repeat(256)), "one byte too long"),
        (PathBuf::from("\0"), "nothing but a NUL"),
        (PathBuf::from(OsStr::from_bytes(b"\xff\0\xfe")), "a NUL between other bytes"),
    ];
    for (path, what) in paths {
        let (kind, message) = outcome(&engine, &path).unwrap_or_else(|| panic!("{what} opens"));
        assert!(matches!(kind, Io | NotFound), "{what}: {kind:?}, {message}");
    }
    // As many links as the system follows are no circle.
    let mut last = good;
    for n in 0..10 {
        let link = folder.path().join(format!("chain{n}"));
        symlink(&last, &link).expect("a link can be made");
        last = link;
    }
    assert_eq!(outcome(&engine, &last), None);
}

/// As somebody else than root, for whom permissions count.
#[test]
fn files_that_others_locked_are_denied() {
    const FOLDER: &str = "HOTCUE_TEST_FOLDER";
    const NAME: &str = "odd_sources::files_that_others_locked_are_denied";
    const NOBODY: u32 = 65_534;
    if let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) {
        let engine = offline(1);
        for locked in ["secret.wav", "locked/a.wav"] {
            expect(&engine, folder.join(locked), PermissionDenied, "permission denied");
        }
        return assert_eq!(outcome(&engine, &folder.join("good.wav")), None);
    }
    let folder = TempDir::new();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).expect("a folder can be made");
    fs::write(locked.join("a.wav"), tone()).expect("the folder is still open");
    let secret = folder.write("secret.wav", &tone());
    let good = folder.write("good.wav", &tone());
    // Nobody may get to where this program lies.
    let program = folder.path().join("program");
    fs::copy(env::current_exe().expect("a test knows its program"), &program).expect("room");
    let modes =
        [(folder.path(), 0o755), (&locked, 0), (&secret, 0), (&good, 0o644), (&program, 0o755)];
    for (path, mode) in modes {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let mut child = Command::new(program);
    child.args(["--exact", NAME, "--nocapture", "--test-threads=1"]).env(FOLDER, folder.path());
    if fs::metadata(folder.path()).is_ok_and(|made| made.uid() == 0) {
        child.uid(NOBODY).gid(NOBODY);
    }
    let status = child.current_dir(folder.path()).status().expect("the test starts itself");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).expect("it is ours");
    assert!(status.success());
}

/// Loads a copy of the fixture `name`, which `change` writes to as soon as it is open.
fn changed_while_read(name: &str, change: impl FnOnce(&File)) -> Result<LoadedSample, LoadError> {
    let folder = TempDir::new();
    let path = folder.write(name, &fs::read(fixtures().join(name)).expect("it is there"));
    let mut job = LoadJob::new(Source::Path(path.clone()), LoadOptions::default());
    let mut bench = Workbench::default();
    job.step(&mut bench)?;
    change(&OpenOptions::new().append(true).open(&path).expect("it is ours"));
    loop {
        if let Step::Done(sample) = job.step(&mut bench)? {
            return Ok(sample);
        }
    }
}

#[test]
fn a_file_that_grows_or_shrinks_while_it_is_read_ends_with_what_was_there() {
    let names =
        ["pcm_s16.wav", "flac_16.flac", "mp3_vbr.mp3", "vorbis.ogg", "opus.opus", "aac.m4a"];
    for name in names.into_iter().chain(["opus.webm", "alac.caf", "adpcm_ms.wav"]) {
        let frames = |sample: &LoadedSample| sample.buffer.ready_frames();
        let whole = frames(&changed_while_read(name, |_| ()).expect("a good file"));
        let grown = changed_while_read(name, |mut file| {
            file.write_all(&[0x55; 50_000]).expect("room");
        });
        assert_eq!(frames(&grown.expect("what was there is good")), whole, "{name} grows");
        for part in [0, 1, 2, 3] {
            let shrunk = changed_while_read(name, |file| {
                let len = file.metadata().expect("it is open").len();
                file.set_len(len * part / 4).expect("it is ours");
            });
            // Some of it was read before, and is kept.
            match shrunk {
                Ok(sample) => assert!(frames(&sample) <= whole, "{name} shrinks to {part}/4"),
                Err(error) => assert!(
                    matches!(error.kind(), Io | Corrupt | Empty | UnsupportedFormat),
                    "{name} shrinks to {part}/4: {}",
                    error.full_message()
                ),
            }
        }
    }
}
