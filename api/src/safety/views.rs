//! What clients send and see of safety records and controls.

use crate::orders::limit_text;
use crate::problem::{Problem, ProblemCode};
use crate::suppliers::required;
use crate::words::{ControlIdText, ControlKindWord, RecordKindWord, SafetyRecordIdText, StoragePlaceIdText, UserIdText};
use app::safety::controls::{self, Signature};
use app::safety::records::{self, Draft};
use domain::fault::Faults;
use domain::food_safety::DeciCelsius;
use domain::food_safety::observation::{Finding, Observation, RecordKind};
use domain::food_safety::risk::{ControlKind, Risk};
use domain::id::{ControlId, SafetyRecordId, StoragePlaceId, UserId};
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Measures of one control at most.
const MEASURES_MAX: usize = 2_000;
/// A disinfection of more minutes is a slip: a day.
const MINUTES_MAX: i64 = 1440;

/// Something as it is written down. Which members are needed depends on the kind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SafetyRecordBody {
    /// What it is about.
    #[schema(value_type = RecordKindWord)]
    pub kind: RecordKind,
    /// Who was checked or ate along: for `morning_check` and `accompanying_meal`.
    #[schema(value_type = Option<UserIdText>)]
    pub person: Option<UserId>,
    /// Whether they are fit to work with food: for `morning_check`.
    pub fit: Option<bool>,
    /// Of which place: for `temperature` and `disinfection`.
    #[schema(value_type = Option<StoragePlaceIdText>)]
    pub place: Option<StoragePlaceId>,
    /// What the thermometer showed, tenths of a degree Celsius: for `temperature`, and for `disinfection` when it is shown.
    #[schema(value_type = Option<i64>, example = 45)]
    pub temperature_decicelsius: Option<DeciCelsius>,
    /// For how long: for `disinfection`.
    #[schema(minimum = 0, maximum = 1440)]
    pub minutes: Option<i64>,
    /// When it was observed.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Instant,
    /// Whatever else is to be said.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub note: String,
    /// The record that this one corrects.
    #[schema(value_type = Option<SafetyRecordIdText>)]
    pub corrects: Option<SafetyRecordId>,
    /// Why it corrects; needed with `corrects`.
    #[schema(max_length = 200)]
    pub reason: Option<String>,
}

impl SafetyRecordBody {
    /// What it says, when it says all of its kind and nothing else.
    pub(super) fn read(&self) -> Result<Draft, Problem> {
        let mut faults = Faults::default();
        limit_text(&mut faults, "/note", Some(&self.note), 200);
        let observation = self.observation(&mut faults);
        let corrects = match (&self.corrects, &self.reason) {
            (None, None) => None,
            (Some(wrong), reason) => {
                let reason = reason.clone().unwrap_or_default();
                required(&mut faults, "/reason", &reason);
                Some((*wrong, reason))
            }
            (None, Some(_)) => {
                faults.push("/corrects", "required", "请指明更正哪条记录", "name the record that is corrected");
                None
            }
        };
        let told = |observation| Draft { observation, observed_at: self.observed_at, note: self.note.clone(), corrects };
        let draft = faults.into_result(observation.map(told)).map_err(|f| Problem::invalid(&f))?;
        // Without a fault every member of its kind is there.
        draft.ok_or_else(|| Problem::new(ProblemCode::Invalid))
    }

    fn observation(&self, faults: &mut Faults) -> Option<Observation> {
        use RecordKind as K;
        let of_person = matches!(self.kind, K::MorningCheck | K::AccompanyingMeal);
        let given = [
            ("/person", of_person, of_person, self.person.is_some()),
            ("/fit", self.kind == K::MorningCheck, self.kind == K::MorningCheck, self.fit.is_some()),
            ("/place", !of_person, !of_person, self.place.is_some()),
            ("/temperature_decicelsius", self.kind == K::Temperature, !of_person, self.temperature_decicelsius.is_some()),
            ("/minutes", self.kind == K::Disinfection, self.kind == K::Disinfection, self.minutes.is_some()),
        ];
        for (member, needed, allowed, given) in given {
            if needed && !given {
                faults.push(member, "required", "必须填写", "must be given");
            }
            if given && !allowed {
                faults.push(member, "not_of_this_kind", "这类记录没有这一项", "records of this kind have no such member");
            }
        }
        if self.minutes.is_some_and(|minutes| !(0..=MINUTES_MAX).contains(&minutes)) {
            faults.push("/minutes", "out_of_range", "须在 0 到 1440 之间", "must be from 0 to 1440");
        }
        let measured = self.temperature_decicelsius;
        match self.kind {
            K::MorningCheck => self.person.zip(self.fit).map(|(person, fit)| Observation::MorningCheck { person, fit }),
            K::Temperature => self.place.zip(measured).map(|(place, measured)| Observation::Temperature { place, measured }),
            K::Disinfection => {
                self.place.zip(self.minutes).map(|(place, minutes)| Observation::Disinfection { place, measured, minutes })
            }
            K::AccompanyingMeal => self.person.map(|person| Observation::AccompanyingMeal { person }),
        }
    }
}

/// What is wrong with a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct SafetyFindingView {
    /// For programs.
    #[schema(value_type = Object)]
    pub finding: Finding,
    /// As the kitchen reads it.
    pub message: String,
}

impl From<Finding> for SafetyFindingView {
    fn from(finding: Finding) -> Self {
        Self { message: finding.message_zh(), finding }
    }
}

/// A safety record, with what is wrong by the settings of its day.
#[derive(Debug, Serialize, ToSchema)]
pub struct SafetyRecordView {
    /// Its identifier.
    #[schema(value_type = SafetyRecordIdText)]
    pub id: SafetyRecordId,
    /// Of which day.
    #[schema(value_type = String, format = Date)]
    pub service_date: ServiceDate,
    /// What was observed.
    #[schema(value_type = Object)]
    pub observation: Observation,
    /// What is wrong.
    pub findings: Vec<SafetyFindingView>,
    /// Whatever else was said.
    pub note: String,
    /// When it was observed.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Instant,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Instant,
    /// By whom.
    #[schema(value_type = UserIdText)]
    pub recorded_by: UserId,
    /// The record that it corrects.
    #[schema(value_type = Option<SafetyRecordIdText>)]
    pub corrects: Option<SafetyRecordId>,
    /// Why it corrects; empty for a first record.
    pub reason: String,
    /// Whether a later record corrects it.
    pub corrected: bool,
    /// Until when it must be kept.
    #[schema(value_type = String, format = Date)]
    pub keep_until: ServiceDate,
}

impl From<records::RecordView> for SafetyRecordView {
    fn from(r: records::RecordView) -> Self {
        Self {
            id: r.record,
            service_date: r.service_date,
            observation: r.observation,
            findings: r.findings.into_iter().map(SafetyFindingView::from).collect(),
            note: r.note,
            observed_at: r.observed_at,
            recorded_at: r.recorded_at,
            recorded_by: r.recorded_by,
            corrects: r.corrects,
            reason: r.reason,
            corrected: r.corrected,
            keep_until: r.keep_until,
        }
    }
}

/// Safety records of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct SafetyRecordsView {
    /// In the order in which they were written.
    pub items: Vec<SafetyRecordView>,
}

/// Which risk list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RiskQuery {
    /// Of which control.
    #[param(value_type = ControlKindWord)]
    pub kind: ControlKind,
    /// Any day of its period; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    pub date: Option<ServiceDate>,
}

/// Something that somebody must look at.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiskView {
    /// What it is called when a measure is given.
    #[schema(example = "lot_expired:lot_00000000000000000000000000000001")]
    pub key: String,
    /// For programs.
    #[schema(value_type = Object)]
    pub risk: Risk,
    /// As the kitchen reads it.
    pub message: String,
}

impl From<Risk> for RiskView {
    fn from(risk: Risk) -> Self {
        Self { key: risk.key(), message: risk.message_zh(), risk }
    }
}

/// The risk list of a period, as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiskListView {
    /// Of which control.
    #[schema(value_type = ControlKindWord)]
    pub kind: ControlKind,
    /// The first day of the period.
    #[schema(value_type = String, format = Date)]
    pub first_on: ServiceDate,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub last_on: ServiceDate,
    /// What somebody must look at.
    pub items: Vec<RiskView>,
    /// What was signed for this period already, the last first.
    #[schema(value_type = Vec<ControlIdText>)]
    pub signed: Vec<ControlId>,
}

impl From<controls::RiskList> for RiskListView {
    fn from(l: controls::RiskList) -> Self {
        let items = l.risks.into_iter().map(RiskView::from).collect();
        Self { kind: l.kind, first_on: l.first_on, last_on: l.last_on, items, signed: l.signed }
    }
}

/// What was done about a risk.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureBody {
    /// The key of the risk.
    #[schema(max_length = 200)]
    pub key: String,
    /// What was done.
    #[schema(max_length = 200)]
    pub measure: String,
}

/// A control as it is signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlBody {
    /// Which control.
    #[schema(value_type = ControlKindWord)]
    pub kind: ControlKind,
    /// Any day of its period.
    #[schema(value_type = String, format = Date)]
    pub date: ServiceDate,
    /// What was done about each risk.
    pub measures: Vec<MeasureBody>,
    /// What follows from it all.
    #[schema(max_length = 200)]
    pub conclusion: String,
    /// Why it corrects what was signed before; absent for the first signature of a period.
    #[schema(max_length = 200)]
    pub correction: Option<String>,
}

impl ControlBody {
    /// What is signed, when it can be.
    pub(super) fn read(self) -> Result<Signature, Problem> {
        let mut faults = Faults::default();
        if self.measures.len() > MEASURES_MAX {
            faults.push("/measures", "too_many", format!("最多 {MEASURES_MAX} 项"), format!("at most {MEASURES_MAX}"));
        }
        for (n, said) in self.measures.iter().enumerate().take(MEASURES_MAX) {
            required(&mut faults, &format!("/measures/{n}/key"), &said.key);
            required(&mut faults, &format!("/measures/{n}/measure"), &said.measure);
        }
        required(&mut faults, "/conclusion", &self.conclusion);
        if let Some(reason) = &self.correction {
            required(&mut faults, "/correction", reason);
        }
        faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
        Ok(Signature {
            kind: self.kind,
            day: self.date,
            measures: self.measures.into_iter().map(|said| (said.key, said.measure)).collect(),
            conclusion: self.conclusion,
            correction: self.correction,
        })
    }
}

/// A risk of a signed list, with what was done about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ControlItemView {
    /// The risk.
    pub risk: RiskView,
    /// What was done.
    pub measure: String,
}

/// A signed control.
#[derive(Debug, Serialize, ToSchema)]
pub struct ControlView {
    /// Its identifier.
    #[schema(value_type = ControlIdText)]
    pub id: ControlId,
    /// Which control.
    #[schema(value_type = ControlKindWord)]
    pub kind: ControlKind,
    /// The first day of its period.
    #[schema(value_type = String, format = Date)]
    pub first_on: ServiceDate,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub last_on: ServiceDate,
    /// The risks of then.
    pub items: Vec<ControlItemView>,
    /// What followed from it all.
    pub conclusion: String,
    /// When it was signed.
    #[schema(value_type = String, format = DateTime)]
    pub signed_at: Instant,
    /// By whom.
    #[schema(value_type = UserIdText)]
    pub signed_by: UserId,
    /// The record that it corrects.
    #[schema(value_type = Option<ControlIdText>)]
    pub corrects: Option<ControlId>,
    /// Why it corrects; empty for the first.
    pub reason: String,
    /// Until when it must be kept.
    #[schema(value_type = String, format = Date)]
    pub keep_until: ServiceDate,
}

impl From<controls::ControlView> for ControlView {
    fn from(c: controls::ControlView) -> Self {
        let item = |item: domain::food_safety::risk::ControlItem| ControlItemView { risk: item.risk.into(), measure: item.measure };
        Self {
            id: c.control,
            kind: c.kind,
            first_on: c.first_on,
            last_on: c.last_on,
            items: c.items.into_iter().map(item).collect(),
            conclusion: c.conclusion,
            signed_at: c.signed_at,
            signed_by: c.signed_by,
            corrects: c.corrects,
            reason: c.reason,
            keep_until: c.keep_until,
        }
    }
}
