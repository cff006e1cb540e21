//! Aligned columns, and text from elsewhere made safe for a terminal.

/// To which side a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows under headings.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Headings; one that begins with `>` leans right, as numbers do.
    pub(super) fn new(headings: &[&'static str]) -> Self {
        let columns = headings.iter().map(|heading| match heading.strip_prefix('>') {
            Some(rest) => (rest, Align::Right),
            None => (*heading, Align::Left),
        });
        Table {
            columns: columns.collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, one cell a heading.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().map(|cell| clean(&cell)).collect());
    }

    /// The lines, headings first.
    pub(super) fn lines(&self) -> Vec<String> {
        let headings: Vec<String> = self
            .columns
            .iter()
            .map(|(heading, _)| (*heading).to_owned())
            .collect();
        let all = std::iter::once(&headings).chain(&self.rows);
        let mut widths = vec![0; self.columns.len()];
        for row in all.clone() {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        all.map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, align)) in row.iter().zip(widths).zip(&self.columns) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            match align {
                Align::Left => line.push_str(&format!("{cell:<width$}")),
                Align::Right => line.push_str(&format!("{cell:>width$}")),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// One line without control characters: what a broker or a plugin says must not move the cursor.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The same, keeping the ends of lines.
pub(super) fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_control_characters_are_gone() {
        let mut table = Table::new(&["NAME", ">SIZE", "WHY"]);
        table.row(["AAPL", "100", "a\u{1b}[2Jb"].map(str::to_owned));
        table.row(["EUR.USD", "-20000", ""].map(str::to_owned));
        assert_eq!(
            table.lines(),
            [
                "NAME       SIZE  WHY",
                "AAPL        100  a [2Jb",
                "EUR.USD  -20000"
            ]
        );
    }
}
