//! A kitchen under test: a street, its service on a port of its own, displays that are paired, and orders.
#![allow(dead_code)] // each suite uses its part

pub mod screens;
pub use testkit::browser;

use app::App;
use app::idempotency::RequestKey;
use app::orders::{LineRequest, OrderRequest, cancel, change, place};
use app::session::Token;
use app::store::column::{Col, Word};
use app::store::query::devices::{self, DeviceRow};
use app::store::query::display_people::{self, PinRow};
use app::store::query::people::SessionRow;
use app::store::query::users;
use domain::Channel;
use domain::access::{Actor, DeviceKind, Role};
use domain::diet::Texture;
use domain::event::OrderView;
use domain::id::{CanteenId, DeviceId, Id, KitchenCommandId, OrderId, UserId};
use domain::kitchen::Board;
use kitchen::client::{Display, Held};
use kitchen::{Hub, Limits};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use testkit::fixtures::Lunch;
use testkit::{Street, World};

/// Long enough for a loaded machine; nothing waits this long when it works.
pub const SOON: Duration = Duration::from_secs(20);

/// Limits that make a test quick: head frames ten times a second.
pub fn quick() -> Limits {
    Limits { head: Duration::from_millis(100), poll: Duration::from_millis(50), ..Limits::default() }
}

/// A running kitchen service; gone, with every connection, when dropped.
pub struct Service {
    pub address: SocketAddr,
    handle: actix_web::dev::ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// On a free port, or on the port of one that died.
    pub fn start(app: &App, limits: Limits, at: Option<SocketAddr>) -> Self {
        let wanted = at.unwrap_or_else(|| "127.0.0.1:0".parse().unwrap());
        let listener = testkit::wait::until("the port", SOON, || TcpListener::bind(wanted).ok());
        let address = listener.local_addr().unwrap();
        let (app, api) = (app.clone(), app.clone());
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let hub = Hub::start(app, limits, tokio::runtime::Handle::current());
                let factory =
                    move || actix_web::App::new().configure(kitchen::configure(hub.clone())).configure(api::configure(api.clone()));
                let server = actix_web::HttpServer::new(factory).workers(2).disable_signals().shutdown_timeout(1);
                let server = server.listen(listener).unwrap().run();
                sender.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self { address, handle: receiver.recv().unwrap(), thread: Some(thread) }
    }

    /// Ends it at once, as a crash does to its displays; returns where it was.
    pub fn kill(self) -> SocketAddr {
        self.address
    }

    pub fn socket(&self) -> String {
        format!("ws://{}", self.address)
    }

    pub fn http(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A paired display's token.
pub fn pair(world: &World, canteen: CanteenId) -> String {
    pair_device(world, canteen).1
}

/// A paired display.
pub fn pair_device(world: &World, canteen: CanteenId) -> (DeviceId, String) {
    let token = Token::random();
    let text = token.reveal().to_owned();
    let id = world.wait(world.write(move |tx| {
        let (device, now) = (tx.new_id(), tx.now());
        let row = DeviceRow {
            id: Col(device),
            kind: Word(DeviceKind::KitchenDisplay),
            canteen_id: Col(canteen),
            user_id: None,
            name: "热菜屏".to_owned(),
            paired_at: Col(now),
            revoked_at: None,
        };
        devices::insert(tx.change(), &row)?;
        let session = SessionRow {
            id: Col(tx.new_id()),
            token_hash: Token::hash_of(token.reveal()),
            user_id: None,
            device_id: Some(Col(device)),
            created_at: Col(now),
            expires_at: Col(now.plus_seconds(30 * 86_400)),
            revoked_at: None,
        };
        users::insert_session(tx.change(), &session)?;
        Ok(device)
    }));
    (id, text)
}

/// Gives the street's cook a number for displays; who it is.
pub fn with_pin(world: &World, street: &Street, pin: &str) -> UserId {
    let cook = world.wait(world.actor(street.token(Role::Cook))).user.expect("a user");
    let pin_hash = world.wait(world.app.hashing.hash(domain::Sensitive::new(pin.to_owned()))).expect("a hash");
    world.wait(world.write(move |tx| {
        let row = PinRow { user_id: Col(cook), pin_hash: pin_hash.clone(), set_at: Col(tx.now()) };
        display_people::set_pin(tx.change(), &row)
    }));
    cook
}

/// Connects and waits until the state is proved.
pub fn display(service: &Service, token: &str, held: Option<Held>) -> Display {
    Display::connect(&service.socket(), token, None, held, SOON).expect("a display")
}

pub fn fresh<K: domain::id::Kind>() -> Id<K> {
    Id::from_uuid(uuid::Uuid::now_v7())
}

/// Places orders as the canteen's counter does, for guests, of one dish each.
pub struct Counter {
    app: App,
    actor: Arc<Actor>,
    lunch: Lunch,
}

impl Counter {
    pub fn of(world: &World, street: &Street, lunch: &Lunch) -> Self {
        Self::by(world, street, lunch, Role::Counter)
    }

    /// Whoever has the role; a worker orders for seniors, ahead and against their diet.
    pub fn by(world: &World, street: &Street, lunch: &Lunch, role: Role) -> Self {
        let actor = world.wait(world.actor(street.token(role)));
        Self { app: world.app.clone(), actor, lunch: lunch.clone() }
    }

    pub async fn order(&self, dish: usize, quantity: u32) -> OrderView {
        self.order_of(&[(dish, quantity)]).await
    }

    pub async fn order_of(&self, lines: &[(usize, u32)]) -> OrderView {
        let lines = lines.iter().map(|(dish, quantity)| self.line(*dish, *quantity, None)).collect();
        self.place(self.request(lines)).await
    }

    /// A line; with a reason it is ordered against the diet, and the cook reads the clash as an exception.
    pub fn line(&self, dish: usize, quantity: u32, texture: Option<Texture>) -> LineRequest {
        LineRequest { item: self.lunch.items[dish], quantity, texture, size: None, override_reason: None }
    }

    /// A guest's meal at the table.
    pub fn request(&self, lines: Vec<LineRequest>) -> OrderRequest {
        OrderRequest {
            sitting: self.lunch.sitting,
            senior: None,
            lines,
            channel: Channel::DineIn,
            note: String::new(),
            reason: None,
            expected_self_pay_fen: None,
        }
    }

    pub async fn place(&self, request: OrderRequest) -> OrderView {
        let key = self.key(&request);
        place::place(&self.app, self.actor.clone(), key, request).await.expect("an order").order
    }

    pub async fn change(&self, order: &OrderView, lines: Vec<LineRequest>) -> OrderView {
        let request = OrderRequest { senior: order.senior, channel: order.channel, ..self.request(lines) };
        let key = self.key(&request);
        let changed = change::change(&self.app, self.actor.clone(), key, order.order, order.version, request);
        changed.await.expect("a change").order
    }

    pub async fn cancel(&self, order: OrderId) -> OrderView {
        let key = self.key(&order);
        cancel::cancel(&self.app, self.actor.clone(), key, order, None).await.expect("a cancellation").order
    }

    fn key(&self, body: &impl serde::Serialize) -> RequestKey {
        RequestKey::new(self.actor.user, None, &testkit::http::fresh_key(), "test", body).expect("a key")
    }
}

/// The board as the tables have it.
pub fn board_of_tables(world: &World, lunch: &Lunch) -> Board {
    let sitting = lunch.sitting;
    let read = world.app.store.read("test", move |conn| app::kitchen::board::load(conn, sitting));
    world.wait(read).expect("the tables")
}

pub fn command_id() -> KitchenCommandId {
    fresh()
}
