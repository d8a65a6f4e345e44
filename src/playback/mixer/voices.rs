//! All places for voices.

use std::ops::{Deref, DerefMut};

use super::super::voice::{Phase, Voice};

/// All places for voices; as a slice, those up to the last one that is taken, so that nobody walks
/// over more, however many there are.
#[derive(Debug)]
pub(super) struct Voices {
    places: Box<[Voice]>,
    /// One more than the last place that is taken. Who walks over all and has some leave, frees but the
    /// place where it is: the slice may end there then.
    used: usize,
}

impl Voices {
    pub(super) fn new(places: usize) -> Self {
        Self { places: (0..places).map(|_| Voice::free()).collect(), used: 0 }
    }

    /// The first free place.
    pub(super) fn free_place(&self) -> Option<usize> {
        self.places.iter().position(|voice| voice.phase == Phase::Free)
    }

    /// Puts a voice at a place.
    pub(super) fn put(&mut self, place: usize, voice: Voice) {
        self.places[place] = voice;
        self.used = self.used.max(place + 1);
    }

    /// Has the voice at a place leave. Those at places below it stay within the slice.
    pub(super) fn free(&mut self, place: usize) {
        self.places[place].leave();
        let last = self.iter().rposition(|voice| voice.phase != Phase::Free);
        self.used = last.map_or(0, |last| last + 1);
    }
}

impl Deref for Voices {
    type Target = [Voice];

    fn deref(&self) -> &[Voice] {
        &self.places[..self.used]
    }
}

impl DerefMut for Voices {
    fn deref_mut(&mut self) -> &mut [Voice] {
        &mut self.places[..self.used]
    }
}
