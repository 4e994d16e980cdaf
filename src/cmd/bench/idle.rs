//! `nuanfan bench idle`

use super::server::{Folder, Served, tuned};
use super::street;
use anyhow::{Result, bail};
use bench::bare::postgres::Scratch;
use domain::time::Clock;
use nuanfan::clock::SystemClock;
use nuanfan::config::{Config, Secret};
use nuanfan::open::{migrate, open};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Starts this program over a street with 20,000 seniors, asks it one thing, leaves it alone for a while and looks at its memory.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seconds without a request before its memory is read.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// A PostgreSQL server to measure on too; a database is made on it and dropped.
    #[arg(long, value_name = "URL", env = "NUANFAN_TEST_PG", hide_env_values = true)]
    postgres: Option<String>,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let folder = Folder::new(&config.data_folder, "idle")?;
        println!("{:<12}{:>18}{:>14}{:>14}", "", "first answer ms", "idle MB", "most MB");
        self.measure("SQLite", &Config { data_folder: folder.0.join("sqlite"), ..tuned(config) })?;
        if let Some(server) = &self.postgres {
            let scratch = Scratch::new(server)?;
            let url = Secret::from(scratch.make("idle", None)?);
            let config = Config { data_folder: folder.0.join("postgres"), database_url: Some(url), ..tuned(config) };
            migrate(&config)?;
            self.measure("PostgreSQL", &config)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, database: &str, config: &Config) -> Result<()> {
        nuanfan::block_on(async {
            let app = open(config, Arc::new(SystemClock)).await?.app;
            street::bring(&app, SystemClock.now().civil_date()).await
        })?;
        let since = Instant::now();
        let server = Served::start(config)?;
        ask(server.address)?;
        let answered = since.elapsed();
        std::thread::park_timeout(Duration::from_secs(self.seconds));
        let megabytes = |kb: u64| kb as f64 / 1024.0;
        let (idle, most) = (megabytes(server.memory_kb("VmRSS")?), megabytes(server.memory_kb("VmHWM")?));
        server.stop()?;
        println!("{database:<12}{:>18.0}{idle:>14.1}{most:>14.1}", answered.as_secs_f64() * 1e3);
        Ok(())
    }
}

/// One request that reads the database.
fn ask(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /v1/canteens?limit=20 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if !answer.starts_with("HTTP/1.1 200") {
        bail!("it answers {}", answer.lines().next().unwrap_or("nothing"));
    }
    Ok(())
}
