//! What clients send and see of anomalies.

use crate::words::{
    AnomalyCaseIdText, AnomalyFindingWord, AnomalyMeasureWord, AnomalyRuleWord, AnomalyStateWord, AnomalyUnitWord, CanteenIdText,
    DeviceIdText, DishIdText, MealWord, OrderIdText, RedemptionIdText, RedemptionMethodWord, SeniorIdText, SettingUnitWord,
    SettlementIdText, UserIdText,
};
use app::anomalies::look::CaseCard;
use app::anomalies::settings::{NewSetting, PlaceSettings};
use app::store::column::Col;
use app::store::query::anomalies::{AnomalyRow, EvidenceSeen, SettingRow};
use domain::anomaly::limits::{KEYS, accepted};
use domain::anomaly::{AnomalyFinding, AnomalyMeasure, AnomalyRule, AnomalyState, AnomalyUnit, words};
use domain::fault::Faults;
use domain::food_safety::rulebook::SettingUnit;
use domain::food_safety::{Setting, SettingKey};
use domain::id::{AnomalyCaseId, CanteenId, DeviceId, DishId, OrderId, RedemptionId, SeniorId, SettlementId, UserId};
use domain::order::RedemptionMethod;
use domain::{Instant, MealPeriod, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// The schema of a setting of these rules: other settings of the rulebook are not set here.
pub struct AnomalyKeyWord;

impl PartialSchema for AnomalyKeyWord {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(KEYS.iter().map(ToString::to_string))).into()
    }
}
impl ToSchema for AnomalyKeyWord {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("AnomalyKey")
    }
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AnomalyQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
    /// Only those that concern a canteen here or below.
    #[param(value_type = Option<String>, example = "990101001")]
    pub place: Option<PlaceCode>,
    /// Only of this rule.
    #[param(value_type = Option<AnomalyRuleWord>)]
    pub rule: Option<AnomalyRule>,
    /// Only in this state.
    #[param(value_type = Option<AnomalyStateWord>)]
    pub state: Option<AnomalyState>,
    /// Only from this service date on.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<ServiceDate>,
    /// Only until this service date.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<ServiceDate>,
    /// Only those with a meal that this settlement pays for.
    #[param(value_type = Option<SettlementIdText>)]
    pub settlement: Option<SettlementId>,
}

/// Which day of a place's limits.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AnomalySettingsQuery {
    /// The day; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    pub on: Option<ServiceDate>,
}

/// A stretch of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnomalyWindowView {
    /// From.
    #[schema(value_type = String, format = DateTime)]
    pub from: Instant,
    /// To.
    #[schema(value_type = String, format = DateTime)]
    pub to: Instant,
}

/// A case on a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnomalyView {
    /// Its identifier.
    #[schema(value_type = AnomalyCaseIdText)]
    pub id: AnomalyCaseId,
    /// Its version: send it in `If-Match` to close it.
    pub version: i64,
    /// By which rule.
    #[schema(value_type = AnomalyRuleWord)]
    pub rule: AnomalyRule,
    /// What the rule is called.
    pub rule_name: &'static str,
    /// Where it stands.
    #[schema(value_type = AnomalyStateWord)]
    pub state: AnomalyState,
    /// Which case of the same thing this is: 2 when new evidence came after the first was closed.
    pub round: i64,
    /// What was compared, zh-CN.
    pub compared: String,
    /// The same in English.
    pub compared_en: String,
    /// The figure that was compared.
    #[schema(value_type = AnomalyMeasureWord)]
    pub measure: AnomalyMeasure,
    /// What it counts.
    #[schema(value_type = AnomalyUnitWord)]
    pub unit: AnomalyUnit,
    /// The figure.
    pub observed: i64,
    /// What it should not exceed.
    pub limit: i64,
    /// The time that was looked at.
    pub window: AnomalyWindowView,
    /// The service date by which it is listed.
    #[schema(value_type = String, format = Date)]
    pub service_date: ServiceDate,
    /// Whose case it is.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// What that canteen is called.
    pub canteen_name: String,
    /// Where that canteen is.
    #[schema(value_type = String)]
    pub place: PlaceCode,
    /// Whose meals it is about, when it is about one person's.
    #[schema(value_type = Option<SeniorIdText>)]
    pub senior: Option<SeniorId>,
    /// The terminal.
    #[schema(value_type = Option<DeviceIdText>)]
    pub device: Option<DeviceId>,
    /// Who confirmed the meals.
    #[schema(value_type = Option<UserIdText>)]
    pub user: Option<UserId>,
    /// The dish.
    #[schema(value_type = Option<DishIdText>)]
    pub dish: Option<DishId>,
    /// Meals by which it was found.
    pub evidence_total: i64,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Instant,
    /// Who has it.
    #[schema(value_type = Option<UserIdText>)]
    pub taken_by: Option<UserId>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub taken_at: Option<Instant>,
    /// What it was.
    #[schema(value_type = Option<AnomalyFindingWord>)]
    pub finding: Option<AnomalyFinding>,
    /// The same in Chinese.
    pub finding_name: Option<&'static str>,
    /// What whoever closed it says.
    pub note: String,
    /// Who closed it.
    #[schema(value_type = Option<UserIdText>)]
    pub closed_by: Option<UserId>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Instant>,
}

impl From<(AnomalyRow, String)> for AnomalyView {
    fn from((row, canteen_name): (AnomalyRow, String)) -> Self {
        let (measure, figures) = (row.measure.0, (row.observed, row.bound));
        let window = (row.window_from.0, row.window_to.0);
        let finding = row.finding.map(|word| word.0);
        Self {
            id: row.id.0,
            version: row.version,
            rule: row.rule.0,
            rule_name: row.rule.0.name_zh(),
            state: row.state.0,
            round: row.round,
            compared: words::compared_zh(measure, figures, window),
            compared_en: words::compared_en(measure, figures, window),
            measure,
            unit: measure.unit(),
            observed: row.observed,
            limit: row.bound,
            window: AnomalyWindowView { from: window.0, to: window.1 },
            service_date: row.service_date.0,
            canteen: row.canteen_id.0,
            canteen_name,
            place: row.place_code.0,
            senior: row.senior_id.map(|Col(id)| id),
            device: row.device_id.map(|Col(id)| id),
            user: row.user_id.map(|Col(id)| id),
            dish: row.dish_id.map(|Col(id)| id),
            evidence_total: row.evidence_total,
            opened_at: row.opened_at.0,
            taken_by: row.taken_by.map(|Col(id)| id),
            taken_at: row.taken_at.map(|Col(at)| at),
            finding,
            finding_name: finding.map(AnomalyFinding::name_zh),
            note: row.note,
            closed_by: row.closed_by.map(|Col(id)| id),
            closed_at: row.closed_at.map(|Col(at)| at),
        }
    }
}

/// A meal by which a case was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnomalyEvidenceView {
    /// The order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// The redemption that counted when it was found; a guest's meal has none.
    #[schema(value_type = Option<RedemptionIdText>)]
    pub redemption: Option<RedemptionId>,
    /// Where.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// For which date.
    #[schema(value_type = String, format = Date)]
    pub service_date: ServiceDate,
    /// For which meal.
    #[schema(value_type = MealWord)]
    pub meal: MealPeriod,
    /// `张*`; empty for a guest.
    pub name: String,
    /// When it was served.
    #[schema(value_type = String, format = DateTime)]
    pub served_at: Instant,
    /// When that became known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub recorded_at: Option<Instant>,
    /// How it was proved.
    #[schema(value_type = Option<RedemptionMethodWord>)]
    pub method: Option<RedemptionMethod>,
    /// By which terminal.
    #[schema(value_type = Option<DeviceIdText>)]
    pub device: Option<DeviceId>,
    /// By whom.
    #[schema(value_type = Option<UserIdText>)]
    pub recorded_by: Option<UserId>,
}

impl From<EvidenceSeen> for AnomalyEvidenceView {
    fn from(seen: EvidenceSeen) -> Self {
        Self {
            order: seen.order_id.0,
            order_no: seen.order_no,
            redemption: seen.redemption_id.map(|Col(id)| id),
            canteen: seen.canteen_id.0,
            service_date: seen.service_date.0,
            meal: seen.meal.0,
            name: seen.senior_name,
            served_at: seen.served_at.0,
            recorded_at: seen.recorded_at.map(|Col(at)| at),
            method: seen.method.map(|word| word.0),
            device: seen.device_id.map(|Col(id)| id),
            recorded_by: seen.recorded_by.map(|Col(id)| id),
        }
    }
}

/// A canteen with which a case's canteen was compared.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnomalyPeerView {
    /// Which.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// Its figure.
    pub figure: i64,
}

/// A case with all that it was found by.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnomalyCardView {
    /// The case.
    #[serde(flatten)]
    pub case: AnomalyView,
    /// Every canteen that it concerns.
    #[schema(value_type = Vec<CanteenIdText>)]
    pub concerns: Vec<CanteenId>,
    /// The meals, at most 200 of `evidence_total`, by the time at which they were served.
    pub evidence: Vec<AnomalyEvidenceView>,
    /// The figures that it was compared with, the largest 50; of the rule `above_peers`.
    pub peers: Vec<AnomalyPeerView>,
}

impl From<CaseCard> for AnomalyCardView {
    fn from(card: CaseCard) -> Self {
        let peer = |one: domain::anomaly::peers::PeerFigure| AnomalyPeerView { canteen: one.canteen, figure: one.figure };
        Self {
            case: (card.row, card.canteen_name).into(),
            concerns: card.concerns,
            evidence: card.evidence.into_iter().map(AnomalyEvidenceView::from).collect(),
            peers: card.peers.into_iter().map(peer).collect(),
        }
    }
}

/// What a case was.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnomalyFindingBody {
    /// In one word.
    #[schema(value_type = AnomalyFindingWord)]
    pub finding: AnomalyFinding,
    /// How it was looked into, and what follows; no personal data.
    #[schema(max_length = 200, example = "终端断网后集中补传，与纸质签收表一致")]
    pub note: String,
}

impl AnomalyFindingBody {
    /// Every fault of it.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        crate::input::text(&mut faults, "/note", &self.note, 200);
        faults.into_result(())
    }
}

/// A limit that a place sets.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnomalySettingBody {
    /// Which.
    #[schema(value_type = AnomalyKeyWord)]
    pub key: SettingKey,
    /// The number, in the setting's unit; of a rule's switch 1 or 0. `null`: what the wider place has holds again.
    pub value: Option<i64>,
    /// Why; it is shown to whoever asks what holds.
    #[schema(max_length = 200, example = "本食堂只有一个取餐口")]
    pub reason: String,
}

/// Limits that a place sets from a day on.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnomalySettingsBody {
    /// The first day, today at the earliest: a day is judged by what held on it.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// At least one, each setting once. What is not named stays as it is.
    #[schema(min_items = 1, max_items = 22)]
    pub items: Vec<AnomalySettingBody>,
}

impl AnomalySettingsBody {
    /// The settings, or every fault of them.
    pub fn check(self) -> Result<(ServiceDate, Vec<NewSetting>), Faults> {
        let (mut faults, mut seen) = (Faults::default(), BTreeSet::new());
        if self.items.is_empty() {
            faults.push("/items", "required", "至少填写一项", "must have one at least");
        }
        for (n, item) in self.items.iter().enumerate() {
            crate::input::text(&mut faults, &format!("/items/{n}/reason"), &item.reason, 200);
            if !seen.insert(item.key) {
                faults.push(format!("/items/{n}/key"), "twice", "同一项只能出现一次", "must stand here once");
            }
            match (accepted(item.key), item.value) {
                (None, _) => faults.push(
                    format!("/items/{n}/key"),
                    "unknown_setting",
                    "不是疑点规则的设置项",
                    "is not a setting of these rules",
                ),
                (Some(range), Some(value)) if !range.contains(&value) => {
                    let (least, most) = (range.start(), range.end());
                    faults.push(
                        format!("/items/{n}/value"),
                        "out_of_range",
                        format!("须在 {least} 到 {most} 之间"),
                        format!("must be {least} to {most}"),
                    );
                }
                (Some(_), _) => {}
            }
        }
        let new = |item: AnomalySettingBody| NewSetting { key: item.key, value: item.value, reason: item.reason };
        faults.into_result((self.from, self.items.into_iter().map(new).collect()))
    }
}

/// A limit in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnomalyLimitView {
    /// Which.
    #[schema(value_type = AnomalyKeyWord)]
    pub key: SettingKey,
    /// What the number counts.
    #[schema(value_type = SettingUnitWord)]
    pub unit: SettingUnit,
    /// The number.
    pub value: i64,
    /// The place that set it; absent for a default of the program.
    #[schema(value_type = Option<String>)]
    pub place: Option<PlaceCode>,
    /// The first day on which it holds.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// Where it comes from: the reason that was given, or the program's.
    pub source: String,
}

impl From<Setting> for AnomalyLimitView {
    fn from(setting: Setting) -> Self {
        let Setting { key, unit, value, place, from, source, .. } = setting;
        Self { key, unit, value, place, from, source }
    }
}

/// What a place has set for itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnLimitView {
    /// Which.
    #[schema(value_type = AnomalyKeyWord)]
    pub key: SettingKey,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// The number; absent where what the wider place has holds again.
    pub value: Option<i64>,
    /// Why.
    pub reason: String,
    /// By whom.
    #[schema(value_type = UserIdText)]
    pub set_by: UserId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Instant,
}

impl From<SettingRow> for OwnLimitView {
    fn from(row: SettingRow) -> Self {
        Self {
            key: row.key.0,
            from: row.from_on.0,
            value: row.value,
            reason: row.reason,
            set_by: row.set_by.0,
            set_at: row.set_at.0,
        }
    }
}

/// The limits of a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnomalySettingsView {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub on: ServiceDate,
    /// What holds on it.
    pub items: Vec<AnomalyLimitView>,
    /// What the place has set for itself, past and to come, the latest beginning first.
    pub own: Vec<OwnLimitView>,
}

impl From<PlaceSettings> for AnomalySettingsView {
    fn from(found: PlaceSettings) -> Self {
        Self {
            on: found.on,
            items: found.in_force.into_iter().map(AnomalyLimitView::from).collect(),
            own: found.own.into_iter().map(OwnLimitView::from).collect(),
        }
    }
}
