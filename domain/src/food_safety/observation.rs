//! What a kitchen checks each day and writes down: who is fit to work, how warm the fridges are, how the tableware was disinfected, who
//! ate along. A record is judged by the settings of its own day; the judgement is not stored.

use super::{DeciCelsius, Rules, SettingKey};
use crate::ServiceDate;
use crate::id::{StoragePlaceId, UserId};
use crate::stock::PlaceKind;
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// What a safety record is about.
    pub enum RecordKind {
        /// 晨检: whether somebody is fit to work with food today.
        MorningCheck = "morning_check",
        /// 温度记录: of a fridge, a freezer, a hot cabinet.
        Temperature = "temperature",
        /// 消毒记录: tableware disinfected by heat.
        Disinfection = "disinfection",
        /// 陪餐记录: somebody in charge ate the seniors' meal.
        AccompanyingMeal = "accompanying_meal",
    }
}

/// What was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Observation {
    /// See [`RecordKind::MorningCheck`].
    MorningCheck {
        /// Who was checked.
        person: UserId,
        /// No fever, no diarrhoea, no wound on the hands.
        fit: bool,
    },
    /// See [`RecordKind::Temperature`].
    Temperature {
        /// Where.
        place: StoragePlaceId,
        /// What the thermometer showed.
        measured: DeciCelsius,
    },
    /// See [`RecordKind::Disinfection`].
    Disinfection {
        /// In which sterilizer.
        place: StoragePlaceId,
        /// How hot it was, when it shows that.
        measured: Option<DeciCelsius>,
        /// For how many minutes.
        minutes: i64,
    },
    /// See [`RecordKind::AccompanyingMeal`].
    AccompanyingMeal {
        /// Who ate along.
        person: UserId,
    },
}

impl Observation {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> RecordKind {
        match self {
            Self::MorningCheck { .. } => RecordKind::MorningCheck,
            Self::Temperature { .. } => RecordKind::Temperature,
            Self::Disinfection { .. } => RecordKind::Disinfection,
            Self::AccompanyingMeal { .. } => RecordKind::AccompanyingMeal,
        }
    }

    /// Whose or which place it is of.
    #[must_use]
    pub const fn subject(&self) -> (Option<UserId>, Option<StoragePlaceId>) {
        match self {
            Self::MorningCheck { person, .. } | Self::AccompanyingMeal { person } => (Some(*person), None),
            Self::Temperature { place, .. } | Self::Disinfection { place, .. } => (None, Some(*place)),
        }
    }

    /// Whether a correction may replace this by the other: the same thing, told differently. A record of another person or place is no
    /// correction but a record that was forgotten.
    #[must_use]
    pub fn same_subject(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.subject() == other.subject()
    }

    /// Whether such a record can be of such a place.
    #[must_use]
    pub const fn fits(&self, place: PlaceKind) -> bool {
        match self {
            Self::Temperature { .. } => !matches!(place, PlaceKind::Disinfection),
            Self::Disinfection { .. } => matches!(place, PlaceKind::Disinfection),
            Self::MorningCheck { .. } | Self::AccompanyingMeal { .. } => false,
        }
    }
}

/// What is wrong with an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// This person does not work with food today.
    Unfit,
    /// It was too warm.
    TooWarm {
        /// What was measured.
        measured: DeciCelsius,
        /// The most that the settings allow.
        limit: DeciCelsius,
    },
    /// It was too cold.
    TooCold {
        /// What was measured.
        measured: DeciCelsius,
        /// The least that the settings ask for.
        limit: DeciCelsius,
    },
    /// It was too short.
    TooShort {
        /// How long it was.
        minutes: i64,
        /// What the settings ask for.
        required: i64,
    },
}

impl Finding {
    /// As the kitchen reads it.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Self::Unfit => "晨检不合格，当日不得接触食品".to_owned(),
            Self::TooWarm { measured, limit } => format!("温度 {measured} ℃，高于 {limit} ℃"),
            Self::TooCold { measured, limit } => format!("温度 {measured} ℃，低于 {limit} ℃"),
            Self::TooShort { minutes, required } => format!("时间 {minutes} 分钟，少于 {required} 分钟"),
        }
    }
}

/// Everything that is wrong with an observation, by the settings in force on its day. `place` is the kind of its place.
#[must_use]
pub fn findings(observation: &Observation, place: Option<PlaceKind>, rules: &Rules) -> Vec<Finding> {
    let (lowest, highest) = place.map_or((None, None), |kind| kind.limits(rules));
    let of_temperature = |measured: DeciCelsius| {
        let cold = lowest.filter(|limit| measured < *limit).map(|limit| Finding::TooCold { measured, limit });
        cold.or_else(|| highest.filter(|limit| measured > *limit).map(|limit| Finding::TooWarm { measured, limit }))
    };
    match *observation {
        Observation::MorningCheck { fit: false, .. } => vec![Finding::Unfit],
        Observation::MorningCheck { fit: true, .. } | Observation::AccompanyingMeal { .. } => Vec::new(),
        Observation::Temperature { measured, .. } => of_temperature(measured).into_iter().collect(),
        Observation::Disinfection { measured, minutes, .. } => {
            let required = rules.value(SettingKey::DisinfectionTimeMin).filter(|required| minutes < *required);
            let short = required.map(|required| Finding::TooShort { minutes, required });
            measured.and_then(of_temperature).into_iter().chain(short).collect()
        }
    }
}

crate::text_enum! {
    /// Where somebody's morning check stands on a day.
    pub enum MorningStanding {
        /// Checked and fit.
        Fit = "fit",
        /// Checked and not fit.
        Unfit = "unfit",
        /// Not checked.
        Missing = "missing",
    }
}

impl MorningStanding {
    /// From what was found at the checks of one person on one day that no later record corrects, oldest first. Who was unfit in the morning
    /// and is checked again is what the last check says.
    #[must_use]
    pub fn of(checks: &[bool]) -> Self {
        match checks.last() {
            None => Self::Missing,
            Some(true) => Self::Fit,
            Some(false) => Self::Unfit,
        }
    }
}

/// Until when a safety record is kept. Where no setting is in force it is kept to the end of the calendar: a missing setting must not
/// free it.
#[must_use]
pub fn keep_until(on: ServiceDate, rules: &Rules) -> ServiceDate {
    let months = rules.value(SettingKey::SafetyRecordKeep).and_then(|months| u32::try_from(months).ok());
    months.and_then(|months| on.0.checked_add_months(chrono::Months::new(months))).map_or(on.plus_days(36_500), ServiceDate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PlaceCode;
    use crate::food_safety::Rulebook;
    use crate::text_enum::TextEnum;
    use uuid::Uuid;

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).unwrap()
    }

    fn rules() -> Rules {
        Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day("2026-11-23"))
    }

    fn place(n: u128) -> StoragePlaceId {
        StoragePlaceId::from_uuid(Uuid::from_u128(n))
    }

    fn person(n: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn a_temperature_is_judged_by_what_its_place_is_for() {
        use PlaceKind as K;
        let cold =
            |measured: i64, limit: i64| vec![Finding::TooCold { measured: DeciCelsius(measured), limit: DeciCelsius(limit) }];
        let warm =
            |measured: i64, limit: i64| vec![Finding::TooWarm { measured: DeciCelsius(measured), limit: DeciCelsius(limit) }];
        for (kind, measured, expected) in [
            (K::Ambient, 300, vec![]),
            (K::Chilled, 0, vec![]),
            (K::Chilled, 80, vec![]),
            (K::Chilled, 81, warm(81, 80)),
            (K::Chilled, -1, cold(-1, 0)),
            (K::Sample, 81, warm(81, 80)),
            (K::Frozen, -120, vec![]),
            (K::Frozen, -119, warm(-119, -120)),
            (K::HotHolding, 600, vec![]),
            (K::HotHolding, 599, cold(599, 600)),
        ] {
            let observation = Observation::Temperature { place: place(1), measured: DeciCelsius(measured) };
            assert_eq!(findings(&observation, Some(kind), &rules()), expected, "{kind} {measured}");
            assert_eq!(findings(&observation, Some(kind), &Rules::default()), [], "{kind}: no setting, no finding");
        }
    }

    #[test]
    fn a_disinfection_is_hot_and_long_enough() {
        let kind = Some(PlaceKind::Disinfection);
        let short = Finding::TooShort { minutes: 9, required: 10 };
        let cool = Finding::TooCold { measured: DeciCelsius(999), limit: DeciCelsius(1000) };
        for (measured, minutes, expected) in [
            (Some(1000), 10, vec![]),
            (None, 10, vec![]),
            (Some(999), 10, vec![cool]),
            (Some(1000), 9, vec![short]),
            (Some(999), 9, vec![cool, short]),
        ] {
            let observation = Observation::Disinfection { place: place(1), measured: measured.map(DeciCelsius), minutes };
            assert_eq!(findings(&observation, kind, &rules()), expected, "{measured:?} {minutes}");
        }
    }

    #[test]
    fn the_last_check_of_a_morning_tells_who_may_work() {
        for (checks, expected) in [
            (&[][..], MorningStanding::Missing),
            (&[true], MorningStanding::Fit),
            (&[false], MorningStanding::Unfit),
            (&[false, true], MorningStanding::Fit),
            (&[true, false], MorningStanding::Unfit),
        ] {
            assert_eq!(MorningStanding::of(checks), expected, "{checks:?}");
        }
    }

    #[test]
    fn a_correction_is_of_the_same_person_or_place_and_a_record_of_a_place_that_can_have_it() {
        let fit = |n: u128, fit: bool| Observation::MorningCheck { person: person(n), fit };
        let reading = |n: u128| Observation::Temperature { place: place(n), measured: DeciCelsius(0) };
        let wash = Observation::Disinfection { place: place(1), measured: None, minutes: 10 };
        for (old, new, expected) in [
            (fit(1, true), fit(1, false), true),
            (fit(1, true), fit(2, true), false),
            (reading(1), reading(1), true),
            (reading(1), reading(2), false),
            (reading(1), wash, false),
            (fit(1, true), Observation::AccompanyingMeal { person: person(1) }, false),
        ] {
            assert_eq!(old.same_subject(&new), expected, "{old:?} {new:?}");
        }
        for kind in PlaceKind::ALL.iter().copied() {
            let sterilizer = kind == PlaceKind::Disinfection;
            assert_eq!((reading(1).fits(kind), wash.fits(kind)), (!sterilizer, sterilizer), "{kind}");
            assert!(!fit(1, true).fits(kind));
        }
    }

    #[test]
    fn a_record_is_kept_as_long_as_the_setting_says_and_without_one_for_good() {
        assert_eq!(keep_until(day("2026-11-23"), &rules()), day("2028-11-23"));
        assert!(keep_until(day("2026-11-23"), &Rules::default()) > day("2100-01-01"));
    }
}
