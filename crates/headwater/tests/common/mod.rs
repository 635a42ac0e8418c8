//! Runs the program as a user does: argv in, text and exit code out.
#![allow(dead_code)]

pub mod tables;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where the shared data lie, if they are there; says so if not.
pub fn shared_data() -> Option<PathBuf> {
    let dir = std::env::var_os("HEADWATER_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: shared data not found at {}", dir.display());
    None
}

/// The program with a history of its own and no configuration of the user's.
pub fn headwater(history: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headwater"));
    command.env_clear().env("HEADWATER_HISTORY", history).env("HOME", history);
    command
}

/// Runs and expects an exit code.
pub fn run(history: &Path, args: &[&str], code: i32) -> Output {
    let output = headwater(history).args(args).output().expect("the program starts");
    assert_eq!(
        output.status.code(),
        Some(code),
        "{args:?}\nstdout: {}\nstderr: {}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

/// A JSON answer.
pub fn json(history: &Path, args: &[&str], code: i32) -> serde_json::Value {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    serde_json::from_str(&stdout(&run(history, &args, code))).expect("the answer is JSON")
}
