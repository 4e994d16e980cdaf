//! A small kitchen for tests: one canteen with its satellite, a lunch of two dishes, staff, on a database of its own.
// It serves several suites, each of which uses a part of it.
#![allow(dead_code)]

use app::App;
use app::batches::cook::Cooked;
use app::batches::plan::BatchPlan;
use app::batches::view::BatchView;
use app::batches::{certificates, cook, issue, plan, release, sample};
use app::idempotency::RequestKey;
use app::ingredients::receive::{Delivery, receive};
use app::ingredients::suppliers::{self, SupplierDraft};
use app::ingredients::view::{LotView, SupplierView};
use app::safety::{SafetyRefusal, records};
use domain::access::{Actor, Role, RoleGrant};
use domain::food_safety::observation::Observation;
use domain::food_safety::{DeciCelsius, Holding};
use domain::id::{CanteenId, DishId, Id, IngredientId, Kind, OrderId, SafetyRecordId, SeniorId, SittingId, UserId};
use domain::lot::{AmountUnit, Storage};
use domain::time::Clock;
use domain::{Instant, PlaceCode, Sensitive, ServiceDate};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::{Dialect, Options, Store, seal::Sealer};
use testkit::{Database, Engine, TestClock};
use uuid::Uuid;

pub struct Kitchen {
    pub app: App,
    pub clock: Arc<TestClock>,
    pub manager: Arc<Actor>,
    pub cook: Arc<Actor>,
    pub stranger: Arc<Actor>,
    pub canteen: CanteenId,
    pub satellite: CanteenId,
    pub sitting: SittingId,
    pub satellite_sitting: SittingId,
    pub dishes: [DishId; 2],
    pub pork: IngredientId,
    pub cabbage: IngredientId,
    pub day: ServiceDate,
    orders: AtomicU32,
    // Last: it is dropped after the store that is open on it.
    database: Database,
}

pub fn id<K: Kind>(n: u128) -> Id<K> {
    Id::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n))
}

static KEYS: AtomicU32 = AtomicU32::new(0);

pub fn key() -> RequestKey {
    let n = KEYS.fetch_add(1, Ordering::SeqCst);
    RequestKey::new(None, None, &format!("test-key-{n:06}"), "test", &n).unwrap()
}

fn actor(user: u128, role: Role, canteen: Option<CanteenId>, place: &str) -> Arc<Actor> {
    let grant = RoleGrant { role, place: PlaceCode::parse(place).unwrap(), canteen };
    Arc::new(Actor { user: Some(id(user)), grants: vec![grant], ..Actor::default() })
}

impl Kitchen {
    /// One on each kind of database.
    pub async fn everywhere() -> Vec<Self> {
        Engine::BOTH.into_iter().map(|engine| Self::open(Database::migrated(engine))).collect()
    }

    fn open(database: Database) -> Self {
        let day = ServiceDate::new(2026, 11, 23).unwrap();
        let clock = Arc::new(TestClock::monday_morning());
        let store = Store::open(&Options::small(database.target().clone()), Sealer::new([7; 32]), clock.clone()).unwrap();
        let canteen = id(1);
        let kitchen = Self {
            app: App::new(store, clock.clone()),
            clock,
            manager: actor(101, Role::CanteenManager, Some(canteen), "990101001"),
            cook: actor(102, Role::Cook, Some(canteen), "990101001"),
            stranger: actor(103, Role::CanteenManager, None, "9902"),
            canteen,
            satellite: id(2),
            sitting: id(11),
            satellite_sitting: id(12),
            dishes: [id(21), id(22)],
            pork: id(31),
            cabbage: id(32),
            day,
            orders: AtomicU32::new(0),
            database,
        };
        kitchen.seed();
        kitchen
    }

    pub fn uid<K: Kind>(&self, id: Id<K>) -> String {
        match self.database.target().dialect() {
            Dialect::Sqlite => format!("X'{}'", id.uuid().simple()),
            Dialect::Postgres => format!("'{}'", id.uuid()),
        }
    }

    pub fn execute(&self, sql: &str) {
        store::fixture::execute(&mut self.database.connect(), sql).unwrap();
    }

    /// A senior on record, with as much as an order needs.
    pub fn senior(&self, senior: SeniorId) {
        let sealed = match self.database.target().dialect() {
            Dialect::Sqlite => format!("X'{}'", senior.uuid().simple()),
            Dialect::Postgres => format!("'\\x{}'", senior.uuid().simple()),
        };
        self.execute(&format!(
            "INSERT INTO senior (id, version, name, id_no_enc, id_no_bix, birth_on, registered_place, resident_place, state, created_at, updated_at) \
             VALUES ({}, 1, '张三', {sealed}, {sealed}, '1950-01-01', '990101001', '990101001', 'active', 0, 0);",
            self.uid(senior)
        ));
    }

    /// Whether the database itself refuses a statement.
    pub fn refuses(&self, sql: &str) -> bool {
        store::fixture::execute(&mut self.database.connect(), sql).is_err()
    }

    fn seed(&self) {
        let (day, from, to) = (self.day, self.at(10, 30).micros(), self.at(13, 0).micros());
        let u = |n: u128| self.uid::<domain::id::User>(id(n));
        let mut sql = "INSERT INTO place (code, name, level) VALUES ('990101001', '春晖街道', 'street');".to_owned();
        for (n, code, kind, central) in [(1, "C1", "central_kitchen", "NULL".to_owned()), (2, "C2", "satellite", u(1))] {
            sql += &format!(
                "INSERT INTO canteen (id, version, code, name, kind, place_code, central_kitchen_id, licence_no, licence_expires_on, address, \
                 phone, lon_e7, lat_e7, delivery_radius_m, delivery_fee_fen, state) VALUES ({}, 1, '{code}', '暖饭食堂{n}', '{kind}', '990101001', {central}, \
                 'JY1', '2030-01-01', '春晖路 1 号', '0571-0000', 0, 0, 1000, 0, 'open');
                 INSERT INTO canteen_log (canteen_id, next_seq) VALUES ({}, 1);
                 INSERT INTO sitting (id, canteen_id, service_date, meal, cut_off_at, serve_from_at, serve_to_at, next_order_no, state) \
                 VALUES ({}, {}, '{day}', 'lunch', {from}, {from}, {to}, 1, 'open');",
                u(n), u(n), u(10 + n), u(n)
            );
        }
        for n in 101..=105 {
            sql += &format!(
                "INSERT INTO app_user (id, kind, display_name, must_change_password, state, created_at) VALUES ({}, 'staff', '员工{n}', FALSE, 'active', 0);",
                u(n)
            );
        }
        for (n, name, untraced) in [(31, "猪肉", "FALSE"), (32, "白菜", "FALSE"), (33, "盐", "TRUE")] {
            sql += &format!("INSERT INTO ingredient (id, name, allergens, untraced) VALUES ({}, '{name}', '', {untraced});", u(n));
        }
        for (n, name, parts) in [(21, "白菜炖肉", &[31u128, 32, 33][..]), (22, "清炒白菜", &[32, 33])] {
            sql += &format!(
                "INSERT INTO dish (id, version, code, name, station, price_fen, textures, marks) VALUES ({}, 1, 'D{n}', '{name}', 'hot', 1000, 'regular', '');",
                u(n)
            );
            for part in parts {
                sql +=
                    &format!("INSERT INTO recipe_line (dish_id, ingredient_id, amount_mg) VALUES ({}, {}, 50000);", u(n), u(*part));
            }
            for canteen in [1, 2] {
                sql += &format!(
                    "INSERT INTO menu_item (id, sitting_id, dish_id, rank, price_fen, portions, sold, stopped) VALUES ({}, {}, {}, {n}, 1000, 500, 0, FALSE);",
                    u(1000 * canteen + n),
                    u(10 + canteen),
                    u(n)
                );
            }
        }
        self.execute(&sql);
    }

    pub fn at(&self, hour: u32, minute: u32) -> Instant {
        Instant::from_civil(self.day, chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
    }

    pub fn move_to(&self, at: Instant) {
        self.clock.set(at);
    }

    pub async fn supplier(&self) -> SupplierView {
        let draft = SupplierDraft {
            name: "春风农产品".into(),
            licence_no: "JY33010001".into(),
            licence_expires_on: self.day.plus_days(100),
            address: "市场 1 号".into(),
            phone: "0571-1111".into(),
        };
        suppliers::add(&self.app, self.manager.clone(), key(), self.canteen, draft).await.unwrap()
    }

    pub fn delivery(&self, supplier: &SupplierView, ingredient: IngredientId, amount: i64) -> Delivery {
        Delivery {
            supplier: supplier.supplier,
            ingredient,
            name: "原料".into(),
            specification: "25kg".into(),
            unit: AmountUnit::Milligrams,
            amount,
            barcode: None,
            supplier_batch: Some("B-1".into()),
            produced_on: Some(self.day.plus_days(-1)),
            expires_on: Some(self.day.plus_days(3)),
            storage: Storage::Chilled,
            storage_place: "1 号冰箱".into(),
            temperature: Some(DeciCelsius(40)),
            vouchers: vec![],
            rejected_because: None,
        }
    }

    pub async fn lot(&self, supplier: &SupplierView, ingredient: IngredientId, amount: i64) -> LotView {
        receive(&self.app, self.cook.clone(), key(), self.canteen, self.delivery(supplier, ingredient, amount)).await.unwrap()
    }

    pub async fn plan(&self, dish: DishId) -> BatchView {
        let plan = BatchPlan { sitting: self.sitting, dish, portions: 10, holding: Holding::Hot };
        plan::plan(&self.app, self.cook.clone(), key(), plan).await.unwrap()
    }

    pub async fn certify(&self, user: UserId) {
        let draft = certificates::CertificateDraft {
            user,
            number: Sensitive::new("HZ-0001".into()),
            issued_on: self.day.plus_days(-30),
            expires_on: self.day.plus_days(300),
        };
        certificates::record(&self.app, self.manager.clone(), key(), self.canteen, draft).await.unwrap();
        self.checked(user, true).await;
    }

    /// Somebody's morning check, now.
    pub async fn checked(&self, person: UserId, fit: bool) -> records::RecordView {
        self.observed(Observation::MorningCheck { person, fit }, None).await.unwrap()
    }

    /// A safety record of now.
    pub async fn observed(
        &self,
        observation: Observation,
        corrects: Option<(SafetyRecordId, String)>,
    ) -> app::Outcome<records::RecordView, SafetyRefusal> {
        let draft = records::Draft { observation, observed_at: self.clock.now(), note: String::new(), corrects };
        records::record(&self.app, self.cook.clone(), key(), self.canteen, draft).await
    }

    /// A batch with these lots, a good temperature and a sample, ready for the gate.
    pub async fn cooked(&self, dish: DishId, lots: &[&LotView]) -> BatchView {
        let batch = self.plan(dish).await.batch;
        let amounts = lots.iter().map(|lot| issue::LotAmount { lot: lot.lot, amount: 1000 }).collect();
        issue::issue(&self.app, self.cook.clone(), key(), batch, amounts).await.unwrap();
        let done = Cooked { cooked_at: self.clock.now(), core: Some(DeciCelsius(750)), cook: None, made: None };
        cook::cooked(&self.app, self.cook.clone(), key(), batch, done).await.unwrap();
        sample::retain(&self.app, self.cook.clone(), key(), batch, 125_000, "留样柜 1".into()).await.unwrap()
    }

    /// The same, released.
    pub async fn released(&self, dish: DishId, lots: &[&LotView]) -> BatchView {
        let batch = self.cooked(dish, lots).await.batch;
        release::release(&self.app, self.cook.clone(), key(), batch, None).await.unwrap()
    }

    /// A confirmed order of some dishes at a sitting, set down outright.
    pub fn order(&self, sitting: SittingId, dishes: &[DishId], senior: Option<SeniorId>) -> OrderId {
        let n = u128::from(self.orders.fetch_add(1, Ordering::SeqCst)) + 1;
        let order: OrderId = id(50_000 + n * 100);
        let (canteen, place) = if sitting == self.sitting { (self.canteen, 1) } else { (self.satellite, 2) };
        let senior = senior.map_or("NULL".to_owned(), |s| self.uid(s));
        let mut sql = format!(
            "INSERT INTO meal_order (id, version, sitting_id, canteen_id, service_date, meal, order_no, senior_id, senior_name, via, channel, state, \
             price_fen, discount_fen, subsidy_fen, delivery_fee_fen, self_pay_fen, note, edited_by_person, accepted_at, changed_at) \
             VALUES ({}, 1, {}, {}, '{}', 'lunch', {n}, {senior}, '张*', 'counter', 'dine_in', 'confirmed', 0, 0, 0, 0, 0, '', TRUE, 0, 0);",
            self.uid(order),
            self.uid(sitting),
            self.uid(canteen),
            self.day
        );
        for (k, dish) in (1u128..).zip(dishes) {
            let item: Id<domain::id::MenuItem> = id(1000 * place + if *dish == self.dishes[0] { 21 } else { 22 });
            let line: Id<domain::id::OrderLine> = id(50_000 + n * 100 + k);
            sql += &format!(
                "INSERT INTO order_line (id, order_id, menu_item_id, dish_id, quantity, unit_price_fen, texture, exceptions, override_reason) \
                 VALUES ({}, {}, {}, {}, 1, 1000, 'regular', '', '');",
                self.uid(line),
                self.uid(order),
                self.uid(item),
                self.uid(*dish)
            );
        }
        self.execute(&sql);
        order
    }

    /// Hands an order over, at an instant.
    pub async fn serve(&self, order: OrderId, at: Instant) {
        let redemption = app::orders::redeem::Redemption {
            id: Id::from_uuid(Uuid::now_v7()),
            order,
            method: domain::order::RedemptionMethod::OrderCode,
            served_at: at,
        };
        let manager = Actor {
            grants: vec![RoleGrant { role: Role::CanteenManager, place: PlaceCode::parse("990101001").unwrap(), canteen: None }],
            user: Some(id(101)),
            ..Actor::default()
        };
        app::orders::redeem::redeem(&self.app, Arc::new(manager), redemption).await.unwrap();
    }
}
