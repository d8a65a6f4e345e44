//! A file that comes slowly, as over a network.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use hotcue::{ByteSource, ReadSeek};

/// A file of which no more than so many bytes come in a second.
#[derive(Debug)]
pub(crate) struct Throttled {
    path: PathBuf,
    bytes_per_sec: u32,
}

impl Throttled {
    pub(crate) fn new(path: PathBuf, bytes_per_sec: u32) -> Self {
        Self { path, bytes_per_sec }
    }
}

impl ByteSource for Throttled {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        let content = File::open(&self.path)?;
        let next = Instant::now();
        Ok(Box::new(Reader { content, bytes_per_sec: self.bytes_per_sec, next }))
    }

    fn name(&self) -> &str {
        "throttled"
    }
}

struct Reader {
    content: File,
    bytes_per_sec: u32,
    /// When the next bytes may come.
    next: Instant,
}

impl Read for Reader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let bytes = self.content.read(target)?;
        // From now if nobody asked for a while: what was not sent then is not sent faster now.
        let seconds = bytes as f64 / f64::from(self.bytes_per_sec);
        self.next = self.next.max(Instant::now()) + Duration::from_secs_f64(seconds);
        thread::sleep(self.next.saturating_duration_since(Instant::now()));
        Ok(bytes)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}
