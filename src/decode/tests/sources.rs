//! Opening what is no plain file, and sources that fail.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use super::open;
use crate::decode::OpenedSource;
use crate::error::{LoadError, LoadErrorKind};
use crate::metadata::{Collector, Pictures};
use crate::source::Source;
use crate::testing::{Fault, Faulty, ramp_wav};

/// A folder of this test's own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hotcue-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder can be written");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            assert!(std::thread::panicking(), "{error}");
        }
    }
}

/// The error of opening `path`, which must not take longer than a blink.
fn open_error(path: PathBuf) -> LoadError {
    let (done_tx, done_rx) = mpsc::channel();
    std::thread::spawn(move || {
        let result = OpenedSource::open(&Source::Path(path), Arc::default()).map(drop);
        // The receiver is gone when the test has given up waiting; then nobody wants to know.
        drop(done_tx.send(result));
    });
    done_rx
        .recv_timeout(Duration::from_secs(5))
        .expect("opening must not block")
        .expect_err("is no file")
}

#[test]
fn a_missing_file_is_not_found_and_keeps_its_path() {
    let folder = Folder::new("missing");
    let path = folder.0.join("nothing.wav");
    let error = open_error(path.clone());
    assert_eq!(error.kind(), LoadErrorKind::NotFound);
    assert_eq!(error.path(), Some(path.as_path()));
}

#[test]
fn a_folder_is_an_error_at_once() {
    let folder = Folder::new("folder");
    let error = open_error(folder.0.clone());
    assert_eq!(error.kind(), LoadErrorKind::Io);
    assert!(error.full_message().contains("is a folder"), "{}", error.full_message());
}

#[cfg(unix)]
#[test]
fn a_fifo_without_a_writer_is_an_error_at_once() {
    let folder = Folder::new("fifo");
    let path = folder.0.join("pipe.wav");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
    assert!(made.success());
    let error = open_error(path);
    assert_eq!(error.kind(), LoadErrorKind::Io);
    assert!(error.full_message().contains("not a regular file"), "{}", error.full_message());
}

#[cfg(unix)]
#[test]
fn a_socket_is_an_error_at_once() {
    let folder = Folder::new("socket");
    let path = folder.0.join("s");
    let _listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket can be bound");
    assert_eq!(open_error(path).kind(), LoadErrorKind::Io);
}

#[cfg(unix)]
#[test]
fn a_device_is_an_error_at_once() {
    assert_eq!(open_error(PathBuf::from("/dev/zero")).kind(), LoadErrorKind::Io);
}

/// Decodes to the end; the number of frames.
fn frames_of(source: &Source) -> Result<usize, LoadError> {
    let mut decoder =
        open(OpenedSource::open(source, Arc::default())?, &mut Collector::new(Pictures::Note))?;
    let mut frames = 0;
    while let Some(chunk) = decoder.next_chunk()? {
        frames += chunk.frames();
    }
    Ok(frames)
}

#[test]
fn a_source_that_fails_at_any_read_ends_in_io() {
    let file = ramp_wav(200_000, 48_000);
    let sound = Faulty::new(file.clone(), None);
    assert_eq!(frames_of(&sound.source()).expect("no fault"), 200_000);
    let reads = sound.reads.load(Ordering::Relaxed);
    assert!(reads > 5, "several reads make the test worth its name, not {reads}");
    for at in 0..reads {
        let faulty = Faulty::new(file.clone(), Some((at, Fault::Error)));
        let result = frames_of(&faulty.source());
        if faulty.reads.load(Ordering::Relaxed) <= at {
            continue; // the end was found before that read
        }
        let error = result.expect_err("the fault was met");
        assert_eq!(error.kind(), LoadErrorKind::Io, "read {at}: {}", error.full_message());
        assert!(error.full_message().contains("the disk is gone"), "{}", error.full_message());
    }
}
