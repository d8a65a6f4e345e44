//! Decoders of Vorbis that are done with their file and wait for another one with the same tables:
//! to make these takes a third of the time of a one-shot, and an encoder writes the same ones into
//! each file of one quality.

use std::sync::Mutex;
use std::thread;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors;
use symphonia::core::packet::PacketRef;

use super::opening::theirs;
use crate::error::LoadError;

/// Decoders that wait at most; each takes half a megabyte or less. The one that has waited for
/// longest goes first.
const MOST: usize = 8;

/// Nobody waits for it: in a child that was forked meanwhile, whoever has it never gives it back.
static WAITING: Mutex<Vec<Box<dyn AudioDecoder>>> = Mutex::new(Vec::new());

/// A decoder that waits for another file when it is dropped.
pub(super) struct SpareDecoder {
    /// None only while it is dropped.
    decoder: Option<Box<dyn AudioDecoder>>,
}

impl SpareDecoder {
    /// One that waits for headers like those of `parameters`, or a new one.
    ///
    /// # Errors
    /// Those of a new one.
    pub(super) fn new(parameters: &AudioCodecParameters) -> Result<Self, LoadError> {
        let decoder = match waiting(parameters) {
            Some(decoder) => decoder,
            None => theirs(parameters)?,
        };
        Ok(Self { decoder: Some(decoder) })
    }

    fn inner(&mut self) -> &mut dyn AudioDecoder {
        self.decoder.as_deref_mut().expect("it is taken out by drop alone")
    }

    fn shared(&self) -> &dyn AudioDecoder {
        self.decoder.as_deref().expect("it is taken out by drop alone")
    }
}

fn waiting(parameters: &AudioCodecParameters) -> Option<Box<dyn AudioDecoder>> {
    let headers = parameters.extra_data.as_ref()?;
    let mut all = WAITING.try_lock().ok()?;
    let place = all
        .iter()
        .position(|decoder| decoder.codec_params().extra_data.as_ref() == Some(headers))?;
    Some(all.remove(place))
}

impl Drop for SpareDecoder {
    fn drop(&mut self) {
        // One that panicked may be in any state.
        if thread::panicking() {
            return;
        }
        if let Some(mut decoder) = self.decoder.take() {
            decoder.reset();
            if let Ok(mut all) = WAITING.try_lock() {
                if all.len() == MOST {
                    all.remove(0);
                }
                all.push(decoder);
            }
        }
    }
}

impl AudioDecoder for SpareDecoder {
    fn reset(&mut self) {
        self.inner().reset();
    }

    fn codec_info(&self) -> &CodecInfo {
        self.shared().codec_info()
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        self.shared().codec_params()
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> errors::Result<GenericAudioBufferRef<'_>> {
        self.inner().decode_ref(packet)
    }

    fn finalize(&mut self) -> FinalizeResult {
        self.inner().finalize()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.shared().last_decoded()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::decode::tests::{decode, open_bytes};

    #[test]
    fn a_decoder_that_was_used_before_decodes_as_a_new_one() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let [ogg, mkv] = ["vorbis.ogg", "vorbis.mka"]
            .map(|name| fs::read(fixtures.join(name)).expect("a fixture"));
        let first = [&ogg, &mkv].map(|file| decode(file).expect("good file"));
        // The one that is left halfway is given to whoever comes next.
        let mut halfway = open_bytes(&ogg).expect("good file");
        let mut beside = open_bytes(&ogg).expect("good file");
        for _ in 0..3 {
            halfway.next_chunk().expect("good file");
        }
        drop(halfway);
        assert_eq!([&ogg, &mkv].map(|file| decode(file).expect("good file")), first);
        let mut frames = 0;
        while let Some(chunk) = beside.next_chunk().expect("good file") {
            let range = frames..frames + chunk.frames();
            for (plane, expected) in chunk.planes().iter().zip(&first[0].0) {
                assert_eq!(*plane, &expected[range.clone()]);
            }
            frames = range.end;
        }
        assert_eq!(frames, first[0].0[0].len());
    }
}
