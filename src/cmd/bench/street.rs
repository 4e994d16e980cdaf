//! The street that the orders of the measurement come from: the demo's canteens, menus and policy, ten times its seniors, and
//! portions that do not run out.

use super::super::demo::POLICY;
use anyhow::{Context, Result, anyhow, bail};
use app::App;
use app::demo::callers;
use app::policies::publish::publish_for_setup;
use app::store::query::{bulk, catalogue, standing};
use app::store::seal::Blind;
use app::store::{AnyConnection, StoreError};
use bench::load::{Orders, Target};
use demo::Street;
use domain::access::{Actor, Role, RoleGrant};
use domain::diet::Texture;
use domain::id::{MenuItemId, SeniorId, SittingId};
use domain::text_enum::TextEnum;
use domain::time::Clock;
use domain::{MealPeriod, PlaceCode, ServiceDate};
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::importing::{Came, bring_in};
use nuanfan::open::open;
use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::Arc;
use tabular::{Format, TableKind};

/// The seed of the street that is ordered from.
const SEED: u64 = 1;
/// Streets whose rosters are taken together. Every order then is a senior's first of its meal, and gets a subsidy.
const ROSTERS: u64 = 10;
/// The most portions that a menu may have of a dish.
const PORTIONS: u16 = 20_000;
/// Seniors looked up at once.
const AT_ONCE: usize = 500;

/// Brings the street in, through the import that users have.
pub(super) async fn bring(app: &App, first: ServiceDate) -> Result<Street> {
    let mut street = Street::generate(SEED, first).map_err(|broken| anyhow!("{}", broken.0))?;
    for menu in &mut street.menus {
        menu.portions = tabular::Whole::new(u32::from(PORTIONS)).context("portions")?;
    }
    // Bindings and patterns order nothing here.
    (street.families, street.standing_orders) = (Vec::new(), Vec::new());
    let mut taken: BTreeSet<String> = street.seniors.iter().map(|s| s.identity_number.reveal().to_owned()).collect();
    for more in 1..ROSTERS {
        let other = Street::generate(SEED + more, first).map_err(|broken| anyhow!("{}", broken.0))?;
        let mut fresh = BTreeSet::new();
        for mut senior in other.seniors {
            if taken.insert(senior.identity_number.reveal().to_owned()) {
                fresh.insert(senior.identity_number.reveal().to_owned());
                // Cards and phones are counted from one in every roster.
                (senior.card_no, senior.phone) = (None, None);
                street.seniors.push(senior);
            }
        }
        street.facts.extend(other.facts.into_iter().filter(|fact| fresh.contains(fact.identity_number.reveal())));
    }
    for (kind, name, bytes) in street.files()? {
        if bring_in(app, kind, &name, Cursor::new(bytes), Format::Csv, false).await? == Came::Faulty {
            bail!("the street's {kind} do not import");
        }
    }
    publish_for_setup(app, POLICY).await.map_err(|f| anyhow!("the policy: {f:?}"))?;
    Ok(street)
}

/// Brings only its places and canteens in; returns the codes of the canteens.
pub(super) async fn bring_canteens(app: &App) -> Result<Vec<String>> {
    let street = Street::generate(SEED, first_day()).map_err(|broken| anyhow!("{}", broken.0))?;
    for (kind, name, bytes) in street.files()? {
        let wanted = matches!(kind, TableKind::Places | TableKind::Canteens);
        if wanted && bring_in(app, kind, &name, Cursor::new(bytes), Format::Csv, false).await? == Came::Faulty {
            bail!("the street's {kind} do not import");
        }
    }
    Ok(street.canteens.iter().map(|c| c.code.to_string()).collect())
}

/// A file of so many seniors who are in no other street of these seeds, nor in the one that is ordered from, as CSV: an import would
/// give somebody who orders another diet.
pub(super) fn seniors_file(seed: u64, first: ServiceDate, count: usize) -> Result<Vec<u8>> {
    let (mut street, mut taken) = (None::<Street>, BTreeSet::new());
    for own in 0..ROSTERS {
        let own = Street::generate(SEED + own, first).map_err(|broken| anyhow!("{}", broken.0))?;
        taken.extend(own.seniors.iter().map(|s| s.identity_number.reveal().to_owned()));
    }
    let mut seniors = Vec::with_capacity(count);
    for more in 0.. {
        let next = Street::generate(seed + more, first).map_err(|broken| anyhow!("{}", broken.0))?;
        for mut senior in next.seniors.clone() {
            if seniors.len() < count && taken.insert(senior.identity_number.reveal().to_owned()) {
                (senior.card_no, senior.phone) = (None, None);
                seniors.push(senior);
            }
        }
        street.get_or_insert(next);
        if seniors.len() == count {
            break;
        }
        if more > 1000 {
            bail!("the seeds do not give {count} different seniors");
        }
    }
    let mut street = street.context("no street")?;
    street.seniors = seniors;
    let files = street.files()?;
    files.into_iter().find(|(kind, ..)| *kind == TableKind::Seniors).map(|(.., bytes)| bytes).context("no seniors")
}

/// The first day that is ordered for, the day after tomorrow: tomorrow's breakfast has its cut-off this evening, and none may pass
/// while a benchmark runs.
pub(super) fn first_day() -> ServiceDate {
    SystemClock.now().civil_date().plus_days(2)
}

/// One canteen's lunch on the first day with its menu, and everybody who could eat there, with whatever diet.
pub(super) async fn a_lunch(app: &App, street: &Street) -> Result<(SittingId, Vec<MenuItemId>, Vec<SeniorId>)> {
    let codes: Vec<String> = street.canteens.iter().map(|c| c.code.to_string()).collect();
    let bix: Vec<Vec<u8>> =
        street.seniors.iter().map(|s| app.store.sealer().blind(Blind::IdNo, s.identity_number.reveal())).collect();
    let read = app.store.read("bench_lunch", move |conn| {
        for canteen in bulk::canteens(conn, &codes)? {
            if let Some(sitting) = standing::sitting_of(conn, canteen.id.0, first_day(), MealPeriod::Lunch)? {
                let menu = catalogue::menu(conn, sitting)?.into_iter().map(|(item, _)| item.id.0).collect();
                return Ok(Some((sitting, menu, seniors(conn, &bix)?)));
            }
        }
        Ok::<_, StoreError>(None)
    });
    read.await?.context("no canteen serves lunch")
}

/// Somebody who holds a role over everything there is.
pub(super) fn holder(role: Role) -> Result<Actor> {
    let place = PlaceCode::parse("99").map_err(|e| anyhow!("{e:?}"))?;
    Ok(Actor { grants: vec![RoleGrant { role, place, canteen: None }], ..Actor::default() })
}

/// Days that are ordered for, from the first on.
const DAYS: i32 = 12;

/// Imports the street into a fresh database and signs the clients in; the address of the target is where the server is to listen.
pub(super) async fn target(config: &Config, clients: usize) -> Result<Target> {
    let app = open(config, Arc::new(SystemClock)).await?.app;
    let first = first_day();
    let street = bring(&app, first).await?;
    let days: Vec<_> = (0..DAYS).map(|n| first.plus_days(n)).collect();
    let orders = orders(&app, &street, &days).await?;
    let place = Street::place().map_err(|broken| anyhow!("{}", broken.0))?;
    let tokens = callers(&app, place, clients).await.map_err(|f| anyhow!("the clients: {f:?}"))?;
    let tokens = tokens.iter().map(|token| token.reveal().to_owned()).collect();
    Ok(Target { address: config.listen, tokens, orders })
}

/// One place where something can be ordered.
struct Table {
    sitting: SittingId,
    items: [MenuItemId; 2],
}

/// The orders of the street: the n-th and the n-th again are the same, and no senior has two of one meal before every senior
/// has had each.
async fn orders(app: &App, street: &Street, days: &[ServiceDate]) -> Result<Orders> {
    let canteens: Vec<String> = street.canteens.iter().map(|c| c.code.to_string()).collect();
    let days = days.to_vec();
    let meals = app.store.read("bench_meals", move |conn| meals(conn, &canteens, &days)).await?;
    // Who has a diet would be refused what it forbids; the diet of the others is looked up all the same.
    let free = street.seniors.iter().filter(|s| {
        s.allergens.is_empty() && s.avoid.is_empty() && !s.halal && !s.low_salt && !s.low_sugar && s.texture.is_none()
    });
    let sealer = app.store.sealer();
    let bix: Vec<Vec<u8>> = free.map(|s| sealer.blind(Blind::IdNo, s.identity_number.reveal())).collect();
    let seniors = app.store.read("bench_seniors", move |conn| seniors(conn, &bix)).await?;
    if meals.is_empty() || seniors.is_empty() {
        bail!("the street has nothing to order");
    }
    Ok(Arc::new(move |n| body(&meals, &seniors, n)))
}

fn body(meals: &[Vec<Table>], seniors: &[SeniorId], n: u64) -> String {
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let senior = &seniors[n % seniors.len()];
    // All seniors have one meal before the next begins; neighbours in time are at different canteens.
    let tables = &meals[n / seniors.len() % meals.len()];
    let table = &tables[n % tables.len()];
    let channel = ["dine_in", "pick_up"][n % 2];
    let [first, second] = table.items;
    format!(
        r#"{{"sitting":"{}","senior":"{senior}","lines":[{{"menu_item":"{first}","quantity":1}},{{"menu_item":"{second}","quantity":1}}],"channel":"{channel}"}}"#,
        table.sitting
    )
}

/// The tables of each meal that is served, meal by meal.
fn meals(conn: &mut AnyConnection, codes: &[String], days: &[ServiceDate]) -> Result<Vec<Vec<Table>>, StoreError> {
    let canteens = bulk::canteens(conn, codes)?;
    let mut meals = Vec::new();
    for day in days {
        for meal in [MealPeriod::Lunch, MealPeriod::Dinner] {
            let mut tables = Vec::new();
            for canteen in &canteens {
                let Some(sitting) = standing::sitting_of(conn, canteen.id.0, *day, meal)? else { continue };
                let mut menu = catalogue::menu(conn, sitting)?;
                menu.retain(|(_, dish)| dish.textures.split(',').filter_map(Texture::parse).any(|t| t == Texture::Regular));
                if let [(first, _), (second, _), ..] = menu.as_slice() {
                    tables.push(Table { sitting, items: [first.id.0, second.id.0] });
                }
            }
            if !tables.is_empty() {
                meals.push(tables);
            }
        }
    }
    Ok(meals)
}

fn seniors(conn: &mut AnyConnection, bix: &[Vec<u8>]) -> Result<Vec<SeniorId>, StoreError> {
    let mut found = Vec::with_capacity(bix.len());
    for chunk in bix.chunks(AT_ONCE) {
        found.extend(bulk::named_seniors(conn, chunk)?.into_iter().map(|senior| senior.id.0));
    }
    Ok(found)
}
