//! Notices a load that works without getting anywhere.

/// Steps in a row that read nothing and bring no frame after which a load has lost its way. Each
/// looks at 64 packets: this many would have to lie in what was read ahead, some tens of
/// kilobytes, and all be of other tracks, or undecodable.
const MAX_IDLE_STEPS: u32 = 4_096;

/// How far a load was after its last step.
#[derive(Debug, Default)]
pub(super) struct Idle {
    frames: u64,
    beats: u64,
    steps: u32,
}

impl Idle {
    /// Takes in how far the load is after a step; whether it has lost its way.
    pub(super) fn after_step(&mut self, frames: u64, beats: u64) -> bool {
        self.steps = if (frames, beats) == (self.frames, self.beats) { self.steps + 1 } else { 0 };
        (self.frames, self.beats) = (frames, beats);
        self.steps >= MAX_IDLE_STEPS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_without_a_read_or_a_frame_are_many_only_where_there_is_no_end() {
        let mut idle = Idle::default();
        assert!((1..100_000).all(|n| !idle.after_step(n, 7)), "frames come");
        assert!((8..100_000).all(|n| !idle.after_step(0, n)), "it reads");
        let steps = (0..).take_while(|_| !idle.after_step(0, 99_999)).count();
        assert_eq!(steps, MAX_IDLE_STEPS as usize - 1);
    }
}
