//! Payouts: files for the bank, the bank's answers, what waits on the suspense list.

use crate::download::download_as;
use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageQuery, PageView, cursor_of, page};
use crate::problem::{Problem, ProblemCode};
use crate::settlements::{PaymentView, never, refused};
use crate::words::{
    BankAnswerIdText, BankResultWord, PaymentIdText, PayoutIdText, SuspenseCauseWord, SuspenseIdText, UserIdText, path_id,
};
use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Data, Json, Path, PayloadConfig, Query, ServiceConfig};
use app::App;
use app::settlements::answer::{self, FILE_MAX, Taken};
use app::settlements::file;
use app::settlements::payout::{self, PayoutSummary};
use app::settlements::suspense::{self, Waiting};
use app::tabular::Format;
use domain::access::Action;
use domain::fault::Faults;
use domain::id::{BankAnswerId, PaymentId, PayoutId, SuspenseId, UserId};
use domain::settlement::payment::{BankResult, SuspenseCause};
use domain::{Instant, PlaceCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/payouts").route(web::post().to(make_payout)).route(web::get().to(list_payouts)))
        .service(web::resource("/v1/payouts/{payout}").route(web::get().to(get_payout)))
        .service(web::resource("/v1/payouts/{payout}/file").route(web::get().to(export_payout)))
        .service(web::resource("/v1/payments/{payment}/reissue").route(web::post().to(reissue_payment)))
        .service(web::resource("/v1/bank-answers").app_data(PayloadConfig::new(FILE_MAX)).route(web::post().to(take_bank_answer)))
        .service(web::resource("/v1/suspense").route(web::get().to(list_suspense)))
        .service(web::resource("/v1/suspense/{item}/resolution").route(web::post().to(resolve_suspense)));
}

const OF_LOOKING: &[ProblemCode] = &[ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::NotFound];

const OF_MAKING: &[ProblemCode] = &[
    ProblemCode::TooLarge,
    ProblemCode::Forbidden,
    ProblemCode::NotFound,
    ProblemCode::SettlementRefused,
    ProblemCode::SettlementState,
];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("makePayout", Access::Roles(Action::Settle), OF_MAKING),
    op("listPayouts", Access::Roles(Action::SeeClaims), OF_LOOKING),
    op("getPayout", Access::Roles(Action::SeeClaims), OF_LOOKING),
    op("exportPayout", Access::Roles(Action::Settle), OF_LOOKING),
    op("reissuePayment", Access::Roles(Action::Settle), OF_MAKING),
    op(
        "takeBankAnswer",
        Access::Roles(Action::Settle),
        &[ProblemCode::TooLarge, ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::NotFound],
    ),
    op("listSuspense", Access::Roles(Action::SeeClaims), OF_LOOKING),
    op(
        "resolveSuspense",
        Access::Roles(Action::Settle),
        &[ProblemCode::TooLarge, ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::SettlementState],
    ),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        make_payout,
        list_payouts,
        get_payout,
        export_payout,
        reissue_payment,
        take_bank_answer,
        list_suspense,
        resolve_suspense
    ),
    components(schemas(FileForm))
)]
pub struct Docs;

/// What goes to the bank.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayoutBody {
    /// The due payments of canteens at this place and below.
    #[schema(value_type = String, example = "990101")]
    pub place: PlaceCode,
}

/// Payments that go to the bank together.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayoutView {
    /// Its identifier.
    #[schema(value_type = PayoutIdText)]
    pub id: PayoutId,
    /// Of canteens at this place and below.
    #[schema(value_type = String, example = "990101")]
    pub place: PlaceCode,
    /// Who made it.
    #[schema(value_type = Option<UserIdText>)]
    pub made_by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Instant,
    /// Payments.
    pub payments: i64,
    /// What they come to.
    pub fen: i64,
}

impl From<PayoutSummary> for PayoutView {
    fn from(of: PayoutSummary) -> Self {
        Self { id: of.id, place: of.place, made_by: of.made_by, made_at: of.made_at, payments: of.payments, fen: of.fen.0 }
    }
}

/// A payout that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadePayoutView {
    /// The payout.
    pub payout: PayoutView,
    /// Codes of canteens whose payments stay due, because they have no confirmed account.
    pub without_account: Vec<String>,
}

/// Puts the due payments of published settlements into a payout, at most 5,000, each with the account that is confirmed now.
/// Whoever approved one of the settlements may not.
#[utoipa::path(post, path = "/v1/payouts", operation_id = "makePayout", tag = "payouts", request_body = PayoutBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = MadePayoutView)))]
pub async fn make_payout(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<PayoutBody>,
) -> Result<HttpResponse, Problem> {
    let key = key.bind(&actor, "makePayout", &*body)?;
    let made = payout::make(&app, actor, key, body.into_inner().place).await.map_err(refused)?;
    Ok(HttpResponse::Created().json(MadePayoutView { payout: made.payout.into(), without_account: made.without_account }))
}

/// The payouts of the caller's places, newest first.
#[utoipa::path(get, path = "/v1/payouts", operation_id = "listPayouts", tag = "payouts", params(PageQuery),
    responses((status = 200, body = PageView<PayoutView>)))]
pub async fn list_payouts(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<PageQuery>,
) -> Result<Json<PageView<PayoutView>>, Problem> {
    let (limit, before) = page(&query)?;
    let (rows, next) = payout::list(&app, actor, before, i64::from(limit)).await.map_err(never)?;
    Ok(Json(PageView { items: rows.into_iter().map(PayoutView::from).collect(), next: next.map(|id| cursor_of(&id.to_string())) }))
}

/// A payout with its payments.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayoutCardView {
    /// The payout.
    #[serde(flatten)]
    pub payout: PayoutView,
    /// Its payments, in the order of its file.
    pub items: Vec<PaymentView>,
}

/// A payout with its payments as they stand now.
#[utoipa::path(get, path = "/v1/payouts/{payout}", operation_id = "getPayout", tag = "payouts",
    params(("payout" = String, Path, description = "The payout")), responses((status = 200, body = PayoutCardView)))]
pub async fn get_payout(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<PayoutCardView>, Problem> {
    let (payout, cards) = payout::get(&app, actor, path_id(&path)?).await.map_err(never)?;
    Ok(Json(PayoutCardView { payout: payout.into(), items: cards.into_iter().map(PaymentView::from).collect() }))
}

/// The form of a payment file.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileForm {
    /// UTF-8 with a byte order mark.
    Csv,
    /// A workbook with a frozen header, amounts as numbers in yuan.
    Xlsx,
}

impl From<FileForm> for Format {
    fn from(of: FileForm) -> Self {
        match of {
            FileForm::Csv => Self::Csv,
            FileForm::Xlsx => Self::Xlsx,
        }
    }
}

/// Which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// `csv` or `xlsx`.
    pub format: FileForm,
}

/// The payment file for the bank: numbers, account holders and accounts in the clear, amounts. The same payout gives the same
/// bytes; who takes it is kept in the audit log.
#[utoipa::path(get, path = "/v1/payouts/{payout}/file", operation_id = "exportPayout", tag = "payouts",
    params(("payout" = String, Path, description = "The payout"), FileQuery),
    responses((status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn export_payout(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<FileQuery>,
) -> Result<HttpResponse, Problem> {
    let id: PayoutId = path_id(&path)?;
    let format = query.format.into();
    let bytes = file::export(&app, actor, id, format).await.map_err(refused)?;
    Ok(download_as(format, id).body(bytes))
}

/// A payment that was issued again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReissuedView {
    /// The new payment; it is due.
    #[schema(value_type = PaymentIdText)]
    pub payment: PaymentId,
}

/// Issues a returned payment again under a new number. The next payout takes it, with the account that is confirmed then.
#[utoipa::path(post, path = "/v1/payments/{payment}/reissue", operation_id = "reissuePayment", tag = "payouts",
    params(("payment" = String, Path, description = "The returned payment"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = ReissuedView)))]
pub async fn reissue_payment(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: PaymentId = path_id(&path)?;
    let key = key.bind(&actor, "reissuePayment", &id)?;
    let payment = payout::reissue(&app, actor, key, id).await.map_err(refused)?;
    Ok(HttpResponse::Created().json(ReissuedView { payment }))
}

/// Whose answer it is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BankAnswerQuery {
    /// For payments of canteens at this place and below.
    #[param(value_type = String, example = "990101")]
    place: PlaceCode,
    /// What the file is called.
    #[param(max_length = 200, example = "answer.csv")]
    file_name: String,
}

/// What became of a bank's answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct BankAnswerView {
    /// The answer.
    #[schema(value_type = BankAnswerIdText)]
    pub id: BankAnswerId,
    /// Rows.
    pub rows: i64,
    /// Payments that have arrived by it.
    pub paid: i64,
    /// Payments that came back by it.
    pub returned: i64,
    /// Rows that said what was known.
    pub repeated: i64,
    /// Rows on the suspense list.
    pub suspended: i64,
    /// The same answer was taken before; nothing was changed.
    pub known: bool,
}

impl From<Taken> for BankAnswerView {
    fn from(of: Taken) -> Self {
        Self {
            id: of.id,
            rows: of.rows,
            paid: of.paid,
            returned: of.returned,
            repeated: of.repeated,
            suspended: of.suspended,
            known: of.known,
        }
    }
}

/// Takes a bank's answer: the body is a CSV file in UTF-8 or GB18030, at most 8 MB. A row is matched by the payment's number and
/// the amount and the payee; whatever does not fit waits on the suspense list. The same answer twice changes nothing.
#[utoipa::path(post, path = "/v1/bank-answers", operation_id = "takeBankAnswer", tag = "payouts", params(BankAnswerQuery),
    request_body(content((String = "text/csv"))), responses((status = 200, body = BankAnswerView)))]
pub async fn take_bank_answer(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<BankAnswerQuery>,
    body: Bytes,
) -> Result<Json<BankAnswerView>, Problem> {
    let BankAnswerQuery { place, file_name } = query.into_inner();
    let mut faults = Faults::default();
    crate::input::text(&mut faults, "file_name", &file_name, 200);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let taken = answer::take(&app, actor, place, file_name, body.to_vec()).await.map_err(refused)?;
    Ok(Json(taken.into()))
}

/// A row of a bank's answer that matched no payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuspenseView {
    /// Its identifier.
    #[schema(value_type = SuspenseIdText)]
    pub id: SuspenseId,
    /// The answer it came in.
    #[schema(value_type = BankAnswerIdText)]
    pub answer: BankAnswerId,
    /// Its row in the file, as a spreadsheet numbers it.
    pub row: i64,
    /// Why it matched nothing.
    #[schema(value_type = SuspenseCauseWord)]
    pub cause: SuspenseCause,
    /// The payment's number as the file has it.
    pub payment: String,
    /// What the bank says.
    #[schema(value_type = BankResultWord)]
    pub result: BankResult,
    /// How much.
    pub fen: i64,
    /// The holder of the account.
    pub holder: String,
    /// The account's last four digits.
    #[schema(example = "****5702")]
    pub account: String,
    /// The bank's own reference.
    pub reference: String,
    /// In the bank's words.
    pub reason: String,
}

impl From<Waiting> for SuspenseView {
    fn from(of: Waiting) -> Self {
        Self {
            id: of.id,
            answer: of.answer,
            row: of.row,
            cause: of.cause,
            payment: of.payment,
            result: of.result,
            fen: of.fen.0,
            holder: of.holder,
            account: of.account,
            reference: of.reference,
            reason: of.reason,
        }
    }
}

/// What waits on the suspense list of the caller's places, oldest first.
#[utoipa::path(get, path = "/v1/suspense", operation_id = "listSuspense", tag = "payouts", params(PageQuery),
    responses((status = 200, body = PageView<SuspenseView>)))]
pub async fn list_suspense(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<PageQuery>,
) -> Result<Json<PageView<SuspenseView>>, Problem> {
    let (limit, after) = page(&query)?;
    let (rows, next) = suspense::list(&app, actor, after, i64::from(limit)).await.map_err(never)?;
    Ok(Json(PageView {
        items: rows.into_iter().map(SuspenseView::from).collect(),
        next: next.map(|id| cursor_of(&id.to_string())),
    }))
}

/// What a row was.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolutionBody {
    /// At most 200 characters, no personal data.
    #[schema(max_length = 200)]
    pub note: String,
}

/// Takes a row off the suspense list, saying what it was. Moves no money.
#[utoipa::path(post, path = "/v1/suspense/{item}/resolution", operation_id = "resolveSuspense", tag = "payouts", request_body = ResolutionBody,
    params(("item" = String, Path, description = "The row")), responses((status = 204, description = "It is off the list")))]
pub async fn resolve_suspense(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    body: Json<ResolutionBody>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    crate::input::text(&mut faults, "/note", &body.note, 200);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    suspense::resolve(&app, actor, path_id(&path)?, body.into_inner().note).await.map_err(refused)?;
    Ok(HttpResponse::NoContent().finish())
}
