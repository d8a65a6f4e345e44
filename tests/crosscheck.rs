//! Compares every file of a folder of foreign audio with what other decoders make of it.
//!
//! `crosscheck FOLDER`, where `FOLDER/MANIFEST.tsv` names files, lengths and SHA-1 sums of
//! libsndfile's `f32`. Lossy files are compared with `ffmpeg`, which must be installed. Prints a
//! line per file that fails and why; exits with 1 if one fails that should not.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod crosscheck {
    pub(crate) mod known;
    pub(crate) mod verdict;
}

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use crosscheck::known::reason;
use crosscheck::verdict::{Row, Verdict};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: crosscheck FOLDER (with a MANIFEST.tsv)");
        return ExitCode::from(2);
    };
    let folder = Path::new(&folder);
    let manifest = match std::fs::read_to_string(folder.join("MANIFEST.tsv")) {
        Ok(manifest) => manifest,
        Err(error) => {
            eprintln!("{}: {error}", folder.join("MANIFEST.tsv").display());
            return ExitCode::from(2);
        }
    };
    let mut counts: BTreeMap<(String, &str), u32> = BTreeMap::new();
    let mut unexpected = 0;
    println!("role\tfile\tformat\tresult\twhy");
    for row in Row::parse_all(&manifest) {
        let verdict = row.check(folder);
        let (result, why) = match &verdict {
            Verdict::Same(why) => ("same", why.clone()),
            Verdict::Loads(why) => ("loads", why.clone()),
            Verdict::Refused(why) => ("refused", why.clone()),
            Verdict::Differs(why) => match reason(&row.file) {
                Some(reason) => ("known", format!("{why} ({reason})")),
                None => ("FAILS", why.clone()),
            },
            Verdict::Breaks(why) => ("BREAKS", why.clone()),
        };
        unexpected += u32::from(matches!(result, "FAILS" | "BREAKS"));
        *counts.entry((row.role.clone(), result)).or_default() += 1;
        println!("{}\t{}\t{}\t{result}\t{why}", row.role, row.file, row.format);
    }
    for ((role, result), count) in counts {
        println!("# {role} {result}: {count}");
    }
    ExitCode::from(u8::from(unexpected > 0))
}
