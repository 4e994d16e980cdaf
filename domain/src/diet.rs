//! Can this person eat this dish.
//!
//! A clash is found between what the senior's diet rules out and what the dish contains or is. It refuses the order unless
//! an entitled person overrides it with a reason; the kitchen then sees it as an exception on the ticket.

use crate::text_enum::TextEnum;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

crate::text_enum! {
    /// A rule of a senior's diet.
    pub enum DietKind {
        /// Must not eat: an allergen class of GB 7718 (`peanut`, `egg` ...).
        Allergen = "allergen",
        /// 忌口: does not eat this ingredient, by its name.
        Avoid = "avoid",
        /// 清真
        Halal = "halal",
        /// 低盐
        LowSalt = "low_salt",
        /// 低糖
        LowSugar = "low_sugar",
        /// Needs this texture.
        Texture = "texture",
        /// Usually wants portions of this size: a wish, which clashes with nothing.
        Size = "size",
    }
}

impl DietKind {
    /// What stands beside a flag: whoever writes one, by hand or by file, writes the same.
    pub const SET: &'static str = "yes";

    /// Whether it is set or not, and says nothing more.
    #[must_use]
    pub const fn is_flag(self) -> bool {
        match self {
            Self::Halal | Self::LowSalt | Self::LowSugar => true,
            Self::Allergen | Self::Avoid | Self::Texture | Self::Size => false,
        }
    }
}

crate::text_enum! {
    /// How a dish is prepared for the mouth (after IDDSI's broad classes).
    pub enum Texture {
        /// 普通
        Regular = "regular",
        /// 软食
        Soft = "soft",
        /// 糊状
        Pureed = "pureed",
    }
}

impl Texture {
    /// On a ticket.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Regular => "普通",
            Self::Soft => "软食",
            Self::Pureed => "糊状",
        }
    }
}

crate::text_enum! {
    /// How large a portion is. Every dish is served in each; a size changes the price only where the menu says so. Regular is what is served
    /// when nobody says otherwise, and what every order from before there were sizes is of.
    #[derive(Default)]
    pub enum PortionSize {
        /// 小份
        Small = "small",
        /// 标准
        #[default]
        Regular = "regular",
        /// 大份
        Large = "large",
    }
}

impl PortionSize {
    /// On a ticket.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Small => "小份",
            Self::Regular => "标准",
            Self::Large => "大份",
        }
    }

    /// How much of the recipe goes into it, in thousandths of a regular portion. Kitchens ladle by these thirds; no standard names them.
    #[must_use]
    pub const fn per_mille(self) -> i64 {
        match self {
            Self::Small => 700,
            Self::Regular => 1000,
            Self::Large => 1300,
        }
    }
}

crate::text_enum! {
    /// What a dish is that some diets rule out.
    pub enum DishMark {
        /// Contains pork or alcohol, or is not cooked under halal rules.
        NotHalal = "not_halal",
        /// Salty: set by the canteen from the recipe; the sodium of a portion stands in its nutrition.
        HighSalt = "high_salt",
        /// Added sugar.
        HighSugar = "high_sugar",
    }
}

crate::text_enum! {
    /// The allergen classes that must be labelled (GB 7718, 4.4.3), as a closed set.
    pub enum Allergen {
        /// 含麸质的谷物
        Gluten = "gluten",
        /// 甲壳纲类
        Crustacean = "crustacean",
        /// 鱼类
        Fish = "fish",
        /// 蛋类
        Egg = "egg",
        /// 花生
        Peanut = "peanut",
        /// 大豆
        Soy = "soy",
        /// 乳
        Milk = "milk",
        /// 坚果
        Nut = "nut",
    }
}

impl Allergen {
    /// On a ticket or a label.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Gluten => "麸质谷物",
            Self::Crustacean => "虾蟹",
            Self::Fish => "鱼",
            Self::Egg => "蛋",
            Self::Peanut => "花生",
            Self::Soy => "大豆",
            Self::Milk => "奶",
            Self::Nut => "坚果",
        }
    }
}

/// What a senior may not eat.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Diet {
    /// Allergen classes.
    pub allergens: BTreeSet<Allergen>,
    /// Ingredient names.
    pub avoid: BTreeSet<String>,
    /// 清真
    pub halal: bool,
    /// 低盐
    pub low_salt: bool,
    /// 低糖
    pub low_sugar: bool,
    /// The needed texture; `None` is regular.
    pub texture: Option<Texture>,
    /// The size that is usually wanted; `None` is regular.
    #[serde(default)]
    pub size: Option<PortionSize>,
}

impl Diet {
    /// From the stored (kind, value) pairs; returns the pairs that are no rule beside the diet made of the rest.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (DietKind, &'a str)>) -> (Self, Vec<(DietKind, String)>) {
        let (mut diet, mut unknown) = (Self::default(), Vec::new());
        for (kind, value) in pairs {
            match kind {
                DietKind::Allergen => match Allergen::parse(value) {
                    Some(allergen) => drop(diet.allergens.insert(allergen)),
                    None => unknown.push((kind, value.to_owned())),
                },
                DietKind::Avoid => drop(diet.avoid.insert(value.to_owned())),
                DietKind::Halal => diet.halal = true,
                DietKind::LowSalt => diet.low_salt = true,
                DietKind::LowSugar => diet.low_sugar = true,
                DietKind::Texture => match Texture::parse(value) {
                    Some(texture) => diet.texture = Some(texture),
                    None => unknown.push((kind, value.to_owned())),
                },
                DietKind::Size => match PortionSize::parse(value) {
                    Some(size) => diet.size = Some(size),
                    None => unknown.push((kind, value.to_owned())),
                },
            }
        }
        (diet, unknown)
    }
}

/// What a dish contains and is, today.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DishFacts {
    /// Each ingredient's name, with the allergen classes it carries: soy sauce is soy and wheat.
    pub ingredients: BTreeMap<String, BTreeSet<Allergen>>,
    /// Its marks.
    pub marks: BTreeSet<DishMark>,
    /// The textures it is offered in.
    pub textures: BTreeSet<Texture>,
}

/// One thing about a dish that a diet rules out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Clash {
    /// The dish contains an allergen, through this ingredient.
    Allergen {
        /// The class.
        allergen: Allergen,
        /// The ingredient that carries it.
        ingredient: String,
    },
    /// The dish contains an ingredient the senior avoids.
    Avoided {
        /// Its name.
        ingredient: String,
    },
    /// The dish is marked as what the diet rules out.
    Marked {
        /// The mark.
        mark: DishMark,
    },
    /// The dish is not offered in the texture that was asked for or is needed.
    Texture {
        /// What was needed.
        needed: Texture,
    },
}

impl Clash {
    /// As the senior, the worker and the cook read it.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Self::Allergen { allergen, ingredient } => format!("含{}（{ingredient}）", allergen.name_zh()),
            Self::Avoided { ingredient } => format!("含忌口{ingredient}"),
            Self::Marked { mark: DishMark::NotHalal } => "非清真".to_owned(),
            Self::Marked { mark: DishMark::HighSalt } => "偏咸，不合低盐".to_owned(),
            Self::Marked { mark: DishMark::HighSugar } => "含糖，不合低糖".to_owned(),
            Self::Texture { needed } => format!("不提供{}", needed.name_zh()),
        }
    }

    /// The same in English.
    #[must_use]
    pub fn message_en(&self) -> String {
        match self {
            Self::Allergen { allergen, ingredient } => format!("contains {allergen} ({ingredient})"),
            Self::Avoided { ingredient } => format!("contains {ingredient}, which the senior avoids"),
            Self::Marked { mark } => format!("is {mark}, which the diet rules out"),
            Self::Texture { needed } => format!("is not offered {needed}"),
        }
    }
}

/// Every clash between a diet and a dish asked for in a texture, in a fixed order.
#[must_use]
pub fn clashes(diet: &Diet, dish: &DishFacts, asked: Texture) -> Vec<Clash> {
    let mut found = BTreeSet::new();
    for (name, allergens) in &dish.ingredients {
        for allergen in allergens.intersection(&diet.allergens) {
            found.insert(Clash::Allergen { allergen: *allergen, ingredient: name.clone() });
        }
        if diet.avoid.iter().any(|avoided| name.contains(avoided.as_str())) {
            found.insert(Clash::Avoided { ingredient: name.clone() });
        }
    }
    let ruled_out = [(diet.halal, DishMark::NotHalal), (diet.low_salt, DishMark::HighSalt), (diet.low_sugar, DishMark::HighSugar)];
    for (_, mark) in ruled_out.into_iter().filter(|(wanted, mark)| *wanted && dish.marks.contains(mark)) {
        found.insert(Clash::Marked { mark });
    }
    // Softer than needed is fine; firmer is a choking hazard.
    let needed = diet.texture.unwrap_or(Texture::Regular).max(asked);
    if asked < needed || !dish.textures.contains(&asked) {
        found.insert(Clash::Texture { needed });
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tofu_with_peanut() -> DishFacts {
        DishFacts {
            ingredients: [
                ("豆腐".to_owned(), [Allergen::Soy].into()),
                ("花生碎".to_owned(), [Allergen::Peanut].into()),
                ("葱".to_owned(), [].into()),
            ]
            .into(),
            marks: [DishMark::HighSalt].into(),
            textures: [Texture::Regular, Texture::Soft].into(),
        }
    }

    #[test]
    fn every_clash_is_reported_not_only_the_first() {
        let pairs = [(DietKind::Allergen, "peanut"), (DietKind::Avoid, "葱"), (DietKind::LowSalt, ""), (DietKind::Halal, "")];
        let (diet, unknown) = Diet::from_pairs(pairs);
        assert_eq!(unknown, []);
        assert_eq!(
            clashes(&diet, &tofu_with_peanut(), Texture::Regular),
            [
                Clash::Allergen { allergen: Allergen::Peanut, ingredient: "花生碎".into() },
                Clash::Avoided { ingredient: "葱".into() },
                Clash::Marked { mark: DishMark::HighSalt },
            ]
        );
    }

    #[test]
    fn a_firmer_texture_than_needed_clashes_and_a_softer_one_does_not() {
        for (needed, asked, clash) in [
            (None, Texture::Regular, false),
            (None, Texture::Soft, false),
            (Some(Texture::Soft), Texture::Regular, true),
            (Some(Texture::Soft), Texture::Soft, false),
            (Some(Texture::Pureed), Texture::Soft, true),
            (None, Texture::Pureed, true), // not offered
        ] {
            let diet = Diet { texture: needed, ..Diet::default() };
            assert_eq!(!clashes(&diet, &tofu_with_peanut(), asked).is_empty(), clash, "{needed:?} {asked:?}");
        }
    }

    #[test]
    fn every_allergen_of_an_ingredient_counts() {
        let soy_sauce = [("生抽".to_owned(), [Allergen::Soy, Allergen::Gluten].into())].into();
        let dish = DishFacts { ingredients: soy_sauce, textures: [Texture::Regular].into(), ..DishFacts::default() };
        for allergen in [Allergen::Soy, Allergen::Gluten] {
            let diet = Diet { allergens: [allergen].into(), ..Diet::default() };
            assert_eq!(clashes(&diet, &dish, Texture::Regular), [Clash::Allergen { allergen, ingredient: "生抽".into() }]);
        }
    }

    #[test]
    fn an_unknown_allergen_is_reported_and_never_dropped() {
        let (_, unknown) = Diet::from_pairs([(DietKind::Allergen, "moonlight")]);
        assert_eq!(unknown, [(DietKind::Allergen, "moonlight".to_owned())]);
    }
}
