//! A descriptor that can be watched along with files and sockets.

#[cfg(all(test, unix))]
mod tests;

use std::io::{self, Read, Write};
#[cfg(not(unix))]
use std::net::TcpStream as Stream;
#[cfg(unix)]
use std::os::unix::net::UnixStream as Stream;

/// Readable while it is raised: for `select`, `poll`, and the event loops of toolkits.
///
/// Nobody but itself reads or writes it. It ends with the value: who watches it lets go before.
#[derive(Debug)]
pub struct Signal {
    reader: Stream,
    writer: Stream,
    raised: bool,
}

impl Signal {
    /// One that is not raised.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = pair()?;
        writer.set_nonblocking(true)?;
        Ok(Self { reader, writer, raised: false })
    }

    /// Makes it readable, or no longer. Never waits; a system call only where that is a change.
    pub fn set(&mut self, raised: bool) {
        if raised == self.raised {
            return;
        }
        self.raised = raised;
        // One byte at most is under way: it always finds room. None is there if somebody took it.
        if raised { self.writer.write(&[1]) } else { self.reader.read(&mut [0]) }.ok();
    }

    /// What to watch; the same for as long as the value lives.
    #[cfg(unix)]
    pub fn descriptor(&self) -> i64 {
        std::os::fd::AsRawFd::as_raw_fd(&self.reader).into()
    }

    /// What to watch, a socket; the same for as long as the value lives.
    #[cfg(windows)]
    pub fn descriptor(&self) -> i64 {
        std::os::windows::io::AsRawSocket::as_raw_socket(&self.reader).cast_signed()
    }
}

#[cfg(unix)]
fn pair() -> io::Result<(Stream, Stream)> {
    let (reader, writer) = Stream::pair()?;
    // Should somebody else have taken the byte, this must not wait for another.
    reader.set_nonblocking(true)?;
    Ok((reader, writer))
}

/// Where only sockets of the network can be watched. The byte may be under way for a moment, and so
/// the reader waits for it.
#[cfg(not(unix))]
fn pair() -> io::Result<(Stream, Stream)> {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    let writer = Stream::connect(listener.local_addr()?)?;
    writer.set_nodelay(true)?;
    loop {
        let (reader, from) = listener.accept()?;
        // Anybody on this computer may connect.
        if from == writer.local_addr()? {
            return Ok((reader, writer));
        }
    }
}
