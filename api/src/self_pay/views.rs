//! Bodies and views of self-pay.

use crate::problem::Problem;
use crate::settlements::never;
use crate::words::{
    CanteenIdText, ChannelWord, EntryIdText, EntryKindWord, MeansWord, OrderIdText, OrderStateWord, PayingWord, SeniorIdText,
    ShiftIdText, ShiftStateWord, SponsorIdText, UserIdText,
};
use app::self_pay::look::{Account, Statement, Total, Unsettled};
use app::self_pay::order::Paying;
use app::self_pay::wallet::WalletCard;
use app::store::StoreError;
use app::store::column::Col;
use app::store::query::self_pay::{EntryRow, ShiftRow};
use domain::id::{CanteenId, EntryId, OrderId, SeniorId, ShiftId, SponsorId, UserId};
use domain::order::OrderState;
use domain::self_pay::shift::ShiftState;
use domain::self_pay::{EntryKind, Means};
use domain::{Channel, Fen, Instant};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How an order is paid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayBody {
    /// In cash, or out of the wallet.
    #[schema(value_type = PayingWord)]
    pub means: Paying,
    /// What is taken: all that is due, as it was shown.
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub amount_fen: i64,
}

/// A movement of self-pay.
#[derive(Debug, Serialize, ToSchema)]
pub struct SelfPayEntryView {
    /// Which.
    #[schema(value_type = EntryIdText)]
    pub id: EntryId,
    /// What it is.
    #[schema(value_type = EntryKindWord)]
    pub kind: EntryKind,
    /// By which means an order was paid or given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<MeansWord>)]
    pub means: Option<Means>,
    /// Of which order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OrderIdText>)]
    pub order: Option<OrderId>,
    /// The payment that it gives back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<EntryIdText>)]
    pub of: Option<EntryId>,
    /// Whose till got or gave cash.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ShiftIdText>)]
    pub shift: Option<ShiftId>,
    /// Out of whose till it was handed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ShiftIdText>)]
    pub from_shift: Option<ShiftId>,
    /// How much; the kind says which way.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// Who recorded it; absent where it followed by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<UserIdText>)]
    pub recorded_by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Instant,
}

impl From<EntryRow> for SelfPayEntryView {
    fn from(row: EntryRow) -> Self {
        Self {
            id: row.id.0,
            kind: row.kind.0,
            means: row.means.map(|means| means.0),
            order: row.order_id.map(|Col(id)| id),
            of: row.of_id.map(|Col(id)| id),
            shift: row.shift_id.map(|Col(id)| id),
            from_shift: row.from_shift_id.map(|Col(id)| id),
            amount_fen: row.amount_fen.0,
            recorded_by: row.recorded_by.map(|Col(id)| id),
            recorded_at: row.recorded_at.0,
        }
    }
}

/// Who bears an order in the senior's place.
#[derive(Debug, Serialize, ToSchema)]
pub struct BearingView {
    /// The sponsor.
    #[schema(value_type = SponsorIdText)]
    pub id: SponsorId,
    /// By name.
    pub name: String,
}

/// What an order owes and what was paid for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SelfPayView {
    /// Which order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// What it owes as it stands: nothing once nobody eats it.
    #[schema(value_type = i64)]
    pub owed_fen: Fen,
    /// What was paid and did not go back.
    #[schema(value_type = i64)]
    pub kept_fen: Fen,
    /// What is still to be paid; less than nothing when something is to go back.
    #[schema(value_type = i64)]
    pub due_fen: Fen,
    /// Who bears it, with the month's bill: nothing is taken then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<BearingView>,
    /// What moved, in its order.
    pub entries: Vec<SelfPayEntryView>,
}

impl SelfPayView {
    /// The view of an account.
    pub fn of(account: Account) -> Result<Self, Problem> {
        let fault = |_| never(StoreError::Database("self-pay left the range of 64 bits".into()).into());
        Ok(Self {
            order: account.order,
            owed_fen: account.money.owed_fen,
            kept_fen: account.money.kept_fen().map_err(fault)?,
            due_fen: account.money.due_fen().map_err(fault)?,
            sponsor: account.sponsor.map(|(id, name)| BearingView { id, name }),
            entries: account.entries.into_iter().map(SelfPayEntryView::from).collect(),
        })
    }
}

/// An order of which something is to be done at the counter.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnsettledView {
    /// Which order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// Whose, masked; empty for a guest.
    pub masked_name: String,
    /// How it reaches the table.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// Where it stands.
    #[schema(value_type = OrderStateWord)]
    pub state: OrderState,
    /// What is due; less than nothing when it is to go back.
    #[schema(value_type = i64)]
    pub due_fen: Fen,
}

impl From<Unsettled> for UnsettledView {
    fn from(of: Unsettled) -> Self {
        Self {
            order: of.order.id.0,
            order_no: of.order.order_no,
            masked_name: of.order.senior_name,
            channel: of.order.channel.0,
            state: of.order.state.0,
            due_fen: of.due_fen,
        }
    }
}

/// Orders of which something is to be done at the counter.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnsettledOrdersView {
    /// By number.
    pub items: Vec<UnsettledView>,
}

/// A shift that begins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenShiftBody {
    /// Money for change that is put into the till.
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub float_fen: i64,
}

/// What another had collected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandInBody {
    /// Out of whose till.
    #[schema(value_type = ShiftIdText)]
    pub from: ShiftId,
    /// How much was handed over.
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub amount_fen: i64,
}

/// What was counted when a shift ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftCountBody {
    /// All that is in the till, the float among it.
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub counted_fen: i64,
    /// Why it is not what there should be; needed when it is not.
    #[schema(max_length = 200)]
    #[serde(default)]
    pub reason: String,
}

/// What whoever confirms a count says of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftNoteBody {
    /// May be empty.
    #[schema(max_length = 200)]
    #[serde(default)]
    pub note: String,
}

/// A shift: one person's till, from the float to the count.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShiftView {
    /// Which.
    #[schema(value_type = ShiftIdText)]
    pub id: ShiftId,
    /// For `If-Match`.
    pub version: i64,
    /// Where.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// Where it stands.
    #[schema(value_type = ShiftStateWord)]
    pub state: ShiftState,
    /// Whose till it is.
    #[schema(value_type = UserIdText)]
    pub opened_by: UserId,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Instant,
    /// What was put in for change.
    #[schema(value_type = i64)]
    pub float_fen: Fen,
    /// What is in the till now; nothing once it was closed.
    #[schema(value_type = i64)]
    pub cash_fen: Fen,
    /// What there should have been when it was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub expected_fen: Option<Fen>,
    /// What was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub counted_fen: Option<Fen>,
    /// Why they differ; empty where they do not.
    pub reason: String,
    /// Who counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<UserIdText>)]
    pub closed_by: Option<UserId>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Instant>,
    /// Who confirmed the count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<UserIdText>)]
    pub confirmed_by: Option<UserId>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed_at: Option<Instant>,
    /// What they say of it.
    pub note: String,
}

impl From<ShiftRow> for ShiftView {
    fn from(row: ShiftRow) -> Self {
        Self {
            id: row.id.0,
            version: row.version,
            canteen: row.canteen_id.0,
            state: row.state.0,
            opened_by: row.opened_by.0,
            opened_at: row.opened_at.0,
            float_fen: row.float_fen.0,
            cash_fen: row.cash_fen.0,
            expected_fen: row.expected_fen.map(|Col(fen)| fen),
            counted_fen: row.counted_fen.map(|Col(fen)| fen),
            reason: row.reason,
            closed_by: row.closed_by.map(|Col(id)| id),
            closed_at: row.closed_at.map(|Col(at)| at),
            confirmed_by: row.confirmed_by.map(|Col(id)| id),
            confirmed_at: row.confirmed_at.map(|Col(at)| at),
            note: row.note,
        }
    }
}

/// What a shift took or gave of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShiftTotalView {
    /// Which kind.
    #[schema(value_type = EntryKindWord)]
    pub kind: EntryKind,
    /// By which means.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<MeansWord>)]
    pub means: Option<Means>,
    /// How many.
    pub entries: u64,
    /// What they come to; less than nothing for what was handed in to another.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
}

impl From<Total> for ShiftTotalView {
    fn from(of: Total) -> Self {
        Self { kind: of.kind, means: of.means, entries: of.entries, amount_fen: of.fen }
    }
}

/// A shift with everything that moved: its cash, and what its person took out of wallets meanwhile.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShiftStatementView {
    /// The shift.
    pub shift: ShiftView,
    /// Sums by kind and means.
    pub totals: Vec<ShiftTotalView>,
    /// Oldest first.
    pub entries: Vec<SelfPayEntryView>,
}

impl From<Statement> for ShiftStatementView {
    fn from(of: Statement) -> Self {
        Self {
            shift: of.row.into(),
            totals: of.totals.into_iter().map(ShiftTotalView::from).collect(),
            entries: of.entries.into_iter().map(SelfPayEntryView::from).collect(),
        }
    }
}

/// The caller's own shift.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnShiftView {
    /// Absent while none is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<ShiftStatementView>,
}

/// Which shifts a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShiftQuery {
    /// Only in this state: `closed` waits for somebody to confirm it.
    #[param(value_type = Option<ShiftStateWord>)]
    pub state: Option<ShiftState>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
}

/// Cash that goes onto a wallet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopUpBody {
    /// How much.
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub amount_fen: i64,
}

/// That a senior leaves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeavingBody {
    /// Why.
    #[schema(max_length = 200)]
    pub reason: String,
}

/// A senior's wallet at a canteen.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalletView {
    /// Whose.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// At which canteen.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// The canteen's name.
    pub canteen_name: String,
    /// What is in it.
    #[schema(value_type = i64)]
    pub balance_fen: Fen,
    /// Since when the senior leaves: nothing goes in and nothing is paid with it until the rest was paid out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub leaving_since: Option<Instant>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<WalletCard> for WalletView {
    fn from(card: WalletCard) -> Self {
        let (leaving_since, reason) = card.leaving.unzip();
        Self {
            senior: card.senior,
            canteen: card.canteen,
            canteen_name: card.name,
            balance_fen: card.balance_fen,
            leaving_since,
            reason,
        }
    }
}

/// A senior's wallets.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalletsView {
    /// One for each canteen at which money was left.
    pub items: Vec<WalletView>,
}

/// A wallet with what moved.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalletStatementView {
    /// The wallet.
    pub wallet: WalletView,
    /// What moved, newest first.
    pub entries: Vec<SelfPayEntryView>,
    /// Send it as `cursor` for what moved before; absent at the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
