//! Which files are checked, and what is known of them beforehand.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is asked of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// To do what the references do.
    #[default]
    Any,
    /// To load, whatever the references do.
    Good,
    /// To do no harm: it is damaged or odd, and may load or be refused.
    Hostile,
}

/// One file to check.
pub(crate) struct Task {
    pub(crate) path: PathBuf,
    /// Below the folder.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Of all values as `f32`, in hex.
    pub(crate) sha1: Option<String>,
}

const MANIFEST: &str = "MANIFEST.tsv";

/// All regular files below `folder`, in order; links are not followed.
///
/// # Errors
/// Those of reading the folders.
pub(crate) fn below(folder: &Path) -> io::Result<Vec<Task>> {
    let manifest = fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
    let known = parse(&manifest);
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                paths.push(entry.path());
            }
        }
    }
    paths.sort();
    let tasks = paths.into_iter().map(|path| {
        let below = path.strip_prefix(folder).unwrap_or(&path);
        let name = below.to_string_lossy().into_owned();
        let (role, sha1) = known.get(&name).cloned().unwrap_or_default();
        Task { path, name, role, sha1 }
    });
    Ok(tasks.filter(|task| task.name != MANIFEST).collect())
}

/// The role of each file that is named, and its SHA-1 sum.
fn parse(manifest: &str) -> HashMap<String, (Role, Option<String>)> {
    let mut lines = manifest.lines();
    let titles: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let of_line = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |title: &str| {
            let at = titles.iter().position(|name| *name == title)?;
            cells.get(at).copied().filter(|cell| !cell.is_empty())
        };
        let role = match cell("role") {
            Some("dev") => Role::Good,
            Some("hostile") => Role::Hostile,
            _ => Role::Any,
        };
        Some((cell("file")?.to_owned(), (role, cell("pcm_f32_sha1").map(str::to_owned))))
    };
    lines.filter_map(of_line).collect()
}
