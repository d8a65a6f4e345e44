//! Streams that can be entered in their middle, so that what is decoded there is what a decoder
//! that comes from the start decodes, bit by bit.
//!
//! A decoder that passes through a stream can note *marks*: where it stood in the file before a
//! certain frame. Whoever wants a frame goes to a mark some packets before it, as many as the codec
//! needs to be where it would have been (none for PCM and FLAC, one for Vorbis, for Layer III as
//! many as the bit reservoir may reach back and two more), decodes from there, and throws away
//! what comes before. A mark is only taken where nothing of a fault is under way; so frames have
//! the same numbers however one comes to them, in most damaged files, too: not behind a frame of
//! FLAC that is there twice, nor behind a packet of MP4 that decodes to another length than is stated.
//!
//! Some containers say where their packets lie: there a mark can be found without having been
//! there.

use crate::error::LoadError;

/// A place in a stream to come back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The number of the frame that is decoded next, counted from the first one that is given out.
    pub(crate) frame: u64,
    /// Where that is in the decoder's own terms.
    pub(crate) at: [u64; 3],
}

/// A decoder that can be put to another place of its stream.
pub(crate) trait Seeker {
    /// The place where it stands, with nothing waiting to be lent; None where it could not be
    /// entered, and for streams every place of which [`find`](Self::find) finds at once.
    fn mark(&self) -> Option<Mark>;

    /// A place at or before `frame`, by what the container says; None where it says nothing, or
    /// nothing that can be relied on.
    ///
    /// # Errors
    /// `io`.
    fn find(&mut self, _frame: u64) -> Result<Option<Mark>, LoadError> {
        Ok(None)
    }

    /// The length in frames, where that is sure: what is there, not what somebody says.
    fn length(&self) -> Option<u64> {
        None
    }

    /// How many frames before the one that is wanted one should enter. A little more may be needed:
    /// [`is_settled`](Self::is_settled) tells.
    fn lead_frames(&self) -> u64;

    /// Goes to a mark of this stream, or somewhat before it: the number of the frame that the next
    /// chunk begins with.
    ///
    /// # Errors
    /// `io`.
    fn go_to(&mut self, mark: &Mark) -> Result<u64, LoadError>;

    /// Whether the chunk that was lent last is as it would be had all before it been decoded.
    fn is_settled(&self) -> bool;
}
