//! What clients send and see of back-tests.

use crate::words::{BacktestIdText, BacktestStateWord, CanteenIdText, OrderIdText, PolicyIdText, SeniorIdText, UserIdText};
use app::backtests::job::{Came, came};
use app::store::StoreError;
use app::store::column::Col;
use app::store::query::backtests::{BacktestRow, BacktestState};
use domain::id::{BacktestId, CanteenId, OrderId, PolicyId, SeniorId, UserId};
use domain::subsidy::backtest::{Group, Mismatch, Money, Pair, Payer, Person, Report, Sums};
use domain::{Fen, Instant, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a version is tried on.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BacktestBody {
    /// First service date.
    #[schema(value_type = String, format = Date, example = "2026-11-23")]
    pub from: ServiceDate,
    /// Last service date; at most a year later.
    #[schema(value_type = String, format = Date, example = "2026-11-29")]
    pub to: ServiceDate,
    /// The version's first day, in place of its own: a draft for next year is tried as if it had begun then.
    #[schema(value_type = Option<String>, format = Date)]
    pub begins: Option<ServiceDate>,
    /// Persons are listed whose self-pay rises by more than this, in fen.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 10_000_000, example = 100)]
    pub rise_fen: i64,
}

/// A back-test.
#[derive(Debug, Serialize, ToSchema)]
pub struct BacktestView {
    /// Its identifier.
    #[schema(value_type = BacktestIdText)]
    pub id: BacktestId,
    /// The version that is tried.
    #[schema(value_type = PolicyIdText)]
    pub policy: PolicyId,
    /// First service date.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// Last service date.
    #[schema(value_type = String, format = Date)]
    pub to: ServiceDate,
    /// The version's first day, where it was moved.
    #[schema(value_type = Option<String>, format = Date)]
    pub begins: Option<ServiceDate>,
    /// From which rise on persons are listed, in fen.
    #[schema(value_type = i64)]
    pub rise_fen: Fen,
    /// Where it stands.
    #[schema(value_type = BacktestStateWord)]
    pub state: BacktestState,
    /// Persons tried.
    pub done: i64,
    /// Persons in all; 0 before it has begun.
    pub total: i64,
    /// What was found, once it is done.
    pub report: Option<BacktestReportView>,
    /// Where the versions in force did not give what was decided then: it stopped, because there is nothing to compare with.
    pub mismatch: Option<BacktestMismatchView>,
    /// Why it could not be tried any more.
    pub refused: Option<String>,
    /// Who asked.
    #[schema(value_type = Option<UserIdText>)]
    pub asked_by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Instant,
}

impl BacktestView {
    /// Of a row; with what was found when `whole`.
    pub fn of(row: &BacktestRow, whole: bool) -> Result<Self, StoreError> {
        let came = if whole { came(row)? } else { None };
        let mut view = Self {
            id: row.id.0,
            policy: row.policy_id.0,
            from: row.from_on.0,
            to: row.to_on.0,
            begins: row.begins_on.map(|Col(begins)| begins),
            rise_fen: row.rise_fen.0,
            state: row.state.0,
            done: row.done,
            total: row.total,
            report: None,
            mismatch: None,
            refused: None,
            asked_by: row.asked_by.map(|Col(user)| user),
            asked_at: row.created_at.0,
        };
        match came {
            Some(Came::Report(report)) => view.report = Some((*report).into()),
            Some(Came::Mismatch(mismatch)) => view.mismatch = Some((*mismatch).into()),
            Some(Came::Refused(why)) => view.refused = Some(why),
            None => {}
        }
        Ok(view)
    }
}

/// Money in fen, under the versions in force and under the draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct BeforeAfterView {
    /// As it was.
    #[schema(value_type = i64)]
    pub before_fen: Fen,
    /// As it would have been.
    #[schema(value_type = i64)]
    pub after_fen: Fen,
}

impl From<Pair<Fen>> for BeforeAfterView {
    fn from(pair: Pair<Fen>) -> Self {
        Self { before_fen: pair.before, after_fen: pair.after }
    }
}

/// Meals that have something in common.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedMealsView {
    /// Meals that were eaten.
    pub meals: u64,
    /// Persons who pay less in all.
    pub winners: u64,
    /// Persons who pay more in all.
    pub losers: u64,
    /// Discounts.
    pub discount: BeforeAfterView,
    /// Subsidies.
    pub granted: BeforeAfterView,
    /// What seniors pay.
    pub self_pay: BeforeAfterView,
}

impl From<&Group> for TriedMealsView {
    fn from(group: &Group) -> Self {
        let Pair { before, after } = &group.sums;
        let pair = |of: fn(&Sums) -> Fen| Pair { before: of(before), after: of(after) }.into();
        Self {
            meals: group.meals,
            winners: group.winners,
            losers: group.losers,
            discount: pair(|sums| sums.discount_fen),
            granted: pair(|sums| sums.granted_fen),
            self_pay: pair(|sums| sums.self_pay_fen),
        }
    }
}

/// What a payer bears in a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedPayerView {
    /// First day of the month.
    #[schema(value_type = String, format = Date)]
    pub month: ServiceDate,
    /// The programme.
    pub programme: String,
    /// The funder as the document names it.
    pub funder: String,
    /// Which place pays, where the funder is found by place.
    #[schema(value_type = Option<String>)]
    pub place: Option<PlaceCode>,
    /// For seniors.
    pub seniors: BeforeAfterView,
    /// For canteens, by meals.
    pub canteens: BeforeAfterView,
}

impl From<(Payer, Pair<Money>)> for TriedPayerView {
    fn from((payer, money): (Payer, Pair<Money>)) -> Self {
        let pair = |of: fn(&Money) -> Fen| Pair { before: of(&money.before), after: of(&money.after) }.into();
        Self {
            month: payer.month,
            programme: payer.programme.to_string(),
            funder: payer.funder.to_string(),
            place: payer.place,
            seniors: pair(|money| money.seniors_fen),
            canteens: pair(|money| money.canteens_fen),
        }
    }
}

/// Meals of an economic class.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedClassView {
    /// The class on the date of the meal; absent for none.
    pub class: Option<String>,
    /// Its meals.
    pub meals: TriedMealsView,
}

/// Meals of a canteen.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedCanteenView {
    /// The canteen.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// Its meals.
    pub meals: TriedMealsView,
}

/// A person whose self-pay changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedPersonView {
    /// Who.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// Meals of the period.
    pub meals: u64,
    /// What they paid in all.
    pub self_pay: BeforeAfterView,
    /// The largest rise of one meal; negative when every meal gets cheaper.
    #[schema(value_type = i64)]
    pub most_of_one_meal_fen: Fen,
}

impl From<Person> for TriedPersonView {
    fn from(person: Person) -> Self {
        Self {
            senior: person.senior,
            meals: person.meals,
            self_pay: person.self_pay_fen.into(),
            most_of_one_meal_fen: person.most_of_one_meal_fen,
        }
    }
}

/// What a back-test found. Meals that the version's place has nothing to do with are not in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct BacktestReportView {
    /// Everything.
    pub all: TriedMealsView,
    /// Meals with another self-pay.
    pub changed_meals: u64,
    /// Persons with meals in the period.
    pub persons: u64,
    /// Persons whose self-pay rises by more than was asked for.
    pub risen: u64,
    /// Cost per payer and month.
    pub payers: Vec<TriedPayerView>,
    /// By economic class.
    pub classes: Vec<TriedClassView>,
    /// By canteen.
    pub canteens: Vec<TriedCanteenView>,
    /// Those of `risen` who lose most, at most 1,000.
    pub losers: Vec<TriedPersonView>,
    /// Those who win most, at most 1,000.
    pub winners: Vec<TriedPersonView>,
}

impl From<Report> for BacktestReportView {
    fn from(report: Report) -> Self {
        let class = |(class, group): &(Option<domain::subsidy::Name>, Group)| TriedClassView {
            class: class.as_ref().map(ToString::to_string),
            meals: group.into(),
        };
        let canteen = |(canteen, group): &(CanteenId, Group)| TriedCanteenView { canteen: *canteen, meals: group.into() };
        Self {
            all: (&report.all).into(),
            changed_meals: report.changed_meals,
            persons: report.persons,
            risen: report.risen,
            classes: report.classes.iter().map(class).collect(),
            canteens: report.canteens.iter().map(canteen).collect(),
            payers: report.payers.into_iter().map(Into::into).collect(),
            losers: report.losers.into_iter().map(Into::into).collect(),
            winners: report.winners.into_iter().map(Into::into).collect(),
        }
    }
}

/// An amount that differs.
#[derive(Debug, Serialize, ToSchema)]
pub struct BacktestDifferenceView {
    /// What: `self_pay_fen`, or `by_funder/` with programme and funder.
    pub field: String,
    /// What was decided then, in fen.
    #[schema(value_type = Option<i64>)]
    pub then_fen: Option<Fen>,
    /// What comes out now, in fen.
    #[schema(value_type = Option<i64>)]
    pub now_fen: Option<Fen>,
}

/// Where a back-test stopped.
#[derive(Debug, Serialize, ToSchema)]
pub struct BacktestMismatchView {
    /// The order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Whose.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// Service date.
    #[schema(value_type = String, format = Date)]
    pub date: ServiceDate,
    /// What differs.
    pub differences: Vec<BacktestDifferenceView>,
    /// The decision as it comes out now, zh-CN.
    pub explanation: String,
    /// The same in English.
    pub explanation_en: String,
}

impl From<Mismatch> for BacktestMismatchView {
    fn from(mismatch: Mismatch) -> Self {
        let difference = |d: domain::subsidy::replay::Difference| BacktestDifferenceView {
            field: d.field,
            then_fen: d.expected_fen,
            now_fen: d.computed_fen,
        };
        Self {
            order: mismatch.order,
            senior: mismatch.senior,
            date: mismatch.date,
            differences: mismatch.differences.into_iter().map(difference).collect(),
            explanation: mismatch.explanation_zh,
            explanation_en: mismatch.explanation_en,
        }
    }
}
