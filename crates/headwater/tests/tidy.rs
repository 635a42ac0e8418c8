//! House rules that a machine can check. Each test lists everything that breaks its rule, with the place.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest Rust file, in lines.
const MOST_LINES: usize = 800;

/// Other numbers that may stand in tests: (end of the path, numbers, why). No numbers: any.
// A number that stands here needs a reason that documentation numbers do not meet.
const OTHER_NUMBERS: &[(&str, &[u64], &str)] = &[
    ("_real.rs", &[], "reads the shared archives"),
    ("headwater/tests/real.rs", &[], "reads the shared archives"),
    ("route/src/asn.rs", &[200593, 209030, 394240], "allocated numbers that old lists call reserved"),
    ("finding/src/sanitise.rs", &[3333, 200593, 209030], "as above; documentation numbers would be bogons there"),
    ("headwater/src/resource.rs", &[200593, 4294967296], "forms of writing a number, and one too large"),
    ("finding/src/cohort.rs", &[1, 2, 99], "votes are counted; the numbers are labels"),
    ("history/src/snapshots.rs", &[1], "sorting; the number is a label"),
    ("history/tests/dumps.rs", &[64520], "private use (RFC 6996): no network has it"),
    ("history/tests/whole_or_not.rs", &[64520, 64599], "private use (RFC 6996): no network has them"),
    ("wire/tests/mrt_filter.rs", &[64599], "private use (RFC 6996): no network has it"),
    ("wire/tests/mrt_forms.rs", &[200593], "a number that old lists call reserved and that needs four bytes"),
    ("finding/tests/holders.rs", &[198953, 200593], "the dates of their name files are the test's pattern"),
    ("finding/tests/observed.rs", &[6450], "head of a documentation number that a format completes"),
    ("headwater/tests/cli.rs", &[4294967296], "one too large"),
];

/// Paths of one machine that are examples: (end of the path, text).
const EXAMPLE_PATHS: &[(&str, &str)] = &[("source/collector.rs", concat!("/home", "/someone/"))];

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root)
}

/// Files of the project: those git knows of or would add; without git, all but build output. Sorted.
fn files() -> Vec<PathBuf> {
    let root = root();
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output();
    let mut files: Vec<PathBuf> = match listed {
        Ok(listed) if listed.status.success() && !listed.stdout.is_empty() => {
            let names = String::from_utf8_lossy(&listed.stdout).into_owned();
            names.split('\0').filter(|name| !name.is_empty()).map(|name| root.join(name)).collect()
        }
        _ => {
            let mut found = Vec::new();
            walk(&root, &mut found);
            found
        }
    };
    files.retain(|path| path.is_file());
    files.sort();
    files.dedup();
    assert!(files.len() > 20, "the project was not found at {}", root.display());
    files
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !path.is_symlink() {
            if !matches!(name.as_str(), "target" | ".git" | "corpus" | "artifacts") {
                walk(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

fn with_extension(extension: &str) -> Vec<(String, String)> {
    let is_one = |path: &PathBuf| path.extension().is_some_and(|found| found == extension);
    files().into_iter().filter(is_one).map(|path| (shown(&path), text(&path))).collect()
}

/// Path below the root, with slashes.
fn shown(path: &Path) -> String {
    let below = path.strip_prefix(root()).unwrap_or(path);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn text(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[track_caller]
fn none(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n  {}", complaints.join("\n  "));
}

#[test]
fn crates_and_modules_open_with_their_purpose() {
    let heads = ["lib.rs", "mod.rs", "main.rs"];
    let complaints: Vec<String> = with_extension("rs")
        .into_iter()
        .filter(|(path, _)| heads.iter().any(|head| path.ends_with(&format!("/{head}"))))
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    none("these do not open with `//!`", &complaints);
}

#[test]
fn files_hold_one_noun() {
    let long = |(path, text): (String, String)| {
        let lines = text.lines().count();
        (lines > MOST_LINES).then(|| format!("{path}: {lines} lines"))
    };
    none(
        &format!("Rust files over {MOST_LINES} lines"),
        &with_extension("rs").into_iter().filter_map(long).collect::<Vec<_>>(),
    );
}

#[test]
fn nothing_is_left_half_done() {
    // In pieces, so that this file does not find itself.
    let marks = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!("), concat!("#[", "ignore")];
    let mut complaints = Vec::new();
    for (path, text) in with_extension("rs") {
        for (number, line) in (1..).zip(text.lines()) {
            complaints.extend(
                marks.iter().filter(|mark| line.contains(**mark)).map(|mark| format!("{path}:{number}: {mark}")),
            );
        }
    }
    none("left half done", &complaints);
}

#[test]
fn no_paths_of_one_machine() {
    let marks = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let mut complaints = Vec::new();
    for path in files() {
        let (name, text) = (shown(&path), text(&path));
        if text.contains('\0') {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            let excused = EXAMPLE_PATHS.iter().any(|(end, example)| name.ends_with(end) && line.contains(example));
            let found = marks.iter().any(|mark| {
                // `repo/work/x` is a path below something, not of a machine.
                line.match_indices(mark)
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-~}".contains(c)))
            });
            if found && !excused {
                complaints.push(format!("{name}:{number}: {}", line.trim()));
            }
        }
    }
    none("absolute paths", &complaints);
}

/// The commands of `cli.rs`, as they are typed.
fn commands() -> Vec<String> {
    let cli = read("crates/headwater/src/cli.rs");
    let body = cli.split_once("pub enum Command {").expect("cli.rs has the commands").1;
    let body = body.split_once("\n}").expect("the enum ends").0;
    let variants = body.lines().map(str::trim).filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    let names = variants.map(|line| line.split(['(', ',', ' ', '{']).next().unwrap_or_default());
    names
        .map(|name| {
            let dashed = name.char_indices().map(|(i, c)| match c.is_ascii_uppercase() && i > 0 {
                true => format!("-{}", c.to_ascii_lowercase()),
                false => c.to_ascii_lowercase().to_string(),
            });
            dashed.collect()
        })
        .collect()
}

#[test]
fn the_readme_names_every_command() {
    let readme = read("README.md");
    let commands = commands();
    assert!(commands.len() > 5, "{commands:?}");
    let missing: Vec<String> =
        commands.into_iter().filter(|name| !readme.contains(&format!("headwater {name}"))).collect();
    none("commands that README.md does not name", &missing);
}

#[test]
fn every_setting_has_a_comment() {
    let path = "crates/headwater/src/defaults.toml";
    let defaults = read(path);
    let lines: Vec<&str> = defaults.lines().collect();
    let is_setting = |line: &str| line.contains(" = ") && !line.starts_with('#');
    let settings: Vec<usize> = (0..lines.len()).filter(|&at| is_setting(lines[at])).collect();
    assert!(settings.len() > 10, "{path} holds {} settings", settings.len());
    let bare = settings.iter().filter(|&&at| at == 0 || !lines[at - 1].starts_with("# "));
    none(
        "settings without a comment",
        &bare.map(|&at| format!("{path}:{}: {}", at + 1, lines[at])).collect::<Vec<_>>(),
    );
}

/// Codes of the closed list of faults.
fn fault_codes() -> Vec<String> {
    let source = read("crates/route/src/fault.rs");
    let list = source.split_once("\nfault_kinds! {").expect("fault.rs has the list").1;
    let list = list.split_once("\n}").expect("the list ends").0;
    list.lines().filter_map(|line| Some(line.split_once(" = \"")?.1.split_once('"')?.0.to_owned())).collect()
}

#[test]
fn every_fault_kind_is_documented() {
    let documents: Vec<String> =
        with_extension("md").into_iter().filter(|(path, _)| path.starts_with("docs/")).map(|(_, text)| text).collect();
    let codes = fault_codes();
    assert!(codes.len() > 10, "{codes:?}");
    let missing: Vec<String> =
        codes.into_iter().filter(|code| !documents.iter().any(|text| text.contains(&format!("`{code}`")))).collect();
    none("fault kinds that docs/ does not name", &missing);
}

/// Targets of `](target)` outside code blocks, with their lines.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut code = false;
    for (number, line) in (1..).zip(text.lines()) {
        code ^= line.trim_start().starts_with("```");
        if code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split([')', ' ']).next().unwrap_or_default();
            links.push((number, target.to_owned()));
        }
    }
    links
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn relative_links_lead_somewhere() {
    let mut complaints = Vec::new();
    for (path, content) in with_extension("md") {
        let here = root().join(&path);
        for (number, target) in links(&content) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let there = if file.is_empty() { here.clone() } else { here.parent().unwrap_or(&here).join(file) };
            if !there.exists() {
                complaints.push(format!("{path}:{number}: {target}: there is no such file"));
            } else if !fragment.is_empty() {
                let headings: BTreeSet<String> = text(&there)
                    .lines()
                    .filter(|line| line.starts_with('#'))
                    .map(|line| anchor(line.trim_start_matches('#')))
                    .collect();
                if !headings.contains(fragment) {
                    complaints.push(format!("{path}:{number}: {target}: there is no such heading"));
                }
            }
        }
    }
    none("broken links", &complaints);
}

/// Numbers written `Asn(64500)` or `AS64500`.
fn as_numbers(text: &str) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    for mark in ["Asn(", "AS"] {
        for (at, _) in text.match_indices(mark) {
            let starts = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let digits: String =
                text[at + mark.len()..].chars().take_while(|c| c.is_ascii_digit() || *c == '_').collect();
            let next = text[at + mark.len() + digits.len()..].chars().next();
            let ends =
                if mark == "AS" { !next.is_some_and(|c| c.is_alphanumeric() || c == '.') } else { next == Some(')') };
            if starts && ends {
                found.extend(digits.replace('_', "").parse::<u64>().ok());
            }
        }
    }
    found
}

#[test]
fn tests_use_documentation_numbers() {
    // RFC 5398.
    let is_documentation = |n: u64| matches!(n, 64496..=64511 | 65536..=65551);
    let mut complaints = Vec::new();
    for (path, text) in with_extension("rs") {
        if path.ends_with("tests/tidy.rs") {
            continue;
        }
        let tests = match path.contains("/tests/") {
            true => text.as_str(),
            false => text.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests),
        };
        let excused = |n: u64| {
            let entries = OTHER_NUMBERS.iter().filter(|(end, ..)| path.ends_with(end));
            entries.into_iter().any(|(_, numbers, _)| numbers.is_empty() || numbers.contains(&n))
        };
        let wrong: Vec<String> = as_numbers(tests)
            .into_iter()
            .filter(|n| !is_documentation(*n) && !excused(*n))
            .map(|n| n.to_string())
            .collect();
        if !wrong.is_empty() {
            complaints.push(format!("{path}: {}", wrong.join(", ")));
        }
    }
    none(
        "AS numbers that are not for documentation (RFC 5398), or name them in OTHER_NUMBERS with the reason",
        &complaints,
    );
}
