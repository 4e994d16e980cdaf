//! Until an import is in whole, nothing finds its rows; then everything does, at once; and a killed one goes on.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod files;

use app::imports::{Progress, Stage, apply};
use domain::access::{Actor, Role, RoleGrant, Scope};
use domain::id::{ImportId, SeniorId};
use domain::{Instant, MealPeriod, PlaceCode, ServiceDate};
use files::{import, judge, quiet, street};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::query::bindings::{self, BindingRow};
use store::query::catalogue::{self, SittingRow};
use store::query::imports::{self, ImportState};
use store::query::seniors::{self, SeniorFilter, SeniorRow};
use store::query::standing::{self, StandingRow};
use store::query::{bulk, kitchen, listing, trace};
use store::{AnyConnection, StoreError};
use tabular::TableKind;
use testkit::World;

fn everywhere() -> Scope {
    let grant = RoleGrant { role: Role::Admin, place: PlaceCode::parse("99").unwrap(), canteen: None };
    Actor { grants: vec![grant], ..Actor::default() }.scope(domain::access::Action::SeeSeniors)
}

/// One row of each table whose rows an import hides, to be looked for by each of its keys.
#[derive(Clone)]
struct Sample {
    senior: SeniorRow,
    fact_of: SeniorId,
    binding: BindingRow,
    standing: StandingRow,
    sitting: SittingRow,
}

type Look = fn(&mut AnyConnection, &Sample) -> Result<usize, StoreError>;

/// Every read by which a row can be found other than through another row that was seen.
const READS: &[(TableKind, &str, Look)] = &[
    (TableKind::Seniors, "find", |c, s| Ok(usize::from(seniors::find(c, s.senior.id.0)?.is_some()))),
    (TableKind::Seniors, "by_id_no", |c, s| Ok(usize::from(seniors::by_id_no(c, &s.senior.id_no_bix)?.is_some()))),
    (TableKind::Seniors, "by_card", |c, s| Ok(usize::from(seniors::by_card(c, s.senior.card_bix.as_deref().unwrap())?.is_some()))),
    (TableKind::Seniors, "by_phone", |c, s| Ok(seniors::by_phone(c, s.senior.phone_bix.as_deref().unwrap(), 8)?.len())),
    (TableKind::Seniors, "list", |c, _| Ok(seniors::list(c, &everywhere(), &SeniorFilter::default(), 5_000)?.len())),
    (TableKind::Facts, "facts", |c, s| Ok(seniors::facts(c, s.fact_of)?.len())),
    (TableKind::Facts, "end_fact", |c, s| {
        let all: Vec<_> = bulk::facts(c, &[s.fact_of])?.into_iter().filter(|(f, _)| f.valid_to.is_none()).collect();
        let (fact, _) = all.first().unwrap();
        let (day, now) = (ServiceDate::new(2040, 1, 1).unwrap(), Instant::from_micros(0));
        let ended = seniors::end_fact(c, s.fact_of, fact.id.0, day, now)?;
        Ok(usize::from(ended))
    }),
    (TableKind::Families, "find", |c, s| Ok(usize::from(bindings::find(c, s.binding.id.0)?.is_some()))),
    (TableKind::Families, "in_force", |c, s| {
        Ok(usize::from(bindings::in_force(c, s.binding.senior_id.0, s.binding.user_id.0)?.is_some()))
    }),
    (TableKind::Families, "of_senior", |c, s| Ok(bindings::of_senior(c, s.binding.senior_id.0)?.len())),
    (TableKind::StandingOrders, "find", |c, s| Ok(usize::from(standing::find(c, s.standing.id.0)?.is_some()))),
    (TableKind::StandingOrders, "of_senior", |c, s| Ok(standing::of_senior(c, s.standing.senior_id.0)?.len())),
    (TableKind::StandingOrders, "active_after", |c, _| Ok(standing::active_after(c, None, 5_000)?.len())),
    (TableKind::Menus, "sitting", |c, s| Ok(usize::from(listing::sitting(c, s.sitting.id.0)?.is_some()))),
    (TableKind::Menus, "sittings", |c, s| {
        let day = s.sitting.service_date.0;
        Ok(listing::sittings(c, s.sitting.canteen_id.0, day, day, None, 10)?.len())
    }),
    (TableKind::Menus, "sitting_with_canteen", |c, s| {
        Ok(usize::from(catalogue::sitting_with_canteen(c, s.sitting.id.0)?.is_some()))
    }),
    (TableKind::Menus, "canteen_of", |c, s| Ok(usize::from(catalogue::canteen_of(c, s.sitting.id.0)?.is_some()))),
    (TableKind::Menus, "sitting_of", |c, s| {
        let SittingRow { canteen_id, service_date, meal, .. } = s.sitting;
        Ok(usize::from(standing::sitting_of(c, canteen_id.0, service_date.0, meal.0)?.is_some()))
    }),
    (TableKind::Menus, "kitchen", |c, s| {
        let day = s.sitting.service_date.0;
        Ok(kitchen::sittings(c, s.sitting.canteen_id.0, day, day)?.len())
    }),
    (
        TableKind::Menus,
        "public page",
        |c, s| Ok(trace::sittings_of_day(c, s.sitting.canteen_id.0, s.sitting.service_date.0)?.len()),
    ),
];

fn sample(conn: &mut AnyConnection) -> Result<Sample, StoreError> {
    let all = seniors::list(conn, &everywhere(), &SeniorFilter::default(), 5_000)?;
    let ids: Vec<SeniorId> = all.iter().map(|s| s.id.0).collect();
    let (canteens, day) = (listing::canteens(conn, None, None, None, 50)?, ServiceDate::new(2026, 11, 23).unwrap());
    let mut sitting = None;
    for canteen in canteens {
        sitting = sitting.or(listing::sittings(conn, canteen.id.0, day, day, Some(MealPeriod::Lunch), 1)?.pop());
    }
    let open = |(f, _): &(seniors::FactRow, _)| f.valid_to.is_none();
    Ok(Sample {
        senior: all.iter().find(|s| s.card_bix.is_some() && s.phone_bix.is_some()).unwrap().clone(),
        fact_of: bulk::facts(conn, &ids)?.iter().find(|f| open(f)).unwrap().0.senior_id.0,
        binding: bulk::bindings(conn, &ids)?.remove(0).0,
        standing: bulk::standing_orders(conn, &ids)?.remove(0).0,
        sitting: sitting.unwrap(),
    })
}

/// What every read of a table finds.
async fn found(world: &World, kind: TableKind, sample: &Sample) -> Vec<(&'static str, usize)> {
    let sample = sample.clone();
    let mut all = Vec::new();
    for (_, name, look) in READS.iter().filter(|(of, ..)| *of == kind) {
        let (sample, look) = (sample.clone(), *look);
        all.push((*name, world.write(move |tx| look(tx.change(), &sample)).await));
    }
    all
}

testkit::both_databases! {
    /// Hiding the import hides its rows from every read; showing it, which is one row, shows them to every read.
    async fn rows_of_an_unapplied_import_are_seen_by_no_read_and_then_by_every_one(world) {
        let mut done: BTreeMap<TableKind, ImportId> = BTreeMap::new();
        for (kind, bytes) in street() {
            done.insert(kind, import(&world.app, kind, bytes).await);
        }
        let sample = world.write(|tx| sample(tx.change())).await;
        let gated = [TableKind::Seniors, TableKind::Facts, TableKind::Families, TableKind::StandingOrders, TableKind::Menus];
        for kind in gated {
            let id = done[&kind];
            world.write(move |tx| imports::hide(tx.change(), id)).await;
            for (read, count) in found(world, kind, &sample).await {
                assert_eq!(count, 0, "{kind}: {read} finds hidden rows");
            }
            world.write(move |tx| imports::show(tx.change(), id)).await;
            for (read, count) in found(world, kind, &sample).await {
                assert!(count > 0, "{kind}: {read} finds nothing after the import is shown");
            }
        }
    }

    /// Where the process died nothing is seen; once the lease is over another goes on, and the same counts come out.
    async fn an_import_that_died_in_the_middle_is_unseen_and_goes_on(world) {
        let files = street();
        for kind in [TableKind::Places, TableKind::Canteens, TableKind::Dishes] {
            import(&world.app, kind, files[&kind].clone()).await;
        }
        let id = judge(&world.app, TableKind::Seniors, files[&TableKind::Seniors].clone()).await;
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let progress: Progress = Arc::new(move |stage, done, _| {
            if stage == Stage::Applying {
                let _ = told.send(done);
            }
        });
        let app = world.app.clone();
        // Dropped where it waits for its next unit of work: as good as killed, since nothing about it is in memory.
        let reached = tokio::select! {
            biased;
            reached = heard.recv() => reached.unwrap(),
            _ = apply::apply(&app, id, &progress) => panic!("it was to be interrupted"),
        };
        assert!(reached >= 500);
        let list = |tx: &mut store::Tx<'_>| Ok(seniors::list(tx.look(), &everywhere(), &SeniorFilter::default(), 5_000)?.len());
        assert_eq!(world.write(list).await, 0, "half an import is seen");
        world.clock.advance_seconds(60);
        let done = apply::apply(&world.app, id, &quiet()).await.unwrap();
        assert_eq!((done.state.0, done.added), (ImportState::Done, done.row_count));
        assert_eq!(i64::try_from(world.write(list).await).unwrap(), done.row_count);
    }
}
