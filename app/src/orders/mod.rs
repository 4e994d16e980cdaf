//! Orders: quote, place, change, cancel, redeem.

pub mod access;
pub mod again;
pub mod cancel;
pub mod change;
pub mod close;
pub mod list;
pub mod load;
pub mod place;
pub mod qr;
pub mod redeem;
pub mod resolve;
pub mod rows;
pub mod view;

use domain::diet::{Clash, PortionSize, Texture};
use domain::id::{MenuItemId, SeniorId, SittingId};
use domain::order::OrderTotals;
use domain::ordering::OrderRefusal;
use domain::subsidy::Decision;
use domain::{Channel, Fen};
use serde::{Deserialize, Serialize};

/// One wanted dish, as a client asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRequest {
    /// Which dish of the sitting's menu.
    pub item: MenuItemId,
    /// Portions.
    pub quantity: u32,
    /// How prepared; absent takes what the diet needs.
    pub texture: Option<Texture>,
    /// How large; absent takes what the senior usually wants. Left out of a request's fingerprint where it is absent: keys from before
    /// there were sizes stay what they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<PortionSize>,
    /// Why a clash with the diet is overridden, by someone entitled.
    pub override_reason: Option<String>,
}

/// An order as a client asks for it; for the quote and for the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// Which canteen, date and meal.
    pub sitting: SittingId,
    /// Whose meal; absent is an anonymous sale at the counter.
    pub senior: Option<SeniorId>,
    /// What.
    pub lines: Vec<LineRequest>,
    /// How it reaches the table.
    pub channel: Channel,
    /// A note for the kitchen.
    pub note: String,
    /// Why it is ordered after the cut-off or beyond the delivery area, by someone entitled.
    pub reason: Option<String>,
    /// The self-pay that the quote showed. When it no longer holds nothing is ordered and the new quote is the answer.
    pub expected_self_pay_fen: Option<Fen>,
}

/// What an order would cost and who would pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Its money.
    pub totals: OrderTotals,
    /// The decision with its trace; `None` for an anonymous sale, which gets no subsidy.
    pub decision: Option<Decision>,
    /// The decision in the senior's words, zh-CN.
    pub text_zh: String,
    /// The same in English.
    pub text_en: String,
    /// The lines, with the clashes that are overridden.
    pub lines: Vec<QuotedLine>,
    /// The address still has to be placed on the map before a courier can be sent.
    pub address_unplaced: bool,
    /// The address lies outside the delivery area, which someone entitled overrides.
    pub out_of_area: bool,
}

/// A line of a quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedLine {
    /// The menu item.
    pub item: MenuItemId,
    /// The dish's name.
    pub name: String,
    /// Portions.
    pub quantity: u32,
    /// List price of a portion.
    pub unit_price_fen: Fen,
    /// How prepared.
    pub texture: Texture,
    /// How large.
    #[serde(default)]
    pub size: PortionSize,
    /// What clashes with the diet, and is overridden with a reason.
    pub overridden: Vec<Clash>,
}

/// Why an order was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceRefusal {
    /// By the rules of ordering, all of them at once.
    Rules(Vec<OrderRefusal>),
    /// The self-pay is not what the quote showed; this is the quote now.
    QuoteChanged(Box<Quote>),
}
