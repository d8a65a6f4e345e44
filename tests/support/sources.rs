//! Sources that misbehave on purpose.

use std::fmt;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use hotcue::{ByteSource, ReadSeek};

/// A source whose first read panics.
#[derive(Debug)]
pub struct PanickingSource;

impl ByteSource for PanickingSource {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(PanickingReader))
    }

    fn name(&self) -> &str {
        "panics"
    }
}

struct PanickingReader;

impl Read for PanickingReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("planted panic");
    }
}

impl Seek for PanickingReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // Long enough that a decoder goes on to read.
        Ok(if matches!(to, SeekFrom::End(_)) { 10_000 } else { 0 })
    }
}

/// Something that stays shut until it is opened.
#[derive(Debug, Default)]
pub struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
    waiting: AtomicUsize,
}

impl Gate {
    /// Lets everybody through, for good.
    pub fn open(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// How many have come to wait so far.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Waits until it is open.
    pub fn pass(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(open, |open| !*open).unwrap_or_else(PoisonError::into_inner));
    }
}

/// Content behind a gate: the first read waits until it opens.
pub struct BlockingSource {
    /// What the reads wait for.
    pub gate: Arc<Gate>,
    /// What they give then.
    pub content: Vec<u8>,
}

impl fmt::Debug for BlockingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingSource").finish_non_exhaustive()
    }
}

impl ByteSource for BlockingSource {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(BlockingReader {
            gate: Arc::clone(&self.gate),
            content: Cursor::new(self.content.clone()),
        }))
    }

    fn name(&self) -> &str {
        "blocks"
    }
}

struct BlockingReader {
    gate: Arc<Gate>,
    content: Cursor<Vec<u8>>,
}

impl Read for BlockingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.gate.pass();
        self.content.read(buffer)
    }
}

impl Seek for BlockingReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

/// Content that counts how many readers of it are open: how many loads of it were begun and have
/// neither ended nor been dropped.
#[derive(Debug)]
pub struct CountedSource {
    /// What the reads give.
    pub content: Arc<[u8]>,
    /// The readers that exist, and the most there ever were.
    pub open: Arc<OpenReaders>,
}

/// How many readers exist, and the most there ever were.
#[derive(Debug, Default)]
pub struct OpenReaders {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl OpenReaders {
    /// Readers that exist.
    pub fn now(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }

    /// The most there ever were.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

impl ByteSource for CountedSource {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        let now = self.open.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.open.most.fetch_max(now, Ordering::SeqCst);
        Ok(Box::new(CountedReader {
            content: Cursor::new(Arc::clone(&self.content)),
            open: Arc::clone(&self.open),
        }))
    }

    fn name(&self) -> &str {
        "counted"
    }
}

struct CountedReader {
    content: Cursor<Arc<[u8]>>,
    open: Arc<OpenReaders>,
}

impl Drop for CountedReader {
    fn drop(&mut self) {
        self.open.now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Read for CountedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

impl Seek for CountedReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

/// Content whose reads take a while, or fail or panic after the first few.
pub struct FaultySource {
    /// What the reads give.
    pub content: Arc<[u8]>,
    /// How many succeed; None all of them. With 0 it does not even open.
    pub good_reads: Option<u32>,
    /// Whether the first bad one panics instead of giving an error.
    pub panics: bool,
    /// How long every read takes.
    pub pause: Duration,
}

impl fmt::Debug for FaultySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultySource").field("good_reads", &self.good_reads).finish_non_exhaustive()
    }
}

impl ByteSource for FaultySource {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        if self.good_reads == Some(0) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(Box::new(FaultyReader {
            content: Cursor::new(Arc::clone(&self.content)),
            left: self.good_reads,
            panics: self.panics,
            pause: self.pause,
        }))
    }

    fn name(&self) -> &str {
        "faulty"
    }
}

struct FaultyReader {
    content: Cursor<Arc<[u8]>>,
    left: Option<u32>,
    panics: bool,
    pause: Duration,
}

impl Read for FaultyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        thread::sleep(self.pause);
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                assert!(!self.panics, "planted panic");
                return Err(io::Error::other("planted fault"));
            }
        }
        // Small pieces, so that there is something to break off.
        let most = buffer.len().min(if self.left.is_some() { 16 } else { 128 });
        self.content.read(&mut buffer[..most])
    }
}

impl Seek for FaultyReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}

/// Content that comes in stretches: each waits for its gate.
pub struct PausingSource {
    /// From which byte on reads wait for what, in order.
    pub gates: Vec<(usize, Arc<Gate>)>,
    /// What the reads give.
    pub content: Arc<[u8]>,
    /// Whether what lies behind the last gate cannot be read.
    pub fails: bool,
}

impl fmt::Debug for PausingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PausingSource").finish_non_exhaustive()
    }
}

impl ByteSource for PausingSource {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(PausingReader {
            gates: self.gates.clone(),
            content: Cursor::new(Arc::clone(&self.content)),
            fails: self.fails,
        }))
    }

    fn name(&self) -> &str {
        "pauses"
    }
}

struct PausingReader {
    gates: Vec<(usize, Arc<Gate>)>,
    content: Cursor<Arc<[u8]>>,
    fails: bool,
}

impl Read for PausingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(self.content.position()).unwrap_or(usize::MAX);
        let passed = self.gates.iter().take_while(|(from, _)| *from <= at).count();
        if let Some((_, gate)) = passed.checked_sub(1).and_then(|last| self.gates.get(last)) {
            gate.pass();
            if self.fails && passed == self.gates.len() {
                return Err(io::Error::other("planted fault"));
            }
        }
        let most = self.gates.get(passed).map_or(usize::MAX, |(next, _)| next - at);
        let most = buffer.len().min(most);
        self.content.read(&mut buffer[..most])
    }
}

impl Seek for PausingReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.content.seek(to)
    }
}
