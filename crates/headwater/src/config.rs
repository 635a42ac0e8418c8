//! Settings: the embedded defaults, a configuration file over them, the command line over both.

use std::env;
use std::path::{Path, PathBuf};

use headwater_finding::protection::{self, Typed};
use headwater_finding::rules::Rules;
use headwater_wire::codec;
use serde::Deserialize;

use crate::error::Error;

/// The defaults and, by their comments, the reference of every key.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// The table of protection networks that comes with the program.
const PROTECTION: &str = include_str!("protection.tsv");

/// Every setting. See `defaults.toml`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Directory of the history; empty for the default place.
    pub history: PathBuf,
    /// Table of protection networks; empty for the embedded one.
    pub protection_table: PathBuf,
    /// Reading.
    pub ingest: Ingest,
    /// Limits.
    pub limits: Limits,
    /// The numbers of the methods.
    pub methods: Rules,
}

/// Settings of `ingest`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingest {
    /// Files read at once; 0: one per core.
    pub jobs: usize,
}

/// Limits; see `defaults.toml`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Limits {
    pub decompressed_bytes: u64,
    pub decompressed_ratio: u64,
    pub ratio_after_bytes: u64,
    pub record_bytes: u32,
    pub member_bytes: u64,
    pub stdin_bytes: u64,
    pub files: u64,
    pub faults: usize,
    pub sql_rows: usize,
    pub inspect_distinct: usize,
    pub members: usize,
    pub proves: usize,
    pub explain_bytes: usize,
}

impl Limits {
    /// Limits of a decompressed stream.
    pub fn codec(&self) -> codec::Limits {
        codec::Limits {
            max_bytes: self.decompressed_bytes,
            max_ratio: self.decompressed_ratio,
            ratio_after_bytes: self.ratio_after_bytes,
        }
    }
}

impl Config {
    /// The defaults alone.
    #[cfg(test)]
    pub fn defaults() -> Config {
        parse("").expect("the embedded defaults are a configuration")
    }

    /// Reads the configuration: `file` if named, else the user's own if there is one, else the defaults alone.
    pub fn load(file: Option<&Path>) -> Result<Config, Error> {
        let own = xdg("XDG_CONFIG_HOME", ".config").map(|dir| dir.join("headwater/config.toml"));
        let path = match file {
            Some(path) => path.to_owned(),
            None => match own.filter(|path| path.is_file()) {
                Some(path) => path,
                None => return parse(""),
            },
        };
        let text = std::fs::read_to_string(&path).map_err(|e| {
            Error::usage(format!("configuration {}: {e}", path.display())).hint("`--config FILE` names another file")
        })?;
        parse(&text).map_err(|e| Error { message: format!("configuration {}: {}", path.display(), e.message), ..e })
    }

    /// The table of networks that are described as offering DDoS protection.
    pub fn protection(&self) -> Result<Vec<Typed>, Error> {
        let path = &self.protection_table;
        if path.as_os_str().is_empty() {
            return protection::parse(PROTECTION).map_err(|e| Error::failed(format!("the embedded table: {e}")));
        }
        let usage = |e: String| {
            Error::usage(format!("protection_table {}: {e}", path.display())).hint(
                "fields are parted by tabs: asn, name, type, valid_from, valid_to, source, as_of; the first line names them",
            )
        };
        let text = std::fs::read_to_string(path).map_err(|e| usage(e.to_string()))?;
        protection::parse(&text).map_err(|e| usage(e.to_string()))
    }

    /// The history directory: the one named, the configured one, or the default place.
    pub fn history_dir(&self, named: Option<&Path>) -> Result<PathBuf, Error> {
        if let Some(dir) = named {
            return Ok(dir.to_owned());
        }
        if !self.history.as_os_str().is_empty() {
            return Ok(self.history.clone());
        }
        xdg("XDG_DATA_HOME", ".local/share").map(|dir| dir.join("headwater")).ok_or_else(|| {
            Error::usage("there is no place for the history: neither XDG_DATA_HOME nor HOME is set")
                .hint("name one with `--history DIR` or HEADWATER_HISTORY")
        })
    }
}

/// A base directory of the XDG specification; relative values are ignored, as it says.
fn xdg(variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}

/// A configuration text over the defaults.
fn parse(text: &str) -> Result<Config, Error> {
    let invalid = |e: toml::de::Error| {
        Error::usage(e.to_string().trim_end().to_owned()).hint("`headwater config` prints every key with its default")
    };
    let mut settings: toml::Table = toml::from_str(DEFAULTS).map_err(invalid)?;
    let known = keys(&settings, "");
    let given: toml::Table = toml::from_str(text).map_err(invalid)?;
    for key in keys(&given, "") {
        if !known.contains(&key) {
            let close: Vec<String> = close_to(&key, &known).map(|k| format!("`{k}`")).collect();
            let error = Error::usage(format!("there is no setting `{key}`"));
            return Err(match close.is_empty() {
                true => error.hint("`headwater config` prints every key with its default"),
                false => error.hint(format!("did you mean {}?", close.join(" or "))),
            });
        }
    }
    overlay(&mut settings, given);
    Config::deserialize(settings).map_err(invalid)
}

/// Every key with a value that is not a table, as `limits.files`.
fn keys(table: &toml::Table, above: &str) -> Vec<String> {
    let path = |key: &str| if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") };
    table
        .iter()
        .flat_map(|(key, value)| match value {
            toml::Value::Table(inner) if !inner.is_empty() => keys(inner, &path(key)),
            toml::Value::Table(_) => Vec::new(),
            _ => vec![path(key)],
        })
        .collect()
}

fn overlay(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => overlay(below, above),
            (_, value) => drop(base.insert(key, value)),
        }
    }
}

/// Known keys that an unknown one may have been meant for: the same last word, or few letters off.
fn close_to<'a>(key: &'a str, known: &'a [String]) -> impl Iterator<Item = &'a String> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or("").to_owned();
    let near = move |a: &str, b: &str| distance(a, b) <= 1 + a.len().min(b.len()) / 5;
    known.iter().filter(move |k| near(&last(key), &last(k)) || near(key, k)).take(3)
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold_every_setting_with_a_comment() {
        // Every field is mandatory, so that this fails for a field without a default.
        parse("").unwrap();
        let lines: Vec<&str> = DEFAULTS.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            if line.contains(" = ") && !line.starts_with('#') {
                assert!(i > 0 && lines[i - 1].starts_with("# "), "{line} has no comment above it");
            }
        }
    }

    #[test]
    fn codec_defaults_are_the_codecs_own() {
        assert_eq!(parse("").unwrap().limits.codec(), codec::Limits::default());
    }

    #[test]
    fn method_defaults_are_those_of_the_methods() {
        assert_eq!(parse("").unwrap().methods, Rules::default());
    }

    #[test]
    fn the_embedded_table_is_one_and_every_row_has_its_source() {
        let table = parse("").unwrap().protection().unwrap();
        assert!(table.len() > 10);
        let mut config = parse("").unwrap();
        config.protection_table = "/nowhere.tsv".into();
        assert_eq!(config.protection().unwrap_err().kind, crate::error::ErrorKind::Usage);
    }

    #[test]
    fn a_file_overrides_only_what_it_names() {
        let config = parse("[limits]\nfiles = 7\n").unwrap();
        let mut expected = parse("").unwrap();
        expected.limits.files = 7;
        assert_eq!(config, expected);
    }

    #[test]
    fn unknown_keys_are_refused_with_a_hint() {
        let error = parse("[limits]\nfile = 7\n").unwrap_err();
        assert_eq!(error.message, "there is no setting `limits.file`");
        assert_eq!(error.hints, ["did you mean `limits.files`?"]);
        let error = parse("jobs = 1").unwrap_err();
        assert_eq!(error.hints, ["did you mean `ingest.jobs`?"]);
        let error = parse("zebra = 1").unwrap_err();
        assert_eq!(error.hints, ["`headwater config` prints every key with its default"]);
    }

    #[test]
    fn wrong_values_are_refused() {
        for text in ["[limits]\nfiles = \"many\"", "[limits]\nfiles = -1", "limits = 3", "[limits"] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind, crate::error::ErrorKind::Usage, "{text}");
        }
    }
}
