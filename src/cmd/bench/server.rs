//! What the measurements run on: a folder of their own, and this program in a process of its own.

use anyhow::{Context, Result, bail};
use nuanfan::config::Config;
use nuanfan::data_folder;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A folder beside the data, on the same disk, gone at the end.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(beside: &Path, what: &str) -> Result<Self> {
        let folder = beside.join(format!("bench-{what}-{}", std::process::id()));
        data_folder::ensure(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("nuanfan: {} is left over: {error}", self.0.display());
        }
    }
}

/// This program over a configuration's data, with nothing else of the caller's environment that it would read.
pub(super) fn program(config: &Config) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NUANFAN_")) {
        command.env_remove(name);
    }
    command.env_remove("DATABASE_URL").env("NUANFAN_DATA_FOLDER", &config.data_folder);
    if let Some(url) = &config.database_url {
        command.env("DATABASE_URL", url.reveal());
    }
    Ok(command)
}

/// What Linux says of a process's memory, in kilobytes: `VmRSS` is what is in use, `VmHWM` the most it ever was.
pub(in crate::cmd) fn memory_kb(pid: u32, name: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("needs Linux's /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let digits = line.and_then(|rest| rest.split_whitespace().next()).with_context(|| format!("no {name} in /proc"))?;
    Ok(digits.parse()?)
}

/// The defaults with what is set of threads and connections: what a benchmark is run to find out.
pub(super) fn tuned(config: &Config) -> Config {
    Config { database: config.database.clone(), http: config.http.clone(), ..Config::default() }
}

/// `nuanfan serve` in a process of its own.
pub(super) struct Served {
    child: Child,
    pub(super) address: std::net::SocketAddr,
    /// Read no more, but open: a program that cannot print ends.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Served {
    pub(super) fn start(config: &Config) -> Result<Self> {
        let mut child = program(config)?
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--set", "log.filter=warn"])
            .args(["--set", &format!("database.write_lanes={}", config.database.write_lanes)])
            .args(["--set", &format!("database.readers={}", config.database.readers)])
            .args(["--set", &format!("http.workers={}", config.http.workers)])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("its standard output")?).lines();
        let said = lines.by_ref().map_while(Result::ok).find_map(|line| line.split_once(" on http://").map(|(_, at)| at.to_owned()));
        let Some(address) = said.and_then(|at| at.parse().ok()) else {
            // It has told why on standard error.
            child.kill().and_then(|()| child.wait())?;
            bail!("the server did not start");
        };
        Ok(Self { child, address, _said: lines })
    }

    /// Its memory, in kilobytes: what Linux says under a name such as `VmRSS`.
    pub(in crate::cmd) fn memory_kb(&self, name: &str) -> Result<u64> {
        memory_kb(self.child.id(), name)
    }

    pub(super) fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id())?;
        let told = Command::new("kill").args(["-TERM", &pid.to_string()]).status()?;
        if !told.success() {
            bail!("the server cannot be told to stop");
        }
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // After a failed run it must not stay; when it has ended there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
