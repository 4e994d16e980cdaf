//! Redemptions: what a terminal reads, the orders it stands for, and the evidence that a meal was served.

use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::orders::refusals::rejected;
use crate::orders::views::OrderView;
use crate::problem::{Problem, ProblemCode};
use crate::redemption_cause::Cause;
use crate::words::{CanteenIdText, MealWord, OrderIdText, RedemptionMethodWord, RedemptionStateWord, path_id};
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use app::orders::redeem::{self, RedeemRefusal, Redeemed, Redemption};
use app::orders::resolve::{self, Read, ResolveRefusal, Resolved};
use app::orders::{list, qr};
use domain::access::{Action, FamilyScope};
use domain::fault::Faults;
use domain::id::{CanteenId, OrderId};
use domain::order::{EVIDENCE_LATE_DAYS, RedemptionMethod, RedemptionState, ServedAtFault};
use domain::{Instant, MealPeriod};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/redemptions/lookup").route(web::post().to(lookup_redemption)))
        .service(web::resource("/v1/redemptions/{redemption}").route(web::put().to(redeem_order)))
        .service(web::resource("/v1/orders/{order}/code").route(web::get().to(show_order_code)))
        .service(web::resource("/v1/seniors/{senior}/qr").route(web::get().to(show_qr)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op(
        "redeemOrder",
        Access::Roles(Action::Redeem),
        &[
            ProblemCode::Invalid,
            ProblemCode::Forbidden,
            ProblemCode::NotFound,
            ProblemCode::OrderState,
            ProblemCode::RedemptionRefused,
            ProblemCode::Stale,
        ],
    ),
    op(
        "lookupRedemption",
        Access::Roles(Action::Redeem),
        &[ProblemCode::Invalid, ProblemCode::NotFound, ProblemCode::RedemptionRefused],
    ),
    op("showOrderCode", Access::RolesOrFamily(Action::SeeOrders, FamilyScope::See), &[ProblemCode::NotFound]),
    op("showQr", Access::SignedIn, &[ProblemCode::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(redeem_order, lookup_redemption, show_order_code, show_qr))]
pub struct Docs;

/// What a terminal reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadingKind {
    /// The number of a meal card.
    Card,
    /// The number of an identity card.
    IdentityCard,
    /// The text of a dynamic code.
    DynamicQr,
    /// The code of an order, `037-4821`.
    OrderCode,
}

impl ReadingKind {
    const fn method(self) -> RedemptionMethod {
        match self {
            Self::Card => RedemptionMethod::Card,
            Self::IdentityCard => RedemptionMethod::IdentityCard,
            Self::DynamicQr => RedemptionMethod::DynamicQr,
            Self::OrderCode => RedemptionMethod::OrderCode,
        }
    }
}

/// Something that a terminal of a canteen read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadingBody {
    /// At which canteen.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// What kind.
    pub kind: ReadingKind,
    /// The text as it was read.
    #[schema(max_length = 120, example = "037-4821")]
    pub text: String,
    /// The meal being served; told apart when a day has several.
    #[schema(value_type = Option<MealWord>)]
    pub meal: Option<MealPeriod>,
}

/// A reading is longer than this only when it is none of ours.
const TEXT_MAX: usize = 120;

impl ReadingBody {
    fn read(&self) -> Result<Read, Problem> {
        let mut faults = Faults::default();
        crate::orders::limit_text(&mut faults, "/reading/text", Some(&self.text), TEXT_MAX);
        faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
        let text = self.text.clone();
        Ok(match self.kind {
            ReadingKind::Card => Read::Card(text),
            ReadingKind::IdentityCard => Read::IdentityCard(text),
            ReadingKind::DynamicQr => Read::DynamicQr(text),
            ReadingKind::OrderCode => Read::OrderCode(text),
        })
    }
}

/// A redemption, as a terminal reports it, perhaps hours later: by the order, by what was read, or by both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedemptionBody {
    /// Which order; needed when a reading stands for several.
    #[schema(value_type = Option<OrderIdText>)]
    pub order: Option<OrderId>,
    /// What was read.
    pub reading: Option<ReadingBody>,
    /// How it was proved, needed without a reading: `signature` or `photo`, which staff attest. A reading tells it by itself.
    #[schema(value_type = Option<RedemptionMethodWord>)]
    pub method: Option<RedemptionMethod>,
    /// When the meal was handed over.
    #[schema(value_type = String, format = DateTime)]
    pub served_at: Instant,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RedemptionView {
    /// Whether it counts, or another served earlier.
    #[schema(value_type = RedemptionStateWord)]
    pub state: RedemptionState,
    /// The order.
    pub order: OrderView,
}

impl From<Redeemed> for RedemptionView {
    fn from(redeemed: Redeemed) -> Self {
        Self { state: redeemed.state, order: redeemed.answer.order.into() }
    }
}

/// The orders that a reading stands for.
#[derive(Debug, Serialize, ToSchema)]
pub struct LookupView {
    /// This canteen's orders of today, by meal and number.
    pub orders: Vec<OrderView>,
}

/// A code to show.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeView {
    /// What the picture or the slip says.
    pub text: String,
    /// Until when it is shown; absent for a code that lasts as long as its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub good_until: Option<Instant>,
}

/// Records that a meal was served, once per order. The terminal makes the identifier before it sends, so the same
/// redemption may be sent again. Of two redemptions of an order the one served earlier counts; the other is kept as a
/// duplicate and moves nothing. A dynamic code serves one redemption.
#[utoipa::path(put, path = "/v1/redemptions/{redemption}", operation_id = "redeemOrder", tag = "redemptions", request_body = RedemptionBody,
    params(("redemption" = String, Path, description = "Made by the terminal: rdm_ and 32 hexadecimal digits")),
    responses((status = 200, body = RedemptionView)))]
pub async fn redeem_order(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    body: Json<RedemptionBody>,
) -> Result<Json<RedemptionView>, Problem> {
    let (id, body) = (path_id(&path)?, body.into_inner());
    let (order, method, code) = match (&body.reading, body.order, body.method) {
        (Some(reading), order, _) => {
            let again =
                redeem::Again { id, canteen: reading.canteen, order, method: reading.kind.method(), served_at: body.served_at };
            // Sent again it is answered as before, whatever the reading stands for by now.
            if let Some(redeemed) =
                redeem::known(&app, actor.clone(), again).await.map_err(|f| Problem::of(f, |never| match never {}))?
            {
                return Ok(Json(redeemed.into()));
            }
            let resolved = resolve::resolve(&app, actor.clone(), reading.canteen, reading.read()?, body.served_at).await;
            let resolved = resolved.map_err(|f| Problem::of(f, unresolved))?;
            let order = meant(&resolved, order, reading.meal)?;
            (order, reading.kind.method(), resolved.code)
        }
        (None, Some(order), Some(method)) if method.is_attested() => (order, method, None),
        (None, Some(_), Some(_)) => {
            let mut faults = Faults::default();
            faults.push(
                "/method",
                "reading_needed",
                "刷卡、扫码等须附 reading；没有 reading 时只能凭签名（signature）或照片（photo）",
                "what is read needs its `reading`; without one only `signature` or `photo` is taken",
            );
            return Err(Problem::invalid(&faults));
        }
        (None, ..) => {
            let mut faults = Faults::default();
            faults.push("/order", "required", "须有 reading，或 order 与 method", "give `reading`, or `order` and `method`");
            return Err(Problem::invalid(&faults));
        }
    };
    let redemption = Redemption { id, order, method, served_at: body.served_at };
    let redeemed = redeem::redeem_shown(&app, actor, redemption, code).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(redeemed.into()))
}

/// The order that is meant: the named one if the reading stands for it, else the only one to be served.
fn meant(resolved: &Resolved, order: Option<OrderId>, meal: Option<MealPeriod>) -> Result<OrderId, Problem> {
    match order {
        Some(order) if resolved.orders.iter().any(|o| o.order == order) => Ok(order),
        Some(_) => Err(Cause::ReadingOfAnotherPerson.problem()),
        None => resolve::the_one(&resolved.orders, meal).map(|order| order.order).ok_or_else(|| {
            let choices: Vec<OrderView> = resolved.orders.iter().cloned().map(OrderView::from).collect();
            Cause::SeveralOrders.problem().with("orders", choices)
        }),
    }
}

/// Which orders of today a reading stands for, before one of them is redeemed.
#[utoipa::path(post, path = "/v1/redemptions/lookup", operation_id = "lookupRedemption", tag = "redemptions", request_body = ReadingBody,
    responses((status = 200, body = LookupView)))]
pub async fn lookup_redemption(
    app: Data<App>,
    Signed(actor): Signed,
    body: Json<ReadingBody>,
) -> Result<Json<LookupView>, Problem> {
    let now = app.clock.now();
    let resolved = resolve::resolve(&app, actor, body.canteen, body.read()?, now).await.map_err(|f| Problem::of(f, unresolved))?;
    let wanted = resolved.orders.into_iter().filter(|order| body.meal.is_none_or(|meal| order.meal == meal));
    Ok(Json(LookupView { orders: wanted.map(OrderView::from).collect() }))
}

/// The code of an order for the counter: its number and four check digits.
#[utoipa::path(get, path = "/v1/orders/{order}/code", operation_id = "showOrderCode", tag = "redemptions",
    params(("order" = String, Path, description = "The order")), responses((status = 200, body = CodeView)))]
pub async fn show_order_code(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<CodeView>, Problem> {
    let order = list::get(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let text = resolve::code_of(app.store.sealer(), order.order, order.order_no);
    Ok(Json(CodeView { text, good_until: None }))
}

/// The senior's code now, for the senior's or the family's phone; it changes every 30 seconds.
#[utoipa::path(get, path = "/v1/seniors/{senior}/qr", operation_id = "showQr", tag = "redemptions",
    params(("senior" = String, Path, description = "The senior")), responses((status = 200, body = CodeView)))]
pub async fn show_qr(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<CodeView>, Problem> {
    let code = qr::show(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(CodeView { text: code.text, good_until: Some(code.good_until) }))
}

fn unresolved(refusal: ResolveRefusal) -> Problem {
    match refusal {
        ResolveRefusal::Unreadable => Cause::UnreadableOrExpired.problem(),
        ResolveRefusal::Unknown => Cause::UnknownReading.problem(),
        ResolveRefusal::NothingOrdered => Cause::NothingOrdered.problem(),
    }
}

/// A refused redemption as a problem; the courier's door says the same.
pub(crate) fn refused(refusal: RedeemRefusal) -> Problem {
    match refusal {
        RedeemRefusal::Order(rejection) => rejected(rejection),
        RedeemRefusal::ServedAt(ServedAtFault::InTheFuture) => Cause::ServedInTheFuture.problem(),
        RedeemRefusal::ServedAt(ServedAtFault::BeforeItsDay(day)) => Cause::BeforeItsDay.problem().with("service_date", day),
        RedeemRefusal::ServedAt(ServedAtFault::AfterItsDay(day)) => Cause::AfterItsDay.problem().with("service_date", day),
        RedeemRefusal::ServedAt(ServedAtFault::ReportedTooLate) => {
            Cause::ReportedTooLate.problem().with("latest_days_after", EVIDENCE_LATE_DAYS)
        }
        RedeemRefusal::OtherOrder => Cause::IdentifierOfAnotherOrder.problem(),
        RedeemRefusal::LimitTakenSince => Cause::LimitTakenSince.problem(),
        RedeemRefusal::CodeUsed => Cause::CodeUsed.problem(),
    }
}
