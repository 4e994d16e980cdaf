//! Problems (RFC 9457): one table of codes makes the body, the status, both languages, what to do next, and the documentation.

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use app::failure::{Failure, StoreFault, Thing};
use app::store::StoreError;
use domain::fault::Faults;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt;

macro_rules! problems {
    ($($(#[$meta:meta])* $variant:ident = $word:literal, $status:ident, $zh:literal, $en:literal, $next_zh:literal, $next_en:literal;)+) => {
        domain::text_enum! {
            /// A stable code of what went wrong; programs decide by it, people read the texts.
            pub enum ProblemCode { $(#[doc = $en] $variant = $word),+ }
        }

        impl ProblemCode {
            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }
            /// (zh-CN, en): what went wrong.
            #[must_use]
            pub const fn title(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($zh, $en)),+ }
            }
            /// (zh-CN, en): what the caller can do next.
            #[must_use]
            pub const fn next(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($next_zh, $next_en)),+ }
            }
        }
    };
}

problems! {
    BadRequest = "bad_request", BAD_REQUEST, "请求无法读懂", "The request cannot be read", "请按接口文档检查请求内容", "Check the request against the API reference";
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "提交的内容有误", "The content has faults", "请逐条改正 faults 中列出的问题后重新提交", "Correct every entry of `faults` and send it again";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "此地址不接受这种方法", "This address does not take this method", "请按接口文档和 Allow 头改用其他方法", "Use a method of the `Allow` header, as the API reference has it";
    WrongContentType = "wrong_content_type", UNSUPPORTED_MEDIA_TYPE, "提交内容的类型不对", "The content is of another type", "请以 Content-Type: application/json 提交 JSON", "Send JSON with Content-Type: application/json";
    TooLarge = "too_large", PAYLOAD_TOO_LARGE, "提交的内容过大", "The request is too large", "请减小内容或分批提交", "Send less, or in parts";
    IdempotencyKeyMissing = "idempotency_key_missing", BAD_REQUEST, "缺少 Idempotency-Key", "Idempotency-Key is missing", "请生成并保存一个 8 到 128 个字符的键，连同请求一起发送", "Make and store a key of 8 to 128 visible characters and send it with the request";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "同一个 Idempotency-Key 用于不同的请求", "The Idempotency-Key was used for another request", "新的请求请换用新的键", "Use a new key for a new request";
    SignInNeeded = "sign_in_needed", UNAUTHORIZED, "请先登录", "Sign in first", "请登录后重试", "Sign in and try again";
    Forbidden = "forbidden", FORBIDDEN, "没有此项权限", "You may not do this", "请联系管理员或社区工作者", "Ask an administrator or the community worker";
    NotFound = "not_found", NOT_FOUND, "没有找到", "Not found", "请核对编号", "Check the identifier";
    VersionMissing = "version_missing", PRECONDITION_REQUIRED, "缺少 If-Match", "If-Match is missing", "请先读取最新内容，再带上它的 ETag 提交", "Read it first and send its ETag in If-Match";
    Stale = "stale", PRECONDITION_FAILED, "内容已被别人改过", "It was changed by someone else", "请重新读取后再改", "Read it again and repeat the change";
    OrderRefused = "order_refused", UNPROCESSABLE_ENTITY, "无法下单", "The order cannot be taken", "请看 refusals 中的每一条原因", "See every entry of `refusals`";
    SoldOut = "sold_out", CONFLICT, "已售完或余量不足", "Sold out, or not enough left", "请减少份数或换一道菜", "Take fewer portions or another dish";
    CutOffPassed = "cut_off_passed", CONFLICT, "已过订餐截止时间", "The cut-off has passed", "请订下一餐，或致电社区工作者", "Order the next meal, or call the community worker";
    DietClash = "diet_clash", CONFLICT, "与老人的饮食禁忌冲突", "The dish clashes with the senior's diet", "请换一道菜；确需此菜请由社区工作者说明理由后代订", "Choose another dish; if it must be this one, a community worker can order it with a reason";
    QuoteChanged = "quote_changed", CONFLICT, "金额已变化，未下单", "The amount has changed; nothing was ordered", "请按 quote 中的新金额确认后重新下单", "Confirm the new amount in `quote` and order again";
    OrderState = "order_state", CONFLICT, "订单当前状态不允许此操作", "The order's state does not allow this", "请刷新订单查看最新状态", "Read the order again";
    OrderPacked = "order_packed", CONFLICT, "餐已装盒，不能再改菜", "The meal is packed and cannot be changed", "请联系食堂；确需更换请取消后重订", "Call the canteen; to have something else, cancel it and order again";
    ReasonNeeded = "reason_needed", UNPROCESSABLE_ENTITY, "需要填写理由", "A reason is needed", "请填写理由后重试", "Give a reason and try again";
    RedemptionRefused = "redemption_refused", UNPROCESSABLE_ENTITY, "无法核销", "The redemption cannot be recorded", "请核对时间和订单", "Check the time and the order";
    AlreadyServed = "already_served", CONFLICT, "这一餐已有送达凭证，不能改记为未送达", "There is evidence that this meal was served; it cannot be recorded as not delivered", "如送达有误，请告知食堂负责人，由补贴专员在结算前核实；不要再次提交", "If the delivery was a mistake, tell the canteen's manager, who has the subsidy officer look before it is settled; do not send it again";
    LotRefused = "lot_refused", UNPROCESSABLE_ENTITY, "原料不能验收或领用", "The goods cannot be taken in or used", "请看 cause 和 messages；不合格的到货请登记为拒收", "See `cause` and `messages`; record a bad delivery as sent back";
    BatchRefused = "batch_refused", CONFLICT, "这一锅当前不能这样操作", "The batch does not allow this now", "请刷新后查看这一锅的状态", "Read the batch again";
    IngredientsRefused = "ingredients_refused", CONFLICT, "现在不能确认这道菜的用料", "What goes into this dish cannot be confirmed now", "用料从前一天起到供餐结束前可以确认", "It can be confirmed from the day before until the meal is over";
    GateClosed = "gate_closed", CONFLICT, "放行条件不齐", "Something is missing for the release", "请补齐 gaps 中的每一项；确需放行由食堂负责人写明理由", "Supply every entry of `gaps`; if it must be released, the canteen's manager gives a reason";
    RecallRefused = "recall_refused", CONFLICT, "召回当前不允许此操作", "The recall does not allow this now", "请看 cause；结案前请完成 open 中的每一项", "See `cause`; before it is closed every entry of `open` must be done";
    SafetyRefused = "safety_refused", CONFLICT, "这条食品安全记录现在不能这样登记", "The safety record cannot be made like this now", "请看 cause；风险清单有变时请重新读取并逐条写明措施", "See `cause`; when the risk list has changed, read it again and give a measure for each risk";
    WelfareRefused = "welfare_refused", CONFLICT, "探访登记现在不能这样操作", "The case of looking in does not allow this now", "请看 cause；已结案的请由下一次发现另开", "See `cause`; what is seen after a case was closed opens another";
    ComplaintRefused = "complaint_refused", CONFLICT, "现在不能这样评价或办理投诉", "The meal cannot be rated, or the complaint handled, like this now", "请看 cause：未供餐、已评价、已过评价期、尚未答复、已办结或重新提出次数已满", "See `cause`: the meal was not served, was rated or is too long ago; the complaint is not answered, is closed, or was opened again too often";
    AnomalyRefused = "anomaly_refused", CONFLICT, "疑点现在不能这样办理", "The case of an anomaly does not allow this now", "请看 cause；已办结的由新的证据另开，已有人办理的请先接手", "See `cause`; new evidence opens another case after one was closed, and one that somebody else has is taken over first";
    PolicyFaulty = "policy_faulty", UNPROCESSABLE_ENTITY, "政策文件有误", "The policy document has faults", "请按 findings 逐条改正后重新提交", "Correct every error of `findings` and send it again";
    PolicyState = "policy_state", CONFLICT, "政策版本当前状态不允许此操作", "The policy version's state does not allow this", "请重新读取该版本", "Read the version again";
    PolicyConflict = "policy_conflict", CONFLICT, "与已有政策版本冲突", "It conflicts with another policy version", "请看 cause；日期重叠时可用 supersedes 结束旧版本", "See `cause`; when dates overlap, end the old version with `supersedes`";
    SettlementRefused = "settlement_refused", CONFLICT, "现在不能结算或付款", "It cannot be settled or paid now", "请看 cause：结算期未结束、已结算、没有可结算的明细、没有待付款项或缺少已确认的收款账户", "See `cause`: the period is not over or is settled, there is nothing to settle or pay, or no account is confirmed";
    CorrectionRefused = "correction_refused", CONFLICT, "现在不能这样更正", "It cannot be corrected like this now", "请看 cause：状态已变、该处理方式不适用、订单未供餐、散客订单、已有未结的更正或已撤销", "See `cause`: its state has changed, this is no answer to what was found, the order was not served or is a guest's, a correction is open, or it was annulled";
    SelfPayRefused = "self_pay_refused", CONFLICT, "现在不能这样收款、退款或交班", "It cannot be paid, given back or counted like this now", "请看 cause：已付、金额有变、余额不足、没有当班、由代付方承担等；该编号已用于别的流水时请换新编号", "See `cause`: paid already, the amount has changed, the balance does not suffice, no shift is open, a sponsor bears it and so on; make a new identifier where it was used for something else";
    SettlementState = "settlement_state", CONFLICT, "当前状态不允许此操作", "Its state does not allow this", "请重新读取后再试；见 cause 和 state", "Read it again; see `cause` and `state`";
    ImportRefused = "import_refused", CONFLICT, "导入当前状态不允许此操作", "The import's state does not allow this", "请看 state；有错误的文件请改正后重新上传", "See `state`; correct a faulty file and bring it again";
    Conflict = "conflict", CONFLICT, "与现有记录冲突", "It conflicts with an existing record", "请核对后重试", "Check and try again";
    SignInFailed = "sign_in_failed", UNAUTHORIZED, "登录或验证未通过", "The sign-in or proof does not fit", "请核对后重试；验证码请重新获取", "Check and try again; ask for a new code";
    TooManyTries = "too_many_tries", TOO_MANY_REQUESTS, "尝试次数过多", "Too many tries", "请在 retry_after_s 秒后再试", "Try again after `retry_after_s` seconds";
    PasswordChangeNeeded = "password_change_needed", FORBIDDEN, "请先修改初始密码", "The first password must be changed", "请调用 POST /v1/me/password 设置自己的密码", "Set a password of your own with POST /v1/me/password";
    WayOff = "way_off", NOT_FOUND, "此处未开通这种方式", "This way is not set up here", "请改用其他登录方式，或联系管理员开通", "Use another way in, or ask the administrator to set it up";
    OutsideUnreachable = "outside_unreachable", SERVICE_UNAVAILABLE, "外部服务暂时无法连接", "An outside service is out of reach", "请稍后再试，或改用其他方式", "Try again later, or another way";
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "系统繁忙", "The system is busy", "请稍候片刻再试，同一个键不会重复下单", "Wait a moment and try again; the same key never orders twice";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "系统暂时不可用", "The system is not available right now", "不是您的问题，请稍后再试", "It is not your fault; try again later";
    Internal = "internal", INTERNAL_SERVER_ERROR, "系统内部错误", "Something broke on our side", "不是您的问题，我们已记录，请稍后再试", "It is not your fault and was recorded; try again later";
}

/// A problem on its way to the client.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The code.
    pub code: ProblemCode,
    /// Further members of the body: what, where, what would be accepted.
    pub extra: Map<String, Value>,
}

/// The body's shape, for the API reference.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `https://nuanfan.example/problems/` and the code.
    pub r#type: String,
    /// The stable code.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, zh-CN.
    pub title: String,
    /// What went wrong, English.
    pub title_en: String,
    /// What to do next, zh-CN.
    pub next: String,
    /// What to do next, English.
    pub next_en: String,
}

impl Problem {
    /// A problem without further members.
    #[must_use]
    pub fn new(code: ProblemCode) -> Self {
        Self { code, extra: Map::new() }
    }

    /// With a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        // What is put in here are plain data; were one not to serialise, the member is null and the problem still arrives.
        self.extra.insert(name.to_owned(), serde_json::to_value(value).unwrap_or(Value::Null));
        self
    }

    /// With what to do next in this very case, in place of what the code says in general.
    #[must_use]
    pub fn advise(self, zh: &str, en: &str) -> Self {
        self.with("next", zh).with("next_en", en)
    }

    /// Faults of an input, all of them.
    #[must_use]
    pub fn invalid(faults: &Faults) -> Self {
        Self::new(ProblemCode::Invalid).with("faults", faults)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> Value {
        let ((title, title_en), (next, next_en)) = (self.code.title(), self.code.next());
        let mut body = json!({
            "type": format!("https://nuanfan.example/problems/{}", self.code), "code": self.code, "status": self.code.status().as_u16(),
            "title": title, "title_en": title_en, "next": next, "next_en": next_en,
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(self.extra.clone());
        }
        body
    }

    /// From a use case's failure; `refused` says what its refusals mean here.
    pub fn of<R>(failure: Failure<R>, refused: impl FnOnce(R) -> Self) -> Self {
        match failure {
            Failure::Refused(refusal) => refused(refusal),
            Failure::NotFound(thing) => Self::new(ProblemCode::NotFound).with("what", name_of(thing)),
            Failure::Forbidden => Self::new(ProblemCode::Forbidden),
            Failure::Stale { version } => Self::new(ProblemCode::Stale).with("version", version),
            Failure::KeyReused => Self::new(ProblemCode::IdempotencyKeyReused),
            Failure::Store(StoreFault(error)) => Self::of_store(&error),
        }
    }

    fn of_store(error: &StoreError) -> Self {
        Self::new(match error {
            StoreError::Overloaded | StoreError::Contention(_) => ProblemCode::Overloaded,
            StoreError::Unavailable(_) => ProblemCode::Unavailable,
            StoreError::Unique(_) => ProblemCode::Conflict,
            StoreError::NotFound => ProblemCode::NotFound,
            StoreError::Check(_)
            | StoreError::ForeignKey
            | StoreError::Sealed(_)
            | StoreError::NewerDatabase(_)
            | StoreError::Database(_) => {
                tracing::error!(%error, "a fault of ours");
                ProblemCode::Internal
            }
        })
    }
}

const fn name_of(thing: Thing) -> &'static str {
    match thing {
        Thing::Senior(_) => "senior",
        Thing::Canteen(_) => "canteen",
        Thing::Sitting => "sitting",
        Thing::Order => "order",
        Thing::MenuItem => "menu_item",
        Thing::Dish => "dish",
        Thing::User => "user",
        Thing::Device => "device",
        Thing::Binding => "binding",
        Thing::Grant => "grant",
        Thing::StandingOrder => "standing_order",
        Thing::Policy => "policy",
        Thing::Lot => "lot",
        Thing::Batch => "batch",
        Thing::Plan => "plan",
        Thing::Stop => "stop",
        Thing::Import => "import",
        Thing::Place => "place",
        Thing::Supplier => "supplier",
        Thing::Job => "job",
        Thing::Fact => "fact",
        Thing::Ingredient => "ingredient",
        Thing::StoragePlace => "storage_place",
        Thing::Recall => "recall",
        Thing::SafetyRecord => "safety_record",
        Thing::Control => "control",
        Thing::Sample => "sample",
        Thing::Issue => "issue",
        Thing::Settlement => "settlement",
        Thing::Correction => "correction",
        Thing::Payee => "payee",
        Thing::Payout => "payout",
        Thing::Payment => "payment",
        Thing::Suspense => "suspense",
        Thing::WelfareCase => "welfare_case",
        Thing::Complaint => "complaint",
        Thing::Rating => "rating",
        Thing::Backtest => "backtest",
        Thing::AnomalyCase => "anomaly",
        Thing::Budget => "budget",
        Thing::Shift => "shift",
        Thing::Sponsor => "sponsor",
        Thing::Sponsored => "sponsored",
        Thing::SponsorBill => "sponsor_bill",
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.title().1)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header(ContentType("application/problem+json".parse().unwrap_or(mime_json())));
        if self.status_code() == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((RETRY_AFTER, "1"));
        } else if let Some(seconds) = self.extra.get("retry_after_s").and_then(Value::as_i64) {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        response.body(self.body().to_string())
    }
}

fn mime_json() -> actix_web::mime::Mime {
    actix_web::mime::APPLICATION_JSON
}

/// A JSON body that cannot be read.
pub fn json_error(error: actix_web::error::JsonPayloadError, _: &HttpRequest) -> actix_web::Error {
    use actix_web::error::JsonPayloadError as E;
    let code = match &error {
        E::OverflowKnownLength { .. } | E::Overflow { .. } => ProblemCode::TooLarge,
        E::ContentType => ProblemCode::WrongContentType,
        _ => ProblemCode::BadRequest,
    };
    Problem::new(code).with("detail", without_values(&error.to_string())).into()
}

/// A parser's message without the value it quotes: what was sent may be an identity number, and bodies of errors are kept by
/// proxies. What would have been accepted, and where, stays.
fn without_values(message: &str) -> String {
    let Some((head, tail)) = message.rsplit_once(", expected") else { return message.to_owned() };
    let unquoted = head.split(['`', '"']).next().unwrap_or_default();
    if head.contains("unknown field") { message.to_owned() } else { format!("{}, expected{tail}", unquoted.trim_end()) }
}

/// A query string that cannot be read.
pub fn query_error(error: actix_web::error::QueryPayloadError, _: &HttpRequest) -> actix_web::Error {
    Problem::new(ProblemCode::BadRequest).with("detail", error.to_string()).into()
}

/// A path that names nothing: a malformed identifier is as absent as an unknown one.
pub fn path_error(_: actix_web::error::PathError, _: &HttpRequest) -> actix_web::Error {
    Problem::new(ProblemCode::NotFound).into()
}

/// No such route.
pub async fn no_route() -> Result<HttpResponse, Problem> {
    Err(Problem::new(ProblemCode::NotFound))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::text_enum::TextEnum;

    #[test]
    fn every_problem_says_what_and_what_to_do_in_both_languages() {
        for code in ProblemCode::ALL {
            let body = Problem::new(*code).body();
            for member in ["code", "title", "title_en", "next", "next_en"] {
                assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{code} {member}");
            }
            assert!((400..600).contains(&code.status().as_u16()), "{code}");
        }
    }

    #[test]
    fn a_parsers_message_does_not_repeat_what_was_sent() {
        for (message, expected) in [
            (
                "invalid type: integer `13800001234`, expected a string at line 1 column 9",
                "invalid type: integer, expected a string at line 1 column 9",
            ),
            ("unknown variant `13800001234`, expected one of `a`, `b`", "unknown variant, expected one of `a`, `b`"),
            ("invalid value: string \"x, expected y\", expected z", "invalid value: string, expected z"),
            ("unknown field `phon`, expected `phone`", "unknown field `phon`, expected `phone`"),
            ("missing field `phone` at line 1", "missing field `phone` at line 1"),
        ] {
            assert_eq!(without_values(message), expected);
        }
    }

    #[test]
    fn an_outage_is_never_the_clients_fault() {
        for error in [
            StoreError::Unavailable(String::new()),
            StoreError::Overloaded,
            StoreError::Contention(""),
            StoreError::Database(String::new()),
        ] {
            let problem = Problem::of(Failure::<()>::from(error), |()| Problem::new(ProblemCode::Invalid));
            assert!(problem.code.status().is_server_error(), "{problem:?}");
        }
    }
}
