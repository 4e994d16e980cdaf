//! A dish on a menu, as clients send it.

use app::catalogue::edit::SizePrices;
use domain::Fen;
use domain::fault::Faults;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A dish on a menu as it is to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MenuItemBody {
    /// The dish's code.
    #[schema(example = "D001")]
    pub dish: String,
    /// Its price at this meal, in fen; for later orders only.
    #[schema(minimum = 0)]
    pub price_fen: i64,
    /// How many there are in all; never fewer than are sold.
    #[schema(maximum = 20000)]
    pub portions: u32,
    /// What a small portion costs, in fen; null as much as a regular one. Absent leaves it as it is.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 100_000_000)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub small_price_fen: Option<Option<i64>>,
    /// What a large portion costs, likewise.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 100_000_000)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub large_price_fen: Option<Option<i64>>,
}

/// Tells an absent member (leave it) from a null one (clear it).
#[allow(clippy::option_option)]
fn present<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::<i64>::deserialize(d).map(Some)
}

/// What a portion may cost at most, in fen: a slip of the finger lies beyond.
const PRICE_MAX_FEN: i64 = 100_000_000;

/// The prices of other sizes that a line of a menu names.
pub(crate) fn size_prices(faults: &mut Faults, n: usize, item: &MenuItemBody) -> SizePrices {
    for (name, price) in [("small_price_fen", item.small_price_fen), ("large_price_fen", item.large_price_fen)] {
        if price.flatten().is_some_and(|fen| !(0..=PRICE_MAX_FEN).contains(&fen)) {
            let place = format!("/items/{n}/{name}");
            faults.push(place, "out_of_range", "价格须在 0 到 100 万元之间", "must be from 0 to 100,000,000 fen");
        }
    }
    let fen = |price: Option<Option<i64>>| price.map(|price| price.map(Fen));
    SizePrices { small: fen(item.small_price_fen), large: fen(item.large_price_fen) }
}
