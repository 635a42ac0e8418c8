//! ASPAs that list a network as provider.

use headwater_route::Asn;
use headwater_route::rows::AspaSighting;

use super::evidence;
use crate::scan::{Columns, Test};
use crate::table::Table;
use crate::{Error, History};

impl History {
    /// Every file that holds ASPAs, and every line of them that lists `provider`, sorted by (date, customer).
    pub fn aspas_listing(&self, provider: Asn) -> Result<Vec<AspaSighting>, Error> {
        let view = self.view()?;
        let mut out = Vec::new();
        for segment in view.segments(Table::Aspas) {
            if let Some(at) = view.source(segment.source).and_then(|s| s.from) {
                out.push((
                    view.rank(segment.source),
                    AspaSighting { at, customer: None, evidence: evidence(segment.source.0, 0) },
                ));
            }
        }
        let tests = [Test::is("provider", i64::from(provider.0))];
        for batch in &self.scan(&view, Table::Aspas, None, |_| true, &tests, &["customer", "source", "position"])? {
            let columns = Columns(batch);
            let (customer, source) = (columns.int("customer")?, columns.int("source")?);
            let position = columns.int("position")?;
            for i in 0..batch.num_rows() {
                let at = evidence(source.value(i), position.value(i));
                let Some(date) = view.source(at.source).and_then(|s| s.from) else { continue };
                let customer = Some(Asn(customer.value(i) as u32));
                out.push((view.rank(at.source), AspaSighting { at: date, customer, evidence: at }));
            }
        }
        out.sort_by_key(|(rank, a)| (a.at, *rank, a.customer, a.evidence.offset));
        Ok(out.into_iter().map(|(_, aspa)| aspa).collect())
    }
}
