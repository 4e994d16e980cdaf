//! Conditions, amounts and limits in words.

use super::Language;
use crate::place::PlaceLevel;
use crate::subsidy::document::{Amount, Document, Limit};
use crate::subsidy::facts::{FactKind, values_of};
use crate::subsidy::limit::Per;
use crate::subsidy::name::Name;
use crate::subsidy::when::{Day, FactTest, Home, When};
use crate::{Channel, Fen, MealPeriod, PlaceCode};
use std::fmt::Display;

/// A condition in words: `60至69周岁`, `低保、特困`.
#[must_use]
pub fn condition(when: &When, document: &Document, language: Language) -> String {
    let say = |w: &When| condition(w, document, language);
    let zh = language == Language::Zh;
    match when {
        When::All(inner) => inner.iter().map(say).collect::<Vec<_>>().join(language.pick("且", " and ")),
        When::Any(inner) => format!("({})", inner.iter().map(say).collect::<Vec<_>>().join(language.pick("或", " or "))),
        When::Not(inner) if zh => format!("不属于({})", say(inner)),
        When::Not(inner) => format!("not ({})", say(inner)),
        When::Age(band) if zh => span(band.from, band.to, "周岁", language),
        When::Age(band) => format!("aged {}", span(band.from, band.to, "", language)),
        When::Fact(test) => fact(test, document, language),
        When::RegisteredIn(places) => {
            format!("{}{}", language.pick("户籍在", "registered in "), place_names(places, document, language))
        }
        When::ResidentIn(places) => format!("{}{}", language.pick("居住在", "living in "), place_names(places, document, language)),
        When::CanteenIn(places) => {
            format!("{}{}", language.pick("助餐点在", "canteen in "), place_names(places, document, language))
        }
        When::CanteenInHome(test) => {
            let home = match (test.home, zh) {
                (Home::Registered, true) => "户籍地",
                (Home::Resident, true) => "居住地",
                (Home::Either, true) => "户籍地或居住地",
                (Home::Registered, false) => "place of registration",
                (Home::Resident, false) => "place of residence",
                (Home::Either, false) => "place of registration or residence",
            };
            let level = level(test.level, language);
            if zh { format!("助餐点与{home}在同一{level}") } else { format!("canteen in the {level} of the {home}") }
        }
        When::CanteenGrade(names) => {
            format!("{}{}", language.pick("助餐点为", "canteen of grade "), ids(names, document, language))
        }
        When::Meal(periods) => language.list(&periods.iter().map(|p| meal(*p, language)).collect::<Vec<_>>()),
        When::Channel(channels) => language.list(&channels.iter().map(|c| channel(*c, language)).collect::<Vec<_>>()),
        When::Workday(true) => language.pick("工作日", "a working day").to_owned(),
        When::Workday(false) => language.pick("非工作日", "not a working day").to_owned(),
        When::Holiday(true) => language.pick("法定节假日", "a public holiday").to_owned(),
        When::Holiday(false) => language.pick("非法定节假日", "not a public holiday").to_owned(),
        When::Weekday(days) => language.list(&days.iter().map(|d| day(*d, language)).collect::<Vec<_>>()),
        When::Product(names) => ids(names, document, language),
        When::NthMeal(band) if zh => format!("当日第{}", span(band.from, band.to, "餐", language)),
        When::NthMeal(band) => format!("meal no. {} of the day", span(band.from, band.to, "", language)),
        When::Price(band) => {
            let price = span(band.from_fen.map(Fen), band.to_fen.map(Fen), language.pick("元", " yuan"), language);
            format!("{}{price}", language.pick("餐价", "price "))
        }
        When::Date(band) => span(band.from, band.to, "", language),
    }
}

fn span<T: Display + PartialEq>(from: Option<T>, to: Option<T>, unit: &str, language: Language) -> String {
    match (from, to, language) {
        (Some(a), Some(b), _) if a == b => format!("{a}{unit}"),
        (Some(a), Some(b), Language::Zh) => format!("{a}至{b}{unit}"),
        (Some(a), None, Language::Zh) => format!("{a}{unit}及以上"),
        (None, Some(b), Language::Zh) => format!("{b}{unit}及以下"),
        (Some(a), Some(b), Language::En) => format!("{a} to {b}{unit}"),
        (Some(a), None, Language::En) => format!("{a}{unit} or more"),
        (None, Some(b), Language::En) => format!("{b}{unit} or less"),
        (None, None, _) => language.pick("不限", "any").to_owned(),
    }
}

fn fact(test: &FactTest, document: &Document, language: Language) -> String {
    let values: Vec<String> = test.any_of.iter().map(|v| value(test.kind, v, document, language)).collect();
    let named = match (values.is_empty(), language) {
        (true, Language::Zh) => format!("有{}记录", test.kind.name_zh()),
        (true, Language::En) => format!("any {}", test.kind),
        (false, _) => language.list(&values),
    };
    match (test.held_months, language) {
        (None | Some(0), _) => named,
        (Some(months), Language::Zh) => format!("{named}满{months}个月"),
        (Some(months), Language::En) => format!("{named} for {months} months"),
    }
}

/// What a value of a fact is called.
pub(super) fn value(kind: FactKind, value: &Name, document: &Document, language: Language) -> String {
    if language == Language::En {
        return value.to_string();
    }
    let published = values_of(kind).iter().find(|(word, _)| *value == **word).map(|(_, zh)| (*zh).to_owned());
    let local = || document.local_facts.iter().find(|l| l.id == *value).map(|l| l.name.clone());
    published.or_else(local).unwrap_or_else(|| value.to_string())
}

fn ids(names: &[Name], document: &Document, language: Language) -> String {
    let known = |n: &Name| document.products.iter().find(|p| p.id == *n).map(|p| p.name.clone());
    language.list(&names.iter().map(|n| known(n).unwrap_or_else(|| n.to_string())).collect::<Vec<_>>())
}

fn place_names(places: &[PlaceCode], document: &Document, language: Language) -> String {
    let name = |p: &PlaceCode| {
        if document.place.as_ref() == Some(p) {
            language.pick("本地", "the policy's own place").to_owned()
        } else {
            p.to_string()
        }
    };
    language.list(&places.iter().map(name).collect::<Vec<_>>())
}

/// What a level of places is called.
fn level(level: PlaceLevel, language: Language) -> &'static str {
    match (level, language) {
        (PlaceLevel::Province, Language::Zh) => "省",
        (PlaceLevel::City, Language::Zh) => "市",
        (PlaceLevel::District, Language::Zh) => "区县",
        (PlaceLevel::Street, Language::Zh) => "街道(镇)",
        (PlaceLevel::Community, Language::Zh) => "社区(村)",
        (PlaceLevel::Province, Language::En) => "province",
        (PlaceLevel::City, Language::En) => "city",
        (PlaceLevel::District, Language::En) => "district",
        (PlaceLevel::Street, Language::En) => "street",
        (PlaceLevel::Community, Language::En) => "community",
    }
}

pub(super) fn meal(period: MealPeriod, language: Language) -> String {
    language.pick(period.name_zh(), crate::text_enum::TextEnum::as_str(period)).to_owned()
}

pub(super) fn channel(channel: Channel, language: Language) -> String {
    language.pick(channel.name_zh(), crate::text_enum::TextEnum::as_str(channel)).to_owned()
}

fn day(day: Day, language: Language) -> String {
    let zh = match day {
        Day::Monday => "周一",
        Day::Tuesday => "周二",
        Day::Wednesday => "周三",
        Day::Thursday => "周四",
        Day::Friday => "周五",
        Day::Saturday => "周六",
        Day::Sunday => "周日",
    };
    language.pick(zh, crate::text_enum::TextEnum::as_str(day)).to_owned()
}

/// What a span of counting is called: `每餐`.
pub(super) fn per(per: Per, language: Language) -> &'static str {
    match (per, language) {
        (Per::Meal, Language::Zh) => "每餐次",
        (Per::Day, Language::Zh) => "每天",
        (Per::Week, Language::Zh) => "每自然周",
        (Per::Month, Language::Zh) => "每月",
        (Per::Quarter, Language::Zh) => "每季度",
        (Per::Year, Language::Zh) => "每年",
        (Per::Ever, Language::Zh) => "总共",
        (Per::Meal, Language::En) => "per meal period",
        (Per::Day, Language::En) => "per day",
        (Per::Week, Language::En) => "per week",
        (Per::Month, Language::En) => "per month",
        (Per::Quarter, Language::En) => "per quarter",
        (Per::Year, Language::En) => "per year",
        (Per::Ever, Language::En) => "in all",
    }
}

/// An amount in words.
#[must_use]
pub fn amount(amount: &Amount, language: Language) -> String {
    let zh = language == Language::Zh;
    let by_meal = |map: &std::collections::BTreeMap<MealPeriod, i64>| {
        language.list(&map.iter().map(|(p, fen)| format!("{} {}", meal(*p, language), Fen(*fen))).collect::<Vec<_>>())
    };
    match amount {
        Amount::FixedFen(fen) => format!("{}{}", Fen(*fen), language.pick("元", " yuan")),
        Amount::ByMealFen(map) => format!("{}{}", by_meal(map), language.pick("元", " yuan")),
        Amount::UpToFen(fen) if zh => format!("按实际消费, 最多{}元", Fen(*fen)),
        Amount::UpToFen(fen) => format!("what is spent, up to {} yuan", Fen(*fen)),
        Amount::PayFen(0) => language.pick("免费", "free of charge").to_owned(),
        Amount::PayFen(fen) if zh => format!("个人只付{}元", Fen(*fen)),
        Amount::PayFen(fen) => format!("the senior pays {} yuan", Fen(*fen)),
        Amount::PayByMealFen(map) if zh => format!("个人只付{}元", by_meal(map)),
        Amount::PayByMealFen(map) => format!("the senior pays {} yuan", by_meal(map)),
        Amount::Percent(p) => {
            let mut text = format!("{}/{}", p.numerator, p.denominator);
            if let Some(floor) = p.floor_fen {
                text += &format!("{}{}{}", language.pick(", 最低", ", at least "), Fen(floor), language.pick("元", " yuan"));
            }
            if let Some(cap) = p.cap_fen {
                text += &format!("{}{}{}", language.pick(", 最高", ", at most "), Fen(cap), language.pick("元", " yuan"));
            }
            text
        }
    }
}

/// A limit in words.
#[must_use]
pub fn limit(limit: &Limit, language: Language) -> String {
    let per = per(limit.per, language);
    let zh = language == Language::Zh;
    let carry = match limit.carry_months {
        Some(months) if months > 0 && zh => format!(", 余额可结转{months}个月"),
        Some(months) if months > 0 => format!(", unused credit stays valid for {months} more months"),
        _ => String::new(),
    };
    match (limit.count, limit.fen) {
        (Some(count), _) if zh => format!("{per}{count}次"),
        (Some(count), _) => format!("{count} grants {per}"),
        (None, Some(fen)) if zh => format!("{per}{}元{carry}", Fen(fen)),
        (None, Some(fen)) => format!("{} yuan {per}{carry}", Fen(fen)),
        (None, None) if zh => format!("{per}个人额度{carry}"),
        (None, None) => format!("personal credit {per}{carry}"),
    }
}
