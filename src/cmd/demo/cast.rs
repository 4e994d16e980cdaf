//! Who and what the demo shows, picked from the street, and how it is printed.

use anyhow::{Context, Result, anyhow};
use app::demo::goods::{Arrives, Goods};
use app::demo::{Cast, Posts};
use app::ingredients::suppliers::SupplierDraft;
use demo::Street;
use domain::access::{FamilyScope, Role};
use domain::canteen::MealHours;
use domain::{Instant, MealPeriod, ServiceDate};
use nuanfan::application::Application;
use tabular::{FamilyRow, SeniorRow};

/// Goods are received for so many days' lunches.
const DAYS: i32 = 3;
/// Goods that keep no longer than this come chilled.
const FRESH_DAYS: i64 = 12;

/// The senior and the relative who are shown.
pub struct Household<'a> {
    /// The senior.
    pub senior: &'a SeniorRow,
    /// The relative.
    pub family: &'a FamilyRow,
}

/// The first family of the first canteen whose senior can be brought a meal, eats everything, and can be ordered for.
pub fn household(street: &Street) -> Result<Household<'_>> {
    let canteen = street.canteens.first().context("no canteen")?;
    let plain = |s: &SeniorRow| s.allergens.is_empty() && s.avoid.is_empty() && s.texture.is_none() && !s.halal;
    let shown = |family: &&FamilyRow| {
        let wanted = [FamilyScope::Order, FamilyScope::See, FamilyScope::Alert];
        let twice = street.families.iter().filter(|other| other.phone == family.phone).count() > 1;
        !twice && wanted.iter().all(|scope| family.scopes.contains(scope))
    };
    let find = |family: &FamilyRow| {
        street.seniors.iter().find(|senior| {
            senior.identity_number == family.identity_number
                && senior.home_canteen.as_ref() == Some(&canteen.code)
                && senior.phone.is_some()
                && senior.longitude.is_some()
                && senior.card_no.is_some()
                && !senior.low_salt
                && !senior.low_sugar
                && plain(senior)
                && street.standing_orders.iter().all(|pattern| pattern.identity_number != senior.identity_number)
        })
    };
    let mut found = street.families.iter().filter(shown).filter_map(|family| Some(Household { senior: find(family)?, family }));
    found.next().context("no family can be shown with this seed")
}

/// Where the people of the demo work.
pub fn posts(street: &Street, shown: &Household<'_>) -> Result<Posts> {
    let canteen = street.canteens.first().context("no canteen")?;
    Ok(Posts {
        street: Street::place().map_err(|broken| anyhow!("the demo street: {}", broken.0))?,
        community: canteen.place.clone(),
        canteen: canteen.code.to_string(),
        senior: shown.senior.identity_number.reveal().to_owned(),
    })
}

/// The first day whose lunch can still be ordered.
pub fn day(first: ServiceDate, now: Instant) -> ServiceDate {
    let today = now.civil_date();
    let (cut_off, ..) = MealHours::usual(MealPeriod::Lunch).on(today);
    first.max(if now < cut_off { today } else { today.plus_days(1) })
}

/// What the first canteen's store-room holds today for the lunches from a day on; what is not yet made comes later.
pub fn goods(street: &Street, today: ServiceDate, from: ServiceDate) -> Result<Goods> {
    let canteen = street.canteens.first().context("no canteen")?;
    let mut goods = Goods::default();
    for supplier in &street.suppliers {
        let draft = SupplierDraft {
            name: supplier.name.to_string(),
            licence_no: supplier.licence.as_str().to_owned(),
            licence_expires_on: from.plus_days(365),
            address: "示范市示范区".to_owned(),
            phone: supplier.phone.reveal().to_owned(),
        };
        goods.suppliers.insert(supplier.code.to_string(), draft);
    }
    for ahead in 0..DAYS {
        let lots = street.lots(&canteen.code, from.plus_days(ahead), MealPeriod::Lunch);
        let lots = lots.map_err(|broken| anyhow!("the demo street: {}", broken.0))?;
        for lot in lots.into_iter().filter(|lot| lot.produced_on <= today) {
            goods.lots.push(Arrives {
                ingredient: lot.ingredient.to_string(),
                supplier: lot.supplier.to_string(),
                batch: lot.batch.clone(),
                produced_on: lot.produced_on,
                expires_on: lot.expires_on,
                milligrams: i64::try_from(lot.quantity_g).context("an amount")? * 1_000,
                chilled: lot.expires_on.days_since(lot.produced_on) <= FRESH_DAYS,
            });
        }
    }
    Ok(goods)
}

/// The names under which the README uses a role's password.
fn variable(role: Role) -> &'static str {
    match role {
        Role::Admin => "ADMIN",
        Role::Officer => "OFFICER",
        Role::Reviewer => "REVIEWER",
        Role::Hotline => "HOTLINE",
        Role::Auditor => "AUDITOR",
        Role::Worker => "WORKER",
        Role::CanteenManager => "MANAGER",
        Role::Counter => "COUNTER",
        Role::Cook => "COOK",
        Role::Courier => "COURIER",
    }
}

/// For people, and to be pasted into the shell in which they follow the README.
pub fn print(application: &Application, cast: &Cast, shown: &Household<'_>, desk: &str, day: ServiceDate) {
    let Some(address) = application.public() else { return };
    println!("厨房屏 kitchen display: http://{address}/kitchen/");
    println!("送餐页 courier's page: http://{address}/courier");
    println!("公示页 public page: http://{address}/public/canteens/C01");
    println!("示范短信与时钟 text messages and the demo's clock: {desk}/messages {desk}/clock");
    println!();
    println!("# 一次性口令，只显示这一次；可整段粘贴到另一个终端，再照 README 走一遍午餐");
    println!("# One-time credentials, shown only now. Paste them into another terminal and follow the README's lunch.");
    println!("export API=http://{address} DESK={desk} DAY={day}");
    println!("export CANTEEN={} SENIOR={}", cast.canteen, cast.senior);
    for player in &cast.staff {
        let above = if player.at_district { "DISTRICT_" } else { "" };
        println!("export {above}{}={} # {}: {}", variable(player.role), player.password.reveal(), player.title, player.login);
    }
    let phone = shown.senior.phone.as_ref().map(|phone| phone.reveal()).unwrap_or_default();
    let card = shown.senior.card_no.as_ref().map(|card| card.as_str()).unwrap_or_default();
    let identity = shown.senior.identity_number.reveal();
    println!("export SENIOR_PHONE={phone} SENIOR_ID={identity} CARD={card} # 老人 senior");
    println!("export FAMILY_PHONE={} # 家属 family member", shown.family.phone.reveal());
    println!("export DISPLAY_CODE={} # 厨房屏配对码 kitchen display, 10 min", cast.display.code.reveal());
    println!("export COURIER_CODE={} # 送餐手机配对码 courier's phone, 10 min", cast.courier.code.reveal());
}
