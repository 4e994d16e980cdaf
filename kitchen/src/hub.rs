//! What a process knows of the canteens that somebody watches.

use crate::room::Room;
use crate::tail;
use app::App;
use app::failure::{Never, Outcome};
use app::kitchen::follow;
use domain::id::{CanteenId, EpochId, SittingId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The limits of the service.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Displays at once in this process; more are refused with 503.
    pub displays: usize,
    /// Events of a canteen's log kept for replay. Who missed more gets a snapshot.
    pub window: usize,
    /// Frames a display may lie behind before it is dropped. It resumes from where it stands.
    pub queue: usize,
    /// How long one frame may take to leave for a display.
    pub send: Duration,
    /// How long a new connection may take to say hello.
    pub hello: Duration,
    /// How long a display may be silent; it acknowledges every head frame.
    pub silence: Duration,
    /// Between head frames.
    pub head: Duration,
    /// Between looks at the log when nobody hints that it grew. Correctness rests on this look alone.
    pub poll: Duration,
    /// Minutes before the start of service at which pre-orders appear as tickets.
    pub lead_minutes: u32,
    /// Minutes after which a ticket is marked as late, and as very late; 5 and 8 are what cooks know from elsewhere.
    pub ageing_minutes: [u32; 2],
    /// How long a change may go without anybody's acknowledgement before every display raises the alarm.
    pub escalate: Duration,
    /// Whether hints of the store are heard; a test runs without.
    pub hints: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            displays: 2000,
            window: 2048,
            queue: 1024,
            send: Duration::from_secs(10),
            hello: Duration::from_secs(5),
            silence: Duration::from_secs(45),
            head: Duration::from_secs(10),
            poll: Duration::from_millis(500),
            lead_minutes: 40,
            ageing_minutes: [5, 8],
            escalate: Duration::from_secs(60),
            hints: true,
        }
    }
}

/// The service's state in one process.
#[derive(Debug)]
pub struct Hub {
    pub(crate) app: AppHandle,
    pub(crate) limits: Limits,
    canteens: Arc<tokio::sync::Mutex<HashMap<CanteenId, Arc<Watched>>>>,
    displays: Arc<Semaphore>,
    closed: AtomicBool,
    runtime: Handle,
}

/// The use cases, with a `Debug` that says nothing.
#[derive(Clone)]
pub(crate) struct AppHandle(pub(crate) App);

impl std::fmt::Debug for AppHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

/// A canteen whose log is followed.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) canteen: CanteenId,
    rooms: Mutex<Vec<Arc<Room>>>,
    /// Held while a room is loaded, so that any number of displays that come at once cost one look at the tables.
    loading: tokio::sync::Mutex<()>,
}

impl Watched {
    /// The rooms as they are now.
    pub(crate) fn rooms(&self) -> Vec<Arc<Room>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn room(&self, sitting: SittingId) -> Option<Arc<Room>> {
        self.rooms().into_iter().find(|room| room.sitting == sitting)
    }

    fn add(&self, room: Arc<Room>) {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).push(room);
    }

    /// Closes a room: its displays are told to come again.
    pub(crate) fn close(&self, sitting: SittingId) {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).retain(|room| room.sitting != sitting);
    }

    fn close_all(&self) {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Hub {
    /// Starts the service's state; the tasks that follow logs run on this runtime.
    #[must_use]
    pub fn start(app: App, limits: Limits, runtime: Handle) -> Arc<Self> {
        let displays = Arc::new(Semaphore::new(limits.displays));
        Arc::new(Self { app: AppHandle(app), limits, canteens: Arc::default(), displays, closed: AtomicBool::new(false), runtime })
    }

    /// Sends every display away to come again, and lets no other in: the process is about to end.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.runtime.spawn({
            let canteens = self.canteens.clone();
            async move { canteens.lock().await.values().for_each(|watched| watched.close_all()) }
        });
    }

    /// Whether the process is about to end.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// A place for one more display; `None` when all are taken.
    pub(crate) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        self.displays.clone().try_acquire_owned().ok()
    }

    /// The room of a sitting, loaded when nobody watches it yet.
    pub(crate) async fn room(
        self: &Arc<Self>,
        canteen: CanteenId,
        sitting: SittingId,
        epoch: EpochId,
    ) -> Outcome<Arc<Room>, Never> {
        let watched = self.watched(canteen).await;
        if let Some(room) = watched.room(sitting) {
            return Ok(room);
        }
        let _one_at_a_time = watched.loading.lock().await;
        if let Some(room) = watched.room(sitting) {
            return Ok(room);
        }
        let window = i64::try_from(self.limits.window).unwrap_or(i64::MAX);
        let loaded = follow::load(&self.app.0, canteen, sitting, window).await?;
        let room = Arc::new(Room::new(canteen, sitting, epoch, loaded, self.limits.window, self.limits.queue));
        watched.add(room.clone());
        Ok(room)
    }

    async fn watched(self: &Arc<Self>, canteen: CanteenId) -> Arc<Watched> {
        let mut canteens = self.canteens.lock().await;
        if let Some(watched) = canteens.get(&canteen) {
            return watched.clone();
        }
        let watched = Arc::new(Watched { canteen, rooms: Mutex::default(), loading: tokio::sync::Mutex::default() });
        canteens.insert(canteen, watched.clone());
        self.runtime.spawn(tail::follow(Arc::downgrade(self), watched.clone()));
        watched
    }
}
