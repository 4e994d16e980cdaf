//! What clients see of orders and quotes.

use crate::menus::ClashView;
use crate::words::{
    ChannelWord, DishIdText, MealWord, MenuItemIdText, OrderIdText, OrderStateWord, PortionSizeWord, SeniorIdText, SittingIdText,
    TextureWord, ViaWord,
};
use app::orders::{Quote, QuotedLine};
use domain::Channel;
use domain::diet::{PortionSize, Texture};
use domain::id::{self, SittingId};
use domain::order::OrderTotals;
use serde::Serialize;
use utoipa::ToSchema;

/// The money of an order, in fen.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotalsView {
    /// List price of all lines.
    pub price_fen: i64,
    /// Discounts.
    pub discount_fen: i64,
    /// What the funders pay.
    pub subsidy_fen: i64,
    /// For bringing it.
    pub delivery_fee_fen: i64,
    /// What the senior pays.
    pub self_pay_fen: i64,
}

impl From<OrderTotals> for TotalsView {
    fn from(totals: OrderTotals) -> Self {
        Self {
            price_fen: totals.price_fen.0,
            discount_fen: totals.discount_fen.0,
            subsidy_fen: totals.subsidy_fen.0,
            delivery_fee_fen: totals.delivery_fee_fen.0,
            self_pay_fen: totals.self_pay_fen.0,
        }
    }
}

/// What an order would cost, who would pay, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuoteView {
    /// Its money.
    pub totals: TotalsView,
    /// What each funder bears, in fen.
    pub by_funder: std::collections::BTreeMap<String, i64>,
    /// Why: what is paid, what is not and for what reason, zh-CN. Empty for a guest, who gets no subsidy.
    pub text: String,
    /// The same in English.
    pub text_en: String,
    /// The dishes, with the clashes that are overridden with a reason; without one a clash refuses the quote.
    pub lines: Vec<QuotedLineView>,
    /// The address still has to be placed on the map before a courier can be sent.
    pub address_unplaced: bool,
    /// The address lies outside the delivery area; someone entitled delivers there with a reason.
    pub out_of_area: bool,
}

/// A dish of a quote.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotedLineView {
    /// The item of the menu.
    #[schema(value_type = MenuItemIdText)]
    pub menu_item: id::MenuItemId,
    /// The dish's name.
    pub name: String,
    /// Portions.
    pub quantity: u32,
    /// List price of a portion.
    pub unit_price_fen: i64,
    /// How prepared.
    #[schema(value_type = TextureWord)]
    pub texture: Texture,
    /// How large.
    #[schema(value_type = PortionSizeWord)]
    pub size: PortionSize,
    /// What clashes with the senior's diet and is overridden.
    pub overridden: Vec<ClashView>,
}

impl From<&Quote> for QuoteView {
    fn from(quote: &Quote) -> Self {
        let by_funder = quote.decision.iter().flat_map(domain::subsidy::Decision::by_funder).map(|(f, fen)| (f.to_string(), fen.0));
        let line = |line: &QuotedLine| QuotedLineView {
            menu_item: line.item,
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price_fen: line.unit_price_fen.0,
            texture: line.texture,
            size: line.size,
            overridden: line.overridden.iter().cloned().map(ClashView::from).collect(),
        };
        Self {
            totals: quote.totals.into(),
            by_funder: by_funder.collect(),
            text: quote.text_zh.clone(),
            text_en: quote.text_en.clone(),
            lines: quote.lines.iter().map(line).collect(),
            address_unplaced: quote.address_unplaced,
            out_of_area: quote.out_of_area,
        }
    }
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineView {
    /// The dish.
    #[schema(value_type = DishIdText)]
    pub dish: id::DishId,
    /// Its name.
    pub name: String,
    /// The item of the menu, as a change of the order names it.
    #[schema(value_type = MenuItemIdText)]
    pub menu_item: id::MenuItemId,
    /// Portions.
    pub quantity: u32,
    /// How prepared.
    #[schema(value_type = TextureWord)]
    pub texture: Texture,
    /// How large.
    #[schema(value_type = PortionSizeWord)]
    pub size: PortionSize,
    /// What the kitchen must watch.
    pub exceptions: Vec<String>,
    /// The senior may not eat this as it is really made, and nobody answers for it: choose another dish.
    pub unfit: bool,
}

impl From<domain::event::LineView> for LineView {
    fn from(line: domain::event::LineView) -> Self {
        Self {
            dish: line.dish,
            name: line.name,
            menu_item: line.item,
            quantity: line.quantity,
            texture: line.texture,
            size: line.size,
            exceptions: line.exceptions,
            unfit: line.unfit,
        }
    }
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    /// Its identifier.
    #[schema(value_type = OrderIdText)]
    pub id: id::OrderId,
    /// Its number at this canteen and meal, as printed large.
    pub order_no: i64,
    /// Whose meal; none for a guest at the counter.
    #[schema(value_type = Option<SeniorIdText>)]
    pub senior: Option<id::SeniorId>,
    /// `张*`
    pub name: String,
    /// Which sitting.
    #[schema(value_type = SittingIdText)]
    pub sitting: SittingId,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub service_date: domain::ServiceDate,
    /// The meal.
    #[schema(value_type = MealWord)]
    pub meal: domain::MealPeriod,
    /// How it reaches the table.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// How it came in.
    #[schema(value_type = ViaWord)]
    pub via: domain::order::Via,
    /// Where it stands.
    #[schema(value_type = OrderStateWord)]
    pub state: domain::order::OrderState,
    /// Its money.
    pub totals: TotalsView,
    /// Its lines.
    pub lines: Vec<LineView>,
    /// The note for the kitchen.
    pub note: String,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub accepted_at: domain::Instant,
    /// Counts changes; the ETag.
    pub version: i64,
}

impl From<domain::event::OrderView> for OrderView {
    fn from(order: domain::event::OrderView) -> Self {
        Self {
            id: order.order,
            order_no: order.order_no,
            senior: order.senior,
            name: order.masked_name,
            sitting: order.sitting,
            service_date: order.service_date,
            meal: order.meal,
            channel: order.channel,
            via: order.via,
            state: order.state,
            totals: order.totals.into(),
            lines: order.lines.into_iter().map(LineView::from).collect(),
            note: order.note,
            accepted_at: order.accepted_at,
            version: order.version,
        }
    }
}
