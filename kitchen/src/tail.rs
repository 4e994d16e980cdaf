//! The tail of a canteen's log: one task per canteen and process, woken by hints and by a clock.

use crate::hub::{Hub, Watched};
use crate::room::Room;
use app::kitchen::follow;
use std::sync::{Arc, Weak};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Events read at once.
const PAGE: i64 = 500;

/// Follows the log until the hub is gone. While nobody watches it reads nothing.
pub(crate) async fn follow(hub: Weak<Hub>, watched: Arc<Watched>) {
    let Some((mut hints, limits)) = hub.upgrade().map(|hub| (hub.app.0.store.listen(), hub.limits.clone())) else { return };
    let start = Instant::now();
    let mut poll = interval_at(start + limits.poll, limits.poll);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heads = interval_at(start + limits.head, limits.head);
    heads.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let head_is_due = tokio::select! {
            () = hint(&mut hints, &watched), if limits.hints => false,
            _ = poll.tick() => false,
            _ = heads.tick() => true,
        };
        let Some(hub) = hub.upgrade() else { return };
        read(&hub, &watched).await;
        if head_is_due {
            let now = hub.app.0.clock.now();
            for room in watched.rooms() {
                // A room that nobody watches is closed; the next display loads it anew.
                if room.listeners() == 0 { watched.close(room.sitting) } else { room.head(now) }
            }
        }
    }
}

/// Waits until this canteen's log may have grown.
async fn hint(hints: &mut Receiver<app::store::Committed>, watched: &Watched) {
    loop {
        match hints.recv().await {
            Ok(committed) if committed.canteen == watched.canteen => return,
            Ok(_) => {}
            // Hints were lost: look.
            Err(RecvError::Lagged(_)) => return,
            // The store is gone, and with it the process.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Brings every room to the end of the log. A room starts wherever its tables were read, so the log is read from the one
/// that is furthest behind, and each takes what it has not.
async fn read(hub: &Hub, watched: &Watched) {
    loop {
        let rooms = watched.rooms();
        let Some(from) = rooms.iter().map(|room| room.seq()).min() else { return };
        let events = match follow::after(&hub.app.0, watched.canteen, from, PAGE).await {
            Ok(events) => events,
            Err(failure) => {
                tracing::warn!(canteen = %watched.canteen, ?failure, "the log cannot be read; the next look tries again");
                return;
            }
        };
        rooms.iter().for_each(|room| take(watched, room, &events));
        if i64::try_from(events.len()).unwrap_or(0) < PAGE {
            return;
        }
    }
}

fn take(watched: &Watched, room: &Room, events: &[follow::Logged]) {
    if let Err(gap) = room.take(events) {
        // A log without gaps cannot do this. Should it, nobody may be shown what follows as if nothing were missing.
        tracing::error!(canteen = %watched.canteen, %gap, "the log has a gap; the room is read anew");
        watched.close(room.sitting);
    }
}
