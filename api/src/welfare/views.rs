//! What clients send and see of looking in.

use crate::orders::limit_text;
use crate::words::{
    AttemptOutcomeWord, CanteenIdText, ConcernWord, FindingWord, OrderIdText, RelationWord, SeniorIdText, StepKindWord, StopIdText,
    UserIdText, WelfareCaseIdText, WelfareStepIdText,
};
use app::welfare::look;
use app::welfare::{contacts, visits};
use domain::claim::Month;
use domain::fault::Faults;
use domain::id::{CanteenId, OrderId, SeniorId, StopId, UserId, WelfareCaseId, WelfareStepId};
use domain::person::phone::Phone;
use domain::welfare::{AttemptOutcome, CONTACTS_MAX, Concern, Finding, Relation, Rung, StepKind};
use domain::{Instant, PlaceCode, Sensitive};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Somebody to call about a senior.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedContactBody {
    /// Their name.
    #[schema(max_length = 40, example = "李敏")]
    pub name: String,
    /// A mobile phone.
    #[schema(example = "13800001234")]
    pub phone: String,
    /// Who they are to the senior.
    #[schema(value_type = RelationWord)]
    pub relation: Relation,
    /// Whether they hold a key.
    pub holds_key: bool,
}

/// Whom to call, in the order in which they are asked.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactsBody {
    /// At most five; none to name nobody.
    #[schema(max_items = 5)]
    pub items: Vec<NamedContactBody>,
}

impl ContactsBody {
    /// The contacts, or every fault of them.
    pub fn check(self) -> Result<Vec<contacts::NewContact>, Faults> {
        let mut faults = Faults::default();
        if self.items.len() > usize::from(CONTACTS_MAX) {
            faults.push("/items", "too_many", format!("最多 {CONTACTS_MAX} 位"), format!("at most {CONTACTS_MAX}"));
        }
        let mut named = Vec::new();
        for (n, contact) in self.items.into_iter().enumerate() {
            limit_text(&mut faults, &format!("/items/{n}/name"), Some(&contact.name), 40);
            if contact.name.trim().is_empty() {
                faults.push(format!("/items/{n}/name"), "required", "必须填写", "must be given");
            }
            match Phone::parse(&contact.phone).ok().filter(Phone::is_mobile) {
                Some(phone) => named.push(contacts::NewContact {
                    name: Sensitive::new(contact.name),
                    phone,
                    relation: contact.relation,
                    holds_key: contact.holds_key,
                }),
                None => {
                    faults.push(
                        format!("/items/{n}/phone"),
                        "not_a_mobile",
                        "须为 11 位手机号",
                        "must be a mobile phone of 11 digits",
                    );
                }
            }
        }
        faults.into_result(named)
    }
}

/// Somebody to call, masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactView {
    /// In which order they are asked, from 1.
    pub rank: i64,
    /// `李*`
    pub name: String,
    /// `138****1234`
    pub phone: String,
    /// Who they are to the senior.
    #[schema(value_type = RelationWord)]
    pub relation: Relation,
    /// Whether they hold a key.
    pub holds_key: bool,
}

/// Whom to call, masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactsView {
    /// In order.
    pub items: Vec<ContactView>,
}

impl From<contacts::Contacts> for ContactsView {
    fn from(found: contacts::Contacts) -> Self {
        let view = |c: contacts::ContactView| ContactView {
            rank: c.rank,
            name: c.name,
            phone: c.phone,
            relation: c.relation,
            holds_key: c.holds_key,
        };
        Self { items: found.items.into_iter().map(view).collect() }
    }
}

/// What a courier saw.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertBody {
    /// At which stop.
    #[schema(value_type = StopIdText)]
    pub stop: StopId,
    /// What.
    #[schema(value_type = ConcernWord)]
    pub concern: Concern,
    /// In words.
    #[serde(default)]
    #[schema(max_length = 200, example = "扶墙走路，说头晕")]
    pub note: String,
    /// When, by the phone's clock.
    #[schema(value_type = String, format = DateTime)]
    pub happened_at: Instant,
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
    /// Only open ones, or only closed ones.
    pub open: Option<bool>,
}

/// What was tried.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttemptBody {
    /// The rank of the contact who was called; without it the senior was called or visited.
    #[schema(minimum = 1, maximum = 5)]
    pub contact: Option<u8>,
    /// What came of it.
    #[schema(value_type = AttemptOutcomeWord)]
    pub outcome: AttemptOutcome,
    /// In words.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub note: String,
}

impl AttemptBody {
    /// Every fault of it.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        limit_text(&mut faults, "/note", Some(&self.note), 200);
        if self.contact.is_some_and(|rank| !(1..=CONTACTS_MAX).contains(&rank)) {
            faults.push(
                "/contact",
                "out_of_range",
                format!("须在 1 到 {CONTACTS_MAX} 之间"),
                format!("must be 1 to {CONTACTS_MAX}"),
            );
        }
        faults.into_result(())
    }
}

/// What was found.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingBody {
    /// In one word.
    #[schema(value_type = FindingWord)]
    pub finding: Finding,
    /// By whom, how, and what is to be done further.
    #[schema(max_length = 200, example = "女儿电话确认：在医院复查，下午回家")]
    pub note: String,
}

impl FindingBody {
    /// Every fault of it.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        crate::suppliers::required(&mut faults, "/note", &self.note);
        faults.into_result(())
    }
}

/// A step of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// Its identifier.
    #[schema(value_type = WelfareStepIdText)]
    pub id: WelfareStepId,
    /// What it says.
    #[schema(value_type = StepKindWord)]
    pub kind: StepKind,
    /// What was seen, of a report.
    #[schema(value_type = Option<ConcernWord>)]
    pub concern: Option<Concern>,
    /// The rank of the contact who was told or called.
    pub contact: Option<u8>,
    /// The place whose workers were told.
    #[schema(value_type = Option<String>, example = "990101001001")]
    pub place: Option<PlaceCode>,
    /// What came of an attempt.
    #[schema(value_type = Option<AttemptOutcomeWord>)]
    pub outcome: Option<AttemptOutcome>,
    /// In words.
    pub note: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub happened_at: Instant,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Instant,
    /// By whom; absent when a deadline passed.
    #[schema(value_type = Option<UserIdText>)]
    pub by: Option<UserId>,
}

/// A case of looking in.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseView {
    /// Its identifier.
    #[schema(value_type = WelfareCaseIdText)]
    pub id: WelfareCaseId,
    /// Whom it is about.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// `张*`
    pub name: String,
    /// Where the senior lives.
    #[schema(value_type = String, example = "990101001001")]
    pub place: PlaceCode,
    /// The canteen whose courier saw it.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// The order that was brought.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// Why it was opened.
    #[schema(value_type = ConcernWord)]
    pub concern: Concern,
    /// When that was seen.
    #[schema(value_type = String, format = DateTime)]
    pub reported_at: Instant,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Instant,
    /// The rank of the contact whose turn it is.
    pub contact: Option<u8>,
    /// The place whose workers' turn it is.
    #[schema(value_type = Option<String>, example = "990101001")]
    pub workers_of: Option<PlaceCode>,
    /// Until when they have time; absent when there is nobody further to tell.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Instant>,
    /// What was found.
    #[schema(value_type = Option<FindingWord>)]
    pub finding: Option<Finding>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Instant>,
    /// Every step, as recorded; empty on a list.
    pub steps: Vec<StepView>,
}

impl From<look::CaseView> for CaseView {
    fn from(c: look::CaseView) -> Self {
        let (contact, workers_of) = match c.turn {
            Some(Rung::Contact(rank)) => (Some(rank), None),
            Some(Rung::Workers(place)) => (None, Some(place)),
            None => (None, None),
        };
        let step = |s: look::StepView| StepView {
            id: s.step,
            kind: s.kind,
            concern: s.concern,
            contact: s.contact,
            place: s.place,
            outcome: s.outcome,
            note: s.note,
            happened_at: s.happened_at,
            recorded_at: s.recorded_at,
            by: s.by,
        };
        Self {
            id: c.case,
            senior: c.senior,
            name: c.name,
            place: c.place,
            canteen: c.canteen,
            order: c.order,
            order_no: c.order_no,
            concern: c.concern,
            reported_at: c.reported_at,
            opened_at: c.opened_at,
            contact,
            workers_of,
            due_at: c.due_at,
            finding: c.finding,
            closed_at: c.closed_at,
            steps: c.steps.into_iter().map(step).collect(),
        }
    }
}

/// Somebody to call, in the clear.
#[derive(Debug, Serialize, ToSchema)]
pub struct WelfareCalleeView {
    /// In which order they are asked, from 1.
    pub rank: u8,
    /// Their name.
    pub name: String,
    /// Their phone.
    pub phone: String,
    /// Who they are to the senior.
    #[schema(value_type = RelationWord)]
    pub relation: Relation,
    /// Whether they hold a key.
    pub holds_key: bool,
}

/// Whom to call and where to go.
#[derive(Debug, Serialize, ToSchema)]
pub struct WelfareCallListView {
    /// The senior's name.
    pub name: String,
    /// Their phone.
    pub phone: Option<String>,
    /// Where they live.
    pub address: Option<String>,
    /// The contacts, in order.
    pub contacts: Vec<WelfareCalleeView>,
}

impl From<look::CallList> for WelfareCallListView {
    fn from(list: look::CallList) -> Self {
        let clear = |text: Sensitive<String>| text.reveal().to_owned();
        let callee = |c: contacts::Callee| WelfareCalleeView {
            rank: c.rank,
            name: clear(c.name),
            phone: clear(c.phone),
            relation: c.relation,
            holds_key: c.holds_key,
        };
        Self {
            name: clear(list.name),
            phone: list.phone.map(clear),
            address: list.address.map(clear),
            contacts: list.contacts.into_iter().map(callee).collect(),
        }
    }
}

/// Which month, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FiguresQuery {
    /// Where people live.
    #[param(value_type = String, example = "990101001")]
    pub place: PlaceCode,
    /// `2026-11`
    #[param(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Month,
}

/// Which month, where, and which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnseenQuery {
    /// Where people live.
    #[param(value_type = String, example = "990101001")]
    pub place: PlaceCode,
    /// `2026-11`
    #[param(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Month,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
}

/// A month of looking in at one place.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceFiguresView {
    /// The place.
    #[schema(value_type = String, example = "990101001001")]
    pub place: PlaceCode,
    /// Seniors seen in person, at their door or at the table.
    pub seen: i64,
    /// Meals by which they were.
    pub meals: i64,
    /// Seniors who live alone, or with none but the old: to be seen every month.
    pub to_be_seen: i64,
    /// Of them, who was not.
    pub unseen: i64,
    /// Cases opened, by why.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub opened: BTreeMap<Concern, i64>,
    /// Of them closed, by what was found.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub closed: BTreeMap<Finding, i64>,
    /// Of them still open.
    pub open: i64,
    /// Minutes from opening to closing, the median.
    pub median_minutes: Option<i64>,
}

impl From<(PlaceCode, visits::PlaceFigures)> for PlaceFiguresView {
    fn from((place, f): (PlaceCode, visits::PlaceFigures)) -> Self {
        Self {
            place,
            seen: f.seen,
            meals: f.meals,
            to_be_seen: f.to_be_seen,
            unseen: f.unseen,
            opened: f.opened,
            closed: f.closed,
            open: f.open,
            median_minutes: f.median_minutes,
        }
    }
}

/// A month of looking in.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiguresView {
    /// The month.
    #[schema(value_type = String, example = "2026-11")]
    pub month: Month,
    /// By place, in the order of their codes.
    pub items: Vec<PlaceFiguresView>,
}
