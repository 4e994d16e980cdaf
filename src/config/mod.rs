//! Configuration: defaults < file < environment < flags. Unknown keys are errors in each of them.

mod layers;
mod secret;

pub use layers::{ENVIRONMENT, Layers};
pub use secret::Secret;

use crate::data_folder;
use anyhow::{Context, Result, bail};
use app::store::Options;
use app::store::conn::Target;
use domain::notice::QuietHours;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything that can be set. A key of a section is written `section.key` in flags and `NUANFAN_SECTION__KEY` in the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of the embedded database and the field key.
    pub data_folder: PathBuf,
    /// Where the API is served, and everything when there are no separate roles.
    pub listen: SocketAddr,
    /// Where the kitchen displays are served when that is a process of its own.
    pub kitchen_listen: SocketAddr,
    /// Where health and metrics are served; never to the public.
    pub admin_listen: SocketAddr,
    /// `postgres://...`; without it the embedded database in the data folder is used. Also `DATABASE_URL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<Secret>,
    /// A file that holds the database's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url_file: Option<PathBuf>,
    /// The key of the sealed fields, 64 hexadecimal digits; without it the key file in the data folder is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_key: Option<Secret>,
    /// A file that holds the field key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_key_file: Option<PathBuf>,
    /// The database.
    pub database: Database,
    /// The HTTP servers.
    pub http: Http,
    /// The log.
    pub log: Log,
    /// The worker.
    pub worker: Worker,
    /// What people are told of their meals.
    pub notices: Notices,
    /// Outgoing mail; off until it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<Mail>,
    /// The provider of text messages; signing in by phone is off until it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms: Option<Sms>,
    /// WeChat login; off until it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wechat: Option<WeChat>,
}

/// How the database is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// Connections that write, on PostgreSQL: one for two cores, at most four, unless told. SQLite has one writer whatever this says.
    pub write_lanes: usize,
    /// Connections that read.
    pub readers: usize,
    /// SQLite's page cache of each of them, in KiB.
    pub reader_cache_kb: u32,
    /// How long work may wait for its turn before it is refused, in milliseconds.
    pub queue_deadline_ms: u64,
    /// Whether processes tell each other of commits by NOTIFY, on PostgreSQL. Needs connections that are not pooled by
    /// transaction; without it displays of another process are half a second late.
    pub notify: bool,
}

/// How HTTP is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Threads: one for two cores unless told; 0 takes as many as there are cores.
    pub workers: usize,
    /// Connections at once, for each thread; more wait.
    pub max_connections: usize,
    /// How long requests that have begun may take once the server stops, in seconds.
    pub stop_seconds: u64,
    /// How long readiness fails before the server stops to take requests, in milliseconds: time for a proxy to see it.
    pub drain_ms: u64,
}

/// How the log is written, to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, or a filter like `info,store=debug`.
    pub filter: String,
    /// Its form.
    pub format: LogFormat,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// What the worker does on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Worker {
    /// Seconds between two checks of the invariants on the running system.
    pub verify_seconds: u64,
    /// Milliseconds between two looks for messages to send.
    pub poll_ms: u64,
    /// Seconds between two runs over the standing orders.
    pub standing_seconds: u64,
    /// Seconds between two clean-ups of what is over.
    pub clean_up_seconds: u64,
}

/// What people are told of their meals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notices {
    /// From this time of the day in China on, what can wait is not sent. `quiet_from` equal to `quiet_to` turns that off.
    pub quiet_from: String,
    /// Until this time.
    pub quiet_to: String,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Its host name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The sender's address.
    pub from: String,
    /// How the connection is protected.
    #[serde(default)]
    pub security: MailSecurity,
    /// A PEM file with the certificate that the server's is signed by, where no public authority has signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// A file that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

/// How a mail connection is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// TLS after STARTTLS; refused when the server has none.
    StartTls,
    /// None: for a server on the same machine.
    None,
}

/// A provider of text messages: one HTTP POST each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// Where to post to.
    pub url: String,
    /// The bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// A file that holds the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
}

/// A WeChat mini-program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeChat {
    /// The server's address.
    pub url: String,
    /// The mini-program's identifier.
    pub app_id: String,
    /// Its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// A file that holds the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port)
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_folder: PathBuf::from("./data"),
            listen: local(8080),
            kitchen_listen: local(8081),
            admin_listen: local(9090),
            database_url: None,
            database_url_file: None,
            field_key: None,
            field_key_file: None,
            database: Database::default(),
            http: Http::default(),
            log: Log::default(),
            worker: Worker::default(),
            notices: Notices::default(),
            mail: None,
            sms: None,
            wechat: None,
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        // Two lanes on two cores halve the batches and commit twice as often: measured, they take a fifth fewer orders than one.
        Self {
            write_lanes: half_the_cores().min(4),
            readers: 4,
            reader_cache_kb: Options::READER_CACHE_KB,
            queue_deadline_ms: 10_000,
            notify: true,
        }
    }
}

/// At least one.
fn half_the_cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

impl Default for Http {
    fn default() -> Self {
        // Half the cores are the database's and its threads': with one for each core both databases take a tenth fewer orders.
        Self { workers: half_the_cores(), max_connections: 4096, stop_seconds: 20, drain_ms: 1_000 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Json }
    }
}

impl Default for Worker {
    fn default() -> Self {
        Self { verify_seconds: 60, poll_ms: 500, standing_seconds: 600, clean_up_seconds: 3_600 }
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self { quiet_from: "21:00".to_owned(), quiet_to: "07:00".to_owned() }
    }
}

impl Config {
    /// When people are not told what can wait.
    pub fn quiet_hours(&self) -> Result<QuietHours> {
        let Notices { quiet_from, quiet_to } = &self.notices;
        QuietHours::parse(quiet_from, quiet_to)
            .with_context(|| format!("notices.quiet_from and quiet_to are times such as 21:00, not {quiet_from} and {quiet_to}"))
    }

    /// Which database, and where.
    pub fn target(&self) -> Result<Target> {
        match Secret::resolve(self.database_url.as_ref(), self.database_url_file.as_deref(), "database_url")? {
            None => Ok(Target::Sqlite(self.data_folder.join(data_folder::DATABASE).display().to_string())),
            Some(url) => match Target::parse(url.reveal()) {
                target @ Target::Postgres(_) => Ok(target),
                Target::Sqlite(_) => {
                    bail!(
                        "database_url must begin with postgres:// (for the embedded database set data_folder and no database_url)"
                    )
                }
            },
        }
    }

    /// The key of the sealed fields: as configured, or that of the data folder.
    pub fn field_key_bytes(&self) -> Result<[u8; 32]> {
        match Secret::resolve(self.field_key.as_ref(), self.field_key_file.as_deref(), "field_key")? {
            Some(key) => data_folder::parse_key(key.reveal()),
            None => {
                data_folder::ensure(&self.data_folder)?;
                data_folder::field_key(&self.data_folder)
            }
        }
    }

    /// The layers put together, read from the machine: the file if one is named, then the environment, then the flags.
    pub fn load(file: Option<&Path>, flags: &[(String, String)]) -> Result<Self> {
        let mut layers = Layers::default();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            layers.file(&text).with_context(|| format!("in {}", path.display()))?;
        }
        layers.environment(std::env::vars())?;
        for (key, value) in flags {
            layers.set(key, value).with_context(|| format!("in the flag for {key}"))?;
        }
        layers.finish()
    }
}
