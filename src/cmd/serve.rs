//! `nuanfan serve`

use anyhow::Result;
use nuanfan::application::{Application, Role};
use nuanfan::block_on;
use nuanfan::clock::SystemClock;
use nuanfan::config::{Config, LogFormat};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Serves until it is told to stop (SIGTERM or Ctrl-C). Without a role everything runs in this process.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run one role only, beside processes of the other roles; needs PostgreSQL.
    #[arg(value_parser = ["api", "kitchen", "worker"])]
    role: Option<String>,
    /// Where to serve [default: 127.0.0.1:8080; kitchen: 127.0.0.1:8081].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<std::net::SocketAddr>,
    /// Where to serve health and metrics [default: 127.0.0.1:9090].
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<std::net::SocketAddr>,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let role = self.role.as_deref().map_or(Ok(Role::All), str::parse)?;
        let mut config = config.clone();
        if let Some(listen) = self.listen {
            config.listen = listen;
            config.kitchen_listen = listen;
        }
        config.admin_listen = self.admin_listen.unwrap_or(config.admin_listen);
        log_to_stderr(&config)?;
        block_on(serve(&config, role))?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn serve(config: &Config, role: Role) -> Result<()> {
    // Before anything else: a signal that comes while we start must stop us too.
    let told = told()?;
    let application = Application::build(config, role, Arc::new(SystemClock)).await?;
    announce(&application, role);
    application.run_until(told).await
}

/// Ends when the process is told to stop; listens from the call on.
pub(super) fn told() -> Result<impl Future<Output = ()>> {
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// For people, on standard output; the log goes to standard error.
pub(super) fn announce(application: &Application, role: Role) {
    if let Some(address) = application.public() {
        println!("serving {role} on http://{address}");
        if matches!(role, Role::All | Role::Api) {
            println!("接口文档 API reference: http://{address}/reference/");
        }
    }
    println!("health and metrics on http://{}", application.admin());
    if let Some(token) = &application.installed().setup_token {
        println!("一次性初始化口令 one-time set-up token: {}", token.reveal());
    }
}

pub(super) fn log_to_stderr(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log.filter)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log.format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text => log.init(),
    }
    Ok(())
}
