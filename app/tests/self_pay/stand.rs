//! A counter to stand at.

use app::Failure;
use app::idempotency::RequestKey;
use app::orders::{cancel, place};
use app::self_pay::look::{Account, Statement};
use app::self_pay::order::{self, Paying, Payment};
use app::self_pay::wallet::{self, WalletCard};
use app::self_pay::{SelfPayRefusal, shift};
use domain::access::{Actor, Role};
use domain::id::{EntryId, Id, Kind, OrderId, SeniorId, ShiftId};
use domain::{Channel, Fen};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use testkit::fixtures::Lunch;
use testkit::{Street, World};

pub fn key() -> RequestKey {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    let n = KEYS.fetch_add(1, Ordering::SeqCst);
    RequestKey::new(None, None, &format!("selfpay-{n:08}"), "test", &n).unwrap()
}

/// A name as a client makes it.
pub fn new_id<K: Kind>() -> Id<K> {
    Id::from_uuid(uuid::Uuid::now_v7())
}

pub fn refused<T: std::fmt::Debug>(what: Result<T, Failure<SelfPayRefusal>>) -> SelfPayRefusal {
    match what {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

pub struct Stand<'w> {
    pub world: &'w World,
    pub street: Street,
    pub counter: Arc<Actor>,
    pub manager: Arc<Actor>,
    pub courier: Arc<Actor>,
}

impl<'w> Stand<'w> {
    pub async fn new(world: &'w World) -> Self {
        let street = world.street().await;
        let counter = world.actor(street.token(Role::Counter)).await;
        let manager = world.actor(street.token(Role::CanteenManager)).await;
        let courier = world.actor(street.token(Role::Courier)).await;
        Self { world, street, counter, manager, courier }
    }

    pub async fn open(&self, who: &Arc<Actor>, float: i64) -> ShiftId {
        let id = new_id();
        shift::open(&self.world.app, who.clone(), id, self.street.canteen, Fen(float)).await.unwrap();
        id
    }

    /// A meal for a senior, or for a guest, and what is due for it.
    pub async fn order(&self, lunch: &Lunch, dish: usize, senior: Option<SeniorId>, channel: Channel) -> (OrderId, Fen) {
        let request = lunch.request(dish, senior, channel);
        let placed = place::place(&self.world.app, self.counter.clone(), key(), request).await.unwrap();
        (placed.order.order, placed.order.totals.self_pay_fen)
    }

    pub async fn pay(
        &self,
        who: &Arc<Actor>,
        (order, fen): (OrderId, Fen),
        by: Paying,
    ) -> Result<Account, Failure<SelfPayRefusal>> {
        self.pay_as(who, new_id(), (order, fen), by).await
    }

    pub async fn pay_as(
        &self,
        who: &Arc<Actor>,
        id: EntryId,
        (order, fen): (OrderId, Fen),
        by: Paying,
    ) -> Result<Account, Failure<SelfPayRefusal>> {
        order::pay(&self.world.app, who.clone(), Payment { id, order, by, fen }).await
    }

    pub async fn refund(&self, who: &Arc<Actor>, order: OrderId) -> Result<Account, Failure<SelfPayRefusal>> {
        order::refund(&self.world.app, who.clone(), new_id(), order).await
    }

    pub async fn cancel(&self, order: OrderId) {
        cancel::cancel(&self.world.app, self.counter.clone(), key(), order, None).await.unwrap();
    }

    pub async fn top_up(&self, senior: SeniorId, fen: i64) -> Result<WalletCard, Failure<SelfPayRefusal>> {
        let which = (senior, self.street.canteen);
        wallet::top_up(&self.world.app, self.counter.clone(), new_id(), which, Fen(fen)).await
    }

    pub async fn balance(&self, senior: SeniorId) -> i64 {
        let which = (senior, self.street.canteen);
        wallet::statement(&self.world.app, self.counter.clone(), which, None, 10).await.unwrap().0.balance_fen.0
    }

    pub async fn statement(&self, who: &Arc<Actor>, id: ShiftId) -> Statement {
        app::self_pay::look::shift(&self.world.app, who.clone(), id).await.unwrap()
    }

    /// Whether the database itself refuses.
    pub fn refuses(&self, sql: &str) -> bool {
        use diesel::connection::SimpleConnection;
        self.world.database.connect().batch_execute(sql).is_err()
    }
}
