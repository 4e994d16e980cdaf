//! The settings as data: keys, units, dates, places, sources.

use crate::{PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

crate::text_enum! {
    /// What a setting is about. The product's rules ask for settings by these names.
    pub enum SettingKey {
        /// Core temperature a cooked dish must have reached.
        CoreTemperatureMin = "core_temperature_min",
        /// Amount of a retained sample.
        RetainedSampleMin = "retained_sample_min",
        /// How long a retained sample is kept.
        RetainedSampleKeep = "retained_sample_keep",
        /// Cooked to eaten, at room temperature.
        HoldAmbient = "hold_ambient",
        /// Cooked to eaten, kept hot.
        HoldHot = "hold_hot",
        /// Cooked to eaten, chilled.
        HoldChilled = "hold_chilled",
        /// Temperature of hot holding.
        HotHoldingMin = "hot_holding_min",
        /// Coldest of cold storage.
        ColdStorageMin = "cold_storage_min",
        /// Warmest of cold storage.
        ColdStorageMax = "cold_storage_max",
        /// Warmest of frozen storage.
        FrozenStorageMax = "frozen_storage_max",
        /// Whether who cooks must hold a valid health certificate.
        HealthCertificateRequired = "health_certificate_required",
        /// How often staff are checked.
        HealthCheckEvery = "health_check_every",
        /// Whether goods are only taken from a supplier whose licence is valid.
        SupplierLicenceRequired = "supplier_licence_required",
        /// How long records of a lot are kept after it expired.
        RecordKeepAfterExpiry = "record_keep_after_expiry",
        /// How long records of a lot without a shelf life are kept.
        RecordKeepWithoutExpiry = "record_keep_without_expiry",
        /// From the box to the door.
        BoxToDoor = "box_to_door",
        /// How long ahead a lot's expiry is announced.
        ExpiryWarning = "expiry_warning",
        /// How long ahead the end of a licence or certificate is announced.
        CertificateWarning = "certificate_warning",
        /// How far a count may lie from the book, of what was received.
        StockTakeTolerance = "stock_take_tolerance",
        /// Whether who cooks must have been checked on the morning of the day.
        MorningCheckRequired = "morning_check_required",
        /// Coolest of disinfection by heat.
        DisinfectionTemperatureMin = "disinfection_temperature_min",
        /// Shortest of disinfection by heat.
        DisinfectionTimeMin = "disinfection_time_min",
        /// How long safety records of the kitchen are kept.
        SafetyRecordKeep = "safety_record_keep",
        /// How long a place may be out of its limits before a sensor's readings are a risk.
        SensorExcursion = "sensor_excursion",
        /// How long nothing may be heard of a place that has a sensor.
        SensorSilence = "sensor_silence",
        /// How long a named contact has to answer when nobody came to a senior's door.
        LookInContact = "look_in_contact",
        /// How long community workers have to take such a case up before the next level is told.
        LookInWorker = "look_in_worker",
        /// How long whoever goes to look has to say what they found.
        LookInGoing = "look_in_going",
        /// How long after a meal it can be rated.
        RatingWindow = "rating_window",
        /// Different people without whose ratings no mean is shown to the public.
        RatingPublishMin = "rating_publish_min",
        /// Days of ratings that are shown together.
        RatingPublishDays = "rating_publish_days",
        /// How long a canteen has to answer a complaint.
        ComplaintAnswer = "complaint_answer",
        /// The same of one that may mean harm to others.
        ComplaintAnswerGrave = "complaint_answer_grave",
        /// How often a complaint can be opened again.
        ComplaintReopenings = "complaint_reopenings",
        /// Whether one meal at two canteens is looked for.
        AnomalyTwoCanteens = "anomaly_two_canteens",
        /// Canteens at which somebody may have one meal.
        AnomalyCanteensAMeal = "anomaly_canteens_a_meal",
        /// Whether meals after death are looked for.
        AnomalyAfterDeath = "anomaly_after_death",
        /// Days after the day of death on which a meal is still in order.
        AnomalyDaysAfterDeath = "anomaly_days_after_death",
        /// Whether meals during an absence are looked for.
        AnomalyWhileAway = "anomaly_while_away",
        /// Days inside an absence, from its nearer end, on which a meal is still in order.
        AnomalyDaysIntoAbsence = "anomaly_days_into_absence",
        /// Whether portions served are compared with portions cooked.
        AnomalyMoreThanCooked = "anomaly_more_than_cooked",
        /// How far the served may exceed the cooked.
        AnomalyOverCooked = "anomaly_over_cooked",
        /// Whether redemptions in an hour are compared with what a canteen can serve.
        AnomalyFasterThanTheHour = "anomaly_faster_than_the_hour",
        /// Meals that a canteen can hand over in an hour.
        AnomalyRedemptionsAnHour = "anomaly_redemptions_an_hour",
        /// Whether cards read one after the other by one terminal are looked for.
        AnomalyOneTerminalMany = "anomaly_one_terminal_many",
        /// Different people whom one terminal can read within the window.
        AnomalyTerminalPersons = "anomaly_terminal_persons",
        /// The window of a terminal.
        AnomalyTerminalWindow = "anomaly_terminal_window",
        /// Whether meals confirmed by one person are looked at.
        AnomalyOneCourierMany = "anomaly_one_courier_many",
        /// Meals that one person can confirm by their word within the window.
        AnomalyCourierDeliveries = "anomaly_courier_deliveries",
        /// The window of a courier.
        AnomalyCourierWindow = "anomaly_courier_window",
        /// People for whom one person can confirm meals in a day.
        AnomalyCourierPersonsADay = "anomaly_courier_persons_a_day",
        /// Whether canteens are compared with those around them.
        AnomalyAbovePeers = "anomaly_above_peers",
        /// Peers without which nothing is compared.
        AnomalyPeersMin = "anomaly_peers_min",
        /// Deviations above the median of the peers, by meals for each senior.
        AnomalyPeerDeviationsPerSenior = "anomaly_peer_deviations_per_senior",
        /// Deviations above the median of the peers, by meals in all.
        AnomalyPeerDeviationsTotal = "anomaly_peer_deviations_total",
        /// What a deviation is at least, of the median.
        AnomalyPeerSpreadMin = "anomaly_peer_spread_min",
        /// What a senior's wallet at a canteen may hold.
        WalletBalanceMax = "wallet_balance_max",
    }
}

crate::text_enum! {
    /// What a setting's number counts.
    pub enum SettingUnit {
        /// Tenths of a degree Celsius.
        DeciCelsius = "decicelsius",
        /// Milligrams.
        Milligrams = "milligrams",
        /// Seconds.
        Seconds = "seconds",
        /// Minutes.
        Minutes = "minutes",
        /// Hours.
        Hours = "hours",
        /// Days.
        Days = "days",
        /// Thousandths of something.
        PerMille = "per_mille",
        /// Calendar months.
        Months = "months",
        /// 1 for yes, 0 for no.
        Flag = "flag",
        /// A number of things or people.
        Count = "count",
        /// Tenths of one.
        Tenths = "tenths",
        /// Hundredths of a yuan.
        Fen = "fen",
    }
}

crate::text_enum! {
    /// How well a setting's source was read.
    pub enum Mark {
        /// In the statute's own text.
        Statute = "L",
        /// In a secondary source.
        Secondary = "S",
        /// From memory, or a default of this program.
        Unconfirmed = "M",
    }
}

impl SettingKey {
    /// What its number counts; an entry of the file that says otherwise is refused.
    #[must_use]
    pub const fn unit(self) -> SettingUnit {
        use SettingUnit as U;
        match self {
            Self::CoreTemperatureMin
            | Self::HotHoldingMin
            | Self::ColdStorageMin
            | Self::ColdStorageMax
            | Self::FrozenStorageMax
            | Self::DisinfectionTemperatureMin => U::DeciCelsius,
            Self::RetainedSampleMin => U::Milligrams,
            Self::RetainedSampleKeep | Self::ComplaintAnswer | Self::ComplaintAnswerGrave => U::Hours,
            Self::RatingWindow | Self::RatingPublishDays => U::Days,
            Self::RatingPublishMin | Self::ComplaintReopenings => U::Count,
            Self::HoldAmbient | Self::HoldHot | Self::HoldChilled | Self::BoxToDoor | Self::DisinfectionTimeMin => U::Minutes,
            Self::LookInContact | Self::LookInWorker | Self::LookInGoing | Self::SensorExcursion | Self::SensorSilence => {
                U::Minutes
            }
            Self::HealthCertificateRequired | Self::SupplierLicenceRequired | Self::MorningCheckRequired => U::Flag,
            Self::HealthCheckEvery | Self::RecordKeepAfterExpiry | Self::RecordKeepWithoutExpiry | Self::SafetyRecordKeep => {
                U::Months
            }
            Self::StockTakeTolerance | Self::AnomalyOverCooked | Self::AnomalyPeerSpreadMin => U::PerMille,
            Self::ExpiryWarning | Self::CertificateWarning | Self::AnomalyDaysAfterDeath | Self::AnomalyDaysIntoAbsence => U::Days,
            Self::AnomalyTwoCanteens
            | Self::AnomalyAfterDeath
            | Self::AnomalyWhileAway
            | Self::AnomalyMoreThanCooked
            | Self::AnomalyFasterThanTheHour
            | Self::AnomalyOneTerminalMany
            | Self::AnomalyOneCourierMany
            | Self::AnomalyAbovePeers => U::Flag,
            Self::AnomalyCanteensAMeal
            | Self::AnomalyRedemptionsAnHour
            | Self::AnomalyTerminalPersons
            | Self::AnomalyCourierDeliveries
            | Self::AnomalyCourierPersonsADay
            | Self::AnomalyPeersMin => U::Count,
            Self::AnomalyTerminalWindow => U::Seconds,
            Self::AnomalyCourierWindow => U::Minutes,
            Self::AnomalyPeerDeviationsPerSenior | Self::AnomalyPeerDeviationsTotal => U::Tenths,
            Self::WalletBalanceMax => U::Fen,
        }
    }
}

/// A setting with all that an inspector asks about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What it is about.
    pub key: SettingKey,
    /// What the number counts.
    pub unit: SettingUnit,
    /// The number.
    pub value: i64,
    /// Where it holds; absent is the whole country.
    #[serde(default)]
    pub place: Option<PlaceCode>,
    /// The first day on which it holds.
    pub from: ServiceDate,
    /// The last day on which it holds; absent is until replaced.
    #[serde(default)]
    pub to: Option<ServiceDate>,
    /// How well the source was read.
    pub mark: Mark,
    /// The law, standard or decision it comes from.
    pub source: String,
}

/// Why a file of settings is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulebookFault {
    /// Not YAML of the documented shape.
    #[error("the food-safety settings cannot be read: {0}")]
    Unreadable(String),
    /// The number counts something else than the rule needs.
    #[error("setting {key} is in {given}, but must be in {wanted}")]
    Unit {
        /// Which setting.
        key: SettingKey,
        /// The file's unit.
        given: SettingUnit,
        /// The rule's unit.
        wanted: SettingUnit,
    },
    /// A negative duration or amount, or a flag that is neither 0 nor 1.
    #[error("setting {key} cannot be {value}")]
    Value {
        /// Which setting.
        key: SettingKey,
        /// Its number.
        value: i64,
    },
    /// Two entries for one key, place and day of beginning: which one holds would be chance.
    #[error("setting {key} stands twice from {from} on for the same place")]
    Twice {
        /// Which setting.
        key: SettingKey,
        /// The day.
        from: ServiceDate,
    },
    /// It says nothing of where it comes from.
    #[error("setting {0} names no source")]
    NoSource(SettingKey),
}

/// All settings, of all days and places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rulebook(Vec<Setting>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    settings: Vec<Setting>,
}

impl Rulebook {
    /// The settings that come with the program.
    pub fn built_in() -> Result<Self, RulebookFault> {
        Self::parse(include_str!("../../../rules/food-safety.yaml"))
    }

    /// From a file's text.
    pub fn parse(yaml: &str) -> Result<Self, RulebookFault> {
        let document: Document = serde_saphyr::from_str(yaml).map_err(|e| RulebookFault::Unreadable(e.to_string()))?;
        let mut seen = BTreeMap::new();
        for setting in &document.settings {
            let Setting { key, unit, value, from, .. } = *setting;
            if unit != key.unit() {
                return Err(RulebookFault::Unit { key, given: unit, wanted: key.unit() });
            }
            let sensible = match unit {
                SettingUnit::DeciCelsius => super::DeciCelsius(value).is_plausible(),
                SettingUnit::Flag => (0..=1).contains(&value),
                SettingUnit::PerMille => (0..=1000).contains(&value),
                // A century in minutes: no limit of time is longer, and sums of times cannot overflow.
                _ => (0..=52_596_000).contains(&value),
            };
            if !sensible {
                return Err(RulebookFault::Value { key, value });
            }
            if setting.source.trim().is_empty() {
                return Err(RulebookFault::NoSource(key));
            }
            let place = setting.place.as_ref().map(|p| p.as_str().to_owned());
            if seen.insert((key, place, from), ()).is_some() {
                return Err(RulebookFault::Twice { key, from });
            }
        }
        Ok(Self(document.settings))
    }

    /// The same with further entries: what places have set for themselves.
    #[must_use]
    pub fn with(&self, more: Vec<Setting>) -> Self {
        let mut all = self.0.clone();
        all.extend(more);
        Self(all)
    }

    /// Every entry, for showing.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.0
    }

    /// What holds at a place on a day: the narrowest place wins, then the latest beginning.
    #[must_use]
    pub fn in_force(&self, place: &PlaceCode, on: ServiceDate) -> Rules {
        let mut rules: BTreeMap<SettingKey, Setting> = BTreeMap::new();
        let rank = |s: &Setting| (s.place.as_ref().map_or(0, |p| p.as_str().len()), s.from);
        let holds =
            |s: &&Setting| s.from <= on && s.to.is_none_or(|to| on <= to) && s.place.as_ref().is_none_or(|p| p.contains(place));
        for setting in self.0.iter().filter(holds) {
            let better = rules.get(&setting.key).is_none_or(|held| rank(held) < rank(setting));
            if better {
                rules.insert(setting.key, setting.clone());
            }
        }
        Rules(rules)
    }
}

/// The settings in force at one place on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules(BTreeMap<SettingKey, Setting>);

impl Rules {
    /// The setting with its source, when one is in force.
    #[must_use]
    pub fn setting(&self, key: SettingKey) -> Option<&Setting> {
        self.0.get(&key)
    }

    /// Its number, in the key's unit.
    #[must_use]
    pub fn value(&self, key: SettingKey) -> Option<i64> {
        self.setting(key).map(|s| s.value)
    }

    /// Its temperature.
    #[must_use]
    pub fn temperature(&self, key: SettingKey) -> Option<super::DeciCelsius> {
        self.value(key).map(super::DeciCelsius)
    }

    /// Whether a flag is set; an absent one is not.
    #[must_use]
    pub fn demands(&self, key: SettingKey) -> bool {
        self.value(key) == Some(1)
    }

    /// All of them, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.values()
    }

    /// Until when the records of a lot are kept (食品安全法 50): months after its expiry, or after its receipt when it has none.
    #[must_use]
    pub fn keep_records_until(&self, received_on: ServiceDate, expires_on: Option<ServiceDate>) -> Option<ServiceDate> {
        let (from, key) = match expires_on {
            Some(day) => (day, SettingKey::RecordKeepAfterExpiry),
            None => (received_on, SettingKey::RecordKeepWithoutExpiry),
        };
        let months = u32::try_from(self.value(key)?).ok()?;
        from.0.checked_add_months(chrono::Months::new(months)).map(ServiceDate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code).unwrap()
    }

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).unwrap()
    }

    #[test]
    fn every_rule_the_program_asks_for_has_a_setting_with_a_source() {
        let book = Rulebook::built_in().unwrap();
        for key in SettingKey::ALL {
            assert!(book.settings().iter().any(|s| s.key == *key), "{key}");
        }
    }

    #[test]
    fn a_setting_holds_from_its_day_at_its_place_and_the_narrower_place_wins() {
        let book = Rulebook::parse(
            r#"
settings:
  - { key: core_temperature_min, unit: decicelsius, value: 700, from: 2022-01-01, mark: S, source: country }
  - { key: core_temperature_min, unit: decicelsius, value: 720, from: 2026-01-01, mark: S, source: country }
  - { key: core_temperature_min, unit: decicelsius, value: 750, place: "33", from: 2023-01-01, to: 2026-06-30, mark: S, source: province }
"#,
        )
        .unwrap();
        for (at, on, expected) in [
            ("330102", "2021-12-31", None),
            ("330102", "2022-06-01", Some(700)),
            ("330102", "2026-03-01", Some(750)),
            ("330102", "2026-07-01", Some(720)),
            ("110101", "2026-03-01", Some(720)),
        ] {
            assert_eq!(book.in_force(&place(at), day(on)).value(SettingKey::CoreTemperatureMin), expected, "{at} {on}");
        }
    }

    #[test]
    fn a_file_that_would_be_misread_is_refused() {
        let entry = |body: &str| format!("settings:\n  - {{ key: hold_hot, {body} }}\n");
        let good = "unit: minutes, value: 240, from: 2022-01-01, mark: S, source: x";
        assert!(Rulebook::parse(&entry(good)).is_ok());
        for (from, to) in [
            ("unit: minutes", "unit: hours"),
            ("value: 240", "value: -1"),
            ("source: x", "source: ''"),
            ("mark: S", "mark: Q"),
            ("from: 2022-01-01", "from: soon"),
            ("source: x", "source: x, sauce: y"),
        ] {
            assert!(Rulebook::parse(&entry(&good.replace(from, to))).is_err(), "{to}");
        }
        let twice = format!("{}  - {{ key: hold_hot, {good} }}\n", entry(good));
        assert_eq!(Rulebook::parse(&twice), Err(RulebookFault::Twice { key: SettingKey::HoldHot, from: day("2022-01-01") }));
    }

    #[test]
    fn a_share_is_between_nothing_and_all() {
        let entry = |value: i64| {
            format!(
                "settings:\n  - {{ key: stock_take_tolerance, unit: per_mille, value: {value}, from: 2022-01-01, mark: M, source: x }}\n"
            )
        };
        for (value, good) in [(-1, false), (0, true), (1000, true), (1001, false)] {
            assert_eq!(Rulebook::parse(&entry(value)).is_ok(), good, "{value}");
        }
    }

    #[test]
    fn records_are_kept_half_a_year_after_expiry_or_two_years_where_nothing_expires() {
        let rules = Rulebook::built_in().unwrap().in_force(&place("330102"), day("2026-11-23"));
        assert_eq!(rules.keep_records_until(day("2026-11-23"), Some(day("2026-12-31"))), Some(day("2027-06-30")));
        assert_eq!(rules.keep_records_until(day("2026-11-23"), None), Some(day("2028-11-23")));
    }
}
