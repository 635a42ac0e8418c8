//! One child process, run to its end, and what it took.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a child took.
#[derive(Clone, Debug)]
pub struct Took {
    /// User and system time of the child and of those it waited for.
    pub cpu: Duration,
    /// By the clock.
    pub wall: Duration,
    /// Greatest resident memory.
    pub peak_bytes: u64,
    /// True if it exited with 0, or with 2, which our program says when input was faulty.
    pub ended_well: bool,
    /// How it ended.
    pub end: String,
}

/// What becomes of a child's standard output.
pub enum Output {
    /// Nobody reads it.
    Null,
    /// Its lines are counted and the first is kept.
    Counted,
}

/// What a child printed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Printed {
    /// Lines.
    pub lines: u64,
    /// Bytes.
    pub bytes: u64,
    /// The first line.
    pub first: String,
}

/// Runs a command to its end. Its error output is dropped.
pub fn run(command: &mut Command, output: &Output) -> io::Result<(Took, Printed)> {
    let stdout = match output {
        Output::Null => Stdio::null(),
        Output::Counted => Stdio::piped(),
    };
    command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn()?;
    let printed = match child.stdout.take() {
        Some(stdout) => count(stdout)?,
        None => Printed::default(),
    };
    let (status, usage) = wait(child.id())?;
    let wall = start.elapsed();
    let secs = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    let exit = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
    let took = Took {
        cpu: secs(usage.ru_utime) + secs(usage.ru_stime),
        wall,
        // Linux counts in KiB.
        peak_bytes: usage.ru_maxrss as u64 * 1024,
        ended_well: matches!(exit, Some(0 | 2)),
        end: match exit {
            Some(code) => format!("exit code {code}"),
            None => format!("signal {}", libc::WTERMSIG(status)),
        },
    };
    Ok((took, printed))
}

fn count(mut stdout: impl Read) -> io::Result<Printed> {
    let mut printed = Printed::default();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let len = stdout.read(&mut buffer)?;
        if len == 0 {
            return Ok(printed);
        }
        let bytes = &buffer[..len];
        if printed.lines == 0 && printed.first.len() < 4096 {
            let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            printed.first.push_str(&String::from_utf8_lossy(line));
        }
        printed.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        printed.bytes += len as u64;
    }
}

/// Waits for one child. Only this function waits for children, so the id is still the child's.
#[allow(unsafe_code, reason = "std has no wait that tells what a child took")]
fn wait(id: u32) -> io::Result<(libc::c_int, libc::rusage)> {
    let mut status = 0;
    loop {
        // SAFETY: both pointers are to values of this frame; rusage is plain numbers, for which zeros are valid.
        let (waited, usage) = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            (libc::wait4(id as libc::pid_t, &raw mut status, 0, &raw mut usage), usage)
        };
        if waited >= 0 {
            return Ok((status, usage));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_measured() {
        let (took, printed) =
            run(Command::new("sh").args(["-c", "echo one; echo two; exit 2"]), &Output::Counted).unwrap();
        assert_eq!(printed, Printed { lines: 2, bytes: 8, first: "one".to_owned() });
        assert!(took.ended_well && took.peak_bytes > 0 && took.wall >= took.cpu / 2);
        let (took, printed) = run(Command::new("sh").args(["-c", "echo one; kill -9 $$"]), &Output::Null).unwrap();
        assert_eq!((printed.lines, took.ended_well, took.end.as_str()), (0, false, "signal 9"));
    }
}
