//! The machine and the programs that a report is about.

use std::path::Path;
use std::process::Command;

/// First line that a program prints; `None` if there is no such program or it failed.
pub fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// The value of a field of a file of `/proc` such as `cpuinfo`.
fn field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Load of the last minute, five and fifteen.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// The machine, the compiler, and what of the project was measured.
pub fn machine() -> String {
    let or_unknown = |fact: Option<String>| fact.unwrap_or_else(|| "unknown".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let changed = first_line("git", &["status", "--porcelain", "--untracked-files=no"]).is_some_and(|l| !l.is_empty());
    format!(
        "processor  {}, {cores} cores\nmemory     {}\nkernel     {} {}\ncompiler   {}\ncommit     {}{}\n",
        or_unknown(field("/proc/cpuinfo", "model name")),
        or_unknown(field("/proc/meminfo", "MemTotal")),
        or_unknown(first_line("uname", &["-sr"])),
        or_unknown(first_line("uname", &["-m"])),
        or_unknown(first_line("rustc", &["--version"])),
        or_unknown(first_line("git", &["rev-parse", "--short=12", "HEAD"])),
        if changed { ", with changes" } else { "" },
    )
}

/// Version of a package in a lock file.
pub fn locked_version(lock: &Path, package: &str) -> Option<String> {
    let text = std::fs::read_to_string(lock).ok()?;
    let (_, behind) = text.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(behind.split_once('"')?.0.to_owned())
}

/// Version of an installed program: what its package says, else what it says itself.
pub fn version(program: &str) -> String {
    let package = first_line("dpkg-query", &["-W", "-f", "${Version}", program]);
    package.or_else(|| first_line(program, &["--version"])).unwrap_or_else(|| "version unknown".to_owned())
}

/// True if a program is on the search path.
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
