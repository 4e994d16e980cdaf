//! Portions of a batch that a kitchen hands over to a canteen that it supplies: how many, and how warm they leave.

use crate::food_safety::{DeciCelsius, Holding, Rules};
use crate::stock::PlaceKind;

/// What is known when portions are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadFacts {
    /// How many go.
    pub portions: i64,
    /// How many of the batch have not gone elsewhere; `None` while nobody has counted.
    pub left: Option<i64>,
    /// How the batch is kept.
    pub holding: Holding,
    /// What was measured in the box.
    pub temperature: Option<DeciCelsius>,
}

/// Why portions may not be handed over. Food that left the safe range is heated again or thrown away, not driven through the town.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadFault {
    /// There are not so many.
    Portions {
        /// What is left of the batch.
        left: i64,
    },
    /// Nobody measured, and the batch is one that must be kept warm or cold.
    TemperatureMissing,
    /// Too cold, or too warm.
    Temperature {
        /// What was measured.
        measured: DeciCelsius,
        /// The limit that was passed.
        limit: DeciCelsius,
    },
}

/// Everything against handing portions over, by the settings in force.
#[must_use]
pub fn faults_of(facts: &LoadFacts, rules: &Rules) -> Vec<LoadFault> {
    let mut faults = Vec::new();
    if let Some(left) = facts.left.filter(|left| facts.portions > *left) {
        faults.push(LoadFault::Portions { left });
    }
    let kept = match facts.holding {
        Holding::Hot => PlaceKind::HotHolding,
        Holding::Chilled => PlaceKind::Chilled,
        Holding::Ambient => PlaceKind::Ambient,
    };
    let (lowest, highest) = kept.limits(rules);
    match facts.temperature {
        None if lowest.or(highest).is_some() => faults.push(LoadFault::TemperatureMissing),
        Some(measured) => {
            let passed = highest.filter(|limit| measured > *limit).or(lowest.filter(|limit| measured < *limit));
            faults.extend(passed.map(|limit| LoadFault::Temperature { measured, limit }));
        }
        None => {}
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::food_safety::Rulebook;
    use crate::{PlaceCode, ServiceDate};

    #[test]
    fn what_leaves_the_kitchen_is_there_and_warm_or_cold_enough() {
        let day = ServiceDate::new(2026, 11, 23).unwrap();
        let rules = Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day);
        let hot = LoadFacts { portions: 10, left: Some(10), holding: Holding::Hot, temperature: Some(DeciCelsius(600)) };
        let limit = DeciCelsius(600);
        for (facts, faults) in [
            (hot, vec![]),
            (LoadFacts { left: None, ..hot }, vec![]),
            (LoadFacts { portions: 11, ..hot }, vec![LoadFault::Portions { left: 10 }]),
            (LoadFacts { temperature: None, ..hot }, vec![LoadFault::TemperatureMissing]),
            (
                LoadFacts { temperature: Some(DeciCelsius(599)), ..hot },
                vec![LoadFault::Temperature { measured: DeciCelsius(599), limit }],
            ),
            (LoadFacts { holding: Holding::Ambient, temperature: None, ..hot }, vec![]),
        ] {
            assert_eq!(faults_of(&facts, &rules), faults, "{facts:?}");
        }
    }
}
