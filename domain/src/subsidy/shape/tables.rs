//! Every field of the language, with what it means.

use super::Shape::{Bool, Choice, Date, Int, List, MapOf, Named, Object, Place, Text, Word};
use super::{Field, Shape, may, must};
use crate::place::PlaceLevel;
use crate::subsidy::cases::CaseKind;
use crate::subsidy::conventions as c;
use crate::subsidy::document::{Confidence, Exhausted, FunderKind, Keep, Payer, Select};
use crate::subsidy::facts::FactKind;
use crate::subsidy::limit::Per;
use crate::subsidy::when::{Day, Home};
use crate::text_enum::TextEnum;
use crate::{Channel, MealPeriod, money::Rounding};

/// The most fen any single amount may have: 100 million yuan, far above any budget line of one canteen.
const FEN: Shape = Int(0, 10_000_000_000);
/// The most fen of one meal.
const MEAL_FEN: Shape = Int(0, 10_000_000);
const ID: Shape = Shape::Name;

fn word<E: TextEnum>() -> Shape {
    Word(E::ALL.iter().map(|v| v.as_str()).collect())
}

fn list(item: Shape, least: usize, most: usize) -> Shape {
    List(Box::new(item), least, most)
}

fn map_of(keys: Shape, values: Shape, most: usize) -> Shape {
    MapOf(Box::new(keys), Box::new(values), most)
}

/// A policy document.
pub(in crate::subsidy) fn document() -> Shape {
    Object(vec![
        must("nuanfan_policy", Int(1, 1), "the version of the language: 1"),
        must(
            "programme",
            ID,
            "the programme; no two of its versions hold on one date, and its limits run on from version to version",
        ),
        must("version", ID, "the version's name within the programme"),
        must("title", Text(200), "what it is called"),
        may("number", Text(100), "文号: the number of the published text"),
        may("place", Place, "the place whose policy it is; absent for a national one"),
        must("effective", band(Date, "from", "to", true, "service date"), "the service dates it governs, both inclusive"),
        may("published", Date, "the day it was published"),
        must("source", source(), "where the numbers come from"),
        may("reading", reading(), "which reading of an ambiguous text this is"),
        may("settled", list(settled(), 0, 100), "what the text leaves open, and the choice made"),
        must("conventions", Named("conventions", conventions), "what a text usually leaves open"),
        must("funders", list(Named("funder", funder), 1, 50), "everyone who pays"),
        may("local_facts", list(named(), 0, 200), "groups of persons only this place knows; values of facts of kind local"),
        may("products", list(named(), 0, 200), "classes of products the conditions name"),
        may("eligible", Named("when", when), "who takes part at all, and with which meals; absent means everyone"),
        may("limits", limits(), "limits over the whole programme"),
        may("min_spend", Named("min_spend", min_spend), "a minimum spend for every subsidy"),
        may("steps", list(step(), 0, 50), "what is done to the bill, in this order"),
        may("coexistence", coexistence(), "how it lives with other programmes on the same meal"),
        may("operator", list(Named("operator", super::tables::operator), 0, 50), "what canteens receive"),
        may("examples", list(Named("case", case), 0, 500), "meals with the expected bill"),
    ])
}

/// A list of cases.
pub(in crate::subsidy) fn case_list() -> Shape {
    list(Named("case", case), 0, 100_000)
}

fn source() -> Shape {
    Object(vec![
        must("name", Text(300), "the text's title"),
        must("publisher", Text(200), "who published it or where it was read"),
        may("confidence", word::<Confidence>(), "how far it can be trusted"),
    ])
}

fn reading() -> Shape {
    Object(vec![
        must("index", Int(0, 99), "its number, from 0; cases name it"),
        must("text", Text(500), "the reading in words"),
        may("confirmed_by", Text(100), "who confirmed it"),
    ])
}

fn settled() -> Shape {
    Object(vec![must("point", Text(500), "the question"), must("choice", Text(500), "the answer")])
}

fn named() -> Shape {
    Object(vec![must("id", ID, "the identifier"), must("name", Text(100), "the name")])
}

fn band(of: Shape, from: &'static str, to: &'static str, from_required: bool, what: &'static str) -> Shape {
    let upper = match of {
        Int(least, most) => Int(least, most),
        _ => Date,
    };
    Object(vec![Field { name: from, required: from_required, shape: of, about: what }, may(to, upper, "the last one, inclusive")])
}

fn conventions() -> Shape {
    Object(vec![
        may("defaults", word::<c::DefaultSet>(), "where unstated conventions come from"),
        may("age_reached", word::<c::AgeReached>(), "the day on which an age counts as reached"),
        may("leap_birthday", word::<c::LeapBirthday>(), "the birthday of a leap-day child in a common year"),
        may("governing_date", word::<c::GoverningDate>(), "which date governs version, age and facts"),
        may("percentage_base", word::<c::PercentageBase>(), "what percentages are taken of"),
        may("threshold_base", word::<c::ThresholdBase>(), "what a minimum spend is compared with"),
        may("threshold_delivery", Bool, "whether the delivery fee counts towards a minimum spend"),
        may("threshold_strict", Bool, "whether a minimum must be exceeded (true) or reached (false)"),
        may("rounding", word::<Rounding>(), "what happens to a part of the rounding unit"),
        may("rounding_unit_fen", Int(1, 100), "percentages are rounded to a multiple of this: 1, 10 or 100 fen"),
        may("clip_order", word::<c::ClipOrder>(), "whose share shrinks when the bill is smaller than the subsidy"),
        may("workday", word::<c::WorkdayRule>(), "what a working day is"),
        may("week", word::<c::WeekStart>(), "the first day of a week"),
        may("start_lag", word::<c::StartLag>(), "when a fact begins to count"),
        may("end_lag", word::<c::EndLag>(), "when an ended fact ceases to count"),
        may("death_lag", word::<c::DeathLag>(), "the last day on which a person who died counts"),
        may("covers", word::<c::Covers>(), "which part of the bill is reduced"),
        may("min_self_pay_fen", MEAL_FEN, "what the senior pays at least for a meal"),
    ])
}

fn funder() -> Shape {
    let budget = Object(vec![
        must("exhausted", word::<Exhausted>(), "the behaviour when the budget is used up"),
        may("substitute", ID, "the funder that takes over, for substitute"),
    ]);
    Object(vec![
        must("id", ID, "the identifier that shares and cases use"),
        must("name", Text(100), "the name on claims"),
        must("kind", word::<FunderKind>(), "whose money it is"),
        may("place", Place, "the one place that pays"),
        may("level", word::<PlaceLevel>(), "the payer is the place of this level around payer"),
        may("payer", word::<Payer>(), "around what the level is taken; registered when absent"),
        may("budget", budget, "what happens when its budget is used up"),
    ])
}

/// A condition. `date` stands last: the placeholder of a broken condition is the last choice.
fn when() -> Shape {
    let again = || Named("when", when);
    let places = || list(Place, 1, 500);
    let ids = || list(ID, 1, 100);
    let fact = Object(vec![
        must("kind", word::<FactKind>(), "the kind of fact"),
        may("any_of", ids(), "the accepted values; absent means any"),
        may("held_months", Int(0, 1200), "whole months the fact must have held"),
    ]);
    let home = Object(vec![
        must("level", word::<PlaceLevel>(), "the level that must be the same"),
        must("home", word::<Home>(), "which home"),
    ]);
    Choice(vec![
        must("all", list(again(), 1, 100), "every one holds"),
        must("any", list(again(), 1, 100), "at least one holds"),
        must("not", again(), "it does not hold"),
        must("age", band(Int(0, 150), "from", "to", false, "whole years, inclusive"), "age on the service date"),
        must("fact", fact, "a fact of the person holds on the service date"),
        must("registered_in", places(), "the place of registration lies in one of these places"),
        must("resident_in", places(), "the place of residence lies in one of these places"),
        must("canteen_in", places(), "the canteen lies in one of these places"),
        must("canteen_in_home", home, "the canteen lies in the same street, district ... as the home"),
        must("canteen_grade", ids(), "the canteen's star, grade or type"),
        must("meal", list(word::<MealPeriod>(), 1, 3), "the meal period"),
        must("channel", list(word::<Channel>(), 1, 3), "how the meal reaches the table"),
        must("workday", Bool, "a working day, or not one"),
        must("holiday", Bool, "a day of a statutory holiday, or not one"),
        must("weekday", list(word::<Day>(), 1, 7), "the day of the week"),
        must("product", ids(), "the class of what is ordered"),
        must("nth_meal", band(Int(1, 20), "from", "to", false, "running number"), "which meal of the day, from 1"),
        must("price", band(MEAL_FEN, "from_fen", "to_fen", false, "fen, inclusive"), "the list price"),
        must("date", band(Date, "from", "to", false, "the first one, inclusive"), "the service date"),
    ])
}

fn limits() -> Shape {
    list(Named("limit", limit), 0, 20)
}

fn limit() -> Shape {
    Object(vec![
        may("id", ID, "its name in database keys; keep it in later versions so that counters run on"),
        must("per", word::<Per>(), "over what"),
        may("count", Int(1, 100_000), "so many meals with a grant"),
        may("fen", FEN, "so many fen: the last grant is cut to what is left"),
        may("fen_from_fact", word::<FactKind>(), "as many fen as the person's fact says: quota_fen"),
        may("carry_months", Int(0, 24), "months unused credit stays valid; absent: it expires with the month"),
    ])
}

fn min_spend() -> Shape {
    Object(vec![
        may("fen", MEAL_FEN, "so many fen"),
        may("above_subsidy", Bool, "as much as the line's own amount, exceeded unless strict says otherwise"),
        may("strict", Bool, "exceeded, not only reached; the convention when absent"),
        may("base", word::<c::ThresholdBase>(), "of what; the convention when absent"),
        may("delivery", Bool, "whether the delivery fee counts; the convention when absent"),
    ])
}

fn shares() -> Shape {
    list(Named("share", share), 0, 20)
}

fn share() -> Shape {
    Object(vec![
        must("funder", ID, "who"),
        may("fixed_fen", FEN, "so many fen, taken in the order written"),
        may("ratio", Int(1, 1_000_000), "a weight; the weights divide what fixed shares leave"),
        may("rest", Bool, "everything the others leave"),
        may("floor_fen", FEN, "at least so many fen, for a ratio or the rest"),
        may("when", Named("when", when), "the share's own geography or other condition; the share is lost when it fails"),
    ])
}

fn ratio() -> Shape {
    Object(vec![must("numerator", Int(0, 1_000_000), "above the line"), must("denominator", Int(1, 1_000_000), "below the line")])
}

fn step() -> Shape {
    let rate = Object(vec![
        must("id", ID, "the identifier"),
        must("name", Text(100), "what the senior reads"),
        may("when", Named("when", when), "who and when"),
        must("pay", ratio(), "the part of the price still to pay: 9/10 for 九折"),
    ]);
    let discount = Object(vec![
        must("id", ID, "the identifier"),
        must("name", Text(100), "what the senior reads"),
        must("funder", ID, "who bears it"),
        must("lines", list(rate, 1, 100), "the rates, the first that applies counts"),
    ]);
    let group = Object(vec![
        must("id", ID, "the identifier"),
        must("name", Text(100), "what the senior reads"),
        must("select", word::<Select>(), "max: the line that grants most; sum: every line; first: the first whose when holds"),
        may("when", Named("when", when), "a condition in front of every line"),
        may("limits", limits(), "limits over the group"),
        may("min_spend", Named("min_spend", min_spend), "a minimum spend for every line"),
        may("funders", shares(), "who pays for lines that do not say"),
        may("gaps_intended", Bool, "gaps between age bands are meant"),
        must("lines", list(Named("line", line), 1, 100), "the lines"),
    ]);
    Choice(vec![must("discount", discount, "reduces the meal's price by a rate"), must("group", group, "grants subsidies")])
}

fn line() -> Shape {
    Object(vec![
        must("id", ID, "the identifier"),
        must("name", Text(100), "what the senior reads"),
        may("when", Named("when", when), "who and when; absent means always"),
        must("amount", Named("amount", amount), "how much"),
        may("covers", word::<c::Covers>(), "which part of the bill it may reduce; the convention when absent"),
        may("funders", shares(), "who pays; the group's when absent"),
        may("limits", limits(), "limits of this line"),
        may("min_spend", Named("min_spend", min_spend), "the minimum spend"),
        may("legal_ref", Text(200), "the clause of the text"),
    ])
}

fn amount() -> Shape {
    let percent = Object(vec![
        must("numerator", Int(0, 1_000_000), "above the line"),
        must("denominator", Int(1, 1_000_000), "below the line"),
        may("cap_fen", MEAL_FEN, "at most"),
        may("floor_fen", MEAL_FEN, "at least"),
        may("base", word::<c::PercentageBase>(), "of what; the convention when absent"),
    ]);
    let by_meal = || map_of(word::<MealPeriod>(), MEAL_FEN, 3);
    Choice(vec![
        must("by_meal_fen", by_meal(), "so many fen, by meal period"),
        must("percent", percent, "a part of the bill"),
        must("up_to_fen", MEAL_FEN, "what is actually spent, up to so many fen"),
        must("pay_fen", MEAL_FEN, "whatever leaves the senior so many fen to pay; 0 for a free meal"),
        must("pay_by_meal_fen", by_meal(), "the same, by meal period"),
        must("fixed_fen", MEAL_FEN, "so many fen"),
    ])
}

fn coexistence() -> Shape {
    let not_with =
        Object(vec![must("programme", ID, "the other programme"), must("keep", word::<Keep>(), "which of the two counts")]);
    Object(vec![
        must("rank", Int(0, 1000), "programmes act on the bill by ascending rank; 100 without coexistence"),
        may("not_with", list(not_with, 0, 50), "programmes that may not grant on the same meal"),
    ])
}

fn operator() -> Shape {
    let grade =
        || Object(vec![may("grade", ID, "the star, grade or type; absent means any other"), must("fen", FEN, "the amount")]);
    let volume = Object(vec![
        may("from_meals", Int(0, 100_000_000), "meals of the period at least"),
        may("from_daily", Int(0, 1_000_000), "meals per day of opening at least, on average"),
        may("fen", FEN, "a lump"),
        may("per_meal_fen", MEAL_FEN, "for each of the period's meals"),
    ]);
    let area = Object(vec![must("from_m2", Int(0, 10_000_000), "square metres at least"), must("fen", FEN, "the amount")]);
    let cost = Object(vec![
        must("part", ratio(), "the part of the cost"),
        may("cap_fen", FEN, "at most"),
        may("cap_by_grade", list(grade(), 1, 50), "at most, by type or grade"),
    ]);
    let pays = Choice(vec![
        must("per_year", list(grade(), 1, 50), "per year, by star or grade"),
        must("by_volume", list(volume, 1, 50), "per period, by the number of meals; the highest step reached counts"),
        must("once_by_area", list(area, 1, 50), "once, by floor area; the highest step reached counts"),
        must("once_by_cost", cost, "once, a part of the cost"),
        must("once_by_grade", list(grade(), 1, 50), "once, by type or grade"),
        must("per_grant_fen", MEAL_FEN, "per meal with a grant to the senior"),
        must("per_delivery_fen", MEAL_FEN, "per delivered meal"),
        must("per_meal_fen", MEAL_FEN, "per meal eaten by someone when describes"),
    ]);
    let effect =
        Object(vec![must("result", ID, "the inspection's result"), must("keep", ratio(), "the part still paid; 0/1 stops it")]);
    let cap = Object(vec![must("per", word::<Per>(), "over what"), must("fen", FEN, "so many fen")]);
    Object(vec![
        must("id", ID, "the identifier"),
        must("name", Text(100), "the name on claims"),
        may("when", Named("when", when), "for which meals; only for rules per meal"),
        must("pays", pays, "what is paid"),
        must("funders", list(Named("share", share), 1, 20), "who pays"),
        may("cap", cap, "the most a canteen gets by this rule"),
        may("inspection", list(effect, 0, 20), "what inspection results leave of it"),
    ])
}

fn case() -> Shape {
    let fact = Object(vec![
        may("id", ID, "the record"),
        must("kind", word::<FactKind>(), "the kind"),
        must("value", ID, "a value of the kind"),
        may("from", Date, "first day; absent means always before"),
        may("to", Date, "last day, inclusive; absent means open"),
    ]);
    let person = Object(vec![
        may("birth", Date, "birth date"),
        may("registered", Place, "place of registration; the document's place when absent"),
        may("resident", Place, "place of residence; the document's place when absent"),
        may("facts", list(fact, 0, 100), "dated facts"),
    ]);
    let order = Object(vec![
        must("date", Date, "service date"),
        may("meal", word::<MealPeriod>(), "lunch when absent"),
        may("channel", word::<Channel>(), "dine_in when absent"),
        must("price_fen", MEAL_FEN, "list price"),
        may("delivery_fee_fen", MEAL_FEN, "0 when absent"),
        may("product", ID, "class of the product"),
        may("canteen_place", Place, "the document's place when absent"),
        may("canteen_grade", ID, "star, grade or type"),
    ]);
    let meal = Object(vec![
        must("date", Date, "service date"),
        may("meal", word::<MealPeriod>(), "lunch when absent"),
        may("canteen_place", Place, "the document's place when absent"),
        may("price_fen", MEAL_FEN, "the order's when absent"),
        may("granted_fen", FEN, "what the document grants when absent"),
    ]);
    let canteen = Object(vec![
        may("grade", ID, "star, grade or type"),
        may("meals", Int(0, 100_000_000), "meals served with evidence"),
        may("days_open", Int(0, 10_000), "days of opening"),
        may("area_m2", Int(0, 10_000_000), "floor area"),
        may("cost_fen", FEN, "proven cost"),
        may("inspection", ID, "result of the inspection"),
    ]);
    let expect = Object(vec![
        may("self_pay_fen", FEN, "what the senior pays in all"),
        may("by_funder", map_of(ID, FEN, 50), "what each funder bears"),
        may("operator_fen", map_of(ID, FEN, 50), "what each operator rule pays"),
    ]);
    Object(vec![
        must("id", Text(100), "the identifier"),
        may("desc", Text(300), "what it shows"),
        may("kind", word::<CaseKind>(), "whether the text itself states the result"),
        may("person", person, "the senior; absent: nothing is known of them"),
        must("order", order, "the meal"),
        may("history", list(meal, 0, 1000), "earlier meals of the same person"),
        may("reading", Int(0, 99), "the reading it belongs to"),
        may("canteen", canteen, "what a canteen did, for rules that pay by period"),
        must("expect", expect, "the expected result; what is absent is not compared"),
    ])
}
