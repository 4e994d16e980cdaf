//! What the figures must not exceed at a place on a day: settings of the rulebook, and what a place has set for itself.
//!
//! The program's own settings stand in `rules/`, as all dated numbers do. What an officer sets for a place is an entry of the same kind
//! with the reason as its source, so one rule decides what holds: the narrowest place wins, then the latest beginning.

use super::AnomalyRule;
use super::pace::Rate;
use super::peers::PeerLimits;
use crate::food_safety::rulebook::{Mark, Setting};
use crate::food_safety::{Rules, SettingKey};
use crate::{PlaceCode, ServiceDate};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Every setting of these rules, in the order in which they are shown.
pub const KEYS: [SettingKey; 22] = {
    use SettingKey as K;
    [
        K::AnomalyTwoCanteens,
        K::AnomalyCanteensAMeal,
        K::AnomalyAfterDeath,
        K::AnomalyDaysAfterDeath,
        K::AnomalyWhileAway,
        K::AnomalyDaysIntoAbsence,
        K::AnomalyMoreThanCooked,
        K::AnomalyOverCooked,
        K::AnomalyFasterThanTheHour,
        K::AnomalyRedemptionsAnHour,
        K::AnomalyOneTerminalMany,
        K::AnomalyTerminalPersons,
        K::AnomalyTerminalWindow,
        K::AnomalyOneCourierMany,
        K::AnomalyCourierDeliveries,
        K::AnomalyCourierWindow,
        K::AnomalyCourierPersonsADay,
        K::AnomalyAbovePeers,
        K::AnomalyPeersMin,
        K::AnomalyPeerDeviationsPerSenior,
        K::AnomalyPeerDeviationsTotal,
        K::AnomalyPeerSpreadMin,
    ]
};

/// What a place may set; `None` for a setting of something else. A limit that everything exceeds, or a window of no length, would only
/// bury what is looked for.
#[must_use]
pub const fn accepted(key: SettingKey) -> Option<RangeInclusive<i64>> {
    use SettingKey as K;
    match key {
        K::AnomalyTwoCanteens
        | K::AnomalyAfterDeath
        | K::AnomalyWhileAway
        | K::AnomalyMoreThanCooked
        | K::AnomalyFasterThanTheHour
        | K::AnomalyOneTerminalMany
        | K::AnomalyOneCourierMany
        | K::AnomalyAbovePeers => Some(0..=1),
        K::AnomalyCanteensAMeal => Some(1..=100),
        K::AnomalyDaysAfterDeath | K::AnomalyDaysIntoAbsence => Some(0..=366),
        K::AnomalyOverCooked | K::AnomalyPeerSpreadMin => Some(0..=1000),
        K::AnomalyRedemptionsAnHour | K::AnomalyTerminalPersons | K::AnomalyCourierDeliveries | K::AnomalyCourierPersonsADay => {
            Some(0..=100_000)
        }
        K::AnomalyTerminalWindow => Some(1..=3600),
        K::AnomalyCourierWindow => Some(1..=1440),
        K::AnomalyPeersMin => Some(2..=10_000),
        K::AnomalyPeerDeviationsPerSenior | K::AnomalyPeerDeviationsTotal => Some(0..=10_000),
        _ => None,
    }
}

/// The switch of a rule.
#[must_use]
pub const fn switch(rule: AnomalyRule) -> SettingKey {
    match rule {
        AnomalyRule::TwoCanteens => SettingKey::AnomalyTwoCanteens,
        AnomalyRule::AfterDeath => SettingKey::AnomalyAfterDeath,
        AnomalyRule::WhileAway => SettingKey::AnomalyWhileAway,
        AnomalyRule::MoreThanCooked => SettingKey::AnomalyMoreThanCooked,
        AnomalyRule::FasterThanTheHour => SettingKey::AnomalyFasterThanTheHour,
        AnomalyRule::OneTerminalMany => SettingKey::AnomalyOneTerminalMany,
        AnomalyRule::OneCourierMany => SettingKey::AnomalyOneCourierMany,
        AnomalyRule::AbovePeers => SettingKey::AnomalyAbovePeers,
    }
}

/// What holds at a place on a day. A rule that is switched off there has no limit.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a>(&'a Rules);

impl<'a> Limits<'a> {
    /// Of the settings in force.
    #[must_use]
    pub const fn of(rules: &'a Rules) -> Self {
        Self(rules)
    }

    fn when_on(&self, rule: AnomalyRule, key: SettingKey) -> Option<i64> {
        self.0.value(key).filter(|_| self.0.demands(switch(rule)))
    }

    /// Canteens at which somebody may have one meal.
    #[must_use]
    pub fn canteens_a_meal(&self) -> Option<i64> {
        self.when_on(AnomalyRule::TwoCanteens, SettingKey::AnomalyCanteensAMeal)
    }

    /// How deep inside a record's days a meal may lie.
    #[must_use]
    pub fn depth(&self, rule: AnomalyRule) -> Option<i64> {
        match rule {
            AnomalyRule::AfterDeath => self.when_on(rule, SettingKey::AnomalyDaysAfterDeath),
            AnomalyRule::WhileAway => self.when_on(rule, SettingKey::AnomalyDaysIntoAbsence),
            _ => None,
        }
    }

    /// Portions above what was cooked, in thousandths of it.
    #[must_use]
    pub fn over_cooked_per_mille(&self) -> Option<i64> {
        self.when_on(AnomalyRule::MoreThanCooked, SettingKey::AnomalyOverCooked)
    }

    /// Redemptions that a canteen can serve in an hour.
    #[must_use]
    pub fn an_hour(&self) -> Option<i64> {
        self.when_on(AnomalyRule::FasterThanTheHour, SettingKey::AnomalyRedemptionsAnHour)
    }

    /// Different people that a terminal can read at once.
    #[must_use]
    pub fn terminal(&self) -> Option<Rate> {
        let at_most = self.when_on(AnomalyRule::OneTerminalMany, SettingKey::AnomalyTerminalPersons)?;
        Some(Rate { at_most, seconds: self.0.value(SettingKey::AnomalyTerminalWindow)? })
    }

    /// Meals that one person can confirm at once.
    #[must_use]
    pub fn courier(&self) -> Option<Rate> {
        let at_most = self.when_on(AnomalyRule::OneCourierMany, SettingKey::AnomalyCourierDeliveries)?;
        Some(Rate { at_most, seconds: self.0.value(SettingKey::AnomalyCourierWindow)?.saturating_mul(60) })
    }

    /// People for whom one person can confirm meals in a day.
    #[must_use]
    pub fn courier_persons_a_day(&self) -> Option<i64> {
        self.when_on(AnomalyRule::OneCourierMany, SettingKey::AnomalyCourierPersonsADay)
    }

    /// When a canteen is far above its peers by meals for each senior, and by meals in all.
    #[must_use]
    pub fn peers(&self) -> Option<(PeerLimits, PeerLimits)> {
        let peers_min = self.when_on(AnomalyRule::AbovePeers, SettingKey::AnomalyPeersMin)?;
        let spread_min_per_mille = self.0.value(SettingKey::AnomalyPeerSpreadMin)?;
        let by = |key| Some(PeerLimits { peers_min, deviations_tenths: self.0.value(key)?, spread_min_per_mille });
        Some((by(SettingKey::AnomalyPeerDeviationsPerSenior)?, by(SettingKey::AnomalyPeerDeviationsTotal)?))
    }
}

/// What a place has set for itself from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSetting {
    /// Where.
    pub place: PlaceCode,
    /// What.
    pub key: SettingKey,
    /// The first day.
    pub from: ServiceDate,
    /// The number; without one what the wider place has holds again.
    pub value: Option<i64>,
    /// Why.
    pub reason: String,
}

/// The entries of the rulebook that come of what places have set, in any order. Each holds until the day before the place's next one
/// for the same key, so that one without a number ends the one before.
#[must_use]
pub fn entries(own: &[OwnSetting]) -> Vec<Setting> {
    let mut lines: BTreeMap<(&PlaceCode, SettingKey), BTreeMap<ServiceDate, &OwnSetting>> = BTreeMap::new();
    for setting in own {
        lines.entry((&setting.place, setting.key)).or_default().insert(setting.from, setting);
    }
    let mut entries = Vec::new();
    for line in lines.into_values() {
        let next = line.keys().skip(1).map(|from| Some(from.plus_days(-1))).chain([None]);
        for (setting, to) in line.values().zip(next) {
            entries.extend(setting.value.map(|value| Setting {
                key: setting.key,
                unit: setting.key.unit(),
                value,
                place: Some(setting.place.clone()),
                from: setting.from,
                to,
                mark: Mark::Unconfirmed,
                source: setting.reason.clone(),
            }));
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::food_safety::Rulebook;
    use crate::text_enum::TextEnum;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code).unwrap()
    }

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).unwrap()
    }

    fn own(code: &str, key: SettingKey, from: &str, value: Option<i64>) -> OwnSetting {
        OwnSetting { place: place(code), key, from: day(from), value, reason: "测试".to_owned() }
    }

    fn an_hour(own: &[OwnSetting], at: &str, on: &str) -> Option<i64> {
        let book = Rulebook::built_in().unwrap().with(entries(own));
        Limits::of(&book.in_force(&place(at), day(on))).an_hour()
    }

    #[test]
    fn every_rule_has_a_switch_and_every_setting_a_default_that_a_place_might_set() {
        let rules = Rulebook::built_in().unwrap().in_force(&place("330102"), day("2026-11-23"));
        for key in KEYS {
            let accepted = accepted(key).unwrap_or_else(|| panic!("{key} cannot be set"));
            assert!(rules.value(key).is_some_and(|value| accepted.contains(&value)), "{key}");
        }
        for rule in AnomalyRule::ALL {
            assert!(KEYS.contains(&switch(*rule)), "{rule}");
        }
        let others = SettingKey::ALL.iter().filter(|key| !KEYS.contains(key));
        for key in others {
            assert_eq!(accepted(*key), None, "{key} is not a setting of these rules");
        }
    }

    #[test]
    fn the_nearest_place_wins_from_its_day_on_until_it_takes_it_back() {
        let key = SettingKey::AnomalyRedemptionsAnHour;
        let set = [
            own("9901", key, "2026-06-01", Some(300)),
            own("990101001", key, "2026-07-01", Some(90)),
            own("990101001", key, "2026-09-01", None),
            own("990101001", key, "2026-10-01", Some(70)),
        ];
        for (at, on, expected) in [
            ("990101001001", "2026-05-31", 400),
            ("990101001001", "2026-06-30", 300),
            ("990101001001", "2026-07-01", 90),
            ("990101001001", "2026-08-31", 90),
            ("990101001001", "2026-09-01", 300),
            ("990101001001", "2026-10-01", 70),
            ("990101002", "2026-10-01", 300),
            ("9902", "2026-10-01", 400),
        ] {
            assert_eq!(an_hour(&set, at, on), Some(expected), "{at} {on}");
        }
    }

    #[test]
    fn a_rule_that_is_switched_off_at_a_place_has_no_limit_there() {
        let key = SettingKey::AnomalyFasterThanTheHour;
        let set = [own("990101", key, "2026-06-01", Some(0)), own("990101001", key, "2026-06-01", Some(1))];
        for (at, expected) in [("990101", None), ("990101002", None), ("990101001", Some(400)), ("9901", Some(400))] {
            assert_eq!(an_hour(&set, at, "2026-11-23"), expected, "{at}");
        }
    }
}
