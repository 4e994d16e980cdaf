//! The real binary, started on a test's database.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use testkit::http::Client;
use testkit::wait::until;
use testkit::{Database, World, world_key};

/// A running `nuanfan serve`.
pub struct Process {
    child: Child,
    /// Where requests are served; empty for a worker, which serves none.
    pub base: String,
    /// Where health is told.
    pub admin: String,
    /// From the start of the program to the first time it said that it is ready.
    pub ready_after: Duration,
}

/// The program with nothing of the caller's environment that it would read.
pub fn nuanfan(database: &Database) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nuanfan"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NUANFAN_")) {
        command.env_remove(name);
    }
    command.env_remove("DATABASE_URL").env("NUANFAN_DATA_FOLDER", database.folder()).env("NUANFAN_FIELD_KEY", world_key());
    if let Some(url) = database.url() {
        command.env("DATABASE_URL", url);
    }
    command
}

impl Process {
    /// Starts everything in one process on free ports and waits until it is ready.
    pub fn start(database: &Database) -> Self {
        Self::start_as(database, None)
    }

    /// The same for one role, beside processes of the others.
    pub fn start_as(database: &Database, role: Option<&str>) -> Self {
        let since = Instant::now();
        let mut child = nuanfan(database)
            .arg("serve")
            .args(role)
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--set", "log.filter=warn"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("start nuanfan");
        let mut lines = BufReader::new(child.stdout.take().expect("its standard output")).lines();
        let mut address = |what: &str| {
            let line = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with(what));
            line.and_then(|line| line.split(" on ").nth(1).map(str::to_owned)).expect("it ended before it served")
        };
        let base = if role == Some("worker") { String::new() } else { address("serving") };
        let admin = address("health");
        let health = Client::new(&admin, None);
        until("readiness", Duration::from_secs(30), || (health.get("/readyz").status == 200).then_some(()));
        Self { child, base, admin, ready_after: since.elapsed() }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }

    /// SIGTERM, without waiting.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    /// Its end, within the deadline.
    pub fn ended(mut self, deadline: Duration) -> ExitStatus {
        until("the end of the process", deadline, || self.child.try_wait().expect("wait"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // After a failed assertion it must not go on running; when it has ended there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `nuanfan verify` on the database must find nothing.
pub fn assert_verified(database: &Database) {
    let output = nuanfan(database).arg("verify").output().expect("verify");
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

/// A world at the real time, for tests over the binary, whose clock nobody can move.
pub fn live_world(engine: testkit::Engine) -> World {
    use domain::time::Clock;
    World::at(engine, nuanfan::clock::SystemClock.now())
}
