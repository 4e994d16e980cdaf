//! A street with people who order, terminals that read, and an officer who looks.

use app::App;
use app::anomalies::look::{self, CaseCard};
use app::anomalies::settings::{self, NewSetting};
use app::anomalies::sweep::{Swept, sweep};
use app::idempotency::RequestKey;
use app::orders::place;
use app::orders::redeem::{Redemption, redeem};
use domain::access::{Actor, DeviceKind, Role};
use domain::anomaly::AnomalyRule;
use domain::food_safety::SettingKey;
use domain::id::{CanteenId, DeviceId, OrderId, RedemptionId, SeniorId};
use domain::order::RedemptionMethod;
use domain::{Channel, Instant, PlaceCode, ServiceDate};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::column::{Col, Word};
use store::query::anomalies::{AnomalyFilter, AnomalyRow};
use store::query::devices::{self, DeviceRow};
use testkit::fixtures::Lunch;
use testkit::{Person, Street, World};

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub fn key() -> RequestKey {
    let n = NUMBER.fetch_add(1, Ordering::SeqCst);
    RequestKey::new(None, None, &format!("anomaly-{n:08}"), "test", &n).unwrap()
}

pub fn place_of(code: &str) -> PlaceCode {
    PlaceCode::parse(code).unwrap()
}

/// The street's community, where its canteens are.
pub const HOME: &str = "990101001001";

pub struct Scene<'a> {
    pub world: &'a World,
    pub street: Street,
    /// As many as were asked for.
    pub people: Vec<Person>,
}

impl<'a> Scene<'a> {
    pub async fn of(world: &'a World, people: u32) -> Self {
        let street = world.street().await;
        let people = world.add_seniors(people, &Street::home()).await;
        Self { world, street, people }
    }

    pub async fn staff(&self, role: Role) -> Arc<Actor> {
        self.world.actor(self.street.token(role)).await
    }

    /// Monday, the first day of the test.
    pub fn monday(&self) -> ServiceDate {
        self.street.lunch.date
    }

    /// A time of a day of the test, counted from Monday, so many seconds after eleven.
    pub fn at(&self, day: i32, seconds: i64) -> Instant {
        let eleven = chrono::NaiveTime::from_hms_opt(11, 0, 0).unwrap();
        Instant::from_civil(self.monday().plus_days(day), eleven).plus_seconds(seconds)
    }

    /// A counter terminal of a canteen.
    pub async fn terminal(&self, canteen: CanteenId) -> Arc<Actor> {
        let device: DeviceId = self
            .world
            .write(move |tx| {
                let row = DeviceRow {
                    id: Col(tx.new_id()),
                    kind: Word(DeviceKind::Counter),
                    canteen_id: Col(canteen),
                    user_id: None,
                    name: "台".to_owned(),
                    paired_at: Col(tx.now()),
                    revoked_at: None,
                };
                devices::insert(tx.change(), &row)?;
                Ok(row.id.0)
            })
            .await;
        Arc::new(Actor { device: Some((device, DeviceKind::Counter, canteen)), ..Actor::default() })
    }

    pub async fn order(&self, lunch: &Lunch, dish: usize, senior: SeniorId) -> OrderId {
        let worker = self.staff(Role::Worker).await;
        let request = lunch.request(dish, Some(senior), Channel::DineIn);
        place::place(&self.world.app, worker, key(), request).await.unwrap().order.order
    }

    /// One order of the second dish for each of some people.
    pub async fn orders(&self, lunch: &Lunch, people: std::ops::Range<usize>) -> Vec<OrderId> {
        let mut orders = Vec::new();
        for person in &self.people[people] {
            orders.push(self.order(lunch, 1, person.id).await);
        }
        orders
    }

    /// Records that an order was served then, by whom and how.
    pub async fn serve(&self, by: &Arc<Actor>, order: OrderId, method: RedemptionMethod, served_at: Instant) {
        let id = RedemptionId::from_uuid(uuid::Uuid::now_v7());
        redeem(&self.world.app, by.clone(), Redemption { id, order, method, served_at }).await.unwrap();
    }

    /// Reads a card for each order, so many seconds after eleven of the day.
    pub async fn read(&self, by: &Arc<Actor>, orders: &[OrderId], day: i32, seconds: &[i64]) {
        assert_eq!(orders.len(), seconds.len());
        for (order, seconds) in orders.iter().zip(seconds) {
            self.serve(by, *order, RedemptionMethod::Card, self.at(day, *seconds)).await;
        }
    }

    /// Goes to a time of a day of the test.
    pub fn go(&self, day: i32, hour: u32) {
        let time = chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        self.world.clock.set(Instant::from_civil(self.monday().plus_days(day), time));
    }

    /// Sets limits of the street from today on.
    pub async fn limit(&self, limits: &[(SettingKey, i64)]) {
        let items =
            limits.iter().map(|(key, value)| NewSetting { key: *key, value: Some(*value), reason: "测试".to_owned() }).collect();
        let officer = self.staff(Role::Officer).await;
        let today = self.world.today();
        settings::put(&self.world.app, officer, place_of("990101001"), today, items).await.unwrap();
    }

    /// Noon of the next day has come, and the days are searched.
    pub async fn sweep(&self, days: std::ops::RangeInclusive<i32>) -> Swept {
        self.go(*days.end() + 1, 12);
        self.sweep_by(&self.world.app, days).await
    }

    pub async fn sweep_by(&self, app: &App, days: std::ops::RangeInclusive<i32>) -> Swept {
        let (from, to) = (self.monday().plus_days(*days.start()), self.monday().plus_days(*days.end()));
        sweep(app, (from, to), &mut |_, _| {}).await.unwrap()
    }

    /// The cases that an officer sees, oldest first.
    pub async fn cases(&self) -> Vec<AnomalyRow> {
        let filter = AnomalyFilter { limit: 200, ..AnomalyFilter::default() };
        let officer = self.staff(Role::Officer).await;
        let found = look::list(&self.world.app, officer, filter).await.unwrap();
        found.into_iter().rev().map(|(row, _)| row).collect()
    }

    /// Rule, figure, limit and evidence of each.
    pub async fn told(&self) -> Vec<(AnomalyRule, (i64, i64), i64)> {
        self.cases().await.into_iter().map(|row| (row.rule.0, (row.observed, row.bound), row.evidence_total)).collect()
    }

    /// The one case there is, with its evidence.
    pub async fn case(&self) -> CaseCard {
        let cases = self.cases().await;
        assert_eq!(cases.len(), 1, "{cases:?}");
        let officer = self.staff(Role::Officer).await;
        look::find(&self.world.app, officer, cases[0].id.0).await.unwrap()
    }
}
