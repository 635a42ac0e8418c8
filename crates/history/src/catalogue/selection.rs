//! Which observations of MRT sources a history keeps, where it does not keep all of them: one choice for the whole history,
//! so that what is not there means the same everywhere in it.

use rusqlite::{Connection, OptionalExtension};

use super::Catalogue;
use crate::Error;

const KEY: &str = "selection";

/// What is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection {
    /// The choice in the words of whoever made it; compared as it stands.
    pub text: String,
    /// A route may be kept and what ended it left out, as when routes are chosen by their path. What a vantage held between
    /// two updates is then unknown.
    pub severs: bool,
}

impl Selection {
    fn stored(&self) -> String {
        format!("{} {}", if self.severs { "routes" } else { "prefixes" }, self.text)
    }

    fn parse(stored: &str) -> Selection {
        let (scope, text) = stored.split_once(' ').unwrap_or(("routes", stored));
        Selection { text: text.to_owned(), severs: scope != "prefixes" }
    }
}

/// The choice as stored; `None` where everything is kept.
pub(super) fn stored(db: &Connection) -> rusqlite::Result<Option<Selection>> {
    let found = db.query_row("SELECT value FROM meta WHERE key = ?1", [KEY], |r| r.get::<_, String>(0)).optional()?;
    Ok(found.as_deref().map(Selection::parse))
}

impl Catalogue {
    /// The choice of this history; `None` where everything is kept.
    pub fn selection(&self) -> Result<Option<Selection>, Error> {
        stored(&self.db).map_err(|e| self.fail(e))
    }

    /// Makes `wanted` the choice of this history, for good. [`Error::Selection`] if it has another one, or holds MRT sources
    /// that were read whole.
    pub fn select(&self, wanted: &Selection) -> Result<(), Error> {
        let tx = self.write()?;
        let fail = |e| self.fail(e);
        let there = stored(&tx).map_err(fail)?;
        let read: bool =
            tx.query_row("SELECT count(*) > 0 FROM sources WHERE kind = 'mrt'", [], |r| r.get(0)).map_err(fail)?;
        match &there {
            Some(there) if there == wanted => return Ok(()),
            None if !read => {}
            _ => return Err(Error::Selection(there.map(|there| there.text))),
        }
        tx.execute("INSERT INTO meta VALUES (?1, ?2)", [KEY, &wanted.stored()]).map_err(fail)?;
        tx.commit().map_err(fail)
    }
}
