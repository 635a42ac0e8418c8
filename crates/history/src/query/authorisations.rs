//! What two networks may announce or be carried by, as signed: ROA payloads of both and ASPAs of one.

use std::collections::BTreeMap;

use headwater_route::rows::{AspaLine, Authorisations, RpkiFile, VrpSighting};
use headwater_route::{Asn, Kind, SourceId};

use super::evidence;
use crate::scan::{Columns, Test};
use crate::table::{Table, join_prefix};
use crate::{Error, History};

const VRP: [&str; 8] = ["family", "net", "net_lo", "len", "max_len", "asn", "source", "position"];

impl History {
    /// Every RPKI file, the ROA payloads that name any of `origins` as origin, and the providers that ASPAs of `customer` list.
    pub fn authorisations(&self, customer: Asn, origins: &[Asn]) -> Result<Authorisations, Error> {
        let view = self.view()?;
        let mut out = Authorisations::default();
        for source in view.sources.0.iter().filter(|s| s.kind == Kind::Rpki) {
            if let Some(at) = source.from {
                out.files.push(RpkiFile { source: source.id, at, complete: view.is_complete(source.id) });
            }
        }
        out.files.sort_by_key(|f| (f.at, view.rank(f.source)));
        let index: BTreeMap<SourceId, usize> = out.files.iter().enumerate().map(|(i, f)| (f.source, i)).collect();

        let asns = origins.iter().map(|asn| i64::from(asn.0));
        for batch in &self.scan(&view, Table::Vrps, None, |_| true, &[Test::one_of("asn", asns)], &VRP)? {
            let columns = Columns(batch);
            let (family, net, low) = (columns.small("family")?, columns.int("net")?, columns.int("net_lo")?);
            let (len, longest, asn) = (columns.small("len")?, columns.small("max_len")?, columns.int("asn")?);
            let (source, position) = (columns.int("source")?, columns.int("position")?);
            for i in 0..batch.num_rows() {
                let at = evidence(source.value(i), position.value(i));
                let prefix = join_prefix(family.value(i), net.value(i), low.value(i), len.value(i));
                let (Some(file), Some(prefix)) = (index.get(&at.source), prefix) else { continue };
                out.vrps.push(VrpSighting {
                    file: *file,
                    prefix,
                    asn: Asn(asn.value(i) as u32),
                    max_len: longest.value(i) as u8,
                    evidence: at,
                });
            }
        }
        out.vrps.sort_by_key(|v| (v.file, v.prefix, v.asn, v.max_len, v.evidence.offset));

        let key = i64::from(customer.0);
        let tests = [Test::is("customer", key)];
        for batch in
            &self.scan(&view, Table::Aspas, Some((key, key)), |_| true, &tests, &["provider", "source", "position"])?
        {
            let columns = Columns(batch);
            let (provider, source) = (columns.int("provider")?, columns.int("source")?);
            let position = columns.int("position")?;
            for i in 0..batch.num_rows() {
                let at = evidence(source.value(i), position.value(i));
                let Some(file) = index.get(&at.source) else { continue };
                out.aspas.push(AspaLine { file: *file, provider: Asn(provider.value(i) as u32), evidence: at });
            }
        }
        out.aspas.sort_by_key(|a| (a.file, a.provider, a.evidence.offset));
        Ok(out)
    }
}
