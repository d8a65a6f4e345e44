//! The figures as tables in Markdown: a table per way to divide the files, a column per estimator.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::score::{ALL, Cut, GROUPS, OURS, Part, Row, Table};

/// Writes all tables of `table`. What was asked of fewer files than others has their number.
pub(crate) fn write(table: &Table) -> String {
    let estimators: BTreeSet<&str> = table.0.keys().map(|(_, estimator)| &**estimator).collect();
    let mut columns: Vec<&str> = estimators.into_iter().collect();
    columns.sort_by_key(|name| *name != OURS);
    let tables = Tables { table, columns };
    let is_group = |part: &Part| part.of == ALL || GROUPS.contains(&&*part.of);
    let mut text = String::from("Acc1/Acc2/close in percent, by set\n\n");
    text += &tables.cut(|part| part.cut == Cut::Whole, Row::tempi);
    text += "\nby tempo\n\n";
    text += &tables.cut(|part| matches!(part.cut, Cut::Tempo(_)) && is_group(part), Row::tempi);
    text += "\nby length\n\n";
    text += &tables.cut(|part| matches!(part.cut, Cut::Length(_)) && is_group(part), Row::tempi);
    text += "\nBeats: F-measure/continuity (CMLt)/bars in phase, by set\n\n";
    text += &tables.beats();
    text += "\nSeconds of processor time for a minute\n\n";
    text + &tables.cost()
}

struct Tables<'a> {
    table: &'a Table,
    columns: Vec<&'a str>,
}

impl Tables<'_> {
    fn row(&self, part: &Part, estimator: &str) -> Option<&Row> {
        self.table.0.get(&(part.clone(), estimator.to_owned()))
    }

    fn header(&self, first: &str) -> String {
        let mut text = line(first, self.columns.iter().map(|name| (*name).to_owned()));
        text += &line("---", self.columns.iter().map(|_| "---".to_owned()));
        text
    }

    /// The rows of some of the files, with what `cell` says of them.
    fn cut(&self, is_in: impl Fn(&Part) -> bool, cell: impl Fn(&Row) -> String) -> String {
        let parts: BTreeSet<&Part> =
            self.table.0.keys().map(|(part, _)| part).filter(|part| is_in(part)).collect();
        let mut text = self.header("files");
        for part in parts {
            let rows: Vec<_> = self.columns.iter().map(|name| self.row(part, name)).collect();
            let most = rows.iter().flatten().map(|row| row.files).max().unwrap_or(0);
            let cells = rows.iter().map(|row| match row {
                None => "–".to_owned(),
                Some(row) if row.files == most => cell(row),
                Some(row) => format!("{} ({})", cell(row), row.files),
            });
            text += &line(&format!("{part} ({most})"), cells);
        }
        text
    }

    /// Of the sets whose beats are known, and of the estimators that tell beats.
    fn beats(&self) -> String {
        let all = Part { of: ALL.to_owned(), cut: Cut::Whole };
        let is_told = |name: &&&str| self.row(&all, name).is_some_and(Row::tells_beats);
        let columns = self.columns.iter().filter(is_told).copied().collect();
        let told = Tables { table: self.table, columns };
        let is_known = |part: &Part| {
            part.cut == Cut::Whole && told.row(part, OURS).is_some_and(|row| row.grid().is_some())
        };
        told.cut(is_known, |row| row.grid().unwrap_or_default())
    }

    fn cost(&self) -> String {
        let all = Part { of: ALL.to_owned(), cut: Cut::Whole };
        let cell = |name: &&str| {
            let row = self.row(&all, name);
            row.map_or_else(String::new, |row| format!("{:.2}", row.cpu_sec_per_min()))
        };
        self.header("") + &line("", self.columns.iter().map(cell))
    }
}

fn line(name: &str, cells: impl Iterator<Item = String>) -> String {
    let mut text = format!("| {name} |");
    cells.for_each(|cell| write!(text, " {cell} |").expect("a string takes all"));
    text.push('\n');
    text
}
