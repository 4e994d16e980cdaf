//! The senior's dynamic code: changes every 30 seconds and serves one redemption.
//!
//! `nq1.` senior, time step and the first 16 bytes of an HMAC over both, under a key derived from the installation's. A
//! terminal that is offline cannot check it and need not: it keeps the text and sends it with its redemption, whose served-at
//! says for which time the code must be good.

use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::Instant;
use domain::access::{Actor, FamilyScope};
use domain::id::SeniorId;
use std::sync::Arc;
use store::query::seniors;
use store::seal::{Blind, Sealer};

/// How long one code is shown, in seconds.
pub const STEP_S: i64 = 30;
/// Steps before and after the one of the reading that are still good: the phone's and the terminal's clocks differ, and
/// reading takes a moment.
const STEPS_AROUND: i64 = 1;
const PREFIX: &str = "nq1.";

/// A code to show, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What the picture says.
    pub text: String,
    /// When the next one is due.
    pub good_until: Instant,
}

/// A code that was read and is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Whose.
    pub senior: SeniorId,
    /// The time step it was made for.
    pub step: i64,
}

/// The senior's code now, for the senior's own client or family who may order.
pub async fn show(app: &App, actor: Arc<Actor>, senior: SeniorId) -> Outcome<Code, Never> {
    let (now, sealer) = (app.clock.now(), app.store.sealer().clone());
    if !actor.may_for(FamilyScope::Order, senior) {
        return Err(Failure::NotFound(Thing::Senior(senior)));
    }
    let known = app.store.read("show_code", move |conn| Ok::<_, Failure<Never>>(seniors::find(conn, senior)?.is_some())).await?;
    if !known {
        return Err(Failure::NotFound(Thing::Senior(senior)));
    }
    let step = step_of(now);
    Ok(Code { text: text(&sealer, senior, step), good_until: Instant::from_micros((step + 1) * STEP_S * 1_000_000) })
}

/// Reads a code as it was shown at `at`; `None` for a forged, damaged, too old or too early one.
#[must_use]
pub fn read(sealer: &Sealer, code: &str, at: Instant) -> Option<Shown> {
    let (senior, rest) = code.strip_prefix(PREFIX)?.split_once('.')?;
    let (step, _) = rest.split_once('.')?;
    let (senior, step): (SeniorId, i64) = (senior.parse().ok()?, step.parse().ok()?);
    let near = (step_of(at) - STEPS_AROUND..=step_of(at) + STEPS_AROUND).contains(&step);
    // Equal length and a keyed hash of both sides: the comparison's time tells nothing about the right code.
    let genuine = sealer.blind(Blind::Code, code) == sealer.blind(Blind::Code, &text(sealer, senior, step));
    (near && genuine).then_some(Shown { senior, step })
}

fn step_of(at: Instant) -> i64 {
    at.micros().div_euclid(STEP_S * 1_000_000)
}

fn text(sealer: &Sealer, senior: SeniorId, step: i64) -> String {
    let body = format!("{PREFIX}{senior}.{step}");
    let mac = sealer.blind(Blind::DynamicCode, &body);
    format!("{body}.{}", hex::encode(mac))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::Id;
    use uuid::Uuid;

    fn senior(n: u128) -> SeniorId {
        Id::from_uuid(Uuid::from_u128(n))
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_code_is_good_in_its_own_half_minute_and_the_ones_beside_it() {
        let sealer = Sealer::new([1; 32]);
        let code = text(&sealer, senior(1), step_of(at(3000)));
        for (seconds, good) in [(2969, false), (2970, true), (3000, true), (3029, true), (3059, true), (3060, false)] {
            assert_eq!(read(&sealer, &code, at(seconds)).is_some(), good, "{seconds}");
        }
    }

    #[test]
    fn a_code_made_elsewhere_or_changed_anywhere_is_no_code() {
        let sealer = Sealer::new([1; 32]);
        let code = text(&sealer, senior(1), step_of(at(3000)));
        assert!(read(&Sealer::new([2; 32]), &code, at(3000)).is_none());
        let other = code.replace(&senior(1).to_string(), &senior(2).to_string());
        assert!(read(&sealer, &other, at(3000)).is_none());
        for cut in 0..code.len() {
            assert!(read(&sealer, &code[..cut], at(3000)).is_none(), "{cut}");
        }
    }
}
