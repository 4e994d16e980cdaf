//! Standing orders: what is generated follows pattern, menu and person, and never overrides what a person decided.

use super::{key, order, orders_of};
use app::catalogue::edit::{DayChange, change_day};
use app::orders::{cancel, change, list};
use app::standing::{self, Generation, StandingRequest};
use app::{Failure, demand};
use domain::access::Role;
use domain::canteen::SittingState;
use domain::event::OrderView;
use domain::id::{CanteenId, SeniorId, SittingId};
use domain::order::OrderState;
use domain::standing::SkipReason;
use domain::{Channel, MealPeriod, ServiceDate};
use store::fixture::execute;
use store::query::orders::OrderFilter;
use testkit::{Street, World, both_databases};

/// Every day from today on, for lunch.
fn every_day(street: &Street, senior: SeniorId) -> StandingRequest {
    StandingRequest {
        senior,
        canteen: street.canteen,
        meal: MealPeriod::Lunch,
        weekdays: 127,
        channel: Channel::DineIn,
        starts_on: street.lunch.date,
        ends_on: None,
        pause: None,
        ended: false,
    }
}

/// Confirmed orders of a sitting.
async fn confirmed_at(world: &World, street: &Street, sitting: SittingId) -> Vec<OrderView> {
    let filter = OrderFilter {
        sitting: Some(sitting),
        senior: None,
        from: None,
        to: None,
        state: Some(OrderState::Confirmed),
        before: None,
        limit: 10,
    };
    list::list(&world.app, world.actor(street.token(Role::Worker)).await, filter).await.unwrap().0
}

async fn left_out(world: &World, street: &Street, sitting: SittingId) -> Vec<(SeniorId, SkipReason)> {
    let demand = demand::demand(&world.app, world.actor(street.token(Role::Worker)).await, sitting).await.unwrap();
    demand.left_out.iter().map(|l| (l.senior, l.reason)).collect()
}

both_databases! {
    /// A pattern makes its orders once, follows a pause and its end, and leaves alone what a person cancelled.
    async fn generated_orders_follow_the_pattern_and_never_a_persons_decision(world) {
        let street = world.street().await;
        let (today, tomorrow) = (street.lunch.date, street.tomorrow.date);
        let actor = world.actor(street.token(Role::Worker)).await;
        let pattern = standing::make(&world.app, actor.clone(), key("pattern"), every_day(&street, street.senior.id)).await.unwrap();
        let confirmed = [(today, OrderState::Confirmed), (tomorrow, OrderState::Confirmed)];
        assert_eq!(orders_of(world, &street, street.senior.id).await, confirmed);

        let again = standing::generate(&world.app).await.unwrap();
        assert_eq!((again.made, again.followed, again.taken_back), (0, 0, 0), "a second run has nothing to do");

        let paused = StandingRequest { pause: Some((tomorrow, Some(tomorrow))), ..every_day(&street, street.senior.id) };
        let paused = standing::put(&world.app, actor.clone(), pattern.id.0, pattern.version, paused).await.unwrap();
        let after = [(today, OrderState::Confirmed), (tomorrow, OrderState::Cancelled)];
        assert_eq!(orders_of(world, &street, street.senior.id).await, after);
        let demand = app::demand::demand(&world.app, world.actor(street.token(Role::Cook)).await, street.tomorrow.sitting).await.unwrap();
        assert_eq!(demand.left_out.iter().map(|l| (l.senior, l.reason)).collect::<Vec<_>>(), [(street.senior.id, SkipReason::Paused)]);

        standing::put(&world.app, actor.clone(), pattern.id.0, paused.version, every_day(&street, street.senior.id)).await.unwrap();
        let resumed = [(today, OrderState::Confirmed), (tomorrow, OrderState::Confirmed), (tomorrow, OrderState::Cancelled)];
        assert_eq!(orders_of(world, &street, street.senior.id).await, resumed);

        let filter = OrderFilter { sitting: Some(street.lunch.sitting), senior: None, from: None, to: None, state: None, before: None, limit: 10 };
        let (todays, _) = list::list(&world.app, actor.clone(), filter).await.unwrap();
        cancel::cancel(&world.app, actor, key("not-today"), todays[0].order, None).await.unwrap();
        standing::generate(&world.app).await.unwrap();
        let left_alone = orders_of(world, &street, street.senior.id).await;
        assert_eq!(left_alone.iter().filter(|(date, _)| *date == today).count(), 1, "the cancelled one is not brought back");
    }
}

both_databases! {
    /// What a generated order rests on is noted when it changes and followed without looking at everything; what a person decided stays.
    async fn a_change_of_the_menu_is_followed_by_the_orders_that_rest_on_it(world) {
        let street = world.street().await;
        let (worker, manager) = (world.actor(street.token(Role::Worker)).await, world.actor(street.token(Role::CanteenManager)).await);
        standing::make(&world.app, worker.clone(), key("pattern"), every_day(&street, street.senior.id)).await.unwrap();
        standing::follow_due(&world.app).await.unwrap();
        let change = async |stopped: bool, state: Option<SittingState>| {
            let version = app::catalogue::read::menu(&world.app, street.tomorrow.sitting, None).await.unwrap().sitting.version;
            let change = DayChange { state, stopped: vec![(street.dishes[0], stopped)] };
            change_day(&world.app, manager.clone(), street.tomorrow.sitting, version, change).await.unwrap();
            let done = standing::follow_due(&world.app).await.unwrap();
            (done.made, done.followed, done.taken_back)
        };
        assert_eq!(change(true, None).await, (0, 1, 0), "another dish instead of the one that ran out");
        assert_eq!(change(true, Some(SittingState::Closed)).await, (0, 0, 1), "called off");
        assert_eq!(change(false, Some(SittingState::Open)).await, (1, 0, 0), "on again");
        let filter = OrderFilter { sitting: Some(street.tomorrow.sitting), senior: None, from: None, to: None, state: Some(OrderState::Confirmed), before: None, limit: 10 };
        let (orders, _) = list::list(&world.app, worker.clone(), filter).await.unwrap();
        cancel::cancel(&world.app, worker, key("not-tomorrow"), orders[0].order, None).await.unwrap();
        assert_eq!(change(true, None).await, (0, 0, 0), "a person cancelled it");
        assert_eq!(standing::follow_due(&world.app).await.unwrap(), standing::Generation::default(), "nothing is left to follow");
    }
}

both_databases! {
    /// The senior's diet decides which dish a pattern takes.
    async fn a_pattern_takes_the_first_dish_that_suits_the_diet(world) {
        let street = world.street().await;
        world.add_allergy(street.senior.id, "soy").await;
        let actor = world.actor(street.token(Role::Worker)).await;
        standing::make(&world.app, actor.clone(), key("pattern"), every_day(&street, street.senior.id)).await.unwrap();
        let demand = app::demand::demand(&world.app, actor, street.lunch.sitting).await.unwrap();
        let dishes: Vec<_> = demand.orders.iter().map(|o| o.lines[0].dish).collect();
        assert_eq!(dishes, [street.dishes[1]], "only the greens are without soy");
    }
}

both_databases! {
    /// Another canteen or meal is another order: the old one is taken back, the new one made where there is such a meal.
    async fn a_pattern_that_changes_canteen_or_meal_moves_its_orders(world) {
        let street = world.street().await;
        let (today, tomorrow) = (street.lunch.date, street.tomorrow.date);
        let there = world.add_lunch(street.neighbour, tomorrow, &street.dishes, &[100; 3]).await;
        let actor = world.actor(street.token(Role::Worker)).await;
        let usual = every_day(&street, street.senior.id);
        let pattern = standing::make(&world.app, actor.clone(), key("pattern"), usual.clone()).await.unwrap();
        let elsewhere = StandingRequest { canteen: street.neighbour, ..usual.clone() };
        let pattern = standing::put(&world.app, actor.clone(), pattern.id.0, pattern.version, elsewhere).await.unwrap();
        let moved = [(today, OrderState::Cancelled), (tomorrow, OrderState::Confirmed), (tomorrow, OrderState::Cancelled)];
        assert_eq!(orders_of(world, &street, street.senior.id).await, moved);
        assert_eq!(confirmed_at(world, &street, there.sitting).await.len(), 1);
        let dinner = StandingRequest { meal: MealPeriod::Dinner, ..usual };
        standing::put(&world.app, actor, pattern.id.0, pattern.version, dinner).await.unwrap();
        assert_eq!(confirmed_at(world, &street, there.sitting).await, []);
        assert_eq!(standing::follow_due(&world.app).await.unwrap().failed, 0);
    }
}

both_databases! {
    /// A delivery without an address cannot be made: the meal to be eaten in is taken back, with the reason, and nothing else waits.
    async fn a_pattern_that_cannot_be_had_as_it_is_wanted_is_taken_back_with_the_reason(world) {
        let street = world.street().await;
        let actor = world.actor(street.token(Role::Worker)).await;
        let usual = every_day(&street, street.senior.id);
        let pattern = standing::make(&world.app, actor.clone(), key("pattern"), usual.clone()).await.unwrap();
        execute(&mut world.database.connect(), "UPDATE senior SET address_enc = NULL").unwrap();
        let brought = StandingRequest { channel: Channel::Delivery, ..usual };
        standing::put(&world.app, actor.clone(), pattern.id.0, pattern.version, brought).await.unwrap();
        for sitting in [street.lunch.sitting, street.tomorrow.sitting] {
            assert_eq!(confirmed_at(world, &street, sitting).await, []);
            assert_eq!(left_out(world, &street, sitting).await, [(street.senior.id, SkipReason::AddressMissing)]);
        }
        standing::make(&world.app, actor, key("other"), every_day(&street, street.poor_senior.id)).await.unwrap();
        assert_eq!(confirmed_at(world, &street, street.tomorrow.sitting).await.len(), 1);
        let again = standing::generate(&world.app).await.unwrap();
        assert_eq!((again.made, again.followed, again.taken_back, again.failed), (0, 0, 0, 0), "nothing is left to do");
    }
}

both_databases! {
    /// A senior whose diet cannot be read gets no guess; everybody else gets their meals.
    async fn one_pattern_that_cannot_be_looked_at_costs_the_others_nothing(world) {
        let street = world.street().await;
        let actor = world.actor(street.token(Role::Worker)).await;
        world.add_allergy(street.senior.id, "no such allergen").await;
        for (name, senior) in [("broken", street.senior.id), ("whole", street.poor_senior.id)] {
            standing::make(&world.app, actor.clone(), key(name), every_day(&street, senior)).await.unwrap();
        }
        assert!(standing::follow_due(&world.app).await.unwrap().failed > 0);
        assert_eq!(standing::follow_due(&world.app).await.unwrap(), Generation::default(), "what failed is left to the full run");
        assert!(standing::generate(&world.app).await.unwrap().failed > 0);
        let there = confirmed_at(world, &street, street.tomorrow.sitting).await;
        assert_eq!(there.iter().map(|o| o.senior).collect::<Vec<_>>(), [Some(street.poor_senior.id)]);
    }
}

both_databases! {
    /// A dish that a person chose stays when the menu or the pattern changes.
    async fn a_generated_order_that_a_person_edited_is_never_overwritten(world) {
        let street = world.street().await;
        let actor = world.actor(street.token(Role::Worker)).await;
        let usual = every_day(&street, street.senior.id);
        let pattern = standing::make(&world.app, actor.clone(), key("pattern"), usual.clone()).await.unwrap();
        let made = confirmed_at(world, &street, street.tomorrow.sitting).await.remove(0);
        let wish = street.tomorrow.request(2, Some(street.senior.id), Channel::PickUp);
        let edited = change::change(&world.app, actor.clone(), key("edit"), made.order, made.version, wish).await.unwrap().order;
        let manager = world.actor(street.token(Role::CanteenManager)).await;
        let version = app::catalogue::read::menu(&world.app, street.tomorrow.sitting, None).await.unwrap().sitting.version;
        let stopped = DayChange { state: None, stopped: vec![(street.dishes[2], true)] };
        change_day(&world.app, manager, street.tomorrow.sitting, version, stopped).await.unwrap();
        let ended = StandingRequest { ended: true, ..usual };
        standing::put(&world.app, actor, pattern.id.0, pattern.version, ended).await.unwrap();
        standing::follow_due(&world.app).await.unwrap();
        standing::generate(&world.app).await.unwrap();
        assert_eq!(confirmed_at(world, &street, street.tomorrow.sitting).await, [edited]);
    }
}

both_databases! {
    /// A pause ends by the calendar, without anybody doing anything.
    async fn a_pause_ends_by_itself(world) {
        let street = world.street().await;
        let (tomorrow, after) = (street.tomorrow.date, street.tomorrow.date.plus_days(1));
        let later = world.add_lunch(street.canteen, after, &street.dishes, &[100; 3]).await;
        let actor = world.actor(street.token(Role::Worker)).await;
        let away = StandingRequest { pause: Some((street.lunch.date, Some(tomorrow))), ..every_day(&street, street.senior.id) };
        standing::make(&world.app, actor, key("pattern"), away).await.unwrap();
        assert_eq!(left_out(world, &street, street.tomorrow.sitting).await, [(street.senior.id, SkipReason::Paused)]);
        assert_eq!(orders_of(world, &street, street.senior.id).await, [(after, OrderState::Confirmed)]);
        assert_eq!(confirmed_at(world, &street, later.sitting).await.len(), 1);
    }
}

both_databases! {
    /// Who has ordered for a meal already, or eats by another pattern, is not given a second one.
    async fn a_meal_of_ones_own_holds_the_generated_one_back(world) {
        let street = world.street().await;
        let special = order(world, &street, "special", street.tomorrow.request(2, Some(street.senior.id), Channel::PickUp)).await.order;
        let actor = world.actor(street.token(Role::Worker)).await;
        let usual = every_day(&street, street.senior.id);
        standing::make(&world.app, actor.clone(), key("pattern"), usual.clone()).await.unwrap();
        standing::make(&world.app, actor.clone(), key("another"), StandingRequest { starts_on: street.tomorrow.date, ..usual }).await.unwrap();
        standing::generate(&world.app).await.unwrap();
        assert_eq!(confirmed_at(world, &street, street.tomorrow.sitting).await, std::slice::from_ref(&special));
        assert_eq!(left_out(world, &street, street.tomorrow.sitting).await, []);
        cancel::cancel(&world.app, actor, key("after-all"), special.order, None).await.unwrap();
        assert_eq!(standing::generate(&world.app).await.unwrap().made, 1, "the pattern's own, once the special is gone");
    }
}

both_databases! {
    /// Who has left is not expected any more, and is on no list of those who are missing.
    async fn a_senior_who_left_is_not_expected_any_more(world) {
        let street = world.street().await;
        let actor = world.actor(street.token(Role::Worker)).await;
        standing::make(&world.app, actor, key("pattern"), every_day(&street, street.senior.id)).await.unwrap();
        execute(&mut world.database.connect(), "UPDATE senior SET state = 'left'").unwrap();
        standing::generate(&world.app).await.unwrap();
        assert_eq!(confirmed_at(world, &street, street.tomorrow.sitting).await, []);
        assert_eq!(left_out(world, &street, street.tomorrow.sitting).await, []);
    }
}

both_databases! {
    /// The counter of a canteen sees and pauses the patterns that it serves, and no others.
    async fn a_canteens_counter_sees_the_patterns_that_it_serves(world) {
        let street = world.street().await;
        let worker = world.actor(street.token(Role::Worker)).await;
        let counter = world.actor(street.token(Role::Counter)).await;
        let own = every_day(&street, street.senior.id);
        let own = standing::make(&world.app, counter.clone(), key("own"), own).await.unwrap();
        let away: CanteenId = street.neighbour;
        let other = StandingRequest { canteen: away, meal: MealPeriod::Dinner, ..every_day(&street, street.senior.id) };
        let other = standing::make(&world.app, worker, key("other"), other).await.unwrap();
        assert_eq!(standing::get(&world.app, counter.clone(), own.id.0).await.unwrap(), own);
        assert!(matches!(standing::get(&world.app, counter.clone(), other.id.0).await, Err(Failure::NotFound(_))));
        let seen = standing::list(&world.app, counter.clone(), street.senior.id, (None, 100)).await.unwrap();
        assert_eq!(seen.iter().map(|row| row.id).collect::<Vec<_>>(), [own.id]);
        let paused: ServiceDate = street.tomorrow.date;
        let pause = StandingRequest { pause: Some((paused, None)), ..every_day(&street, street.senior.id) };
        standing::put(&world.app, counter, own.id.0, own.version, pause).await.unwrap();
        assert_eq!(confirmed_at(world, &street, street.tomorrow.sitting).await, []);
    }
}
