//! What is loaded.

use std::fs;
use std::path::{Path, PathBuf};

use hotcue_benches::{WavFormat, stereo_wav};

use super::options::{Options, SOURCE_RATE};

/// Generated files that there are at most; more loads than that take them again.
const MAX_FILES: usize = 1_000;
/// Most bytes of generated files.
const MAX_BYTES: u64 = 4_000_000_000;

/// One file to load.
pub(crate) struct Item {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// Everything there is to load, in the order in which it is taken, from the start again at the end.
pub(crate) struct Material {
    items: Vec<Item>,
    /// What it is, for the report.
    pub(crate) name: String,
    /// Where generated files are, while this lives.
    folder: Option<PathBuf>,
}

impl Material {
    /// Files of a folder, or generated ones.
    ///
    /// # Errors
    /// The folder cannot be read, or holds no file; files cannot be written.
    pub(crate) fn new(options: &Options) -> Result<Self, String> {
        match &options.folder {
            Some(folder) => Self::of_folder(folder),
            None => Self::generated(options).map_err(|error| format!("generated files: {error}")),
        }
    }

    fn of_folder(folder: &Path) -> Result<Self, String> {
        let mut paths = Vec::new();
        collect(folder, &mut paths).map_err(|error| format!("{}: {error}", folder.display()))?;
        paths.sort();
        let items: Vec<Item> =
            paths.into_iter().map(|(path, bytes)| Item { path, bytes }).collect();
        if items.is_empty() {
            return Err(format!("{}: no files", folder.display()));
        }
        let name = format!("{} files of {}", items.len(), folder.display());
        Ok(Self { items, name, folder: None })
    }

    /// The kinds in turn, so that each comes as often as its share says, spread over the whole.
    /// No two loads at a time are to be of one file, or they would be one.
    fn generated(options: &Options) -> std::io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("hotcue-load-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let mix: Vec<String> =
            options.mix.iter().map(|(kind, share)| format!("{}:{share}", kind.name)).collect();
        let mut material = Self {
            items: Vec::new(),
            name: format!("generated WAV, {}", mix.join(",")),
            folder: Some(folder.clone()),
        };
        let formats = [WavFormat::Int16, WavFormat::Int24, WavFormat::Float32];
        let contents: Vec<Vec<Vec<u8>>> = options
            .mix
            .iter()
            .map(|(kind, _)| {
                formats.iter().map(|&format| stereo_wav(format, SOURCE_RATE, kind.frames)).collect()
            })
            .collect();
        let total: usize = options.mix.iter().map(|(_, share)| share).sum();
        let mut due = vec![0_usize; options.mix.len()];
        let mut bytes = 0;
        while material.items.len() < options.loads.min(MAX_FILES) && bytes < MAX_BYTES {
            let number = material.items.len();
            // The kind that lags furthest behind its share.
            due.iter_mut().zip(&options.mix).for_each(|(due, (_, share))| *due += share);
            let kind = (0..due.len()).max_by_key(|&kind| due[kind]).unwrap_or(0);
            due[kind] = due[kind].saturating_sub(total);
            let content = &contents[kind][number % formats.len()];
            let path = folder.join(format!("{number}.wav"));
            fs::write(&path, content)?;
            bytes += content.len() as u64;
            material.items.push(Item { path, bytes: content.len() as u64 });
        }
        Ok(material)
    }

    pub(crate) fn item(&self, number: usize) -> &Item {
        &self.items[number % self.items.len()]
    }
}

impl Drop for Material {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // Nobody is left who could do anything about it.
            fs::remove_dir_all(folder).ok();
        }
    }
}

fn collect(folder: &Path, into: &mut Vec<(PathBuf, u64)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), into)?;
        } else if kind.is_file() {
            into.push((entry.path(), entry.metadata()?.len()));
        }
    }
    Ok(())
}
