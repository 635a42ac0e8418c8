//! Generated MRT on its way into a history, for the benches of ingest and of questions.

use headwater_history::{Committed, Draft, History, Writer};
use headwater_route::{Fault, Kind, Observation, Session, SessionId};
use headwater_wire::mrt::{self, Options, Sink};

struct Intake<'w, 'h>(&'w mut Writer<'h>);

impl Sink for Intake<'_, '_> {
    fn session(&mut self, id: SessionId, session: Session) {
        self.0.session(id, session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        self.0.observation(observation);
    }

    fn fault(&mut self, fault: Fault) {
        self.0.fault(fault);
    }
}

/// Decodes a stream into the history as source number `number`.
pub fn take(history: &mut History, number: u32, bytes: &[u8]) -> Committed {
    let draft = Draft {
        name: format!("generated-{number}"),
        path: "-".to_owned(),
        sha256: format!("{number:064x}"),
        archive_sha256: None,
        bytes: bytes.len() as u64,
        kind: Kind::Mrt,
        series: "generated".to_owned(),
        window: None,
    };
    let mut writer = history.begin(draft).expect("a writer");
    let summary = mrt::read(&mut &*bytes, &Options::default(), &mut Intake(&mut writer));
    writer.commit(summary.last.expect("records")).expect("a commit")
}
