//! Which files a list of paths means.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use headwater_world::marker::{self, Marker};

use crate::error::Error;

/// A file to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Its path as found.
    pub path: PathBuf,
    /// True if it is no regular file (a pipe named on the command line), so that it can be read only once.
    pub stream: bool,
}

/// What a list of paths gave.
#[derive(Default, Debug)]
pub struct Walked {
    /// Files, those of a directory sorted by path.
    pub files: Vec<Found>,
    /// Hidden files and directories in directories, which are left out.
    pub hidden: u64,
    /// Pipes, sockets and devices in directories, which are left out.
    pub special: u64,
    /// Directories met a second time, over a link or by name, which are left out.
    pub again: u64,
    /// Paths that cannot be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Invented worlds that files are of, by label; `None`: files that are of none, so that they count as real. Labels are
    /// hostile text.
    pub worlds: BTreeSet<Option<String>>,
    /// Files that describe an invented world and are no data, which are left out.
    pub aside: u64,
}

/// Finds the files below `paths`, at most `limit`. Directories are entered, links followed, no directory twice; `avoid` (the
/// history) is not entered. Standard input (`-`) is not a path. A path that does not exist is a wrong command line.
pub fn walk(paths: &[PathBuf], avoid: Option<&Path>, limit: u64) -> Result<Walked, Error> {
    for path in paths {
        if let Err(e) = fs::metadata(path) {
            return Err(Error::usage(format!("{}: {e}", path.display())).hint("check the path; nothing was read"));
        }
    }
    let mut walked = Walked::default();
    let mut entered = BTreeSet::new();
    entered.extend(avoid.and_then(|dir| dir.canonicalize().ok()));
    for path in paths {
        enter(path, None, &mut entered, &mut walked, limit)?;
    }
    Ok(walked)
}

/// Takes in a path: one that was named, or one of a directory `within` a world or none.
fn enter(
    path: &Path,
    within: Option<&Option<String>>,
    entered: &mut BTreeSet<PathBuf>,
    walked: &mut Walked,
    limit: u64,
) -> Result<(), Error> {
    let named = within.is_none();
    let world = world_of(path, within);
    if world.is_some() && path.file_name().is_some_and(|name| marker::ASIDE.iter().any(|aside| name == *aside)) {
        walked.aside += 1;
        walked.worlds.insert(world);
        return Ok(());
    }
    let outcome = fs::metadata(path).and_then(|meta| {
        if !meta.is_dir() && (named || meta.is_file()) {
            walked.worlds.insert(world.clone());
        }
        if meta.is_dir() {
            if !entered.insert(path.canonicalize()?) {
                walked.again += 1;
                return Ok(Vec::new());
            }
            let entries: io::Result<Vec<PathBuf>> = fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect();
            return entries;
        }
        match (meta.is_file(), named) {
            (true, _) => walked.files.push(Found { path: path.to_owned(), stream: false }),
            (false, true) => walked.files.push(Found { path: path.to_owned(), stream: true }),
            (false, false) => walked.special += 1,
        }
        Ok(Vec::new())
    });
    if walked.files.len() as u64 > limit {
        return Err(Error::usage(format!("there are more than {limit} files below the paths given"))
            .hint("name fewer paths, or raise `limits.files` in the configuration; nothing was read"));
    }
    let mut entries = match outcome {
        Ok(entries) => entries,
        Err(e) => {
            walked.unreadable.push((path.to_owned(), e.to_string()));
            return Ok(());
        }
    };
    entries.sort();
    for entry in entries {
        let hidden = entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            walked.hidden += 1;
        } else {
            enter(&entry, Some(&world), entered, walked, limit)?;
        }
    }
    Ok(())
}

/// The invented world that a path is of. A link may lead into one, and a directory within none may be one.
fn world_of(path: &Path, within: Option<&Option<String>>) -> Option<String> {
    let is_link = || fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    let marker = match within {
        Some(world) if !is_link() => match world {
            Some(world) => return Some(world.clone()),
            None => Marker::of_dir(path),
        },
        _ => path.canonicalize().ok().and_then(|path| Marker::above(&path)),
    };
    marker.map(|marker| marker.label())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_the_world_they_lie_in() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir_all(root.join("w/routes")).unwrap();
        fs::write(root.join("w/WORLD.toml"), Marker::new("test", 1).text()).unwrap();
        for file in ["w/truth.json", "w/routes/a", "real"] {
            fs::write(root.join(file), "x").unwrap();
        }
        let invented = BTreeSet::from([Some("test, seed 1".to_owned())]);
        let at = |path: &str| walk(&[root.join(path)], None, 10).unwrap();
        assert_eq!(
            (at("w").worlds, at("w").aside, names(&at("w"), root)),
            (invented.clone(), 2, vec!["w/routes/a".into()])
        );
        assert_eq!((at("w/routes").worlds, at("w/routes/a").worlds), (invented.clone(), invented.clone()));
        assert_eq!(at("real").worlds, BTreeSet::from([None]));
        assert_eq!(walk(&[root.to_owned()], None, 10).unwrap().worlds.len(), 2, "both are told");
        assert_eq!(names(&at("w/truth.json"), root), [] as [&str; 0]);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../w/routes/a", root.join("w/../link")).unwrap();
            fs::create_dir(root.join("d")).unwrap();
            std::os::unix::fs::symlink("../w/routes/a", root.join("d/link")).unwrap();
            assert_eq!(at("d").worlds, invented, "a link leads into it");
        }
    }

    fn names(walked: &Walked, root: &Path) -> Vec<String> {
        let below = |f: &Found| f.path.strip_prefix(root).unwrap_or(&f.path).display().to_string();
        walked.files.iter().map(below).collect()
    }

    #[test]
    fn directories_are_sorted_and_hidden_files_counted() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        for file in ["b/c/2", "b/1", "a", ".hidden", "z"] {
            fs::write(root.join(file), "x").unwrap();
        }
        let walked = walk(&[root.to_owned()], None, 10).unwrap();
        assert_eq!((names(&walked, root), walked.hidden), (["a", "b/1", "b/c/2", "z"].map(String::from).into(), 1));
        let walked = walk(&[root.to_owned()], Some(&root.join("b")), 10).unwrap();
        assert_eq!(names(&walked, root), ["a", "z"]);
        assert!(walk(&[root.to_owned()], None, 3).is_err());
        assert!(walk(&[root.join("missing")], None, 3).is_err());
        assert_eq!(names(&walk(&[root.join(".hidden")], None, 3).unwrap(), root), [".hidden"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_never_in_circles() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir(root.join("d")).unwrap();
        fs::write(root.join("d/file"), "x").unwrap();
        symlink("..", root.join("d/up")).unwrap();
        symlink("d/file", root.join("link")).unwrap();
        symlink("nowhere", root.join("broken")).unwrap();
        let walked = walk(&[root.to_owned()], None, 10).unwrap();
        assert_eq!(names(&walked, root), ["d/file", "link"]);
        assert_eq!((walked.again, walked.unreadable.len()), (1, 1));
    }
}
