//! A page of a list: which part of what was found an answer lists, so that nothing is cut silently.

use serde::Serialize;

/// Which part of a list an answer holds.
#[derive(Clone, Copy, Serialize)]
pub struct Page {
    /// What was found.
    pub of: usize,
    /// Of these, what was chosen.
    pub chosen: usize,
    /// Chosen ones before the first that is listed.
    pub offset: usize,
    /// Listed ones.
    pub listed: usize,
}

impl Page {
    /// Leaves of `chosen`, out of `of`, those from `offset` on, at most `limit`; 0: all.
    pub fn cut<T>(chosen: &mut Vec<T>, of: usize, offset: usize, limit: usize) -> Page {
        let all = chosen.len();
        let offset = offset.min(all);
        chosen.drain(..offset);
        if limit > 0 {
            chosen.truncate(limit);
        }
        Page { of, chosen: all, offset, listed: chosen.len() }
    }

    /// What is left out behind it, if anything is, and how to get it.
    pub fn more(&self, what: &str) -> Option<String> {
        let end = self.offset + self.listed;
        (end < self.chosen).then(|| {
            format!(
                "{} to {end} of {} {what} are listed; `--offset {end}` lists the next, `--limit 0` all",
                self.offset + 1,
                self.chosen
            )
        })
    }
}
