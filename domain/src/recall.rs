//! Recalls (召回, 食品安全法 63): serving stops at once, whoever may have eaten is called, the food is destroyed, and all of it is on record.

use crate::batch::BatchState;
use crate::id::BatchId;
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// How a recall ended.
    pub enum RecallOutcome {
        /// 已销毁: the suspicion stood, and the food was destroyed.
        Destroyed = "destroyed",
        /// 解除: it did not stand, and the lot may be used again.
        Cleared = "cleared",
    }
}

crate::text_enum! {
    /// What came of an attempt to reach somebody.
    pub enum ContactOutcome {
        /// 已联系, 无异常
        Reached = "reached",
        /// 已联系, 身体不适: somebody must look after them, and the authority is told (食品安全法 103).
        Unwell = "unwell",
        /// 未联系上
        NotReached = "not_reached",
    }
}

impl ContactOutcome {
    /// Whether the person knows.
    #[must_use]
    pub const fn knows(self) -> bool {
        matches!(self, Self::Reached | Self::Unwell)
    }
}

/// How far a recall has come with people. Each person counts once, by all attempts at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Known people whom the lot may have reached.
    pub people: i64,
    /// Of them, who knows.
    pub reached: i64,
    /// Of them, who said that they are unwell.
    pub unwell: i64,
    /// Of them, who was tried and does not know yet.
    pub not_reached: i64,
}

impl Tally {
    /// Adds a person, by what came of the attempts at them, oldest first.
    pub fn add(&mut self, attempts: &[ContactOutcome]) {
        self.people += 1;
        if attempts.iter().any(|outcome| outcome.knows()) {
            self.reached += 1;
        } else if !attempts.is_empty() {
            self.not_reached += 1;
        }
        if attempts.contains(&ContactOutcome::Unwell) {
            self.unwell += 1;
        }
    }

    /// Whom nobody has tried to reach.
    #[must_use]
    pub const fn untried(self) -> i64 {
        self.people - self.reached - self.not_reached
    }
}

/// A batch with something of the lot in it, as the closing of a recall looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecalledBatch {
    /// Which.
    pub batch: BatchId,
    /// The dish.
    pub dish: String,
    /// Where it stands.
    pub state: BatchState,
}

/// What must still be done before a recall is closed as destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "open", rename_all = "snake_case")]
pub enum StillOpen {
    /// Some of the lot is still there.
    Stock {
        /// How much, in its unit.
        stock: i64,
    },
    /// A batch with it is neither served out nor thrown away.
    Batch(RecalledBatch),
    /// People whom nobody has tried to reach.
    People {
        /// How many.
        untried: i64,
    },
}

/// Everything that must still be done. A batch that was served out cannot be thrown away any more: its people are called.
#[must_use]
pub fn still_open(stock: i64, batches: &[RecalledBatch], tally: Tally) -> Vec<StillOpen> {
    let mut open = Vec::new();
    if stock > 0 {
        open.push(StillOpen::Stock { stock });
    }
    let going = batches.iter().filter(|batch| !matches!(batch.state, BatchState::Finished | BatchState::Discarded));
    open.extend(going.cloned().map(StillOpen::Batch));
    if tally.untried() > 0 {
        open.push(StillOpen::People { untried: tally.untried() });
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;
    use uuid::Uuid;

    #[test]
    fn a_person_counts_once_and_knows_after_any_attempt_that_reached_them() {
        use ContactOutcome::{NotReached, Reached, Unwell};
        for (attempts, expected) in [
            (&[][..], (0, 0, 0, 1)),
            (&[NotReached], (0, 0, 1, 0)),
            (&[NotReached, Reached], (1, 0, 0, 0)),
            (&[Reached, NotReached], (1, 0, 0, 0)),
            (&[NotReached, Unwell, Reached], (1, 1, 0, 0)),
        ] {
            let mut tally = Tally::default();
            tally.add(attempts);
            assert_eq!((tally.reached, tally.unwell, tally.not_reached, tally.untried()), expected, "{attempts:?}");
            assert_eq!(tally.people, 1);
        }
    }

    #[test]
    fn a_recall_stays_open_until_the_food_is_gone_and_everybody_was_called() {
        let batch = |state| RecalledBatch { batch: BatchId::from_uuid(Uuid::from_u128(1)), dish: "白菜炖肉".into(), state };
        for state in BatchState::ALL.iter().copied() {
            let ended = matches!(state, BatchState::Finished | BatchState::Discarded);
            assert_eq!(still_open(0, &[batch(state)], Tally::default()).is_empty(), ended, "{state}");
        }
        let mut tally = Tally::default();
        tally.add(&[]);
        let all = [StillOpen::Stock { stock: 7 }, StillOpen::Batch(batch(BatchState::Released)), StillOpen::People { untried: 1 }];
        assert_eq!(still_open(7, &[batch(BatchState::Released)], tally), all);
        assert_eq!(still_open(0, &[], Tally::default()), []);
    }
}
