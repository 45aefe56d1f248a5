//! Tables on standard output.

use comfy_table::{CellAlignment, LineStyle, TableStyle};

/// A table with a label before each row.
#[derive(Debug)]
pub(super) struct Table {
    table: comfy_table::Table,
    columns: usize,
}

impl Table {
    /// A table with a heading over the labels and one over each column.
    pub(super) fn new(labels: &str, columns: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')));
        table.set_header(std::iter::once(labels).chain(columns.iter().copied()));
        Self { table, columns: columns.len() }
    }

    /// Appends a row.
    pub(super) fn row(&mut self, label: &str, cells: impl IntoIterator<Item = String>) {
        self.table.add_row(std::iter::once(label.to_owned()).chain(cells));
    }

    /// The table as text; numbers to the right, where there is more than one column of them.
    pub(super) fn render(mut self) -> String {
        if self.columns > 1 {
            for column in self.table.column_iter_mut().skip(1) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.table.trim_fmt() + "\n"
    }
}
