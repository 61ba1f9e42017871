//! Rows, read by the names of their columns, whichever way they came.

use std::sync::Arc;

use rusqlite::types::Value as Cell;
use sea_orm::{QueryResult, TryGetable};
use uuid::Uuid;

use crate::db::Result;
use crate::error::StoreError;

/// A row whose columns are read by name.
pub(crate) struct Row(Columns);

enum Columns {
    File {
        names: Arc<[String]>,
        cells: Vec<Cell>,
    },
    Server(QueryResult),
}

/// A type that a column is read as.
pub(crate) trait Read: TryGetable {
    /// From SQLite's own types; `None` if it is something else.
    fn read(cell: &Cell) -> Option<Self>;
}

impl Row {
    pub(crate) fn from_file(names: Arc<[String]>, cells: Vec<Cell>) -> Self {
        Self(Columns::File { names, cells })
    }

    pub(crate) fn from_server(row: QueryResult) -> Self {
        Self(Columns::Server(row))
    }

    pub(crate) fn get<T: Read>(&self, column: &str) -> Result<T> {
        let value = match &self.0 {
            Columns::File { names, cells } => {
                let found = names.iter().position(|name| name == column);
                found.and_then(|index| T::read(cells.get(index)?))
            }
            Columns::Server(row) => row.try_get("", column).ok(),
        };
        value.ok_or_else(|| StoreError::corrupt(format!("column {column} does not decode")))
    }

    pub(crate) fn json(&self, column: &str) -> Result<serde_json::Value> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text)
            .map_err(|_| StoreError::corrupt(format!("column {column} is not JSON")))
    }
}

impl Read for i64 {
    fn read(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl Read for i32 {
    fn read(cell: &Cell) -> Option<Self> {
        i64::read(cell).and_then(|number| number.try_into().ok())
    }
}

impl Read for bool {
    fn read(cell: &Cell) -> Option<Self> {
        i64::read(cell).map(|number| number != 0)
    }
}

impl Read for String {
    fn read(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl Read for Vec<u8> {
    fn read(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Blob(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl Read for Uuid {
    fn read(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Blob(bytes) => Self::from_slice(bytes).ok(),
            _ => None,
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            other => T::read(other).map(Some),
        }
    }
}
