//! Identifiers that cannot be mixed up: UUIDv7 inside, a prefixed text outside (`ord_...`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use uuid::Uuid;

/// What an [`Id`] names; gives the prefix of its text form.
pub trait Kind: 'static {
    /// Lower-case letters, without the underscore.
    const PREFIX: &'static str;
}

/// The identifier of one `K`. UUIDv7, so rows made together lie together on disk.
pub struct Id<K: Kind>(Uuid, PhantomData<fn() -> K>);

/// The text is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of the form {prefix}_ followed by 32 hexadecimal digits")]
pub struct BadId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

impl<K: Kind> Id<K> {
    /// Wraps a UUID that is known to name a `K`.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bare UUID, for storage.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// From the text form.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let bad = BadId { prefix: K::PREFIX };
        let hex = text.strip_prefix(K::PREFIX).and_then(|t| t.strip_prefix('_')).ok_or_else(|| bad.clone())?;
        let plain = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !plain {
            return Err(bad);
        }
        Uuid::parse_str(hex).map(Self::from_uuid).map_err(|_| bad)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.0.simple())
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
// Derives would ask the same of `K`, which is only a name.
impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Kind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K: Kind> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K: Kind> std::str::FromStr for Id<K> {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::parse(text)
    }
}
impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal, $alias:ident;)+) => {$(
        $(#[$meta])*
        pub enum $name {}
        impl Kind for $name { const PREFIX: &'static str = $prefix; }
        #[doc = concat!("Identifier `", $prefix, "_...`.")]
        pub type $alias = Id<$name>;
    )+};
}

kinds! {
    /// Somebody to call about a senior.
    SeniorContact = "sct", SeniorContactId;
    /// A case of looking in on a senior (探访).
    WelfareCase = "wel", WelfareCaseId;
    /// A complaint (投诉).
    Complaint = "cpl", ComplaintId;
    /// A step of a complaint.
    ComplaintStep = "cps", ComplaintStepId;
    /// A case of something that does not fit in the served meals (疑点).
    AnomalyCase = "ano", AnomalyCaseId;
    /// A limit that a place has set for what is looked for.
    AnomalySetting = "ans", AnomalySettingId;
    /// A step of such a case of looking in.
    WelfareStep = "wst", WelfareStepId;
    /// A person who signs in: staff, family, senior, or a paired device's owner.
    User = "usr", UserId;
    /// A senior (老人): the person who eats.
    Senior = "sen", SeniorId;
    /// A dated fact about a senior.
    Fact = "fct", FactId;
    /// A family member's binding to a senior.
    Binding = "bnd", BindingId;
    /// A right of a user at a node of the place tree.
    Grant = "grt", GrantId;
    /// A paired device: kitchen display, counter terminal, courier's phone.
    Device = "dev", DeviceId;
    /// What a funder has set aside (资金预算).
    Budget = "bud", BudgetId;
    /// Money that is added to it or cut.
    BudgetChange = "bch", BudgetChangeId;
    /// Somebody's sign-in on a kitchen display.
    DisplaySignIn = "dsi", DisplaySignInId;
    /// A sign-in session.
    Session = "ses", SessionId;
    /// A one-time code's request.
    LoginCode = "cod", LoginCodeId;
    /// A family member's request to be bound.
    BindingRequest = "brq", BindingRequestId;
    /// A canteen (助餐点).
    Canteen = "can", CanteenId;
    /// A dish (菜品).
    Dish = "dsh", DishId;
    /// One canteen, one service date, one meal period.
    Sitting = "sit", SittingId;
    /// A dish on a sitting's menu, with its price and portions.
    MenuItem = "mit", MenuItemId;
    /// An order (订单).
    Order = "ord", OrderId;
    /// A line of an order.
    OrderLine = "oln", OrderLineId;
    /// A standing order (长期订餐).
    StandingOrder = "std", StandingOrderId;
    /// A redemption (核销): evidence that a meal was served. Made by the client.
    Redemption = "rdm", RedemptionId;
    /// A version of a subsidy policy (补贴政策).
    Policy = "pol", PolicyId;
    /// A stored subsidy decision with its trace.
    Decision = "dec", DecisionId;
    /// A transfer of the ledger (分录).
    Transfer = "trf", TransferId;
    /// A correction (更正) of a meal that was eaten.
    Correction = "crn", CorrectionId;
    /// A settlement (结算单): one canteen, one payer, one period.
    Settlement = "set", SettlementId;
    /// A payout (付款批次): a file of payments for the bank.
    Payout = "pyo", PayoutId;
    /// A payment: one funder's part of one settlement. Its text is the number in the bank's files.
    PaymentNumber = "pay", PaymentId;
    /// A bank's answer, brought as a file.
    BankAnswer = "bka", BankAnswerId;
    /// A row of a bank's answer that matches no payment.
    Suspense = "sus", SuspenseId;
    /// A shift (当班): one person's till, from the float to the count.
    Shift = "shf", ShiftId;
    /// An entry (流水) of self-pay. Made by the client where one asks for it.
    Entry = "ent", EntryId;
    /// A sponsor (代付方) who bears seniors' self-pay.
    Sponsor = "spo", SponsorId;
    /// That a sponsor bears a senior's self-pay, from a day on.
    Sponsored = "spd", SponsoredId;
    /// A bill (代付账单): one sponsor, one canteen, one month.
    SponsorBill = "bil", SponsorBillId;
    /// A supplier (供应商).
    Supplier = "sup", SupplierId;
    /// An ingredient (原料).
    Ingredient = "ing", IngredientId;
    /// A received lot of an ingredient (批次).
    Lot = "lot", LotId;
    /// A batch of one dish cooked at one canteen (生产批次).
    Batch = "bat", BatchId;
    /// A record of portions that were handed over to a canteen.
    SiteLoad = "sld", SiteLoadId;
    /// A record of portions that are not eaten.
    BatchWaste = "bwa", BatchWasteId;
    /// A command of a kitchen display. Made by the display.
    KitchenCommand = "kcm", KitchenCommandId;
    /// An issue of a lot to a batch (领料).
    Issue = "iss", IssueId;
    /// A disposal of part of a lot (销毁).
    Disposal = "dsp", DisposalId;
    /// A storage place (存放点): a fridge, a shelf, a hot cabinet, a sterilizer.
    StoragePlace = "spl", StoragePlaceId;
    /// What a stock-take found of a lot (盘点).
    StockCount = "cnt", StockCountId;
    /// A safety record (食品安全记录): a morning check, a temperature, a disinfection, an accompanying meal.
    SafetyRecord = "sfr", SafetyRecordId;
    /// A signed control (日管控, 周排查, 月调度).
    Control = "ctl", ControlId;
    /// A recall (召回).
    Recall = "rcl", RecallId;
    /// An attempt to reach somebody about a recall.
    RecallContact = "rcc", RecallContactId;
    /// A core temperature on record.
    CoreReading = "cor", CoreReadingId;
    /// A retained sample (留样).
    Sample = "smp", SampleId;
    /// A release against the gate.
    GateOverride = "ovr", GateOverrideId;
    /// A health certificate (健康证).
    Certificate = "crt", CertificateId;
    /// A delivery plan for one sitting.
    Plan = "pln", PlanId;
    /// One courier's trip within a plan.
    Trip = "trp", TripId;
    /// One stop of a trip.
    Stop = "stp", StopId;
    /// A record of what happened at a door. Made by the courier's phone.
    StopEvent = "sev", StopEventId;
    /// A run of labels or a sheet that was printed.
    PrintRun = "prt", PrintRunId;
    /// An import job.
    Import = "imp", ImportId;
    /// A draft policy tried on past meals.
    Backtest = "bkt", BacktestId;
    /// Whatever an event is about: the UUID of an order, a batch, a stop.
    Subject = "sub", SubjectId;
    /// The history of a database: made with it, renewed by a restore.
    Epoch = "epo", EpochId;
    /// A job of the outbox.
    Job = "job", JobId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_of_one_kind_is_not_read_as_another() {
        let order = OrderId::from_uuid(Uuid::from_u128(7));
        let text = order.to_string();
        assert_eq!(text, "ord_00000000000000000000000000000007");
        assert_eq!(OrderId::parse(&text), Ok(order));
        assert!(SeniorId::parse(&text).is_err());
    }

    #[test]
    fn only_the_one_canonical_text_is_accepted() {
        for text in [
            "",
            "ord_",
            "ord",
            "ord_0000",
            "ord_00000000-0000-0000-0000-000000000007",
            "ord_0000000000000000000000000000000G",
            "ord_0000000000000000000000000000000A",
        ] {
            assert!(OrderId::parse(text).is_err(), "{text}");
        }
    }
}
