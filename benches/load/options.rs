//! What is asked for.

use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Of a generated file: how long, and what its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// At [`SOURCE_RATE`].
    pub(crate) frames: usize,
}

/// The rate of what is generated: not the engine's, so that it is resampled.
pub(crate) const SOURCE_RATE: u32 = 44_100;

const KINDS: [Kind; 4] = [
    Kind { name: "tiny", frames: 64 },
    Kind { name: "oneshot", frames: SOURCE_RATE as usize / 2 },
    Kind { name: "loop", frames: SOURCE_RATE as usize * 8 },
    Kind { name: "track", frames: SOURCE_RATE as usize * 180 },
];

/// See the table in `load.rs`.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) loads: usize,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) mix: Vec<(Kind, usize)>,
    pub(crate) workers: Option<usize>,
    pub(crate) priorities: RangeInclusive<i32>,
    pub(crate) cancel: f64,
    pub(crate) fps: f64,
    pub(crate) per_frame: usize,
    pub(crate) budget_mb: Option<u64>,
    pub(crate) keep: bool,
    pub(crate) output: String,
    pub(crate) rate: u32,
    pub(crate) seed: u64,
    pub(crate) json: Option<PathBuf>,
    pub(crate) html: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            loads: 1_000,
            folder: None,
            mix: vec![(KINDS[0], 4), (KINDS[1], 12), (KINDS[2], 4)],
            workers: None,
            priorities: 0..=0,
            cancel: 0.0,
            fps: 60.0,
            per_frame: 50,
            budget_mb: None,
            keep: false,
            output: "null".to_owned(),
            rate: 48_000,
            seed: 1,
            json: None,
            html: None,
        }
    }
}

impl Options {
    /// Understands the words of the table in `load.rs`.
    ///
    /// # Errors
    /// Names the word that is not understood, or is out of range.
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        for word in words {
            options.take(word).ok_or_else(|| format!("{word} is not understood"))?;
        }
        let checks = [
            ((1..=1_000_000).contains(&options.loads), "loads=1 to 1000000"),
            ((0.0..=1.0).contains(&options.cancel), "cancel=0 to 1"),
            ((1.0..=1_000.0).contains(&options.fps), "fps=1 to 1000"),
            (options.per_frame > 0, "per_frame=1 or more"),
            (options.mix.iter().any(|(_, share)| *share > 0), "mix= with a share above 0"),
            (!options.priorities.is_empty(), "priorities=LOW..HIGH"),
        ];
        match checks.iter().find(|(holds, _)| !holds) {
            Some((_, wanted)) => Err(format!("it has to be {wanted}")),
            None => Ok(options),
        }
    }

    fn take(&mut self, word: &str) -> Option<()> {
        if word == "keep" {
            self.keep = true;
            return Some(());
        }
        let (name, value) = word.split_once('=')?;
        match name {
            "loads" => self.loads = value.parse().ok()?,
            "folder" => self.folder = Some(PathBuf::from(value)),
            "mix" => self.mix = value.split(',').map(share).collect::<Option<_>>()?,
            "workers" => self.workers = Some(value.parse().ok()?),
            "priorities" => {
                let (low, high) = value.split_once("..")?;
                self.priorities = low.parse().ok()?..=high.parse().ok()?;
            }
            "cancel" => self.cancel = value.parse().ok()?,
            "fps" => self.fps = value.parse().ok()?,
            "per_frame" => self.per_frame = value.parse().ok()?,
            "budget" => self.budget_mb = Some(value.parse().ok()?),
            "output" => self.output = value.to_owned(),
            "rate" => self.rate = value.parse().ok()?,
            "seed" => self.seed = value.parse().ok()?,
            "json" => self.json = Some(PathBuf::from(value)),
            "html" => self.html = Some(PathBuf::from(value)),
            _ => return None,
        }
        Some(())
    }
}

/// `oneshot:12`.
fn share(text: &str) -> Option<(Kind, usize)> {
    let (name, share) = text.split_once(':')?;
    let kind = KINDS.into_iter().find(|kind| kind.name == name)?;
    Some((kind, share.parse().ok()?))
}
