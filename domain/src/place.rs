//! The place tree: province, city, district, street, community.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

crate::text_enum! {
    /// A level of the place tree.
    pub enum PlaceLevel {
        /// 省, 自治区, 直辖市: 2 digits (GB/T 2260).
        Province = "province",
        /// 市: 4 digits (GB/T 2260).
        City = "city",
        /// 区, 县: 6 digits (GB/T 2260).
        District = "district",
        /// 街道, 镇, 乡: 9 digits (GB/T 10114).
        Street = "street",
        /// 社区, 村: 12 digits (statistical code).
        Community = "community",
    }
}

/// A place's code without trailing zeros: 2, 4, 6, 9 or 12 digits, so that a parent's code is a prefix of its children's.
///
/// The published 12-digit form with trailing zeros is accepted and shortened. A subtree is then one prefix comparison in
/// memory and one range scan in a database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PlaceCode(String);

/// The text is not a place code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a place code: 2, 4, 6, 9 or 12 digits (GB/T 2260, GB/T 10114, statistical code)")]
pub struct BadPlaceCode;

const LENGTHS: [usize; 5] = [2, 4, 6, 9, 12];

impl PlaceCode {
    /// From digits, with or without the trailing zeros of the 12-digit form.
    pub fn parse(text: &str) -> Result<Self, BadPlaceCode> {
        if !text.bytes().all(|b| b.is_ascii_digit()) || !LENGTHS.contains(&text.len()) || text.starts_with("00") {
            return Err(BadPlaceCode);
        }
        let mut code = text;
        for (shorter, longer) in [(9, 12), (6, 9), (4, 6), (2, 4)] {
            if code.len() == longer && code[shorter..].bytes().all(|b| b == b'0') {
                code = &code[..shorter];
            }
        }
        Ok(Self(code.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The level, told by the length.
    #[must_use]
    pub fn level(&self) -> PlaceLevel {
        match self.0.len() {
            2 => PlaceLevel::Province,
            4 => PlaceLevel::City,
            6 => PlaceLevel::District,
            9 => PlaceLevel::Street,
            _ => PlaceLevel::Community,
        }
    }

    /// Whether `other` is this place or lies below it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The enclosing place, `None` for a province.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let at = LENGTHS.iter().rev().find(|l| **l < self.0.len())?;
        Some(Self(self.0[..*at].to_owned()))
    }

    /// This place and what encloses it, the narrowest first.
    #[must_use]
    pub fn chain(&self) -> Vec<Self> {
        std::iter::successors(Some(self.clone()), Self::parent).collect()
    }

    /// The enclosing place of a level, or itself; `None` when this place is above it.
    #[must_use]
    pub fn at_level(&self, level: PlaceLevel) -> Option<Self> {
        let length = match level {
            PlaceLevel::Province => 2,
            PlaceLevel::City => 4,
            PlaceLevel::District => 6,
            PlaceLevel::Street => 9,
            PlaceLevel::Community => 12,
        };
        self.0.get(..length).map(|digits| Self(digits.to_owned()))
    }
}

impl fmt::Display for PlaceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PlaceCode {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_parent_is_a_prefix_of_its_children() {
        let community = PlaceCode::parse("990101001002").unwrap();
        let chain: Vec<String> = community.chain().iter().map(ToString::to_string).collect();
        assert_eq!(chain, ["990101001002", "990101001", "990101", "9901", "99"]);
        for place in &chain {
            assert!(PlaceCode::parse(place).unwrap().contains(&community));
        }
        assert!(!PlaceCode::parse("990102").unwrap().contains(&community));
    }

    #[test]
    fn the_published_form_with_trailing_zeros_is_the_same_place() {
        for (published, short) in
            [("990101000000", "990101"), ("990100000000", "9901"), ("990000", "99"), ("990101001000", "990101001")]
        {
            assert_eq!(PlaceCode::parse(published).unwrap().as_str(), short);
        }
    }

    #[test]
    fn the_enclosing_place_of_a_level_is_found_or_absent() {
        let street = PlaceCode::parse("990101001").unwrap();
        assert_eq!(street.at_level(PlaceLevel::District), PlaceCode::parse("990101").ok());
        assert_eq!(street.at_level(PlaceLevel::Street), Some(street.clone()));
        assert_eq!(street.at_level(PlaceLevel::Community), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,16}") {
            let _ = PlaceCode::parse(&text);
        }
    }
}
