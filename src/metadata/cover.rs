//! Pictures, read when they are asked for.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::Metadata;
use super::collect::{Collector, PictureBytes, Pictures};
use crate::decode::{self, CountingReader, OpenedSource};
use crate::error::LoadError;
use crate::source::{Pulse, Source};

/// Most bytes of a picture.
pub const MAX_COVER_BYTES: usize = 32 << 20;
/// Most bytes of a picture that a sample keeps, the content of which came from memory.
pub const MAX_KEPT_COVER_BYTES: usize = 256 << 10;

/// A picture as a file has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Cover {
    /// Its type, e.g. `image/jpeg`: by its first bytes, where these tell, else as the file says.
    pub mime: String,
    /// The picture itself.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Cover {
    /// Not the bytes: a picture has millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cover({:?}, {} bytes)", self.mime, self.bytes.len())
    }
}

impl Cover {
    /// `stated` counts where the first bytes do not tell the type.
    fn new(stated: String, bytes: Vec<u8>) -> Self {
        let mime = mime_of(&bytes).map_or(stated, str::to_owned);
        Self { mime, bytes }
    }
}

/// Reads the picture in `source`: the front cover, or else the first one, of at most
/// [`MAX_COVER_BYTES`]. None if it has none.
///
/// Opens the source anew and blocks in its reads, so it is for threads that may: no engine thread
/// calls it. Nothing is decoded.
///
/// # Errors
/// `not_found`, `permission_denied` and `io` of the source. A file that is no audio has no
/// picture.
///
/// ```
/// use hotcue::{Source, read_cover};
///
/// // A tag of one frame of 19 bytes, and what would be audio behind it.
/// let tag = b"ID3\x03\0\0\0\0\0\x1dAPIC\0\0\0\x13\0\0\0image/png\0\x03\0\x89PNG!!";
/// let file = [&tag[..], b"\xff\xfb"].concat();
/// let cover = read_cover(&Source::Memory(file.into()))?.expect("there is one");
/// assert_eq!((cover.mime.as_str(), cover.bytes.as_slice()), ("image/png", &b"\x89PNG!!"[..]));
/// # Ok::<(), hotcue::LoadError>(())
/// ```
pub fn read_cover(source: &Source) -> Result<Option<Cover>, LoadError> {
    cover_up_to(MAX_COVER_BYTES, source)
}

impl Metadata {
    /// Keeps the picture in content, which may be gone by the time that somebody asks for it.
    pub(crate) fn keep_cover_of(this: &mut Arc<Self>, source: &Source) {
        if this.has_cover && matches!(source, Source::Memory(_)) {
            let cover = cover_up_to(MAX_KEPT_COVER_BYTES, source).ok().flatten();
            Arc::make_mut(this).kept_cover = cover.map(Arc::new);
        }
    }
}

fn cover_up_to(most_bytes: usize, source: &Source) -> Result<Option<Cover>, LoadError> {
    let opened = OpenedSource::open(source, Arc::<Pulse>::default())?;
    let (mut reader, _) = opened.into_reader();
    let mut found = Collector::new(Pictures::Keep(most_bytes));
    let cover =
        decode::read_metadata(&mut reader, &mut found).and_then(|()| found.take_cover(&mut reader));
    cover.map_err(|error| LoadError::from_io(error, source))
}

impl Collector {
    /// Keeps the best picture that was found, out of the source's `content`.
    pub(crate) fn keep_cover(&mut self, content: &[u8]) {
        self.kept_cover = self.picture.take().and_then(|picture| {
            let bytes = match picture.bytes {
                PictureBytes::Held(bytes) => bytes,
                PictureBytes::At(range) => {
                    let start = usize::try_from(range.start).ok()?;
                    content.get(start..usize::try_from(range.end).ok()?)?.to_vec()
                }
            };
            Some(Cover::new(picture.mime, bytes))
        });
    }

    /// The best picture that was found and may be kept. `reader` shows all of its source
    /// afterwards.
    ///
    /// # Errors
    /// Those of the reader.
    pub(crate) fn take_cover(&mut self, reader: &mut CountingReader) -> io::Result<Option<Cover>> {
        let Some(picture) = self.picture.take() else { return Ok(None) };
        let bytes = match picture.bytes {
            PictureBytes::Held(bytes) => bytes,
            PictureBytes::At(range) => {
                reader.hide(0)?;
                // Not a failure of the source, but a length that the file does not keep.
                if range.end > reader.byte_len() {
                    return Ok(None);
                }
                reader.seek(SeekFrom::Start(range.start))?;
                let mut bytes = Vec::new();
                reader.take(range.end - range.start).read_to_end(&mut bytes)?;
                bytes
            }
        };
        Ok(Some(Cover::new(picture.mime, bytes)))
    }
}

/// The type that the first bytes tell.
///
/// # Sources
/// WHATWG, *MIME Sniffing*, 6.1.
fn mime_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'B', b'M', ..] => Some("image/bmp"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
