//! What sensors send of fridges, freezers and hot cabinets: which readings are believed, when a place was out of its limits, and when
//! nobody knows.
//!
//! A sensor sends a reading a minute, for years. What is kept of them is, for each five minutes, the lowest and the highest: a slot. To
//! take a reading into its slot gives the same in whichever order readings arrive and however often, so a gateway that was offline
//! sends everything again and nothing is counted twice.

use super::{DeciCelsius, Rules, SettingKey};
use crate::Instant;
use crate::food_safety::observation::Finding;
use crate::stock::PlaceKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Seconds of a slot. Shorter ones cost rows, longer ones hide a door that stood open; [`excursions`] is off by a slot at each end.
pub const SLOT_S: i64 = 300;
/// How far a sensor's clock may be ahead of ours: cheap clocks drift by a second or two a day, and are set once a week.
const AHEAD_S: i64 = 60;
/// What a gateway sends of longer ago is not believed: it was without power or network for longer than anybody left a fridge unseen.
const OLDEST_S: i64 = 7 * 86_400;

crate::text_enum! {
    /// Why a reading is not believed. It is kept, shown as doubtful, and proves nothing.
    pub enum Doubt {
        /// No thermometer shows this.
        Implausible = "implausible",
        /// Its time has not come yet: the sensor's clock is ahead.
        ClockAhead = "clock_ahead",
        /// Its time lies before that of a reading sent ahead of it: the sensor's clock was put back, or jumped.
        ClockBack = "clock_back",
        /// It is of too long ago.
        TooOld = "too_old",
    }
}

impl Doubt {
    /// As the kitchen reads it.
    #[must_use]
    pub const fn message_zh(self) -> &'static str {
        match self {
            Self::Implausible => "读数不可信",
            Self::ClockAhead => "传感器时钟偏快",
            Self::ClockBack => "传感器时钟倒退",
            Self::TooOld => "读数过旧",
        }
    }
}

/// What a sensor showed, by its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// When.
    pub at: Instant,
    /// How warm it was.
    pub measured: DeciCelsius,
}

/// For each reading of one place, in the order in which the sensor sent them, why it is not believed. Within what is sent at once time
/// does not go back; a reading that is itself not believed says nothing about the others.
#[must_use]
pub fn doubts(readings: &[Reading], now: Instant) -> Vec<Option<Doubt>> {
    let mut latest: Option<Instant> = None;
    readings
        .iter()
        .map(|reading| {
            let doubt = if !reading.measured.is_plausible() {
                Some(Doubt::Implausible)
            } else if reading.at > now.plus_seconds(AHEAD_S) {
                Some(Doubt::ClockAhead)
            } else if reading.at < now.plus_seconds(-OLDEST_S) {
                Some(Doubt::TooOld)
            } else if latest.is_some_and(|latest| reading.at < latest) {
                Some(Doubt::ClockBack)
            } else {
                None
            };
            if doubt.is_none() {
                latest = Some(reading.at);
            }
            doubt
        })
        .collect()
}

/// What one sensor showed of one place within [`SLOT_S`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// When the first reading was taken.
    pub first_at: Instant,
    /// When the last was.
    pub last_at: Instant,
    /// The lowest reading.
    pub lowest: DeciCelsius,
    /// The highest.
    pub highest: DeciCelsius,
}

impl Slot {
    /// The slot of a single reading.
    #[must_use]
    pub const fn of(reading: Reading) -> Self {
        Self { first_at: reading.at, last_at: reading.at, lowest: reading.measured, highest: reading.measured }
    }

    /// When the slot of an instant begins, by which it is kept.
    #[must_use]
    pub const fn start(at: Instant) -> Instant {
        let micros = at.micros();
        Instant::from_micros(micros - micros.rem_euclid(SLOT_S * 1_000_000))
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            first_at: self.first_at.min(other.first_at),
            last_at: self.last_at.max(other.last_at),
            lowest: self.lowest.min(other.lowest),
            highest: self.highest.max(other.highest),
        }
    }
}

/// The slots of some readings, by when each begins.
#[must_use]
pub fn slots(readings: impl IntoIterator<Item = Reading>) -> BTreeMap<Instant, Slot> {
    let mut slots: BTreeMap<Instant, Slot> = BTreeMap::new();
    for reading in readings {
        let one = Slot::of(reading);
        slots.entry(Slot::start(reading.at)).and_modify(|slot| *slot = slot.with(one)).or_insert(one);
    }
    slots
}

/// A time during which a place was out of its limits for longer than the settings let it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excursion {
    /// Since when at the latest it was out of its limits.
    pub from: Instant,
    /// Until when at least.
    pub to: Instant,
    /// Which limit it was, and the worst reading.
    pub finding: Finding,
}

/// How long a place may be out of its limits, and how long nothing may be heard of it, in seconds. Without a setting: not at all, and
/// any time.
fn times(rules: &Rules) -> (i64, i64) {
    let seconds = |key| rules.value(key).map(|minutes| minutes.saturating_mul(60));
    (seconds(SettingKey::SensorExcursion).unwrap_or(0), seconds(SettingKey::SensorSilence).unwrap_or(i64::MAX))
}

/// When a place was out of its limits for too long, by what one sensor showed, oldest first.
///
/// A slot all of whose readings are out of the limits is out; the slots right before and after, in which some are, are counted as out
/// whole: what is told may be longer than it was by a slot at either end, and never shorter. Where readings are missing between two that
/// are out, nobody knows better, up to the time after which silence itself is a risk.
#[must_use]
pub fn excursions(slots: &[Slot], kind: PlaceKind, rules: &Rules) -> Vec<Excursion> {
    let (lowest, highest) = kind.limits(rules);
    let mut found = Vec::new();
    for side in [highest.map(Side::Warm), lowest.map(Side::Cold)].into_iter().flatten() {
        of_one_side(slots, rules, side, &mut found);
    }
    found.sort_by_key(|excursion: &Excursion| excursion.from);
    found
}

/// One of the two ways of being out of limits, with the limit.
#[derive(Debug, Clone, Copy)]
enum Side {
    Warm(DeciCelsius),
    Cold(DeciCelsius),
}

impl Side {
    /// Whether all of a slot is out.
    fn is_out(self, slot: &Slot) -> bool {
        match self {
            Self::Warm(limit) => slot.lowest > limit,
            Self::Cold(limit) => slot.highest < limit,
        }
    }

    /// Whether any of it is.
    fn touches(self, slot: &Slot) -> bool {
        match self {
            Self::Warm(limit) => slot.highest > limit,
            Self::Cold(limit) => slot.lowest < limit,
        }
    }

    /// The limit, and the reading farthest beyond it.
    fn finding(self, run: &[Slot]) -> Option<Finding> {
        match self {
            Self::Warm(limit) => run.iter().map(|slot| slot.highest).max().map(|measured| Finding::TooWarm { measured, limit }),
            Self::Cold(limit) => run.iter().map(|slot| slot.lowest).min().map(|measured| Finding::TooCold { measured, limit }),
        }
    }
}

fn of_one_side(slots: &[Slot], rules: &Rules, side: Side, found: &mut Vec<Excursion>) {
    let (allowed_s, silence_s) = times(rules);
    // Whether nothing is missing between a slot and the one before it.
    let joined = |at: usize| {
        let pair = at.checked_sub(1).and_then(|before| slots.get(before)).zip(slots.get(at));
        pair.is_some_and(|(before, slot)| slot.first_at.seconds_since(before.last_at) <= silence_s)
    };
    let is_out = |at: usize| slots.get(at).is_some_and(|slot| side.is_out(slot));
    let touches = |at: usize| slots.get(at).is_some_and(|slot| side.touches(slot));
    let mut at = 0;
    while at < slots.len() {
        if !is_out(at) {
            at += 1;
            continue;
        }
        let first = if joined(at) && touches(at - 1) { at - 1 } else { at };
        at += 1;
        while joined(at) && is_out(at) {
            at += 1;
        }
        let end = if joined(at) && touches(at) { at + 1 } else { at };
        let run = slots.get(first..end).unwrap_or_default();
        let span = run.first().zip(run.last()).map(|(first, last)| (first.first_at, last.last_at));
        if let (Some((from, to)), Some(finding)) = (span, side.finding(run))
            && to.seconds_since(from) >= allowed_s
        {
            found.push(Excursion { from, to, finding });
        }
    }
}

/// The longest time within some span for which a sensor was not heard of, if it is longer than the settings let it be.
#[must_use]
pub fn silence(slots: &[Slot], span: (Instant, Instant), rules: &Rules) -> Option<(Instant, Instant)> {
    let (_, allowed_s) = times(rules);
    let starts = std::iter::once(span.0).chain(slots.iter().map(|slot| slot.last_at));
    let ends = slots.iter().map(|slot| slot.first_at).chain(std::iter::once(span.1));
    let longest = starts.zip(ends).max_by_key(|(from, to)| to.seconds_since(*from))?;
    (longest.1.seconds_since(longest.0) > allowed_s).then_some(longest)
}

#[cfg(test)]
mod tests;
