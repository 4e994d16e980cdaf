//! What one line would grant, before it is decided whether it is the one that does.

use super::person::at_least_zero;
use super::programme::Run;
use super::shares::{self, Shrinking};
use crate::subsidy::compile::{Cap, ReadyLimit};
use crate::subsidy::conventions::{Conventions, Covers, PercentageBase, ThresholdBase};
use crate::subsidy::document::{Amount, Exhausted, Group, Line, MinSpend, Percent, Select, Share};
use crate::subsidy::limit::{Claim, LimitKey};
use crate::subsidy::trace::{Cut, Flag, LostShare, Refusal};
use crate::{Fen, MealPeriod, PlaceCode};

/// What a line would grant.
pub(super) struct Offer {
    pub entitled: i64,
    pub granted: i64,
    pub cut: Option<Cut>,
    pub parts: Vec<Part>,
    pub lost: Vec<LostShare>,
}

/// A funder's part of an offer.
pub(super) struct Part {
    pub funder: crate::subsidy::Name,
    pub place: Option<PlaceCode>,
    pub fen: i64,
    /// The share's weight in the settlement of the period.
    pub weight: Option<u32>,
    /// How it shrinks.
    ratio: Option<u32>,
    floor: i64,
    pub instead_of: Option<crate::subsidy::Name>,
    /// What was left of a soft budget that this overdraws.
    pub overdrawn: Option<Fen>,
}

impl Part {
    fn needs(&self) -> i64 {
        needs(self.fen, self.weight)
    }
}

/// A line does not apply, and the shares that were lost on the way.
pub(super) struct NoOffer {
    pub why: Refusal,
    pub lost: Vec<LostShare>,
}

impl From<Refusal> for NoOffer {
    fn from(why: Refusal) -> Self {
        Self { why, lost: Vec::new() }
    }
}

/// What is left of the bill, and its list prices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    pub price: i64,
    pub fee: i64,
    pub meal_left: i64,
    pub fee_left: i64,
}

impl Left {
    const fn list(&self, covers: Covers) -> i64 {
        match covers {
            Covers::Meal => self.price,
            Covers::DeliveryFee => self.fee,
            Covers::Total => self.price + self.fee,
        }
    }

    const fn remaining(&self, covers: Covers) -> i64 {
        match covers {
            Covers::Meal => self.meal_left,
            Covers::DeliveryFee => self.fee_left,
            Covers::Total => self.meal_left + self.fee_left,
        }
    }
}

impl Run<'_> {
    /// What the line would grant on the bill as it stands when its step begins (`base`) and now (`now`). `together` is what the
    /// lines of a `sum` come to.
    pub fn offer(
        &mut self,
        (group, line): (&Group, &Line),
        limits: [&[ReadyLimit]; 3],
        base: &Left,
        now: &Left,
        together: Option<i64>,
    ) -> Result<Offer, NoOffer> {
        let conventions = self.version.conventions;
        if let Some(when) = &line.when {
            self.view.holds(when).map_err(Refusal::Condition)?;
        }
        self.counts_left(limits)?;
        let covers = line.covers.unwrap_or(conventions.covers);
        let amount = amount_of(&line.amount, covers, base, self.view.meal.period, &conventions);
        for min in [&self.version.document.min_spend, &group.min_spend].into_iter().flatten() {
            minimum_met(min, together.unwrap_or(amount), base, &conventions)?;
        }
        if let Some(min) = &line.min_spend {
            minimum_met(min, amount, base, &conventions)?;
        }
        if amount <= 0 {
            return Err(Refusal::NothingDue.into());
        }
        let funders = if line.funders.is_empty() { &group.funders } else { &line.funders };
        let (mut parts, lost) = self.parts(amount, funders);
        let entitled: i64 = parts.iter().map(|p| p.fen).sum();
        if entitled <= 0 {
            return Err(NoOffer { why: Refusal::SharesLost, lost });
        }
        let (granted, cut) = self.room(entitled, covers, limits, now)?;
        let before: Vec<Shrinking> = parts.iter().map(|p| Shrinking { fen: p.fen, ratio: p.ratio, floor: p.floor }).collect();
        for (part, fen) in parts.iter_mut().zip(shares::cut(&before, granted, conventions.clip_order)) {
            part.fen = fen;
        }
        Ok(Offer { entitled, granted, cut, parts, lost })
    }

    /// What the lines of a `sum` come to that apply, when a minimum over all of them asks for more than the subsidy. Line by
    /// line a bill of 4 yuan would be more than 3 and more than 2, and 5 yuan of subsidy would make it a free meal.
    pub fn together(&mut self, group: &Group, limits: &[[&[ReadyLimit]; 3]], base: &Left) -> Option<i64> {
        let over_all = [&self.version.document.min_spend, &group.min_spend];
        if group.select != Select::Sum || !over_all.into_iter().flatten().any(|min| min.above_subsidy) {
            return None;
        }
        let conventions = self.version.conventions;
        let mut sum = 0i64;
        for (line, limits) in group.lines.iter().zip(limits) {
            let applies = line.when.as_ref().is_none_or(|when| self.view.holds(when).is_ok()) && self.counts_left(*limits).is_ok();
            let amount =
                amount_of(&line.amount, line.covers.unwrap_or(conventions.covers), base, self.view.meal.period, &conventions);
            let met = || line.min_spend.is_none_or(|min| minimum_met(&min, amount, base, &conventions).is_ok());
            if applies && met() {
                sum = sum.saturating_add(amount.max(0));
            }
        }
        Some(sum)
    }

    fn counts_left(&self, limits: [&[ReadyLimit]; 3]) -> Result<(), Refusal> {
        for limit in limits.into_iter().flatten() {
            let Cap::Count(of) = limit.cap else { continue };
            for key in self.keys(limit) {
                let claimed = self.claims.iter().any(|c| matches!(c, Claim::Count { key: k, .. } if *k == key));
                let used = self.history.count(&key);
                if !claimed && used >= of {
                    return Err(Refusal::LimitReached { limit: limit.id.to_string(), per: limit.per, used, of });
                }
            }
        }
        Ok(())
    }

    /// Cuts an entitlement to what the bill and the money limits leave.
    fn room(
        &mut self,
        entitled: i64,
        covers: Covers,
        limits: [&[ReadyLimit]; 3],
        now: &Left,
    ) -> Result<(i64, Option<Cut>), Refusal> {
        let (mut granted, mut cut) = (entitled, None);
        let coverable = now.remaining(covers);
        if coverable < granted {
            (granted, cut) = (coverable, Some(Cut::Price));
        }
        let least = self.version.conventions.min_self_pay_fen;
        let payable = now.remaining(Covers::Total).saturating_sub(least);
        if payable < granted {
            (granted, cut) = (payable, Some(Cut::MinSelfPay(Fen(least))));
        }
        if granted <= 0 {
            return Err(Refusal::NothingLeft);
        }
        for limit in limits.into_iter().flatten() {
            let Some(cap) = self.cap(limit) else { continue };
            let keys = self.keys(limit);
            let of = cap.saturating_mul(i64::try_from(keys.len()).unwrap_or(1));
            let used = keys.iter().fold(0i64, |sum, k| sum.saturating_add(self.used(k).min(cap)));
            let left = of.saturating_sub(used);
            let (used_fen, of_fen) = (Fen(used), Fen(of));
            if left <= 0 {
                return Err(Refusal::LimitSpent { limit: limit.id.to_string(), per: limit.per, used_fen, of_fen });
            }
            if left < granted {
                granted = left;
                cut = Some(Cut::Limit { limit: limit.id.to_string(), per: limit.per, used_fen, of_fen });
            }
        }
        Ok((granted, cut))
    }

    /// The cap of a limit by amount; `None` for one by count.
    pub fn cap(&mut self, limit: &ReadyLimit) -> Option<i64> {
        match limit.cap {
            Cap::Count(_) => None,
            Cap::Fen(fen) => Some(fen.max(0)),
            Cap::FenFromFact(kind) => Some(self.view.quota(kind)),
        }
    }

    pub fn keys(&self, limit: &ReadyLimit) -> Vec<LimitKey> {
        self.version.keys(limit, self.view.meal.date, self.view.meal.period)
    }

    /// Fen used under a key, this decision's own claims included.
    pub fn used(&self, key: &LimitKey) -> i64 {
        let own = self.claims.iter().filter_map(|c| match c {
            Claim::Amount { key: k, fen, .. } if k == key => Some(fen.0),
            _ => None,
        });
        own.fold(self.history.used(key), i64::saturating_add)
    }

    /// Divides an amount among the funders and drops the shares that are lost.
    pub fn parts(&mut self, amount: i64, funders: &[Share]) -> (Vec<Part>, Vec<LostShare>) {
        let (mut parts, mut lost) = (Vec::with_capacity(funders.len()), Vec::new());
        // A floor holds for each meal, so shares with floors are settled per meal like fixed ones, not over the period.
        let by_period = funders.iter().all(|s| s.floor_fen.is_none());
        for (share, fen) in funders.iter().zip(shares::divide(amount, funders)) {
            if fen == 0 {
                continue;
            }
            let failed = share.when.as_ref().and_then(|w| self.view.holds(w).err());
            if let Some(why) = failed {
                lost.push(LostShare { funder: share.funder.clone(), fen: Fen(fen), why: Some(why) });
                continue;
            }
            match self.payer(share, fen, by_period, &parts) {
                Some(part) => parts.push(part),
                None => lost.push(LostShare { funder: share.funder.clone(), fen: Fen(fen), why: None }),
            }
        }
        (parts, lost)
    }

    /// Who pays a share now, the budget considered; `None` when nobody does. What parts of the same offer take is taken.
    fn payer(&mut self, share: &Share, fen: i64, by_period: bool, parts: &[Part]) -> Option<Part> {
        let mut name = &share.funder;
        let mut instead_of = None;
        let weight = share.ratio.filter(|w| by_period && *w > 0);
        // A substitute may itself have a substitute; the number of funders bounds the chain even when a document makes a ring.
        for _ in 0..=self.version.document.funders.len() {
            let funder = self.version.document.funders.iter().find(|f| f.id == *name);
            let place = funder.and_then(|f| self.view.place_of(f));
            let watched = self.budget_of(name, place.as_ref()).map(|budget| budget.left);
            let promised = parts.iter().filter(|p| p.funder == *name && p.place == place).map(Part::needs).sum::<i64>();
            let left = watched.map(|left| left.0.saturating_sub(self.taken(name, place.as_ref())).saturating_sub(promised));
            let enough = left.is_none_or(|left| left >= needs(fen, weight));
            let budget = funder.and_then(|f| f.budget.as_ref());
            let soft = budget.is_none_or(|b| b.exhausted == Exhausted::Soft);
            if enough || soft {
                let (ratio, floor) = (share.ratio.filter(|w| *w > 0), share.floor_fen.unwrap_or(0));
                let overdrawn = watched.filter(|_| !enough);
                return Some(Part { funder: name.clone(), place, fen, weight, ratio, floor, instead_of, overdrawn });
            }
            let programme = self.version.document.programme.clone();
            let used_up = Flag::BudgetUsedUp { programme, funder: name.clone(), place, left_fen: watched.unwrap_or_default() };
            if !self.flags.contains(&used_up) {
                self.flags.push(used_up);
            }
            let next = budget.filter(|b| b.exhausted == Exhausted::Substitute).and_then(|b| b.substitute.as_ref())?;
            instead_of = Some(share.funder.clone());
            name = next;
        }
        None
    }

    fn budget_of(&self, funder: &crate::subsidy::Name, place: Option<&PlaceCode>) -> Option<&crate::subsidy::BudgetLeft> {
        let programme = &self.version.document.programme;
        self.budgets.iter().find(|b| b.programme == *programme && b.funder == *funder && b.place.as_ref() == place)
    }

    /// What this decision has taken of a budget by now.
    fn taken(&self, funder: &crate::subsidy::Name, place: Option<&PlaceCode>) -> i64 {
        let programme = &self.version.document.programme;
        let spent = |l: &&crate::subsidy::trace::Leg| l.programme == *programme && l.funder == *funder && l.place.as_ref() == place;
        self.discounts.iter().chain(self.legs.iter()).filter(spent).map(|l| l.reserve_fen.0).sum()
    }
}

/// What a share takes of a budget: by ratio it is rounded up, which is at most a fen more.
fn needs(fen: i64, weight: Option<u32>) -> i64 {
    fen + i64::from(weight.is_some())
}

fn minimum_met(min: &MinSpend, amount: i64, base: &Left, conventions: &Conventions) -> Result<(), Refusal> {
    let needed = if min.above_subsidy { amount } else { min.fen.unwrap_or(0) };
    let with_fee = min.delivery.unwrap_or(conventions.threshold_delivery);
    let spent = match min.base.unwrap_or(conventions.threshold_base) {
        ThresholdBase::Gross => base.price + if with_fee { base.fee } else { 0 },
        ThresholdBase::Net => base.meal_left + if with_fee { base.fee_left } else { 0 },
    };
    // "More than the subsidy" is the wording of every text that compares with the subsidy; reaching it would be a free meal.
    let strict = min.strict.unwrap_or(min.above_subsidy || conventions.threshold_strict);
    let met = if strict { spent > needed } else { spent >= needed };
    if met { Ok(()) } else { Err(Refusal::BelowMinimum { spent: Fen(spent), needed: Fen(needed), strict }) }
}

/// What a line's amount comes to on a bill.
fn amount_of(amount: &Amount, covers: Covers, base: &Left, period: MealPeriod, conventions: &Conventions) -> i64 {
    let left = base.remaining(covers);
    match amount {
        Amount::FixedFen(fen) => *fen,
        Amount::ByMealFen(by_meal) => by_meal.get(&period).copied().unwrap_or(0),
        Amount::Percent(percent) => percent_of(percent, covers, base, conventions),
        Amount::UpToFen(fen) => left.min(*fen),
        Amount::PayFen(fen) => left - (*fen).min(left),
        Amount::PayByMealFen(by_meal) => by_meal.get(&period).map_or(0, |fen| left - (*fen).min(left)),
    }
}

fn percent_of(percent: &Percent, covers: Covers, base: &Left, conventions: &Conventions) -> i64 {
    let of = match percent.base.unwrap_or(conventions.percentage_base) {
        PercentageBase::ListPrice => base.list(covers),
        PercentageBase::Remaining => base.remaining(covers),
    };
    let part = rounded_part(at_least_zero(of), percent.numerator, percent.denominator, conventions);
    let raised = part.max(percent.floor_fen.unwrap_or(0));
    raised.min(percent.cap_fen.unwrap_or(i64::MAX))
}

/// A part of an amount, rounded to the convention's unit. A zero denominator gives nothing.
pub(super) fn rounded_part(of: Fen, numerator: u32, denominator: u32, conventions: &Conventions) -> i64 {
    let unit = conventions.rounding_unit_fen.clamp(1, 10_000);
    let Some(whole) = u32::try_from(unit).ok().and_then(|u| denominator.checked_mul(u)) else { return 0 };
    of.mul_ratio(numerator, whole, conventions.rounding).map_or(0, |units| units.0.saturating_mul(unit))
}
