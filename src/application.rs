//! A server of one or all roles, the same for the binary and for tests.

use crate::admin::{self, Stopping};
use crate::config::Config;
use crate::metrics::{Metrics, observe};
use crate::open::{Opened, open};
use crate::worker;
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App as Service, HttpServer};
use anyhow::{Context, Result, bail};
use app::App;
use app::installation::Installed;
use app::store::Dialect;
use domain::time::Clock;
use kitchen::{Hub, Limits};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

domain::text_enum! {
    /// What a process does.
    pub enum Role {
        /// Everything in one process.
        All = "all",
        /// The API.
        Api = "api",
        /// The kitchen displays.
        Kitchen = "kitchen",
        /// Messages, jobs and checks.
        Worker = "worker",
    }
}

/// A server that listens and is about to answer.
pub struct Application {
    app: App,
    installed: Installed,
    /// Where requests are served; the worker serves none.
    public: Option<SocketAddr>,
    admin: SocketAddr,
    servers: Vec<Server>,
    hub: Option<Arc<Hub>>,
    worker: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    stopping: Stopping,
    drain: Duration,
}

impl Application {
    /// Opens the database, binds the addresses and starts the worker. Called on an actix runtime.
    pub async fn build(config: &Config, role: Role, clock: Arc<dyn Clock>) -> Result<Self> {
        let Opened { app, installed } = open(config, clock).await?;
        if role != Role::All && app.store.dialect() == Dialect::Sqlite {
            bail!("separate roles need PostgreSQL: set DATABASE_URL=postgres://..., or run `nuanfan serve` without a role");
        }
        let (metrics, stopping) = (Metrics::new()?, Stopping::default());
        app.store.observe_holds(metrics.holds());
        let (stop, stopped) = watch::channel(false);
        let (admin_server, admin) = admin::serve(config.admin_listen, app.clone(), metrics.clone(), stopping.clone())?;
        let mut servers = vec![admin_server];
        // One for all the threads of the process: displays of a canteen share what is known of it.
        let hub = matches!(role, Role::All | Role::Kitchen)
            .then(|| Hub::start(app.clone(), Limits::default(), tokio::runtime::Handle::current()));
        let public = match role {
            Role::Worker => None,
            Role::All | Role::Api | Role::Kitchen => {
                let (server, address) = serve(config, role, &app, &metrics, hub.as_ref())?;
                servers.push(server);
                Some(address)
            }
        };
        let worker = matches!(role, Role::All | Role::Worker)
            .then(|| tokio::task::spawn(worker::run(app.clone(), config.worker.clone(), metrics, stopped)));
        let drain = Duration::from_millis(config.http.drain_ms);
        Ok(Self { app, installed, public, admin, servers, hub, worker, stop, stopping, drain })
    }

    /// The use cases, for who built it.
    #[must_use]
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Its history, and the set-up token at the first start.
    #[must_use]
    pub const fn installed(&self) -> &Installed {
        &self.installed
    }

    /// Where requests are served.
    #[must_use]
    pub const fn public(&self) -> Option<SocketAddr> {
        self.public
    }

    /// Where health is told.
    #[must_use]
    pub const fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Answers until `signal` comes; then readiness fails, after a while no new connection is taken, what has begun is
    /// finished, and the worker ends.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> Result<()> {
        let Self { servers, hub, worker, stop, stopping, drain, .. } = self;
        let handles: Vec<ServerHandle> = servers.iter().map(Server::handle).collect();
        let running: Vec<_> = servers.into_iter().map(actix_web::rt::spawn).collect();
        signal.await;
        tracing::info!("stopping");
        stopping.begin();
        tokio::time::sleep(drain).await;
        // Displays are told to come again, to another process or to this one's successor; else they would be waited for.
        if let Some(hub) = hub {
            hub.close();
        }
        // The worker and the public server first: health must be told to the end.
        // Nobody listening means that the worker has ended already.
        let _ = stop.send(true);
        for handle in handles.iter().rev() {
            handle.stop(true).await;
        }
        if let Some(worker) = worker {
            worker.await.context("the worker broke")?;
        }
        for server in running {
            server.await.context("a server broke")??;
        }
        tracing::info!("stopped");
        Ok(())
    }
}

fn serve(config: &Config, role: Role, app: &App, metrics: &Metrics, hub: Option<&Arc<Hub>>) -> Result<(Server, SocketAddr)> {
    let address = if role == Role::Kitchen { config.kitchen_listen } else { config.listen };
    let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    let bound = listener.local_addr()?;
    let (app, metrics, hub) = (app.clone(), metrics.clone(), hub.cloned());
    let mut server = HttpServer::new(move || {
        Service::new()
            .app_data(Data::new(metrics.clone()))
            .wrap(from_fn(observe))
            .wrap(DefaultHeaders::new().add(("X-Content-Type-Options", "nosniff")).add(("Referrer-Policy", "no-referrer")))
            .configure(routes(role, app.clone(), hub.clone()))
            .default_service(web::route().to(api::problem::no_route))
    })
    .max_connections(config.http.max_connections)
    .client_request_timeout(Duration::from_secs(10))
    .shutdown_timeout(config.http.stop_seconds)
    .disable_signals();
    if config.http.workers > 0 {
        server = server.workers(config.http.workers);
    }
    Ok((server.listen(listener)?.run(), bound))
}

/// The routes of a role; `hub` when it serves kitchen displays.
pub fn routes(role: Role, app: App, hub: Option<Arc<Hub>>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        if matches!(role, Role::All | Role::Api) {
            config.configure(api::configure(app));
        }
        if let Some(hub) = hub {
            config.configure(kitchen::configure(hub));
        }
    }
}
