//! Limits in use, moment by moment: what a meal took when it was decided, gave back, and took again.

use super::past::PastMeal;
use crate::Instant;
use crate::subsidy::limit::{Claim, History, LimitKey, Usage};
use std::collections::BTreeMap;

/// What happens to a meal's limits. At one moment what is given back comes first: a change gives back and decides anew at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::subsidy) enum What {
    GiveBack,
    Decide,
    TakeAgain,
}

/// What happened to the person's limits, in its order, with the number of the meal. One that was given back at the moment it was decided
/// held nothing.
pub(in crate::subsidy) fn timeline(meals: &[PastMeal]) -> Vec<(Instant, What, usize)> {
    let mut events = Vec::with_capacity(meals.len());
    for (n, meal) in meals.iter().enumerate().filter(|(_, meal)| meal.eaten || meal.given_back_at != Some(meal.decided_at)) {
        events.push((meal.decided_at, What::Decide, n));
        events.extend(meal.given_back_at.map(|at| (at, What::GiveBack, n)));
        events.extend(meal.taken_again_at.map(|at| (at, What::TakeAgain, n)));
    }
    events.sort_by_key(|(at, what, n)| (*at, *what, meals.get(*n).map(|meal| meal.order)));
    events
}

/// Limits in use at a moment.
#[derive(Debug, Default)]
pub(in crate::subsidy) struct Uses(BTreeMap<LimitKey, Vec<(usize, Usage)>>);

impl Uses {
    /// What counts under these keys.
    pub fn history(&self, keys: &[LimitKey]) -> History {
        History(keys.iter().filter_map(|key| self.0.get(key)).flatten().map(|(_, usage)| usage.clone()).collect())
    }

    /// Takes what a meal claimed.
    pub fn take(&mut self, meal: usize, claims: &[Claim]) {
        for claim in claims {
            self.0.entry(claim.key().clone()).or_default().push((meal, claim.usage()));
        }
    }

    /// Takes it again after it was given back: counts take the lowest ordinal that is free by now.
    pub fn take_again(&mut self, meal: usize, claims: &[Claim]) {
        for claim in claims {
            let mut again = claim.clone();
            if let Claim::Count { key, ordinal, .. } = &mut again {
                *ordinal = self.history(std::slice::from_ref(key)).free_ordinal(key);
            }
            self.take(meal, &[again]);
        }
    }

    /// Gives back what a meal took.
    pub fn give_back(&mut self, meal: usize, claims: &[Claim]) {
        for claim in claims {
            if let Some(uses) = self.0.get_mut(claim.key()) {
                uses.retain(|(of, _)| *of != meal);
            }
        }
    }
}

/// Limits twice: as they stood, and as they would have stood had meals been decided otherwise.
#[derive(Debug)]
pub(in crate::subsidy) struct Worlds {
    /// As they stood.
    pub stood: Uses,
    /// As they would have stood.
    pub would_stand: Uses,
    /// What each meal would have claimed.
    would_claim: Vec<Vec<Claim>>,
}

impl Worlds {
    /// Before the first of so many meals.
    pub fn new(meals: usize) -> Self {
        Self { stood: Uses::default(), would_stand: Uses::default(), would_claim: vec![Vec::new(); meals] }
    }

    /// Takes what a meal was decided to claim, and what it would have claimed.
    pub fn take(&mut self, meal: usize, claims: &[Claim], would: &[Claim]) {
        self.stood.take(meal, claims);
        self.would_stand.take(meal, would);
        if let Some(kept) = self.would_claim.get_mut(meal) {
            would.clone_into(kept);
        }
    }

    /// Gives back what it took, or takes it again; a decision changes nothing here.
    pub fn follow(&mut self, what: What, meal: usize, claims: &[Claim]) {
        let would = self.would_claim.get(meal).map_or(&[][..], Vec::as_slice);
        match what {
            What::GiveBack => {
                self.stood.give_back(meal, claims);
                self.would_stand.give_back(meal, would);
            }
            What::TakeAgain => {
                self.stood.take_again(meal, claims);
                self.would_stand.take_again(meal, would);
            }
            What::Decide => {}
        }
    }
}
