//! One test's world: a database, the use cases over it, and the time.

use crate::clock::TestClock;
use crate::database::{Database, Engine};
use crate::fixtures::Street;
use app::App;
use app::verify::{Reach, verify};
use domain::access::Actor;
use domain::{Instant, ServiceDate};
use std::sync::Arc;
use store::seal::Sealer;
use store::{Options, Store, StoreError, Tx};

/// The field key of every test.
pub const KEY: [u8; 32] = [7; 32];

/// The same as a configuration has it.
#[must_use]
pub fn world_key() -> String {
    hex::encode(KEY)
}

/// Everything a test needs.
pub struct World {
    /// The use cases.
    pub app: App,
    /// The time, which only the test moves.
    pub clock: Arc<TestClock>,
    /// The database.
    pub database: Database,
    engine: Engine,
    // Last, so that the use cases end on a living runtime.
    runtime: tokio::runtime::Runtime,
}

impl World {
    /// A fresh one: schema, installation row, nothing else.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        use domain::time::Clock;
        Self::at(engine, TestClock::monday_morning().now())
    }

    /// A fresh one at a time; the fixture street begins on its date.
    #[must_use]
    pub fn at(engine: Engine, now: Instant) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        let database = Database::migrated(engine);
        let clock = Arc::new(TestClock::at(now));
        let app = open(&database, clock.clone());
        runtime.block_on(app::installation::open(&app)).expect("installation");
        Self { app, clock, database, engine, runtime }
    }

    /// Today, where the seniors live.
    #[must_use]
    pub fn today(&self) -> ServiceDate {
        use domain::time::Clock;
        self.clock.now().civil_date()
    }

    /// Which database it is on.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// The use cases once more over the same database, as another process would have them.
    #[must_use]
    pub fn another_app(&self) -> App {
        open(&self.database, self.clock.clone())
    }

    /// The same, as one of several processes that tell each other of their commits.
    #[must_use]
    pub fn one_of_several(&self) -> App {
        open_with(&self.database, self.clock.clone(), true)
    }

    /// Runs a future to its end.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// A unit of work of the test itself.
    pub async fn write<T: Send + 'static>(&self, mut unit: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.app.store.write(store::LaneKey::SHARED, "test", move |tx| unit(tx)).await.expect("a unit of work of the test")
    }

    /// The actor behind a session's token, loaded as a request would.
    pub async fn actor(&self, token: &str) -> Arc<Actor> {
        let found = app::session::actor_of(&self.app, token, domain::time::Clock::now(&*self.clock)).await;
        found.expect("session").expect("a session in force")
    }

    /// The fixture street. Once per world.
    pub async fn street(&self) -> Street {
        Street::build(self).await
    }

    /// Lets go of the database, with all that is in it, so that a program can be started on it alone.
    #[must_use]
    pub fn close(self) -> Database {
        let Self { app, database, runtime, .. } = self;
        drop(app);
        // Ends what still holds a clone of the store.
        drop(runtime);
        database
    }

    /// Asserts what must hold after every test.
    pub fn finish(self) {
        let left = self.wait(async {
            check_invariants(&self.app).await;
            self.app.store.read("jobs", store::fixture::jobs_left_over).await.expect("jobs")
        });
        assert_eq!(left, [], "jobs left over");
    }
}

fn open(database: &Database, clock: Arc<TestClock>) -> App {
    open_with(database, clock, false)
}

fn open_with(database: &Database, clock: Arc<TestClock>, others: bool) -> App {
    let options = Options { others, ..Options::small(database.target().clone()) };
    let store = Store::open(&options, Sealer::new(KEY), clock.clone()).expect("open the store");
    App::new(store, clock)
}

/// Fails with every broken invariant: ledger, portions, evidence, events.
pub async fn check_invariants(app: &App) {
    let broken = verify(app, Reach::All).await.expect("verify");
    let told: Vec<String> = broken.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "broken invariants:\n{}", told.join("\n"));
}
