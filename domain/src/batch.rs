//! A batch of a dish: one cooking of one dish for one sitting, from the plan to the last portion, and the gate before service.

use crate::food_safety::certificate::CertificateStanding;
use crate::food_safety::observation::MorningStanding;
use crate::food_safety::{DeciCelsius, Rules, SettingKey, hand_over_deadline, in_time};
use crate::{Instant, food_safety::Holding};
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// Where a batch stands.
    pub enum BatchState {
        /// On the day's plan.
        Planned = "planned",
        /// On the stove.
        Cooking = "cooking",
        /// Done, with its core temperature.
        Cooked = "cooked",
        /// Passed the gate: may be served.
        Released = "released",
        /// Nothing of it is left.
        Finished = "finished",
        /// Thrown away.
        Discarded = "discarded",
    }
}

crate::text_enum! {
    /// How it is known that a line of an order came from a batch.
    pub enum LinkHow {
        /// Packed from it.
        Packed = "packed",
        /// Eaten at a table while the batch was open: one of several perhaps, so a recall may call too many, never too few.
        Table = "table",
        /// The batch was written down after the meal was served.
        RecordedLate = "recorded_late",
    }
}

impl BatchState {
    /// On a screen.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Planned => "待制作",
            Self::Cooking => "制作中",
            Self::Cooked => "已出锅",
            Self::Released => "供应中",
            Self::Finished => "已供完",
            Self::Discarded => "已销毁",
        }
    }
}

/// What is done to a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchCommand {
    /// Put on the stove.
    Start,
    /// Taken off it, with a core temperature.
    Cook,
    /// Let through the gate.
    Release,
    /// Served out.
    Finish,
    /// Thrown away.
    Discard,
}

impl BatchCommand {
    /// Every command, for tables over state x command.
    pub const ALL: [Self; 5] = [Self::Start, Self::Cook, Self::Release, Self::Finish, Self::Discard];
}

/// The state after a command; `Err` is the state that does not allow it. The one place where a batch's state changes.
pub const fn transition(state: BatchState, command: BatchCommand) -> Result<BatchState, BatchState> {
    use BatchCommand as C;
    use BatchState as S;
    match (state, command) {
        (S::Planned, C::Start) => Ok(S::Cooking),
        // A busy kitchen notes the end and not the beginning; the gate asks for what matters anyway.
        (S::Planned | S::Cooking, C::Cook) => Ok(S::Cooked),
        (S::Cooked, C::Release) => Ok(S::Released),
        (S::Released, C::Finish) => Ok(S::Finished),
        (S::Planned | S::Cooking | S::Cooked | S::Released, C::Discard) => Ok(S::Discarded),
        (S::Planned, C::Release | C::Finish)
        | (S::Cooking, C::Start | C::Release | C::Finish)
        | (S::Cooked, C::Start | C::Cook | C::Finish)
        | (S::Released, C::Start | C::Cook | C::Release)
        | (S::Finished | S::Discarded, _) => Err(state),
    }
}

/// Whether ingredients may be issued to a batch in this state. After the release only corrections of what was written.
#[must_use]
pub const fn takes_ingredients(state: BatchState) -> bool {
    matches!(state, BatchState::Planned | BatchState::Cooking | BatchState::Cooked)
}

/// What the gate looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateFacts {
    /// The last core temperature on record.
    pub core: Option<DeciCelsius>,
    /// Whether the dish is heated: cold dishes have a temperature on record, but no minimum.
    pub heated: bool,
    /// The largest retained sample, in milligrams.
    pub sample_mg: Option<i64>,
    /// The cook's health certificate, on the day of cooking.
    pub certificate: CertificateStanding,
    /// The cook's morning check, on the day of cooking.
    pub morning: MorningStanding,
    /// Ingredients of the recipe of which no lot was issued and that are not declared as used without one.
    pub unlinked: Vec<String>,
    /// Ingredients that a lot brought and nobody confirmed as used today.
    pub unconfirmed: Vec<String>,
    /// Ingredients of which a frozen lot is in the batch.
    pub frozen: Vec<String>,
    /// When it was taken off the stove.
    pub cooked_at: Option<Instant>,
    /// How it is kept.
    pub holding: Holding,
}

/// What is missing at the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "gap", rename_all = "snake_case")]
pub enum Gap {
    /// No core temperature was taken.
    NoCoreTemperature,
    /// It is too low.
    CoreTooLow {
        /// What was measured.
        measured: DeciCelsius,
        /// What the setting demands.
        required: DeciCelsius,
    },
    /// No sample was kept.
    NoSample,
    /// The sample is too small.
    SampleTooSmall {
        /// Its amount, in milligrams.
        kept_mg: i64,
        /// What the setting demands, in milligrams.
        required_mg: i64,
    },
    /// The cook holds no valid health certificate.
    NoCertificate(CertificateStanding),
    /// The cook was not checked that morning.
    NoMorningCheck,
    /// The cook was checked and not fit.
    CookUnfit,
    /// The batch would not trace to its ingredients.
    Unlinked {
        /// Which ingredients.
        ingredients: Vec<String>,
    },
    /// Lots brought ingredients that nobody confirmed as used today: somebody may not eat them.
    Unconfirmed {
        /// Which ingredients.
        ingredients: Vec<String>,
    },
    /// A recall holds an ingredient of it.
    RecalledIngredient {
        /// Which ingredients.
        ingredients: Vec<String>,
    },
    /// The holding time is over already.
    HeldTooLong {
        /// When it ended.
        deadline: Instant,
    },
}

impl Gap {
    /// Whether a named person may release against it. A recalled ingredient may not be served by anybody (食品安全法 63), nor what
    /// somebody cooked who is ill (食品安全法 45).
    #[must_use]
    pub const fn may_be_overridden(&self) -> bool {
        match self {
            Self::NoCoreTemperature
            | Self::CoreTooLow { .. }
            | Self::NoSample
            | Self::SampleTooSmall { .. }
            | Self::NoCertificate(_)
            | Self::NoMorningCheck
            | Self::Unlinked { .. }
            | Self::Unconfirmed { .. }
            | Self::HeldTooLong { .. } => true,
            Self::CookUnfit | Self::RecalledIngredient { .. } => false,
        }
    }

    /// As the cook reads it.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Self::NoCoreTemperature => "未测中心温度".to_owned(),
            Self::CoreTooLow { measured, required } => format!("中心温度 {measured} ℃，低于要求的 {required} ℃"),
            Self::NoSample => "未留样".to_owned(),
            Self::SampleTooSmall { kept_mg, required_mg } => {
                format!("留样 {} 克，少于要求的 {} 克", kept_mg / 1000, required_mg / 1000)
            }
            Self::NoCertificate(CertificateStanding::Expired { on }) => format!("厨师健康证已于 {on} 到期"),
            Self::NoCertificate(_) => "厨师没有健康证记录".to_owned(),
            Self::NoMorningCheck => "厨师当日未晨检".to_owned(),
            Self::CookUnfit => "厨师当日晨检不合格".to_owned(),
            Self::Unlinked { ingredients } => format!("未登记原料批次：{}", ingredients.join("、")),
            Self::Unconfirmed { ingredients } => format!("领用了未确认的用料：{}", ingredients.join("、")),
            Self::RecalledIngredient { ingredients } => format!("含召回原料：{}", ingredients.join("、")),
            Self::HeldTooLong { deadline } => format!("已过存放时限 {}", deadline.civil_time().format("%H:%M")),
        }
    }
}

/// Everything that is missing for a release now, by the settings in force on the day of cooking.
#[must_use]
pub fn gaps(facts: &GateFacts, rules: &Rules, now: Instant) -> Vec<Gap> {
    let mut gaps = Vec::new();
    match (facts.core, rules.temperature(SettingKey::CoreTemperatureMin)) {
        (None, _) => gaps.push(Gap::NoCoreTemperature),
        (Some(measured), Some(required)) if facts.heated && measured < required => {
            gaps.push(Gap::CoreTooLow { measured, required })
        }
        (Some(_), _) => {}
    }
    match (facts.sample_mg, rules.value(SettingKey::RetainedSampleMin)) {
        (None, Some(_)) => gaps.push(Gap::NoSample),
        (Some(kept_mg), Some(required_mg)) if kept_mg < required_mg => gaps.push(Gap::SampleTooSmall { kept_mg, required_mg }),
        (_, None) | (Some(_), Some(_)) => {}
    }
    let certified = matches!(facts.certificate, CertificateStanding::Valid { .. });
    if rules.demands(SettingKey::HealthCertificateRequired) && !certified {
        gaps.push(Gap::NoCertificate(facts.certificate));
    }
    match facts.morning {
        MorningStanding::Missing if rules.demands(SettingKey::MorningCheckRequired) => gaps.push(Gap::NoMorningCheck),
        MorningStanding::Unfit => gaps.push(Gap::CookUnfit),
        MorningStanding::Missing | MorningStanding::Fit => {}
    }
    if !facts.unlinked.is_empty() {
        gaps.push(Gap::Unlinked { ingredients: facts.unlinked.clone() });
    }
    if !facts.unconfirmed.is_empty() {
        gaps.push(Gap::Unconfirmed { ingredients: facts.unconfirmed.clone() });
    }
    if !facts.frozen.is_empty() {
        gaps.push(Gap::RecalledIngredient { ingredients: facts.frozen.clone() });
    }
    let deadline = facts.cooked_at.and_then(|at| hand_over_deadline(at, facts.holding, rules));
    if let Some(deadline) = deadline.filter(|_| !in_time(deadline, now)) {
        gaps.push(Gap::HeldTooLong { deadline });
    }
    gaps
}

/// A release against gaps, by somebody entitled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Nothing is missing.
    Open,
    /// Something is, and this person takes it on themselves; it goes on the inspector's list.
    Overridden(Vec<Gap>),
}

/// Why the gate stays closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateRefusal {
    /// This is missing.
    Closed(Vec<Gap>),
    /// An override was wanted by somebody who is not entitled to it.
    NotEntitled(Vec<Gap>),
}

/// Decides about a release. `reason` is an override's; one given where nothing is missing is not needed and changes nothing.
pub fn decide(gaps: Vec<Gap>, entitled: bool, reason: Option<&str>) -> Result<Gate, GateRefusal> {
    let reason = reason.map(str::trim).filter(|text| !text.is_empty());
    match (gaps.is_empty(), reason) {
        (true, _) => Ok(Gate::Open),
        (false, None) => Err(GateRefusal::Closed(gaps)),
        (false, Some(_)) if !gaps.iter().all(Gap::may_be_overridden) => Err(GateRefusal::Closed(gaps)),
        (false, Some(_)) if entitled => Ok(Gate::Overridden(gaps)),
        (false, Some(_)) => Err(GateRefusal::NotEntitled(gaps)),
    }
}

/// How far a record may be written after the fact, in seconds: a kitchen catches up in the evening, not next week. A limit of
/// this program, against slips of the date; no standard names one.
const WRITTEN_LATE_MAX_S: i64 = 24 * 3600;
/// How far the clock of who writes may be ahead, in seconds.
const CLOCK_SKEW_S: i64 = 120;

/// Whether a time of an observation can be true: not in the future, not longer ago than a day.
#[must_use]
pub const fn plausible_time(observed: Instant, now: Instant) -> bool {
    let late = now.seconds_since(observed);
    -CLOCK_SKEW_S <= late && late <= WRITTEN_LATE_MAX_S
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::food_safety::Rulebook;
    use crate::text_enum::TextEnum;
    use crate::{PlaceCode, ServiceDate};

    const COOKED: Instant = Instant::from_micros(1_795_400_000_000_000);

    fn rules() -> Rules {
        let day = ServiceDate::new(2026, 11, 23).unwrap();
        Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day)
    }

    fn good() -> GateFacts {
        GateFacts {
            core: Some(DeciCelsius(700)),
            heated: true,
            sample_mg: Some(125_000),
            certificate: CertificateStanding::Valid { until: ServiceDate::new(2027, 1, 1).unwrap() },
            morning: MorningStanding::Fit,
            unlinked: vec![],
            unconfirmed: vec![],
            frozen: vec![],
            cooked_at: Some(COOKED),
            holding: Holding::Hot,
        }
    }

    #[test]
    fn every_state_answers_every_command_as_the_table_says() {
        use BatchCommand as C;
        use BatchState as S;
        for state in S::ALL.iter().copied() {
            for command in C::ALL {
                let expected = match (state, command) {
                    (S::Planned, C::Start) => Ok(S::Cooking),
                    (S::Planned | S::Cooking, C::Cook) => Ok(S::Cooked),
                    (S::Cooked, C::Release) => Ok(S::Released),
                    (S::Released, C::Finish) => Ok(S::Finished),
                    (S::Planned | S::Cooking | S::Cooked | S::Released, C::Discard) => Ok(S::Discarded),
                    _ => Err(state),
                };
                assert_eq!(transition(state, command), expected, "{state} {command:?}");
            }
        }
    }

    #[test]
    fn the_gate_asks_for_temperature_sample_certificate_and_lots() {
        let now = COOKED.plus_seconds(600);
        assert_eq!(gaps(&good(), &rules(), now), []);
        for (facts, gap) in [
            (GateFacts { core: None, ..good() }, Gap::NoCoreTemperature),
            (
                GateFacts { core: Some(DeciCelsius(699)), ..good() },
                Gap::CoreTooLow { measured: DeciCelsius(699), required: DeciCelsius(700) },
            ),
            (GateFacts { sample_mg: None, ..good() }, Gap::NoSample),
            (GateFacts { sample_mg: Some(124_999), ..good() }, Gap::SampleTooSmall { kept_mg: 124_999, required_mg: 125_000 }),
            (GateFacts { certificate: CertificateStanding::Missing, ..good() }, Gap::NoCertificate(CertificateStanding::Missing)),
            (GateFacts { morning: MorningStanding::Missing, ..good() }, Gap::NoMorningCheck),
            (GateFacts { morning: MorningStanding::Unfit, ..good() }, Gap::CookUnfit),
            (GateFacts { unlinked: vec!["猪肉".into()], ..good() }, Gap::Unlinked { ingredients: vec!["猪肉".into()] }),
            (GateFacts { unconfirmed: vec!["花生油".into()], ..good() }, Gap::Unconfirmed { ingredients: vec!["花生油".into()] }),
            (GateFacts { frozen: vec!["猪肉".into()], ..good() }, Gap::RecalledIngredient { ingredients: vec!["猪肉".into()] }),
        ] {
            assert_eq!(gaps(&facts, &rules(), now), [gap], "{facts:?}");
        }
        let cold = GateFacts { core: Some(DeciCelsius(120)), heated: false, ..good() };
        assert_eq!(gaps(&cold, &rules(), now), [], "a cold dish is not heated");
        let late = COOKED.plus_seconds(4 * 3600 + 1);
        assert_eq!(gaps(&good(), &rules(), late), [Gap::HeldTooLong { deadline: COOKED.plus_seconds(4 * 3600) }]);
    }

    #[test]
    fn where_no_setting_is_in_force_only_the_temperature_itself_is_asked_for() {
        let bare = GateFacts {
            core: None,
            sample_mg: None,
            certificate: CertificateStanding::Missing,
            morning: MorningStanding::Missing,
            ..good()
        };
        assert_eq!(gaps(&bare, &Rules::default(), COOKED), [Gap::NoCoreTemperature]);
    }

    #[test]
    fn an_override_needs_an_entitled_person_and_a_reason_and_never_lets_a_recalled_ingredient_through() {
        let missing = || vec![Gap::NoSample];
        let recalled = || vec![Gap::RecalledIngredient { ingredients: vec!["猪肉".into()] }];
        for (gaps, entitled, reason, expected) in [
            (vec![], false, None, Ok(Gate::Open)),
            (missing(), true, None, Err(GateRefusal::Closed(missing()))),
            (missing(), true, Some("  "), Err(GateRefusal::Closed(missing()))),
            (missing(), false, Some("留样盒用完"), Err(GateRefusal::NotEntitled(missing()))),
            (missing(), true, Some("留样盒用完"), Ok(Gate::Overridden(missing()))),
            (recalled(), true, Some("已加热"), Err(GateRefusal::Closed(recalled()))),
            (vec![Gap::CookUnfit], true, Some("人手不足"), Err(GateRefusal::Closed(vec![Gap::CookUnfit]))),
        ] {
            assert_eq!(decide(gaps.clone(), entitled, reason), expected, "{gaps:?} {entitled} {reason:?}");
        }
    }

    #[test]
    fn a_time_in_the_future_or_of_another_day_is_not_believed() {
        for (seconds, expected) in [(-121, false), (-120, true), (0, true), (86_400, true), (86_401, false)] {
            assert_eq!(plausible_time(COOKED, COOKED.plus_seconds(seconds)), expected, "{seconds}");
        }
    }
}
