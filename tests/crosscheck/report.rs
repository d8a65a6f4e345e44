//! The table of all files, and what it amounts to.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::files::{Role, Task};
use super::ours::{Ours, Outcome};
use super::verdict::{Beside, Judgement, Verdict};

/// One file in the report.
pub(crate) struct Line {
    name: String,
    hostile: bool,
    container: String,
    codec: String,
    /// Frames, rate, channels and warnings, of what loads.
    loaded: Option<(usize, u32, usize, String)>,
    ms: f64,
    judgement: Judgement,
}

impl Line {
    /// `codec` is what ffmpeg calls it, for files that do not load here.
    pub(crate) fn new(
        task: &Task,
        ours: &Ours,
        codec: Option<String>,
        judgement: Judgement,
    ) -> Self {
        let extension = task.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let mut line = Self {
            name: task.name.clone(),
            hostile: task.role == Role::Hostile,
            container: format!(".{extension}"),
            codec: codec.unwrap_or_default(),
            loaded: None,
            ms: ours.ms,
            judgement,
        };
        if let Outcome::Loaded(sample) = &ours.outcome {
            line.container.clone_from(&sample.container);
            line.codec.clone_from(&sample.codec);
            let codes: Vec<&str> =
                sample.warnings.iter().map(|warning| warning.code.as_str()).collect();
            let (frames, channels) = (sample.buffer.ready_frames(), sample.buffer.channels());
            line.loaded = Some((frames, sample.source_rate, channels, codes.join(" ")));
        }
        line
    }

    /// Nobody takes it for audio.
    fn is_foreign(&self) -> bool {
        self.judgement.verdict == Verdict::Refused
            && self.judgement.ffmpeg.is_none()
            && self.judgement.sndfile.is_none()
            && !self.hostile
    }

    fn references(&self) -> [Option<&Beside>; 2] {
        [self.judgement.ffmpeg.as_ref(), self.judgement.sndfile.as_ref()]
    }
}

/// All files so far.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

impl Report {
    pub(crate) fn enter(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// By name: files come in the order in which they were done.
    pub(crate) fn sort(&mut self) {
        self.lines.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Whether a file fails, or more hostile ones are refused than by one of the references.
    pub(crate) fn fails(&self) -> bool {
        let [ours, ffmpeg, sndfile] = self.hostile_refused();
        let fails = |line: &Line| line.judgement.verdict.is_failure();
        ours > ffmpeg.min(sndfile) || self.lines.iter().any(fails)
    }

    /// How many hostile files are refused: here, by ffmpeg, by libsndfile.
    fn hostile_refused(&self) -> [usize; 3] {
        let count = |refuses: &dyn Fn(&Line) -> bool| {
            self.lines.iter().filter(|line| line.hostile && refuses(line)).count()
        };
        [
            count(&|line| line.loaded.is_none()),
            count(&|line| line.judgement.ffmpeg.is_none()),
            count(&|line| line.judgement.sndfile.is_none()),
        ]
    }

    /// A line of tab-separated cells per file.
    pub(crate) fn table(&self) -> String {
        let mut table = "file\trole\tcontainer\tcodec\tverdict\twhy\tframes\trate\tchannels\t\
                         warnings\tms\tffmpeg_frames\tffmpeg_offset\tffmpeg_snr_db\t\
                         sndfile_frames\tsndfile_offset\tsndfile_snr_db\n"
            .to_owned();
        for line in &self.lines {
            let cells = [
                line.name.replace(['\t', '\n'], " "),
                if line.hostile { "hostile" } else { "" }.to_owned(),
                line.container.clone(),
                line.codec.clone(),
                line.judgement.verdict.name().to_owned(),
                line.judgement.why.replace(['\t', '\n'], " "),
                match &line.loaded {
                    Some((frames, rate, channels, warnings)) => {
                        format!("{frames}\t{rate}\t{channels}\t{warnings}")
                    }
                    None => "\t\t\t".to_owned(),
                },
                format!("{:.1}", line.ms),
            ];
            table.push_str(&cells.join("\t"));
            for reference in line.references() {
                table.push('\t');
                table.push_str(&match reference {
                    None => "\t\t".to_owned(),
                    Some(Beside::Only(frames)) => format!("{frames}\t\t"),
                    Some(Beside::Both(one)) => match one.values {
                        None => format!("{}\t\t{} Hz {} ch", one.frames, one.rate, one.channels),
                        Some(values) => format!(
                            "{}\t{}\t{:.1}",
                            one.frames, values.offset_frames, values.snr_db
                        ),
                    },
                });
            }
            table.push('\n');
        }
        table
    }

    /// What fails, and a line per container and codec.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        let mut groups: BTreeMap<(&str, &str), Group> = BTreeMap::new();
        let mut foreign = 0_usize;
        for line in &self.lines {
            let Judgement { verdict, why, .. } = &line.judgement;
            if *verdict <= Verdict::OneOpens {
                text += &format!("{:9} {}: {why}\n", verdict.name(), line.name);
            }
            if line.is_foreign() {
                foreign += 1;
            } else {
                groups.entry((&line.container, &line.codec)).or_default().add(line);
            }
        }
        text += "\ncontainer/codec          files ffmpeg sndfile  here  exact  close  worst dB \
                 offsets lengths fails known  slowest ms\n";
        let mut all = Group::default();
        for ((container, codec), group) in &groups {
            all.merge(group);
            text += &group.line(&format!("{container} {codec}"));
        }
        text += &all.line("all");
        // Writing into a string does not fail.
        write!(text, "{foreign} more files are audio for nobody").ok();
        let [ours, ffmpeg, sndfile] = self.hostile_refused();
        if self.lines.iter().any(|line| line.hostile) {
            write!(
                text,
                "\nhostile files refused: {ours} here, {ffmpeg} by ffmpeg, {sndfile} by libsndfile"
            )
            .ok();
        }
        text.push('\n');
        text
    }
}

/// What files of one kind amount to.
struct Group {
    files: usize,
    ffmpeg: usize,
    sndfile: usize,
    ours: usize,
    exact: usize,
    close: usize,
    /// Of what is close, to the nearer reference.
    worst_db: f64,
    /// Files whose start is shifted against every reference.
    offsets: usize,
    /// Files whose length is another than every reference's.
    lengths: usize,
    fails: usize,
    known: usize,
    slowest_ms: f64,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            files: 0,
            ffmpeg: 0,
            sndfile: 0,
            ours: 0,
            exact: 0,
            close: 0,
            worst_db: f64::INFINITY,
            offsets: 0,
            lengths: 0,
            fails: 0,
            known: 0,
            slowest_ms: 0.0,
        }
    }
}

impl Group {
    fn add(&mut self, line: &Line) {
        let both: Vec<_> = line
            .references()
            .into_iter()
            .filter_map(|reference| match reference {
                Some(Beside::Both(one)) => Some((one.frames, one.values?)),
                _ => None,
            })
            .collect();
        let verdict = line.judgement.verdict;
        let frames = line.loaded.as_ref().map(|(frames, ..)| *frames);
        self.files += 1;
        self.ffmpeg += usize::from(line.judgement.ffmpeg.is_some());
        self.sndfile += usize::from(line.judgement.sndfile.is_some());
        self.ours += usize::from(frames.is_some());
        self.exact += usize::from(verdict == Verdict::Exact);
        self.close += usize::from(verdict == Verdict::Close);
        self.fails += usize::from(verdict.is_failure());
        self.known += usize::from(verdict == Verdict::Known);
        self.slowest_ms = self.slowest_ms.max(line.ms);
        if both.is_empty() {
            return;
        }
        self.offsets += usize::from(both.iter().all(|(_, values)| values.offset_frames != 0));
        self.lengths += usize::from(both.iter().all(|(theirs, _)| Some(*theirs) != frames));
        if verdict == Verdict::Close {
            let best = both.iter().map(|(_, values)| values.snr_db).fold(0.0, f64::max);
            self.worst_db = self.worst_db.min(best);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.files += other.files;
        self.ffmpeg += other.ffmpeg;
        self.sndfile += other.sndfile;
        self.ours += other.ours;
        self.exact += other.exact;
        self.close += other.close;
        self.worst_db = self.worst_db.min(other.worst_db);
        self.offsets += other.offsets;
        self.lengths += other.lengths;
        self.fails += other.fails;
        self.known += other.known;
        self.slowest_ms = self.slowest_ms.max(other.slowest_ms);
    }

    fn line(&self, name: &str) -> String {
        let worst = match self.worst_db.is_finite() {
            true => format!("{:.1}", self.worst_db),
            false => String::new(),
        };
        format!(
            "{name:24} {:5} {:6} {:7} {:5} {:6} {:6} {worst:>9} {:7} {:7} {:5} {:5} {:11.0}\n",
            self.files,
            self.ffmpeg,
            self.sndfile,
            self.ours,
            self.exact,
            self.close,
            self.offsets,
            self.lengths,
            self.fails,
            self.known,
            self.slowest_ms
        )
    }
}
