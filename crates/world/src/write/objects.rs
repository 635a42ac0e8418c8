//! Registry objects (RPSL, RFC 2622) as a registry's public split files hold them.

use std::collections::BTreeSet;
use std::io::Write;

use headwater_route::{Family, Time};

use super::{Packed, Shelf, day_stamp};
use crate::error::WorldError;
use crate::register::{Holder, Register};
use crate::topology::{AsIndex, Relation, Topology};

/// Writes the objects there are at a moment. Policies name neighbours of that moment for networks that have a name; the crowd
/// says nothing of its neighbours.
pub fn objects(shelf: &Shelf, register: &Register, topology: &Topology, at: Time) -> Result<(), WorldError> {
    let mut held: Vec<&Holder> = register.holders.iter().filter(|holder| holder.term.holds(at)).collect();
    held.sort_by_key(|holder| holder.asn);
    shelf.pack(&format!("objects/invented.db.{}.gz", day_stamp(at)), |out, path| {
        let written = (|| {
            writeln!(out, "% invented data: no object is about a real network; as of {at}\n")?;
            numbers(out, &held, topology)?;
            organisations(out, &held)?;
            blocks(out, register, at)
        })();
        written.map_err(WorldError::file(path))
    })
}

fn stamp(at: Time) -> String {
    Time(at.0 - at.0.rem_euclid(1_000_000)).to_string()
}

fn numbers(out: &mut Packed, held: &[&Holder], topology: &Topology) -> std::io::Result<()> {
    for holder in held {
        writeln!(out, "aut-num:        AS{}", holder.asn.0)?;
        writeln!(out, "as-name:        {}", as_name(&holder.name))?;
        writeln!(out, "org:            {}", holder.organisation)?;
        if let Some(index) = topology.find(holder.asn).filter(|index| topology.network(*index).name.is_some()) {
            policies(out, topology, index)?;
        }
        writeln!(out, "status:         ASSIGNED\nmnt-by:         {}", holder.maintainer)?;
        writeln!(out, "created:        {}\nsource:         INVENTED\n", stamp(holder.created))?;
    }
    Ok(())
}

fn policies(out: &mut Packed, topology: &Topology, network: AsIndex) -> std::io::Result<()> {
    let me = topology.network(network).asn.0;
    let mut neighbours: Vec<_> = topology
        .neighbours(network, Family::V4)
        .map(|(who, relation, _)| (topology.network(who).asn.0, relation))
        .collect();
    neighbours.sort_unstable();
    for (asn, relation) in neighbours {
        let (accept, announce) = match relation {
            Relation::Provider => ("ANY".to_owned(), format!("AS{me}")),
            Relation::Customer => (format!("AS{asn}"), "ANY".to_owned()),
            Relation::Peer | Relation::Sibling => (format!("AS{asn}"), format!("AS{me}")),
        };
        writeln!(out, "import:         from AS{asn} accept {accept}\nexport:         to AS{asn} announce {announce}")?;
    }
    Ok(())
}

/// `Sample Hosting LLC` is `SAMPLE-HOSTING-LLC`.
fn as_name(name: &str) -> String {
    crate::register::slug(name).to_uppercase()
}

fn organisations(out: &mut Packed, held: &[&Holder]) -> std::io::Result<()> {
    let (mut organisations, mut maintainers) = (BTreeSet::new(), BTreeSet::new());
    for holder in held {
        if organisations.insert(&holder.organisation) {
            let domain = &holder.mailbox_domain;
            writeln!(out, "organisation:   {}\norg-name:       {}", holder.organisation, holder.name)?;
            writeln!(out, "abuse-c:        AC-{}\nmnt-by:         {}", holder.organisation, holder.maintainer)?;
            writeln!(out, "source:         INVENTED\n")?;
            writeln!(out, "role:           Abuse desk\nnic-hdl:        AC-{}", holder.organisation)?;
            writeln!(out, "abuse-mailbox:  abuse@{domain}\nmnt-by:         {}", holder.maintainer)?;
            writeln!(out, "source:         INVENTED\n")?;
        }
        if maintainers.insert(&holder.maintainer) {
            writeln!(out, "mntner:         {}\nsource:         INVENTED\n", holder.maintainer)?;
        }
    }
    Ok(())
}

fn blocks(out: &mut Packed, register: &Register, at: Time) -> std::io::Result<()> {
    let mut blocks: Vec<_> = register.blocks.iter().filter(|block| block.term.holds(at)).collect();
    blocks.sort_by_key(|block| block.prefix);
    for block in blocks {
        match block.prefix.family() {
            Family::V4 => {
                let last = std::net::Ipv4Addr::from_bits((block.prefix.last_bits() >> 96) as u32);
                writeln!(out, "inetnum:        {} - {last}", block.prefix.addr())?;
            }
            Family::V6 => writeln!(out, "inet6num:       {}", block.prefix)?,
        }
        writeln!(out, "netname:        {}\ndescr:          {}", block.netname, block.name)?;
        writeln!(out, "country:        ZZ\norg:            {}", block.organisation)?;
        writeln!(out, "status:         ASSIGNED PI\nmnt-by:         {}", block.maintainer)?;
        writeln!(out, "remarks:        abuse to abuse@{}", block.mailbox_domain)?;
        writeln!(out, "created:        {}\nsource:         INVENTED\n", stamp(block.created))?;
    }
    let mut routes: Vec<_> = register.route_objects.iter().filter(|route| route.term.holds(at)).collect();
    routes.sort_by_key(|route| (route.prefix, route.origin));
    for route in routes {
        let class = if route.prefix.family() == Family::V4 { "route:          " } else { "route6:         " };
        writeln!(out, "{class}{}\norigin:         AS{}", route.prefix, route.origin.0)?;
        writeln!(out, "mnt-by:         {}\nsource:         INVENTED\n", route.maintainer)?;
    }
    Ok(())
}
