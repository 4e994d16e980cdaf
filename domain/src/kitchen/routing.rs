//! Where a portion is made.

use crate::canteen::Station;
use crate::diet::Texture;

/// The station that makes a dish in a texture. Regular portions are made where the dish is; what is softened or puréed is made at
/// 特殊餐, where blender and thickener stand and where one cook answers for what an 80-year-old can choke on. A soup stays with the
/// soup: it is thickened in its own pot; and what is only packed is packed.
#[must_use]
pub const fn station_of(dish: Station, texture: Texture) -> Station {
    match (texture, dish) {
        (Texture::Regular, station) | (_, station @ (Station::Soup | Station::Packing)) => station,
        (Texture::Soft | Texture::Pureed, _) => Station::Special,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_food_is_made_where_soft_food_is_made() {
        for (dish, texture, expected) in [
            (Station::Hot, Texture::Regular, Station::Hot),
            (Station::Hot, Texture::Soft, Station::Special),
            (Station::Cold, Texture::Pureed, Station::Special),
            (Station::Staple, Texture::Soft, Station::Special),
            (Station::Soup, Texture::Pureed, Station::Soup),
            (Station::Packing, Texture::Soft, Station::Packing),
            (Station::Special, Texture::Regular, Station::Special),
        ] {
            assert_eq!(station_of(dish, texture), expected, "{dish} {texture}");
        }
    }
}
