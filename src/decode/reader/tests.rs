//! What the reader refuses, and that an honest file never meets it.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use super::*;
use crate::job::{LoadJob, LoadOptions};
use crate::resample::Workbench;
use crate::source::ByteSource;
use crate::testing::ramp_wav;

fn reader(bytes: &[u8]) -> (CountingReader, Arc<ReadState>, Arc<Pulse>) {
    let pulse = Arc::<Pulse>::default();
    let source = Source::Memory(Arc::from(bytes));
    let opened = OpenedSource::open(&source, Arc::clone(&pulse)).expect("memory can be opened");
    let (reader, state) = opened.into_reader();
    (reader, state, pulse)
}

#[test]
fn nothing_is_read_once_the_load_was_stopped() {
    let (mut reader, state, pulse) = reader(&[0; 100]);
    let mut byte = [0];
    reader.read_exact(&mut byte).expect("nobody has stopped it");
    pulse.stop();
    assert!(reader.read(&mut byte).is_err());
    assert!(reader.seek(SeekFrom::Start(0)).is_err());
    let failure = state.take_failure().expect("why is said once");
    assert_eq!(failure.kind(), LoadErrorKind::Io);
    assert!(state.take_failure().is_none());
    assert_eq!(pulse.bytes(), 1);
}

#[test]
fn a_reader_that_goes_round_in_circles_comes_to_its_end() {
    // With bytes, without, and by seeks alone.
    let read = |reader: &mut CountingReader| {
        reader.seek(SeekFrom::Start(0))?;
        reader.read_exact(&mut [0; 100])
    };
    let end = |reader: &mut CountingReader| {
        reader.seek(SeekFrom::End(0))?;
        reader.read(&mut [0; 100]).map(drop)
    };
    let seek = |reader: &mut CountingReader| reader.seek(SeekFrom::Start(7)).map(drop);
    let circles: [fn(&mut CountingReader) -> io::Result<()>; 3] = [read, end, seek];
    for circle in circles {
        let (mut reader, state, _) = reader(&[0; 100]);
        let turns = (0..2_000_000).take_while(|_| circle(&mut reader).is_ok()).count();
        assert!((100_000..2_000_000).contains(&turns), "{turns} turns");
        assert_eq!(state.take_failure().expect("it ended").kind(), LoadErrorKind::Corrupt);
    }
}

#[test]
fn a_load_that_was_stopped_ends_at_its_next_read() {
    let mut job =
        LoadJob::new(Source::Memory(ramp_wav(1_000_000, 48_000).into()), LoadOptions::default());
    let mut bench = Workbench::default();
    for _ in 0..3 {
        job.step(&mut bench).expect("a good file");
    }
    job.pulse().stop();
    let before = job.pulse().bytes();
    let error = loop {
        if let Err(error) = job.step(&mut bench) {
            break error;
        }
    };
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (LoadErrorKind::Io, "the load was stopped")
    );
    assert_eq!(job.pulse().bytes(), before, "nothing is read");
}

#[test]
fn what_lies_beyond_any_file_is_behind_the_end() {
    let path = std::env::temp_dir().join(format!("hotcue-reader-{}.wav", std::process::id()));
    std::fs::write(&path, [7; 100]).expect("a file can be written");
    let opened = OpenedSource::open(&Source::Path(path.clone()), Arc::default());
    let (mut reader, state) = opened.expect("it is there").into_reader();
    // No file system of Linux has files of so many bytes.
    let far = i64::MAX.cast_unsigned() - 1;
    assert_eq!(reader.seek(SeekFrom::Start(far)).expect("only a lie of the file's"), far);
    assert_eq!(reader.read(&mut [0; 4]).expect("nothing is there"), 0);
    assert_eq!(reader.seek(SeekFrom::Current(-2)).expect("back from there"), far - 2);
    assert_eq!(reader.seek(SeekFrom::Start(99)).expect("the last byte"), 99);
    assert_eq!(reader.read(&mut [0; 4]).expect("one byte"), 1);
    assert!(state.take_failure().is_none());
    std::fs::remove_file(&path).expect("it is there");
}

/// Says of each read that one more byte came than there was room for.
struct Boasting(Cursor<Vec<u8>>);

impl Read for Boasting {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        self.0.read(target).map(|_| target.len() + 1)
    }
}

impl Seek for Boasting {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl ByteSource for Vec<u8> {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(Boasting(Cursor::new(self.clone()))))
    }

    fn name(&self) -> &str {
        "boasting"
    }
}

#[test]
fn a_source_that_says_it_has_read_more_than_there_was_room_for_has_failed() {
    let source = Source::Custom(Arc::new(ramp_wav(1_000, 48_000)));
    let mut job = LoadJob::new(source, LoadOptions::default());
    let mut bench = Workbench::default();
    let error = loop {
        if let Err(error) = job.step(&mut bench) {
            break error;
        }
    };
    assert_eq!(error.kind(), LoadErrorKind::Io, "{}", error.full_message());
}
