//! What was visible at one instant: sources, segments and vantages, read in one transaction.
//!
//! Sources and their segments are added together and never taken away, so a question that looks only at the sources of its
//! view gives the same answer whatever is committed meanwhile.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use headwater_route::rows::{Sources, Vantage};
use headwater_route::{Source, SourceId};

use crate::catalogue::{Detail, SegmentFile};
use crate::scan::Test;
use crate::table::Table;
use crate::{Error, History};

pub(crate) struct View {
    /// In the catalogue's order.
    pub sources: Sources,
    pub vantages: BTreeMap<i32, Vantage>,
    details: BTreeMap<SourceId, (usize, Detail)>,
    segments: BTreeMap<Table, Vec<SegmentFile>>,
}

impl View {
    pub fn new(
        sources: Sources,
        details: BTreeMap<SourceId, Detail>,
        segments: Vec<SegmentFile>,
        vantages: BTreeMap<i32, Vantage>,
    ) -> View {
        let rank = |(rank, source): (usize, &Source)| Some((source.id, (rank, *details.get(&source.id)?)));
        let details = sources.0.iter().enumerate().filter_map(rank).collect();
        let mut by_table: BTreeMap<Table, Vec<SegmentFile>> = BTreeMap::new();
        for segment in segments {
            by_table.entry(segment.table).or_default().push(segment);
        }
        View { sources, vantages, details, segments: by_table }
    }

    /// The source with this number.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.details.get(&id).map(|(rank, _)| &self.sources.0[*rank])
    }

    /// What is known of it beyond [`Source`].
    pub fn detail(&self, id: SourceId) -> Option<&Detail> {
        self.details.get(&id).map(|(_, detail)| detail)
    }

    /// True if it was read without losing content.
    pub fn is_complete(&self, id: SourceId) -> bool {
        self.detail(id).is_some_and(|detail| detail.complete)
    }

    /// The dump stored whole that the changes of a dump come back to; itself if it is stored whole.
    pub fn root(&self, mut source: SourceId) -> SourceId {
        while let Some(base) = self.detail(source).and_then(|detail| detail.base) {
            source = base;
        }
        source
    }

    /// Rank of a source in the catalogue's order, which does not depend on the order of ingest.
    pub fn rank(&self, id: SourceId) -> usize {
        self.details.get(&id).map_or(usize::MAX, |(rank, _)| *rank)
    }

    /// Segments of a table.
    pub fn segments(&self, table: Table) -> &[SegmentFile] {
        self.segments.get(&table).map_or(&[], Vec::as_slice)
    }

    /// An error if a visible segment file is not there.
    pub fn check_files(&self, dir: &Path) -> Result<(), Error> {
        for segment in self.segments.values().flatten() {
            let path = dir.join(&segment.file);
            if !path.is_file() {
                return Err(Error::Segment(path, "it is not there".to_owned()));
            }
        }
        Ok(())
    }
}

/// A view and the version of the catalogue it is of.
pub(crate) type Seen = ((i64, i64), Rc<View>);

impl History {
    /// What is visible now. Read again only if the catalogue has changed.
    pub(crate) fn view(&self) -> Result<Rc<View>, Error> {
        let version = self.catalogue.version()?;
        if let Some((of, view)) = &*self.view.borrow()
            && *of == version
        {
            return Ok(Rc::clone(view));
        }
        let (version, view) = self.catalogue.view()?;
        let view = Rc::new(view);
        *self.view.borrow_mut() = Some((version, Rc::clone(&view)));
        Ok(view)
    }

    /// Rows of `table` in the sources of the view that `wanted` keeps. `keys` bounds the leading sort column, so that the
    /// catalogue alone can leave segments out.
    pub(crate) fn scan(
        &self,
        view: &View,
        table: Table,
        keys: Option<(i64, i64)>,
        wanted: impl Fn(SourceId) -> bool,
        tests: &[Test],
        columns: &[&str],
    ) -> Result<Vec<arrow_array::RecordBatch>, Error> {
        let (low, high) = keys.unwrap_or((i64::MIN, i64::MAX));
        let files: Vec<&SegmentFile> =
            view.segments(table).iter().filter(|s| s.key.0 <= high && s.key.1 >= low && wanted(s.source)).collect();
        self.scanner.scan(&files, tests, columns)
    }
}
