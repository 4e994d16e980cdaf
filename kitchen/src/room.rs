//! One sitting on displays: its board, its last frames, and who listens. Shared by all displays of the sitting, so that a
//! display costs a connection and no copy of anything.

use crate::frame::{Offset, Say, Why};
use app::kitchen::follow::{Loaded, Logged, MenuDish};
use bytestring::ByteString;
use domain::Instant;
use domain::id::{CanteenId, EpochId, SittingId};
use domain::kitchen::Board;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// A frame on its way to displays.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The last event a display has after it.
    pub seq: i64,
    /// Its text; a reference into the one copy.
    pub text: ByteString,
}

/// See the module.
#[derive(Debug)]
pub struct Room {
    /// Whose log.
    pub canteen: CanteenId,
    /// Which sitting.
    pub sitting: SittingId,
    epoch: EpochId,
    window: usize,
    inner: Mutex<Inner>,
    out: broadcast::Sender<Sent>,
}

#[derive(Debug)]
struct Inner {
    seq: i64,
    board: Board,
    menu: Vec<MenuDish>,
    /// The last frames, oldest first, without a gap, up to `seq`.
    frames: VecDeque<Sent>,
    /// The snapshot of `seq`, once somebody asked for it.
    snapshot: Option<(Why, ByteString)>,
    hash: Option<String>,
}

/// What a display gets when it joins: frames to send first, then the live ones, without a gap or a repetition between.
#[derive(Debug)]
pub struct Joined {
    /// To be sent first.
    pub first: Vec<Sent>,
    /// What comes from now on.
    pub live: broadcast::Receiver<Sent>,
}

impl Room {
    /// A room over a loaded board. `window` is how many events are kept for replay, `queue` how many frames a display may lie
    /// behind before it is dropped.
    #[must_use]
    pub fn new(canteen: CanteenId, sitting: SittingId, epoch: EpochId, loaded: Loaded, window: usize, queue: usize) -> Self {
        let Loaded { seq, board, menu, tail } = loaded;
        let frames: VecDeque<Sent> = tail.iter().map(|logged| frame(logged, sitting)).collect();
        let inner = Inner { seq, board, menu, frames, snapshot: None, hash: None };
        Self { canteen, sitting, epoch, window, inner: Mutex::new(inner), out: broadcast::channel(queue).0 }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing below leaves the state half changed, so a panic elsewhere does not spoil it.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last event in the board.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.lock().seq
    }

    /// Displays that listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.out.receiver_count()
    }

    /// Takes over the log's next events. Those the room has already are left out; a gap is an error of the tail, and is
    /// refused so that it can never reach a display.
    pub fn take(&self, events: &[Logged]) -> Result<(), Gap> {
        let mut inner = self.lock();
        for logged in events {
            if logged.seq <= inner.seq {
                continue;
            }
            if logged.seq != inner.seq + 1 {
                return Err(Gap { have: inner.seq, got: logged.seq });
            }
            inner.seq = logged.seq;
            if let (true, Some(change)) = (logged.sitting == Some(self.sitting), &logged.change) {
                inner.board.apply(change);
                inner.hash = None;
            }
            inner.snapshot = None;
            let sent = frame(logged, self.sitting);
            inner.frames.push_back(sent.clone());
            if inner.frames.len() > self.window {
                inner.frames.pop_front();
            }
            // No display may be listening just now.
            let _ = self.out.send(sent);
        }
        Ok(())
    }

    /// A head frame for everybody.
    pub fn head(&self, now: Instant) {
        // Sent with the lock held, so that no event slips in between the hash and its number.
        let mut inner = self.lock();
        let sent = head(&mut inner, now);
        let _ = self.out.send(sent);
    }

    /// Lets a display in: what it missed in order, or a snapshot that says why; then a head frame that proves it.
    #[must_use]
    pub fn join(&self, at: Option<Offset>, now: Instant) -> Joined {
        let mut inner = self.lock();
        let live = self.out.subscribe();
        let mut first = match self.missed(&inner, at) {
            Ok(frames) => frames,
            Err(why) => vec![self.snapshot(&mut inner, why)],
        };
        first.push(head(&mut inner, now));
        Joined { first, live }
    }

    fn missed(&self, inner: &Inner, at: Option<Offset>) -> Result<Vec<Sent>, Why> {
        let at = at.filter(|at| at.sitting == self.sitting).ok_or(Why::First)?;
        if at.epoch != self.epoch {
            return Err(Why::Epoch);
        }
        if at.seq > inner.seq {
            return Err(Why::Ahead);
        }
        let oldest = inner.frames.front().map_or(inner.seq + 1, |sent| sent.seq);
        if at.seq + 1 < oldest {
            return Err(Why::Gap);
        }
        Ok(inner.frames.iter().filter(|sent| sent.seq > at.seq).cloned().collect())
    }

    fn snapshot(&self, inner: &mut Inner, why: Why) -> Sent {
        if let Some((known, text)) = &inner.snapshot
            && *known == why
        {
            return Sent { seq: inner.seq, text: text.clone() };
        }
        let say = Say::Snapshot {
            why,
            seq: inner.seq,
            sitting: self.sitting,
            menu: inner.menu.clone(),
            tickets: inner.board.by_number().into_iter().cloned().collect(),
            stopped: inner.board.stopped.iter().copied().collect(),
            real: inner.board.real.values().cloned().collect(),
            short: inner.board.short.values().cloned().collect(),
            hash: hash(inner),
        };
        let text = ByteString::from(say.text());
        inner.snapshot = Some((why, text.clone()));
        Sent { seq: inner.seq, text }
    }
}

/// The tail handed over events that do not follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("event {got} does not follow event {have}")]
pub struct Gap {
    /// The last one the room has.
    pub have: i64,
    /// The one it was handed.
    pub got: i64,
}

fn frame(logged: &Logged, sitting: SittingId) -> Sent {
    let change = logged.change.clone().filter(|_| logged.sitting == Some(sitting));
    let say = Say::Event { seq: logged.seq, at: change.as_ref().map(|_| logged.at), change };
    Sent { seq: logged.seq, text: ByteString::from(say.text()) }
}

fn hash(inner: &mut Inner) -> String {
    let board = &inner.board;
    inner.hash.get_or_insert_with(|| board.hash()).clone()
}

fn head(inner: &mut Inner, now: Instant) -> Sent {
    let say = Say::Head { seq: inner.seq, hash: hash(inner), now };
    Sent { seq: inner.seq, text: ByteString::from(say.text()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{DishId, Id};
    use domain::kitchen::{By, Change};
    use tokio::sync::broadcast::error::TryRecvError;
    use uuid::Uuid;

    const NOW: Instant = Instant::from_micros(7);

    fn id<K: domain::id::Kind>(n: u128) -> Id<K> {
        Id::from_uuid(Uuid::from_u128(n))
    }

    fn room(window: usize, queue: usize) -> Room {
        let loaded = Loaded { seq: 0, board: Board::new(id(1)), menu: Vec::new(), tail: Vec::new() };
        Room::new(id(2), id(1), id(3), loaded, window, queue)
    }

    fn events(seqs: std::ops::RangeInclusive<i64>) -> Vec<Logged> {
        let dish: DishId = id(9);
        let change = |seq: i64| Change::Stopped { dish, stopped: seq % 2 == 1, by: By::default() };
        seqs.map(|seq| Logged { seq, at: NOW, sitting: Some(id(1)), change: Some(change(seq)) }).collect()
    }

    fn at(epoch: u128, sitting: u128, seq: i64) -> Option<Offset> {
        Some(Offset { epoch: id(epoch), sitting: id(sitting), seq })
    }

    #[test]
    fn what_was_missed_comes_in_order_or_a_snapshot_says_why_not() {
        let room = room(4, 16);
        room.take(&events(1..=10)).unwrap();
        for (name, offset, expected) in [
            ("current", at(3, 1, 10), Ok(vec![])),
            ("inside the window", at(3, 1, 7), Ok(vec![8, 9, 10])),
            ("the whole window", at(3, 1, 6), Ok(vec![7, 8, 9, 10])),
            ("one more than the window", at(3, 1, 5), Err(Why::Gap)),
            ("another history", at(4, 1, 10), Err(Why::Epoch)),
            ("more than there is", at(3, 1, 11), Err(Why::Ahead)),
            ("another sitting", at(3, 5, 10), Err(Why::First)),
            ("nothing yet", None, Err(Why::First)),
        ] {
            let first = room.join(offset, NOW).first;
            let (head, rest) = first.split_last().unwrap();
            assert!(head.text.contains(r#""t":"head""#), "{name}");
            match expected {
                Ok(seqs) => assert_eq!(rest.iter().map(|s| s.seq).collect::<Vec<_>>(), seqs, "{name}"),
                Err(why) => assert!(rest.len() == 1 && rest[0].text.contains(&format!(r#""why":"{why}""#)), "{name}"),
            }
        }
    }

    #[test]
    fn who_lies_behind_the_queue_is_told_so_and_nobody_else_notices() {
        let room = room(64, 4);
        let (mut slow, mut brisk) = (room.join(None, NOW).live, room.join(None, NOW).live);
        for seq in 1..=10 {
            room.take(&events(seq..=seq)).unwrap();
            assert_eq!(brisk.try_recv().unwrap().seq, seq);
        }
        assert!(matches!(slow.try_recv(), Err(TryRecvError::Lagged(_))));
    }

    #[test]
    fn a_gap_never_reaches_a_display() {
        let room = room(8, 8);
        room.take(&events(1..=2)).unwrap();
        assert_eq!(room.take(&events(4..=5)), Err(Gap { have: 2, got: 4 }));
        assert_eq!(room.take(&events(1..=3)), Ok(()), "what it has is passed over");
        assert_eq!(room.seq(), 3);
    }
}
