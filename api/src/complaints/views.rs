//! What clients send and see of ratings and complaints.

use crate::orders::limit_text;
use crate::problem::Problem;
use crate::words::{
    CanteenIdText, CategoryWord, ComplaintIdText, ComplaintStateWord, ComplaintStepWord, OrderIdText, RatingReasonWord,
    SeniorIdText, UserIdText, VoiceWord,
};
use app::complaints::look::{self, StepView};
use app::complaints::rate::{Rated, Rating, RatingDraft};
use app::complaints::{Brought, Of};
use domain::complaint::{self, Category, ComplaintState, ComplaintStep};
use domain::fault::Faults;
use domain::id::{CanteenId, ComplaintId, OrderId, SeniorId, UserId};
use domain::rating::{self, Figures, RatingReason, Score, Voice};
use domain::text_enum::TextEnum;
use domain::{Instant, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Days of figures at most: two years.
const DAYS_MAX: i64 = 731;
/// Days of figures when the client says nothing.
const DAYS_USUAL: i32 = 90;

/// A rating as it is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingBody {
    /// 1 to 5; 5 is best.
    #[schema(minimum = 1, maximum = 5)]
    pub score: i64,
    /// What the score is about.
    #[serde(default)]
    #[schema(value_type = Vec<RatingReasonWord>, max_items = 10)]
    pub reasons: Vec<RatingReason>,
    /// In own words.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub words: String,
}

impl RatingBody {
    /// What is given, when it can be.
    pub(super) fn read(self) -> Result<RatingDraft, Problem> {
        let mut faults = Faults::default();
        limit_text(&mut faults, "/words", Some(&self.words), rating::WORDS_MAX);
        let most = RatingReason::ALL.len();
        if self.reasons.len() > most {
            faults.push("/reasons", "too_many", format!("最多 {most} 项"), format!("at most {most}"));
        }
        let score = Score::try_from(self.score).ok();
        if score.is_none() {
            faults.push("/score", "out_of_range", "须在 1 到 5 之间", "must be from 1 to 5");
        }
        let draft = score.map(|score| RatingDraft { score, reasons: self.reasons, words: self.words });
        let draft = faults.into_result(draft).map_err(|f| Problem::invalid(&f))?;
        // Without a fault there is a score.
        draft.ok_or_else(|| Problem::new(crate::problem::ProblemCode::Invalid))
    }
}

/// A rating.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatingView {
    /// Of which meal.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// 1 to 5; 5 is best.
    #[schema(value_type = i64)]
    pub score: Score,
    /// What the score is about.
    #[schema(value_type = Vec<RatingReasonWord>)]
    pub reasons: Vec<RatingReason>,
    /// In own words.
    pub words: String,
    /// Who gave it.
    #[schema(value_type = VoiceWord)]
    pub voice: Voice,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub rated_at: Instant,
}

impl From<Rating> for RatingView {
    fn from(rating: Rating) -> Self {
        let RatingDraft { score, reasons, words } = rating.draft;
        Self { order: rating.order, score, reasons, words, voice: rating.voice, rated_at: rating.rated_at }
    }
}

/// A rating that was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatedView {
    /// The rating.
    pub rating: RatingView,
    /// The complaint that it opened by itself.
    #[schema(value_type = Option<ComplaintIdText>)]
    pub complaint: Option<ComplaintId>,
}

impl From<Rated> for RatedView {
    fn from(rated: Rated) -> Self {
        Self { rating: rated.rating.into(), complaint: rated.complaint }
    }
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RatingFiguresQuery {
    /// The first day of meals; ninety days before the last when absent.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<ServiceDate>,
    /// The last day; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<ServiceDate>,
}

impl RatingFiguresQuery {
    /// The days, when they are not too many.
    pub(super) fn days(&self, today: ServiceDate) -> Result<(ServiceDate, ServiceDate), Problem> {
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or_else(|| to.plus_days(-DAYS_USUAL));
        let mut faults = Faults::default();
        if !(0..=DAYS_MAX).contains(&to.days_since(from)) {
            faults.push(
                "from",
                "out_of_range",
                "起止日期须在两年以内且不颠倒",
                "from and to must be in order and within two years",
            );
        }
        faults.into_result((from, to)).map_err(|f| Problem::invalid(&f))
    }
}

/// How often something was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonCountView {
    /// What the score was about.
    #[schema(value_type = RatingReasonWord)]
    pub reason: RatingReason,
    /// How often.
    pub count: i64,
}

/// What the ratings of a canteen's meals come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatingFiguresView {
    /// The first day of meals.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// The last.
    #[schema(value_type = String, format = Date)]
    pub to: ServiceDate,
    /// How many there are.
    pub count: i64,
    /// The mean in hundredths; absent of nothing.
    pub mean_hundredths: Option<i64>,
    /// How many of each score, 1 to 5.
    #[schema(value_type = Vec<i64>)]
    pub by_score: [i64; 5],
    /// What they are about.
    pub reasons: Vec<ReasonCountView>,
}

impl RatingFiguresView {
    pub(super) fn of((from, to): (ServiceDate, ServiceDate), figures: &Figures) -> Self {
        let reason = |(reason, count): &(RatingReason, i64)| ReasonCountView { reason: *reason, count: *count };
        Self {
            from,
            to,
            count: figures.count(),
            mean_hundredths: figures.mean_hundredths(),
            by_score: figures.by_score,
            reasons: figures.reasons.iter().map(reason).collect(),
        }
    }
}

/// A complaint as it is brought: of a meal, or of a canteen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComplaintBody {
    /// The meal.
    #[schema(value_type = Option<OrderIdText>)]
    pub order: Option<OrderId>,
    /// The canteen, when it is of no meal that is known.
    #[schema(value_type = Option<CanteenIdText>)]
    pub canteen: Option<CanteenId>,
    /// What it is about.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// What happened.
    #[schema(min_length = 1, max_length = 1000)]
    pub words: String,
}

impl ComplaintBody {
    /// What is brought, when it can be.
    pub(super) fn read(self) -> Result<Brought, Problem> {
        let mut faults = Faults::default();
        said(&mut faults, &self.words);
        let of = match (self.order, self.canteen) {
            (Some(order), None) => Some(Of::Order(order)),
            (None, Some(canteen)) => Some(Of::Canteen(canteen)),
            (None, None) | (Some(_), Some(_)) => {
                faults.push("/order", "one_of", "order 与 canteen 须填且只填一项", "give either order or canteen");
                None
            }
        };
        let brought = of.map(|of| Brought { of, category: self.category, words: self.words });
        let brought = faults.into_result(brought).map_err(|f| Problem::invalid(&f))?;
        // Without a fault it is of something.
        brought.ok_or_else(|| Problem::new(crate::problem::ProblemCode::Invalid))
    }
}

/// What is said in a step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaidBody {
    /// In words.
    #[schema(min_length = 1, max_length = 1000)]
    pub words: String,
}

impl SaidBody {
    pub(super) fn read(self) -> Result<String, Problem> {
        let mut faults = Faults::default();
        said(&mut faults, &self.words);
        faults.into_result(self.words).map_err(|f| Problem::invalid(&f))
    }
}

fn said(faults: &mut Faults, words: &str) {
    if words.trim().is_empty() {
        faults.push("/words", "required", "必须填写", "must be given");
    }
    limit_text(faults, "/words", Some(words), complaint::WORDS_MAX);
}

/// Which complaints.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ComplaintQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
    /// Of one canteen.
    #[param(value_type = Option<CanteenIdText>)]
    pub canteen: Option<CanteenId>,
    /// In one state.
    #[param(value_type = Option<ComplaintStateWord>)]
    pub state: Option<ComplaintState>,
    /// Only those that are to be answered and whose deadline has passed.
    pub overdue: Option<bool>,
}

/// A step of a complaint.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComplaintStepView {
    /// What happened.
    #[schema(value_type = ComplaintStepWord)]
    pub kind: ComplaintStep,
    /// What was said.
    pub words: String,
    /// The office that it was raised to.
    #[schema(value_type = Option<String>, example = "990101001")]
    pub place: Option<PlaceCode>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// By whom; nobody when a deadline passed.
    #[schema(value_type = Option<UserIdText>)]
    pub by: Option<UserId>,
}

impl From<StepView> for ComplaintStepView {
    fn from(step: StepView) -> Self {
        Self { kind: step.kind, words: step.words, place: step.place, at: step.at, by: step.by }
    }
}

/// A complaint.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComplaintView {
    /// Its identifier.
    #[schema(value_type = ComplaintIdText)]
    pub id: ComplaintId,
    /// Of which canteen.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// What that is called.
    pub canteen_name: String,
    /// Of which meal; its trace tells what was in it.
    #[schema(value_type = Option<OrderIdText>)]
    pub order: Option<OrderId>,
    /// Whose meal it was.
    #[schema(value_type = Option<SeniorIdText>)]
    pub senior: Option<SeniorId>,
    /// What it is about.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// Where it stands.
    #[schema(value_type = ComplaintStateWord)]
    pub state: ComplaintState,
    /// Whose voice brought it.
    #[schema(value_type = VoiceWord)]
    pub voice: Voice,
    /// When it was brought.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Instant,
    /// How often it was opened again.
    pub reopened: i64,
    /// Until when it is to be answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Instant>,
    /// The office that has it, when it was not answered in time.
    #[schema(value_type = Option<String>, example = "990101001")]
    pub raised_to: Option<PlaceCode>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Instant>,
    /// Every step; absent on a list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<ComplaintStepView>,
}

impl From<look::ComplaintView> for ComplaintView {
    fn from(c: look::ComplaintView) -> Self {
        Self {
            id: c.complaint,
            canteen: c.canteen,
            canteen_name: c.canteen_name,
            order: c.order,
            senior: c.senior,
            category: c.category,
            state: c.state,
            voice: c.voice,
            opened_at: c.opened_at,
            reopened: c.reopened,
            due_at: c.due_at,
            raised_to: c.raised_to,
            closed_at: c.closed_at,
            steps: c.steps.into_iter().map(ComplaintStepView::from).collect(),
        }
    }
}
