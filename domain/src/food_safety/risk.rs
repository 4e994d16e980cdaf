//! The risk list of a day, a week or a month (日管控, 周排查, 月调度): generated from what the period really contains, so that a signature
//! stands under what was there, and not under a form.

use super::certificate::CertificateStanding;
use super::observation::{Finding, MorningStanding};
use super::sensor::{Doubt, Excursion};
use super::{Rules, SettingKey};
use crate::id::{BatchId, LotId, SafetyRecordId, SampleId, StoragePlaceId, SupplierId, UserId};
use crate::stock::PlaceKind;
use crate::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// Which control.
    pub enum ControlKind {
        /// 日管控
        Daily = "daily",
        /// 周排查
        Weekly = "weekly",
        /// 月调度
        Monthly = "monthly",
    }
}

impl ControlKind {
    /// The first and the last day of the period that a day lies in.
    #[must_use]
    pub fn period(self, day: ServiceDate) -> (ServiceDate, ServiceDate) {
        match self {
            Self::Daily => (day, day),
            Self::Weekly => (day.week_start(), day.week_start().plus_days(6)),
            Self::Monthly => {
                let first = day.month_start();
                (first, first.plus_days(31).month_start().plus_days(-1))
            }
        }
    }

    /// The control whose records this one looks through.
    #[must_use]
    pub const fn below(self) -> Option<Self> {
        match self {
            Self::Daily => None,
            Self::Weekly => Some(Self::Daily),
            Self::Monthly => Some(Self::Weekly),
        }
    }

    /// On a screen.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Daily => "日管控",
            Self::Weekly => "周排查",
            Self::Monthly => "月调度",
        }
    }
}

/// Something that somebody must look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "risk", rename_all = "snake_case")]
#[allow(missing_docs)] // the fields name what it is about: which one, what it is called, since or until when
pub enum Risk {
    /// A lot in stock is past its last day.
    LotExpired { lot: LotId, name: String, on: ServiceDate },
    /// A lot in stock expires soon.
    LotExpiring { lot: LotId, name: String, on: ServiceDate },
    /// A lot held by a recall is still there.
    LotHeld { lot: LotId, name: String },
    /// More was counted of a lot than the books say: some record is wrong.
    StockSurplus { lot: LotId, name: String },
    /// The licence of a supplier that is bought from has ended.
    LicenceEnded { supplier: SupplierId, name: String, on: ServiceDate },
    /// It ends soon.
    LicenceEnding { supplier: SupplierId, name: String, on: ServiceDate },
    /// Somebody cooked without a health certificate on record.
    CertificateMissing { user: UserId, name: String },
    /// Somebody's health certificate has ended.
    CertificateEnded { user: UserId, name: String, on: ServiceDate },
    /// It ends soon.
    CertificateEnding { user: UserId, name: String, on: ServiceDate },
    /// Somebody cooked without a morning check.
    MorningCheckMissing { user: UserId, name: String },
    /// Somebody was not fit in the morning.
    Unfit { user: UserId, name: String },
    /// No temperature was taken of a place that must have one.
    TemperatureMissing { place: StoragePlaceId, name: String },
    /// No disinfection is on record though there was cooking.
    DisinfectionMissing { place: StoragePlaceId, name: String },
    /// A temperature or a disinfection was not as it must be.
    OutOfLimits { record: SafetyRecordId, place: String, finding: Finding },
    /// By a sensor's readings a place was out of its limits for too long; `from` is since when.
    OutOfLimitsFor { place: StoragePlaceId, name: String, from: Instant, to: Instant, finding: Finding },
    /// A place that has a sensor was not heard of for too long.
    SensorSilent { place: StoragePlaceId, name: String, from: Instant, to: Instant },
    /// What a sensor sent of a place is not believed.
    SensorDoubtful { place: StoragePlaceId, name: String, doubt: Doubt },
    /// A batch was released against the gate.
    Overridden { batch: BatchId, dish: String },
    /// A batch is past its holding time and neither served out nor thrown away.
    NotEnded { batch: BatchId, dish: String, deadline: Instant },
    /// A retained sample was kept long enough and waits to be thrown away.
    SampleDue { sample: SampleId, dish: String, since: Instant },
    /// A day with cooking has no daily control, a week no weekly one.
    ControlMissing { kind: ControlKind, on: ServiceDate },
}

impl Risk {
    /// What it is called in a signed list: the same risk has the same key however often the list is made.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::LotExpired { lot, .. } => format!("lot_expired:{lot}"),
            Self::LotExpiring { lot, .. } => format!("lot_expiring:{lot}"),
            Self::LotHeld { lot, .. } => format!("lot_held:{lot}"),
            Self::StockSurplus { lot, .. } => format!("stock_surplus:{lot}"),
            Self::LicenceEnded { supplier, .. } => format!("licence_ended:{supplier}"),
            Self::LicenceEnding { supplier, .. } => format!("licence_ending:{supplier}"),
            Self::CertificateMissing { user, .. } => format!("certificate_missing:{user}"),
            Self::CertificateEnded { user, .. } => format!("certificate_ended:{user}"),
            Self::CertificateEnding { user, .. } => format!("certificate_ending:{user}"),
            Self::MorningCheckMissing { user, .. } => format!("morning_check_missing:{user}"),
            Self::Unfit { user, .. } => format!("unfit:{user}"),
            Self::TemperatureMissing { place, .. } => format!("temperature_missing:{place}"),
            Self::DisinfectionMissing { place, .. } => format!("disinfection_missing:{place}"),
            Self::OutOfLimits { record, finding, .. } => {
                let what = if matches!(finding, Finding::TooShort { .. }) { "time" } else { "temperature" };
                format!("out_of_limits:{record}:{what}")
            }
            // An excursion that goes on while the list is looked at stays the same risk, and so does a silence.
            Self::OutOfLimitsFor { place, from, .. } => format!("out_of_limits_for:{place}:{}", from.micros()),
            Self::SensorSilent { place, .. } => format!("sensor_silent:{place}"),
            Self::SensorDoubtful { place, doubt, .. } => format!("sensor_doubtful:{place}:{doubt}"),
            Self::Overridden { batch, .. } => format!("overridden:{batch}"),
            Self::NotEnded { batch, .. } => format!("not_ended:{batch}"),
            Self::SampleDue { sample, .. } => format!("sample_due:{sample}"),
            Self::ControlMissing { kind, on } => format!("control_missing:{kind}:{on}"),
        }
    }

    /// As the kitchen reads it.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Self::LotExpired { name, on, .. } => format!("{name} 已于 {on} 过期，仍在库"),
            Self::LotExpiring { name, on, .. } => format!("{name} 将于 {on} 到期"),
            Self::LotHeld { name, .. } => format!("召回冻结的 {name} 仍在库"),
            Self::StockSurplus { name, .. } => format!("{name} 盘盈，请更正发料或收货记录"),
            Self::LicenceEnded { name, on, .. } => format!("供应商 {name} 的许可证已于 {on} 到期"),
            Self::LicenceEnding { name, on, .. } => format!("供应商 {name} 的许可证将于 {on} 到期"),
            Self::CertificateMissing { name, .. } => format!("{name} 没有健康证记录而上岗"),
            Self::CertificateEnded { name, on, .. } => format!("{name} 的健康证已于 {on} 到期"),
            Self::CertificateEnding { name, on, .. } => format!("{name} 的健康证将于 {on} 到期"),
            Self::MorningCheckMissing { name, .. } => format!("{name} 未晨检而上岗"),
            Self::Unfit { name, .. } => format!("{name} 晨检不合格"),
            Self::TemperatureMissing { name, .. } => format!("{name} 没有温度记录"),
            Self::DisinfectionMissing { name, .. } => format!("{name} 没有消毒记录"),
            Self::OutOfLimits { place, finding, .. } => format!("{place}：{}", finding.message_zh()),
            Self::OutOfLimitsFor { name, from, to, finding, .. } => {
                format!("{name}：{} 至 {} {}", clock(*from), clock(*to), finding.message_zh())
            }
            Self::SensorSilent { name, from, to, .. } => format!("{name}：{} 至 {} 没有传感器读数", clock(*from), clock(*to)),
            Self::SensorDoubtful { name, doubt, .. } => format!("{name}：{}，不作依据", doubt.message_zh()),
            Self::Overridden { dish, .. } => format!("{dish} 未满足条件而放行"),
            Self::NotEnded { dish, deadline, .. } => {
                format!("{dish} 已过存放时限 {}，未登记供完或销毁", clock(*deadline))
            }
            Self::SampleDue { dish, .. } => format!("{dish} 的留样已满时限，待处置"),
            Self::ControlMissing { kind, on } => format!("{on} 没有{}记录", kind.name_zh()),
        }
    }
}

fn clock(at: Instant) -> impl std::fmt::Display {
    at.civil_time().format("%H:%M")
}

/// Somebody who works at the canteen, in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffFacts {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub name: String,
    /// Their health certificate on the last day of the period that has come.
    pub certificate: CertificateStanding,
    /// On each day on which they cooked or were checked: whether they cooked, and their morning check.
    pub days: Vec<(bool, MorningStanding)>,
}

/// A storage place in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceFacts {
    /// Which.
    pub place: StoragePlaceId,
    /// What is written on it.
    pub name: String,
    /// What it is for.
    pub kind: PlaceKind,
    /// Whether it is still used.
    pub in_use: bool,
    /// Its records that no later record corrects, with what is wrong.
    pub records: Vec<(SafetyRecordId, Vec<Finding>)>,
    /// What its sensors showed.
    pub sensed: Sensed,
}

/// What the sensors of a place showed in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sensed {
    /// Whether any reading of it is believed.
    pub heard: bool,
    /// When it was out of its limits for too long.
    pub excursions: Vec<Excursion>,
    /// The longest time that it was not heard of, when that was too long.
    pub silence: Option<(Instant, Instant)>,
    /// Why readings are not believed.
    pub doubts: Vec<Doubt>,
}

/// What a period contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodFacts {
    /// Which control asks.
    pub kind: ControlKind,
    /// The day from which expiry is looked at: the last of the period that has come.
    pub today: ServiceDate,
    /// Lots in stock that have a last day up to the end of the warning time.
    pub lots: Vec<(LotId, String, ServiceDate)>,
    /// Lots held by a recall, in stock.
    pub held: Vec<(LotId, String)>,
    /// Lots with a surplus that nobody explained.
    pub surplus: Vec<(LotId, String)>,
    /// Suppliers bought from whose licence ends by the end of the warning time.
    pub licences: Vec<(SupplierId, String, ServiceDate)>,
    /// Who works here.
    pub staff: Vec<StaffFacts>,
    /// Where goods are kept.
    pub places: Vec<PlaceFacts>,
    /// Whether anything was cooked.
    pub cooked: bool,
    /// Whether anything was kept hot.
    pub kept_hot: bool,
    /// Batches released against the gate.
    pub overridden: Vec<(BatchId, String)>,
    /// Batches past their holding time that have no end.
    pub not_ended: Vec<(BatchId, String, Instant)>,
    /// Samples that wait to be thrown away.
    pub samples_due: Vec<(SampleId, String, Instant)>,
    /// Periods below with cooking and without their control: their first days.
    pub controls_missing: Vec<ServiceDate>,
}

/// The risk list of a period, by the settings in force on its last day that has come.
#[must_use]
pub fn risks(facts: &PeriodFacts, rules: &Rules) -> Vec<Risk> {
    let mut risks = Vec::new();
    risks.extend(facts.lots.iter().cloned().map(|(lot, name, on)| match on < facts.today {
        true => Risk::LotExpired { lot, name, on },
        false => Risk::LotExpiring { lot, name, on },
    }));
    risks.extend(facts.held.iter().cloned().map(|(lot, name)| Risk::LotHeld { lot, name }));
    risks.extend(facts.surplus.iter().cloned().map(|(lot, name)| Risk::StockSurplus { lot, name }));
    risks.extend(facts.licences.iter().cloned().map(|(supplier, name, on)| match on < facts.today {
        true => Risk::LicenceEnded { supplier, name, on },
        false => Risk::LicenceEnding { supplier, name, on },
    }));
    let warn_until = facts.today.plus_days(warning_days(rules, SettingKey::CertificateWarning));
    facts.staff.iter().for_each(|staff| of_staff(&mut risks, staff, warn_until, rules));
    facts.places.iter().for_each(|place| of_place(&mut risks, place, facts));
    risks.extend(facts.overridden.iter().cloned().map(|(batch, dish)| Risk::Overridden { batch, dish }));
    let not_ended = facts.not_ended.iter().cloned();
    risks.extend(not_ended.map(|(batch, dish, deadline)| Risk::NotEnded { batch, dish, deadline }));
    risks.extend(facts.samples_due.iter().cloned().map(|(sample, dish, since)| Risk::SampleDue { sample, dish, since }));
    if let Some(kind) = facts.kind.below() {
        risks.extend(facts.controls_missing.iter().map(|on| Risk::ControlMissing { kind, on: *on }));
    }
    risks
}

/// How many days ahead the settings warn; none where no setting is in force.
#[must_use]
pub fn warning_days(rules: &Rules, key: SettingKey) -> i32 {
    rules.value(key).and_then(|days| i32::try_from(days).ok()).unwrap_or(0)
}

fn of_staff(risks: &mut Vec<Risk>, staff: &StaffFacts, warn_until: ServiceDate, rules: &Rules) {
    let (user, name) = (staff.user, || staff.name.clone());
    let worked = staff.days.iter().any(|(cooked, _)| *cooked);
    match staff.certificate {
        CertificateStanding::Missing if worked && rules.demands(SettingKey::HealthCertificateRequired) => {
            risks.push(Risk::CertificateMissing { user, name: name() });
        }
        CertificateStanding::Missing => {}
        CertificateStanding::Expired { on } => risks.push(Risk::CertificateEnded { user, name: name(), on }),
        CertificateStanding::Valid { until } if until <= warn_until => {
            risks.push(Risk::CertificateEnding { user, name: name(), on: until });
        }
        CertificateStanding::Valid { .. } => {}
    }
    let unchecked = staff.days.iter().any(|(cooked, check)| *cooked && *check == MorningStanding::Missing);
    if unchecked && rules.demands(SettingKey::MorningCheckRequired) {
        risks.push(Risk::MorningCheckMissing { user, name: name() });
    }
    if staff.days.iter().any(|(_, check)| *check == MorningStanding::Unfit) {
        risks.push(Risk::Unfit { user, name: name() });
    }
}

fn of_place(risks: &mut Vec<Risk>, place: &PlaceFacts, facts: &PeriodFacts) {
    // What is missing is a matter of the day; a week looks for the days' controls instead.
    let of_day = place.in_use && facts.kind == ControlKind::Daily;
    let wanted = of_day && place.records.is_empty() && !place.sensed.heard;
    let (id, name) = (place.place, || place.name.clone());
    match place.kind {
        PlaceKind::Chilled | PlaceKind::Frozen | PlaceKind::Sample if wanted => {
            risks.push(Risk::TemperatureMissing { place: id, name: name() });
        }
        PlaceKind::HotHolding if wanted && facts.kept_hot => risks.push(Risk::TemperatureMissing { place: id, name: name() }),
        PlaceKind::Disinfection if wanted && facts.cooked => risks.push(Risk::DisinfectionMissing { place: id, name: name() }),
        _ => {}
    }
    for (record, findings) in &place.records {
        risks.extend(findings.iter().map(|finding| Risk::OutOfLimits { record: *record, place: name(), finding: *finding }));
    }
    let sensed = &place.sensed;
    let excursions = sensed.excursions.iter().copied();
    risks.extend(excursions.map(|Excursion { from, to, finding }| Risk::OutOfLimitsFor {
        place: id,
        name: name(),
        from,
        to,
        finding,
    }));
    // A hot cabinet is switched off between meals.
    let silence = sensed.silence.filter(|_| of_day && place.kind != PlaceKind::HotHolding);
    risks.extend(silence.map(|(from, to)| Risk::SensorSilent { place: id, name: name(), from, to }));
    risks.extend(sensed.doubts.iter().map(|doubt| Risk::SensorDoubtful { place: id, name: name(), doubt: *doubt }));
}

/// A risk with what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlItem {
    /// What somebody had to look at.
    pub risk: Risk,
    /// What was done.
    pub measure: String,
}

/// Why a list cannot be signed: it is not the list of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDiffers {
    /// Risks that nothing is said about.
    pub unanswered: Vec<Risk>,
    /// Keys of what is no risk, or not any more.
    pub unknown: Vec<String>,
}

/// Puts the measures to their risks. Every risk must have one, and every measure a risk: who signs has seen the list as it is.
pub fn answered(risks: Vec<Risk>, measures: &[(String, String)]) -> Result<Vec<ControlItem>, ListDiffers> {
    let measure_of =
        |key: &str| measures.iter().find(|(of, _)| of == key).map(|(_, text)| text.trim()).filter(|text| !text.is_empty());
    let keys: Vec<String> = risks.iter().map(Risk::key).collect();
    let unknown: Vec<String> = measures.iter().map(|(key, _)| key).filter(|key| !keys.contains(key)).cloned().collect();
    let (mut items, mut unanswered) = (Vec::new(), Vec::new());
    for (risk, key) in risks.into_iter().zip(&keys) {
        match measure_of(key) {
            Some(measure) => items.push(ControlItem { risk, measure: measure.to_owned() }),
            None => unanswered.push(risk),
        }
    }
    if unanswered.is_empty() && unknown.is_empty() { Ok(items) } else { Err(ListDiffers { unanswered, unknown }) }
}

#[cfg(test)]
mod tests;
