//! Schemas of the domain's words and identifiers: the domain may not know OpenAPI, so they are described from here.

use domain::id::{Id, Kind};
use domain::text_enum::TextEnum;
use std::borrow::Cow;
use std::marker::PhantomData;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The schema of a closed set of words, listing every one: by an alias, `#[schema(value_type = ChannelWord)]`.
///
/// (utoipa composes the arguments of a generic it is shown, and would ask the domain's types for schemas of their own.).
pub struct Words<E>(PhantomData<E>);

impl<E: TextEnum> PartialSchema for Words<E> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(E::ALL.iter().map(|v| v.as_str()))).into()
    }
}
impl<E: TextEnum> ToSchema for Words<E> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(E::NAME)
    }
}

/// The schema of an identifier: by an alias, `#[schema(value_type = OrderIdText)]`.
pub struct IdText<K>(PhantomData<K>);

impl<K: Kind> PartialSchema for IdText<K> {
    fn schema() -> RefOr<Schema> {
        let pattern = format!("^{}_[0-9a-f]{{32}}$", K::PREFIX);
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).examples([format!("{}_{:032x}", K::PREFIX, 1)]).into()
    }
}
impl<K: Kind> ToSchema for IdText<K> {
    fn name() -> Cow<'static, str> {
        // The prefix names the kind; two kinds never share one.
        Cow::Owned(format!("Id_{}", K::PREFIX))
    }
}

/// Parses an identifier of a path; a malformed one is as absent as an unknown one.
pub fn path_id<K: Kind>(text: &str) -> Result<Id<K>, crate::problem::Problem> {
    Id::parse(text).map_err(|_| crate::problem::Problem::new(crate::problem::ProblemCode::NotFound))
}

macro_rules! aliases {
    ($($alias:ident = $of:ty;)+) => {$(#[doc = concat!("Schema of `", stringify!($of), "`.")] pub type $alias = $of;)+};
}

aliases! {
    ChannelWord = Words<domain::Channel>;
    MealWord = Words<domain::MealPeriod>;
    TextureWord = Words<domain::diet::Texture>;
    PortionSizeWord = Words<domain::diet::PortionSize>;
    ViaWord = Words<domain::order::Via>;
    OrderStateWord = Words<domain::order::OrderState>;
    RedemptionMethodWord = Words<domain::order::RedemptionMethod>;
    DoorMethodWord = Words<domain::door::DoorMethod>;
    RedemptionStateWord = Words<domain::order::RedemptionState>;
    SkipReasonWord = Words<domain::standing::SkipReason>;
    CanteenIdText = IdText<domain::id::Canteen>;
    ImportIdText = IdText<domain::id::Import>;
    ImportStateWord = Words<app::store::query::imports::ImportState>;
    TableWord = Words<app::tabular::TableKind>;
    ExportWord = Words<app::exports::ExportKind>;
    StandingOrderIdText = IdText<domain::id::StandingOrder>;
    PlaceLevelWord = Words<domain::place::PlaceLevel>;
    CanteenKindWord = Words<domain::canteen::CanteenKind>;
    CanteenStateWord = Words<domain::canteen::CanteenState>;
    SittingStateWord = Words<domain::canteen::SittingState>;
    StationWord = Words<domain::canteen::Station>;
    AllergenWord = Words<domain::diet::Allergen>;
    DishMarkWord = Words<domain::diet::DishMark>;
    StopOutcomeWord = Words<domain::door::StopOutcome>;
    PlanIdText = IdText<domain::id::Plan>;
    StopIdText = IdText<domain::id::Stop>;
    OrderIdText = IdText<domain::id::Order>;
    SittingIdText = IdText<domain::id::Sitting>;
    SeniorIdText = IdText<domain::id::Senior>;
    MenuItemIdText = IdText<domain::id::MenuItem>;
    DishIdText = IdText<domain::id::Dish>;
    RoleWord = Words<domain::access::Role>;
    FamilyScopeWord = Words<domain::access::FamilyScope>;
    DeviceKindWord = Words<domain::access::DeviceKind>;
    ConsentKindWord = Words<domain::access::ConsentKind>;
    UserStateWord = Words<domain::access::UserState>;
    AuditActionWord = Words<domain::audit::AuditAction>;
    FactKindWord = Words<domain::subsidy::FactKind>;
    SeniorStateWord = Words<app::store::query::seniors::SeniorState>;
    HiddenWord = Words<app::seniors::read::Hidden>;
    GrantIdText = IdText<domain::id::Grant>;
    DeviceIdText = IdText<domain::id::Device>;
    FactIdText = IdText<domain::id::Fact>;
    BindingIdText = IdText<domain::id::Binding>;
    BindingRequestIdText = IdText<domain::id::BindingRequest>;
    LoginCodeIdText = IdText<domain::id::LoginCode>;
    JobIdText = IdText<domain::id::Job>;
    NoticeEventWord = Words<domain::notice::NoticeEvent>;
    NoticeChannelWord = Words<domain::notice::NoticeChannel>;
    NoticeLanguageWord = Words<domain::notice::NoticeLanguage>;
    DatumWord = Words<crate::seniors::bodies::Datum>;
    SupplierIdText = IdText<domain::id::Supplier>;
    IngredientIdText = IdText<domain::id::Ingredient>;
    LotIdText = IdText<domain::id::Lot>;
    BatchIdText = IdText<domain::id::Batch>;
    IssueIdText = IdText<domain::id::Issue>;
    CertificateIdText = IdText<domain::id::Certificate>;
    StoragePlaceIdText = IdText<domain::id::StoragePlace>;
    SampleIdText = IdText<domain::id::Sample>;
    SafetyRecordIdText = IdText<domain::id::SafetyRecord>;
    ControlIdText = IdText<domain::id::Control>;
    RecordKindWord = Words<domain::food_safety::observation::RecordKind>;
    DoubtWord = Words<domain::food_safety::sensor::Doubt>;
    ControlKindWord = Words<domain::food_safety::risk::ControlKind>;
    RecallIdText = IdText<domain::id::Recall>;
    RecallOutcomeWord = Words<domain::recall::RecallOutcome>;
    ContactOutcomeWord = Words<domain::recall::ContactOutcome>;
    StockCountIdText = IdText<domain::id::StockCount>;
    DisposalIdText = IdText<domain::id::Disposal>;
    PlaceKindWord = Words<domain::stock::PlaceKind>;
    DisposalCauseWord = Words<domain::stock::DisposalCause>;
    CountOutcomeWord = Words<domain::stock::CountOutcome>;
    SupplierStateWord = Words<domain::lot::SupplierState>;
    AmountUnitWord = Words<domain::lot::AmountUnit>;
    StorageWord = Words<domain::lot::Storage>;
    LotStateWord = Words<domain::lot::LotState>;
    VoucherKindWord = Words<domain::lot::VoucherKind>;
    HoldingWord = Words<domain::food_safety::Holding>;
    BatchWasteIdText = IdText<domain::id::BatchWaste>;
    WasteReasonWord = Words<domain::portions::WasteReason>;
    SiteLoadIdText = IdText<domain::id::SiteLoad>;
    BatchStateWord = Words<domain::batch::BatchState>;
    WelfareCaseIdText = IdText<domain::id::WelfareCase>;
    ComplaintIdText = IdText<domain::id::Complaint>;
    CategoryWord = Words<domain::complaint::Category>;
    ComplaintStateWord = Words<domain::complaint::ComplaintState>;
    ComplaintStepWord = Words<domain::complaint::ComplaintStep>;
    RatingReasonWord = Words<domain::rating::RatingReason>;
    VoiceWord = Words<domain::rating::Voice>;
    WelfareStepIdText = IdText<domain::id::WelfareStep>;
    ConcernWord = Words<domain::welfare::Concern>;
    FindingWord = Words<domain::welfare::Finding>;
    RelationWord = Words<domain::welfare::Relation>;
    StepKindWord = Words<domain::welfare::StepKind>;
    AttemptOutcomeWord = Words<domain::welfare::AttemptOutcome>;
    AnomalyCaseIdText = IdText<domain::id::AnomalyCase>;
    AnomalyRuleWord = Words<domain::anomaly::AnomalyRule>;
    AnomalyMeasureWord = Words<domain::anomaly::AnomalyMeasure>;
    AnomalyUnitWord = Words<domain::anomaly::AnomalyUnit>;
    AnomalyStateWord = Words<domain::anomaly::AnomalyState>;
    AnomalyFindingWord = Words<domain::anomaly::AnomalyFinding>;
    RedemptionIdText = IdText<domain::id::Redemption>;
    SettingUnitWord = Words<domain::food_safety::rulebook::SettingUnit>;
    UserIdText = IdText<domain::id::User>;
    PolicyIdText = IdText<domain::id::Policy>;
    BacktestIdText = IdText<domain::id::Backtest>;
    BacktestStateWord = Words<app::store::query::backtests::BacktestState>;
    SettlementIdText = IdText<domain::id::Settlement>;
    PayoutIdText = IdText<domain::id::Payout>;
    PaymentIdText = IdText<domain::id::PaymentNumber>;
    BankAnswerIdText = IdText<domain::id::BankAnswer>;
    SuspenseIdText = IdText<domain::id::Suspense>;
    BudgetIdText = IdText<domain::id::Budget>;
    BudgetChangeIdText = IdText<domain::id::BudgetChange>;
    BudgetChangeStateWord = Words<domain::budget::BudgetChangeState>;
    CorrectionIdText = IdText<domain::id::Correction>;
    CorrectionCauseWord = Words<domain::correction::CorrectionCause>;
    CorrectionStateWord = Words<domain::correction::CorrectionState>;
    ResolutionWord = Words<domain::correction::Resolution>;
    SettlementStateWord = Words<domain::settlement::SettlementState>;
    PaymentStateWord = Words<domain::settlement::payment::PaymentState>;
    BankResultWord = Words<domain::settlement::payment::BankResult>;
    SuspenseCauseWord = Words<domain::settlement::payment::SuspenseCause>;
    PolicyStateWord = Words<domain::policy::PolicyState>;
    EntryIdText = IdText<domain::id::Entry>;
    ShiftIdText = IdText<domain::id::Shift>;
    SponsorIdText = IdText<domain::id::Sponsor>;
    SponsoredIdText = IdText<domain::id::Sponsored>;
    SponsorBillIdText = IdText<domain::id::SponsorBill>;
    EntryKindWord = Words<domain::self_pay::EntryKind>;
    MeansWord = Words<domain::self_pay::Means>;
    PayingWord = Words<app::self_pay::order::Paying>;
    ShiftStateWord = Words<domain::self_pay::shift::ShiftState>;
}
