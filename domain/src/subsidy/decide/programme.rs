//! One programme acting on the bill, step by step.

use super::line::{Left, NoOffer, Offer, rounded_part};
use super::person::View;
use super::{Meal, outside};
use crate::money::Rounding;
use crate::subsidy::compile::{BudgetLeft, Cap, Compiled, Environment, ReadyLimit, ReadyStep};
use crate::subsidy::document::{Discount, FunderKind, Group, Line, Select, Step};
use crate::subsidy::facts::Subject;
use crate::subsidy::limit::{Claim, History, LimitKey};
use crate::subsidy::name::Name;
use crate::subsidy::operator::OperatorPay;
use crate::subsidy::trace::{Decision, Flag, Leg, LineResult, LineTrace, Outcome, ProgrammeTrace, Refusal};
use crate::{Channel, Fen};

/// The bill and everything collected so far.
pub(super) struct Bill {
    left: Left,
    discounts: Vec<Leg>,
    legs: Vec<Leg>,
    operator: Vec<Leg>,
    claims: Vec<Claim>,
    flags: Vec<Flag>,
    entitled: i64,
    trace: Vec<ProgrammeTrace>,
}

/// One programme's run over the bill.
pub(super) struct Run<'a> {
    pub version: &'a Compiled,
    pub view: View<'a>,
    pub history: &'a History,
    pub budgets: &'a [BudgetLeft],
    pub claims: Vec<Claim>,
    pub legs: Vec<Leg>,
    left: Left,
    pub discounts: Vec<Leg>,
    lines: Vec<LineTrace>,
    pub flags: Vec<Flag>,
    entitled: i64,
}

impl Bill {
    pub fn new(meal: &Meal) -> Self {
        let (price, fee) = (meal.price.0, meal.delivery_fee.0);
        Self {
            left: Left { price, fee, meal_left: price, fee_left: fee },
            discounts: Vec::new(),
            legs: Vec::new(),
            operator: Vec::new(),
            claims: Vec::new(),
            flags: Vec::new(),
            entitled: 0,
            trace: Vec::new(),
        }
    }

    pub fn granted(&self) -> i64 {
        self.legs.iter().map(|l| l.fen.0).sum()
    }

    pub fn skip(&mut self, version: &Compiled, by: Name) {
        self.trace.push(outside(version, Outcome::Excluded { by }));
    }

    pub fn apply(&mut self, version: &Compiled, subject: &Subject, meal: &Meal, history: &History, environment: &Environment<'_>) {
        let view = View::new(version, subject, meal, history, environment);
        let mut run = Run {
            version,
            view,
            history,
            budgets: environment.budgets,
            claims: Vec::new(),
            legs: Vec::new(),
            left: self.left,
            discounts: Vec::new(),
            lines: Vec::new(),
            flags: Vec::new(),
            entitled: 0,
        };
        let outcome = run.outcome();
        if outcome == Outcome::Evaluated {
            run.steps();
        }
        let operator = if matches!(outcome, Outcome::Deceased(_)) { Vec::new() } else { run.operator() };
        self.take(run, outcome, operator);
    }

    fn take(&mut self, run: Run<'_>, outcome: Outcome, operator: Vec<Leg>) {
        let granted = run.legs.iter().map(|l| l.fen.0).sum();
        self.trace.push(ProgrammeTrace {
            age: run.view.age,
            facts: run.view.facts_used(),
            entitled_fen: Fen(run.entitled),
            granted_fen: Fen(granted),
            lines: run.lines,
            ..outside(run.version, outcome)
        });
        let mut flags = run.flags;
        if run.view.provisional {
            flags.push(Flag::CalendarProvisional);
        }
        for flag in flags {
            if !self.flags.contains(&flag) {
                self.flags.push(flag);
            }
        }
        self.left = run.left;
        self.entitled += run.entitled;
        self.discounts.extend(run.discounts);
        self.legs.extend(run.legs);
        self.operator.extend(operator);
        self.claims.extend(run.claims);
    }

    pub fn finish(self, meal: &Meal) -> Decision {
        let sum = |legs: &[Leg]| Fen(legs.iter().map(|l| l.fen.0).sum());
        Decision {
            date: meal.date,
            meal: meal.period,
            price_fen: meal.price,
            delivery_fee_fen: meal.delivery_fee,
            discount_fen: sum(&self.discounts),
            entitled_fen: Fen(self.entitled),
            granted_fen: sum(&self.legs),
            self_pay_fen: Fen(self.left.meal_left + self.left.fee_left),
            discounts: self.discounts,
            legs: self.legs,
            operator: self.operator,
            claims: self.claims,
            flags: self.flags,
            trace: self.trace,
        }
    }
}

impl<'a> Run<'a> {
    fn outcome(&mut self) -> Outcome {
        if let Some(died) = self.view.dead_since() {
            self.flags.push(Flag::Deceased);
            return Outcome::Deceased(died);
        }
        let version = self.version;
        match version.document.eligible.as_ref().map(|w| self.view.holds(w)) {
            Some(Err(why)) => Outcome::NotEligible(why),
            _ => Outcome::Evaluated,
        }
    }

    fn steps(&mut self) {
        let version = self.version;
        if version.uses_nth {
            let key = version.nth_key(self.view.meal.date);
            self.claims.push(Claim::Count { key, ordinal: self.view.nth, of: None });
        }
        for (step, ready) in version.document.steps.iter().zip(&version.steps) {
            match step {
                Step::Discount(discount) => self.discount(discount),
                Step::Group(group) => self.group(group, ready),
            }
        }
    }

    fn discount(&mut self, discount: &'a Discount) {
        let mut decided: Option<&Name> = None;
        for line in &discount.lines {
            let result = match (decided, line.when.as_ref().map(|w| self.view.holds(w))) {
                (Some(first), _) => LineResult::Refused(Refusal::NotFirst { line: first.clone() }),
                (None, Some(Err(why))) => LineResult::Refused(Refusal::Condition(why)),
                (None, _) => {
                    decided = Some(&line.id);
                    let before = self.left.meal_left;
                    let pay = rounded_part(Fen(before), line.pay.numerator, line.pay.denominator, &self.version.conventions);
                    // A broken ratio (0 below the line) pays the full price rather than nothing.
                    let after = if line.pay.denominator == 0 { before } else { pay.clamp(0, before) };
                    self.left.meal_left = after;
                    self.discounts.extend(self.discount_leg(discount, &line.id, before - after));
                    LineResult::Discounted { fen: Fen(before - after) }
                }
            };
            self.lines.push(LineTrace { step: discount.id.clone(), line: line.id.clone(), result, lost: Vec::new() });
        }
    }

    fn discount_leg(&self, discount: &Discount, line: &Name, fen: i64) -> Option<Leg> {
        let funder = self.version.document.funders.iter().find(|f| f.id == discount.funder);
        (fen > 0).then(|| Leg {
            programme: self.version.document.programme.clone(),
            line: line.clone(),
            funder: discount.funder.clone(),
            place: funder.and_then(|f| self.view.place_of(f)),
            fen: Fen(fen),
            indicative: false,
            weight: None,
            // The operator's own discount reserves nothing on anybody's budget.
            reserve_fen: if funder.is_some_and(|f| f.kind == FunderKind::Operator) { Fen::ZERO } else { Fen(fen) },
            instead_of: None,
        })
    }

    fn group(&mut self, group: &'a Group, ready: &'a ReadyStep) {
        let base = self.left;
        if let Some(Err(why)) = group.when.as_ref().map(|w| self.view.holds(w)) {
            for line in &group.lines {
                self.refuse(group, line, Refusal::GroupCondition(why.clone()).into());
            }
            return;
        }
        match group.select {
            Select::Sum => {
                let all: Vec<_> = (0..group.lines.len()).map(|n| self.limits(ready, n)).collect();
                let together = self.together(group, &all, &base);
                for (line, limits) in group.lines.iter().zip(all) {
                    let now = self.left;
                    match self.offer((group, line), limits, &base, &now, together) {
                        Ok(offer) => self.grant(group, line, limits, offer),
                        Err(no) => self.refuse(group, line, no),
                    }
                }
            }
            Select::First => self.first(group, ready, &base),
            Select::Max => self.best(group, ready, &base),
        }
    }

    fn limits(&self, ready: &'a ReadyStep, line: usize) -> [&'a [ReadyLimit]; 3] {
        let version: &'a Compiled = self.version;
        [ready.lines.get(line).map_or(&[], Vec::as_slice), &ready.limits, &version.limits]
    }

    fn first(&mut self, group: &'a Group, ready: &'a ReadyStep, base: &Left) {
        let mut decided: Option<&Name> = None;
        for (n, line) in group.lines.iter().enumerate() {
            if let Some(first) = decided {
                self.refuse(group, line, Refusal::NotFirst { line: first.clone() }.into());
                continue;
            }
            let limits = self.limits(ready, n);
            match self.offer((group, line), limits, base, base, None) {
                Ok(offer) => {
                    decided = Some(&line.id);
                    self.grant(group, line, limits, offer);
                }
                Err(no) => {
                    if !matches!(no.why, Refusal::Condition(_)) {
                        decided = Some(&line.id);
                    }
                    self.refuse(group, line, no);
                }
            }
        }
    }

    fn best(&mut self, group: &'a Group, ready: &'a ReadyStep, base: &Left) {
        let mut offers = Vec::with_capacity(group.lines.len());
        for (n, line) in group.lines.iter().enumerate() {
            let limits = self.limits(ready, n);
            offers.push((line, limits, self.offer((group, line), limits, base, base, None)));
        }
        let mut best: Option<(usize, i64)> = None;
        for (n, (_, _, offer)) in offers.iter().enumerate() {
            if let Ok(offer) = offer
                && best.is_none_or(|(_, most)| offer.granted > most)
            {
                best = Some((n, offer.granted));
            }
        }
        let winner = best.and_then(|(n, _)| group.lines.get(n)).map(|l| l.id.clone());
        for (n, (line, limits, offer)) in offers.into_iter().enumerate() {
            match offer {
                Ok(offer) if best.is_some_and(|(b, _)| b == n) => self.grant(group, line, limits, offer),
                Ok(offer) => {
                    let line_id = winner.clone().unwrap_or_else(|| line.id.clone());
                    let why = Refusal::NotBest { line: line_id, would: Fen(offer.granted) };
                    self.refuse(group, line, NoOffer { why, lost: offer.lost });
                }
                Err(no) => self.refuse(group, line, no),
            }
        }
    }

    fn refuse(&mut self, group: &Group, line: &Line, no: NoOffer) {
        let result = LineResult::Refused(no.why);
        self.lines.push(LineTrace { step: group.id.clone(), line: line.id.clone(), result, lost: no.lost });
    }

    fn grant(&mut self, group: &Group, line: &Line, limits: [&'a [ReadyLimit]; 3], offer: Offer) {
        use crate::subsidy::conventions::Covers;
        let (meal, fee) = match line.covers.unwrap_or(self.version.conventions.covers) {
            Covers::Meal => (offer.granted, 0),
            Covers::DeliveryFee => (0, offer.granted),
            Covers::Total => {
                let meal = offer.granted.min(self.left.meal_left);
                (meal, offer.granted - meal)
            }
        };
        self.left.meal_left -= meal;
        self.left.fee_left -= fee;
        self.entitled += offer.entitled;
        let all: Vec<&ReadyLimit> = limits.into_iter().flatten().collect();
        for (n, limit) in all.iter().enumerate() {
            // Limits that share a name share a counter: one grant is counted there once, under the narrower cap.
            let counted = all.iter().take(n).any(|earlier| earlier.id == limit.id && earlier.per == limit.per);
            self.claim(limit, if counted { 0 } else { offer.granted });
        }
        let ratio = ratio_total(&offer.parts);
        for part in offer.parts {
            if let Some(left_fen) = part.overdrawn {
                let (programme, funder) = (self.version.document.programme.clone(), part.funder.clone());
                let overdrawn = Flag::BudgetOverdrawn { programme, funder, place: part.place.clone(), left_fen };
                if !self.flags.contains(&overdrawn) {
                    self.flags.push(overdrawn);
                }
            }
            let leg = leg_of(&self.version.document.programme, &line.id, part, ratio);
            if leg.fen != Fen::ZERO {
                self.legs.push(leg);
            }
        }
        let (entitled, granted) = (Fen(offer.entitled), Fen(offer.granted));
        let result = LineResult::Granted { entitled, granted, cut: offer.cut };
        self.lines.push(LineTrace { step: group.id.clone(), line: line.id.clone(), result, lost: offer.lost });
    }

    fn claim(&mut self, limit: &ReadyLimit, granted: i64) {
        let keys = self.keys(limit);
        if let Cap::Count(of) = limit.cap {
            keys.into_iter().for_each(|key| self.claim_count(key, of));
            return;
        }
        let Some(cap) = self.cap(limit) else { return };
        let mut due = granted;
        // The oldest credit is used first, because it expires first.
        for key in keys {
            let taken = due.min(cap.saturating_sub(self.used(&key))).max(0);
            due -= taken;
            self.claim_amount(key, taken, cap);
        }
    }

    fn claim_count(&mut self, key: LimitKey, cap: u32) {
        for claim in &mut self.claims {
            if let Claim::Count { key: k, of, .. } = claim
                && *k == key
            {
                *of = Some(of.map_or(cap, |of| of.min(cap)));
                return;
            }
        }
        let ordinal = self.history.free_ordinal(&key);
        self.claims.push(Claim::Count { key, ordinal, of: Some(cap) });
    }

    fn claim_amount(&mut self, key: LimitKey, taken: i64, cap: i64) {
        for claim in &mut self.claims {
            if let Claim::Amount { key: k, fen, cap_fen } = claim
                && *k == key
            {
                *fen = Fen(fen.0.saturating_add(taken));
                *cap_fen = (*cap_fen).min(Fen(cap));
                return;
            }
        }
        if taken > 0 {
            self.claims.push(Claim::Amount { key, fen: Fen(taken), cap_fen: Fen(cap) });
        }
    }

    /// What the canteen gets for this meal.
    fn operator(&mut self) -> Vec<Leg> {
        let version = self.version;
        let granted = self.legs.iter().any(|l| l.fen.0 > 0);
        let mut due = Vec::new();
        for rule in &version.document.operator {
            let (fen, occurs) = match rule.pays {
                OperatorPay::PerGrantFen(fen) => (fen, granted),
                OperatorPay::PerMealFen(fen) => (fen, true),
                OperatorPay::PerDeliveryFen(fen) => (fen, self.view.meal.channel == Channel::Delivery),
                _ => (0, false),
            };
            let described = occurs && rule.when.as_ref().is_none_or(|w| self.view.holds(w).is_ok());
            if fen <= 0 || !described {
                continue;
            }
            let fen = crate::subsidy::operator::after_inspection(
                fen,
                rule,
                self.view.meal.canteen_inspection.as_ref(),
                &version.conventions,
            );
            // A budget is of what seniors are granted: what the canteen gets beside it neither takes of it nor waits for it.
            let budgets = std::mem::take(&mut self.budgets);
            let (parts, _) = self.parts(fen, &rule.funders);
            self.budgets = budgets;
            let ratio = ratio_total(&parts);
            due.extend(parts.into_iter().map(|p| leg_of(&version.document.programme, &rule.id, p, ratio)));
        }
        due
    }
}

fn leg_of(programme: &Name, line: &Name, part: super::line::Part, ratio: (i64, u32)) -> Leg {
    // The period's total is split once, at freeze; a share rounded up is what a meal can at most come to.
    let up = |weight| Fen(ratio.0).mul_ratio(weight, ratio.1, Rounding::Up).unwrap_or(Fen(part.fen));
    Leg {
        programme: programme.clone(),
        line: line.clone(),
        funder: part.funder,
        place: part.place,
        fen: Fen(part.fen),
        indicative: part.weight.is_some(),
        weight: part.weight,
        reserve_fen: part.weight.map_or(Fen(part.fen), up).max(Fen(part.fen)),
        instead_of: part.instead_of,
    }
}

/// What the shares by ratio come to together, and the sum of their weights.
fn ratio_total(parts: &[super::line::Part]) -> (i64, u32) {
    let by_ratio = || parts.iter().filter(|p| p.weight.is_some());
    let weights = by_ratio().filter_map(|p| p.weight).fold(0, u32::saturating_add);
    (by_ratio().map(|p| p.fen).sum(), weights)
}
