//! Sources that are opened again, and feeds that come to nothing.

use std::io::{self, Cursor};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Both, StreamOpening, StreamStep, Wish};
use crate::error::LoadErrorKind;
use crate::resample::Workbench;
use crate::source::{ByteSource, ReadSeek, Source};
use crate::testing::{ramp_wav, wav};

/// A file that is another one whenever it is opened again.
struct Changes {
    files: [Vec<u8>; 2],
    is_opened: AtomicBool,
}

impl ByteSource for Changes {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        let again = usize::from(self.is_opened.swap(true, Ordering::Relaxed));
        Ok(Box::new(Cursor::new(self.files[again].clone())))
    }

    fn name(&self) -> &str {
        "changes"
    }
}

/// What a feed says that reads on behind the head of `first`, in `then`.
fn reads_on(first: &[u8], then: &[u8]) -> Result<(), (LoadErrorKind, String)> {
    let (files, is_opened) = ([first.to_vec(), then.to_vec()], AtomicBool::new(false));
    let source = Source::Custom(Arc::new(Changes { files, is_opened }));
    let (mut opening, mut bench) = (StreamOpening::new(source, Some(48_000)), Workbench::default());
    let sample = loop {
        if let StreamStep::Ready(sample) = opening.step(&mut bench).expect("a good file") {
            break sample;
        }
    };
    let (mut feed, reader) = sample.voice();
    reader.set_wish(Wish { frame: 100_000, backwards: false });
    while reader.frames_from(100_000) == 0 {
        feed.step(&mut bench).map_err(|error| (error.kind(), error.to_string()))?;
    }
    Ok(())
}

#[test]
fn what_is_of_another_format_when_it_is_opened_again_has_changed() {
    let data = [7; 800_000];
    let first = wav(1, 16, 2, 48_000, &data);
    assert_eq!(reads_on(&first, &first), Ok(()));
    let codec = wav(1, 8, 2, 48_000, &data);
    for then in [wav(1, 16, 1, 48_000, &data), wav(1, 16, 2, 44_100, &data), codec] {
        assert_eq!(then.len(), first.len());
        let said = "the file changed while it was played".to_owned();
        assert_eq!(reads_on(&first, &then), Err((LoadErrorKind::Io, said)));
    }
}

#[test]
fn a_voice_hears_of_it_when_its_feed_is_dropped() {
    let both = Both::new("ramp", &ramp_wav(100_000, 48_000), 48_000).expect("a sound file");
    let (feed, reader) = both.sample.voice();
    assert!(!reader.has_failed());
    drop(feed);
    assert!(reader.has_failed());
}
