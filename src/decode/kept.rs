//! What is kept of a file that is opened again and again.

use std::sync::{Arc, OnceLock};

use super::mp4;

/// What of a file's description is large, and the same for all who read the file: whoever opens it
/// first leaves it here for the others. Whether it is still that file, they have to know.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    mp4: OnceLock<Arc<mp4::Layout>>,
}

impl Kept {
    /// The tables of an MP4 file, read by `read` if nobody has.
    ///
    /// # Errors
    /// Those of `read`.
    pub(super) fn mp4<E>(
        &self,
        read: impl FnOnce() -> Result<mp4::Layout, E>,
    ) -> Result<Arc<mp4::Layout>, E> {
        if let Some(layout) = self.mp4.get() {
            return Ok(Arc::clone(layout));
        }
        // Two that read it at once have read the same.
        let layout = Arc::new(read()?);
        Ok(Arc::clone(self.mp4.get_or_init(|| layout)))
    }

    /// Bytes held.
    pub(crate) fn byte_len(&self) -> usize {
        self.mp4.get().map_or(0, |layout| layout.byte_len())
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;
    use crate::decode::{OpenedSource, open_with};
    use crate::metadata::{Collector, Pictures};
    use crate::source::{Pulse, Source};

    /// All values of the first channel.
    fn decode(bytes: &[u8], kept: &Kept) -> Vec<f32> {
        let source = Source::Memory(bytes.into());
        let opened = OpenedSource::open(&source, Pulse::default().into()).expect("it is in memory");
        let mut found = Collector::new(Pictures::Note);
        let mut decoder = open_with(opened, kept, &mut found).expect("a sound file");
        let mut values = Vec::new();
        while let Some(chunk) = decoder.next_chunk().expect("it is in memory") {
            values.extend_from_slice(chunk.planes()[0]);
        }
        values
    }

    #[test]
    fn tables_that_are_kept_are_not_read_again() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/stream/alac.m4a");
        let file = std::fs::read(path).expect("a fixture");
        let kept = Kept::default();
        let whole = decode(&file, &kept);
        let bytes = kept.byte_len();
        assert!(whole.len() > 44_100 && bytes > 100, "{} values, {bytes} bytes", whole.len());
        // A file without the sizes of its packets, as far as anybody looks for them.
        let mut without = file;
        let sizes = without.windows(4).position(|four| four == b"stsz").expect("it has the table");
        without[sizes..sizes + 4].copy_from_slice(b"free");
        assert_eq!(decode(&without, &kept), whole);
        assert_eq!(kept.byte_len(), bytes);
    }
}
