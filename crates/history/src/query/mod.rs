//! Questions: typed rows out of segments and catalogue, in an order that does not depend on the order of ingest.

mod aspas;
mod authorisations;
mod behind;
mod fold;
mod links;
mod names;
mod origins;
mod paths;
mod presence;
mod reconcile;
mod records;
mod routes;
mod vantages;

use headwater_route::{Evidence, SourceId};

pub use paths::Paths;

/// Evidence of a row.
fn evidence(source: i64, position: i64) -> Evidence {
    Evidence { source: SourceId(source), offset: position as u64 }
}
