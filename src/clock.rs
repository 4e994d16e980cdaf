//! The system's clock, and the demo's.

use anyhow::{Context, Result, ensure};
use domain::time::Clock;
use domain::{Instant, ServiceDate};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};

/// The time of the machine. The one place outside the tests that asks for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // this is the port that everything else must use
    fn now(&self) -> Instant {
        Instant::from_utc(chrono::Utc::now())
    }
}

/// The demo's clock: the machine's, moved on by as much as its players wished, so that a lunch can be gone through at any
/// time of day. How far is kept beside the demo's database, whose rows must not come to lie in the future. Only
/// `nuanfan demo` has one.
#[derive(Debug)]
pub struct DemoClock {
    shift_us: AtomicI64,
    kept: PathBuf,
}

/// The demo's day begins when a first date is named.
const MORNING: (u32, u32) = (8, 0);
/// A clock is moved on by at most so much at once: the menus cover two weeks.
const FURTHEST_S: i64 = 31 * 86_400;

impl DemoClock {
    /// As it was kept in the file; else at eight on the first day, or at the machine's time.
    pub fn open(kept: PathBuf, first_date: Option<ServiceDate>) -> Result<Self> {
        let clock = Self { shift_us: AtomicI64::new(0), kept };
        if clock.kept.is_file() {
            let text = std::fs::read_to_string(&clock.kept).context("the demo's clock cannot be read")?;
            clock.shift_us.store(text.trim().parse().context("the demo's clock cannot be read")?, Ordering::SeqCst);
            return Ok(clock);
        }
        let (hour, minute) = MORNING;
        let morning = chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        let start = first_date.map_or_else(|| SystemClock.now(), |date| Instant::from_civil(date, morning));
        clock.set(start)?;
        Ok(clock)
    }

    /// Moves it on to an instant, and answers the time it then shows.
    pub fn move_to(&self, to: Instant) -> Result<Instant> {
        let ahead = to.seconds_since(self.now());
        ensure!(ahead >= 0, "the demo's clock only moves on; it shows {}", self.now());
        ensure!(ahead <= FURTHEST_S, "at most {} days at once", FURTHEST_S / 86_400);
        self.set(to)?;
        Ok(self.now())
    }

    fn set(&self, to: Instant) -> Result<()> {
        let shift = to.micros() - SystemClock.now().micros();
        std::fs::write(&self.kept, shift.to_string()).context("the demo's clock cannot be kept")?;
        self.shift_us.store(shift, Ordering::SeqCst);
        Ok(())
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Instant {
        Instant::from_micros(SystemClock.now().micros() + self.shift_us.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_demos_clock_begins_on_its_first_morning_only_moves_on_and_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, first) = (folder.path().join("clock"), ServiceDate::parse("2026-11-23"));
        let clock = DemoClock::open(kept.clone(), first).unwrap();
        assert_eq!(clock.now().civil_date(), first.unwrap());
        assert!(clock.now().civil_time() < chrono::NaiveTime::from_hms_opt(8, 5, 0).unwrap());
        let noon = Instant::from_civil(first.unwrap(), chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap());
        assert!(clock.move_to(noon).unwrap() >= noon);
        assert!(clock.move_to(noon.plus_seconds(-60)).is_err());
        assert!(clock.move_to(noon.plus_seconds(FURTHEST_S + 60)).is_err());
        assert!(DemoClock::open(kept, None).unwrap().now() >= noon);
    }
}
