//! Who people are and what they may do, over HTTP, on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod canary;
mod catalogue;
mod courier_page;
mod doors;
mod exceptions;
mod family;
mod family_files;
mod files;
mod matrix;
mod notices;
mod rights;
mod seniors;
mod sensors;
mod sign_in;
mod welfare;

use adapters::fake::{FakeSms, FakeSmtp, FakeWeChat};
use adapters::{HttpSms, SmtpMailer, WeChatServer};
use app::App;
use app::ports::Ports;
use domain::{PlaceCode, Sensitive};
use std::sync::Arc;
use std::time::Duration;
use testkit::World;
use testkit::http::{Client, Reply, Server};

/// Serves the whole API.
fn serve(app: &App) -> Server {
    let app = app.clone();
    Server::start(move || api::configure(app.clone()))
}

/// The API with stand-ins for the outside world.
struct Outside {
    app: App,
    server: Server,
    sms: FakeSms,
    smtp: FakeSmtp,
    wechat: FakeWeChat,
}

impl Outside {
    fn of(world: &World) -> Self {
        let sms = FakeSms::start().unwrap();
        let wechat = FakeWeChat::start("wxapp", "wxsecret").unwrap();
        let smtp = FakeSmtp::start().unwrap();
        let ports = Ports {
            mailer: Some(Arc::new(SmtpMailer::new(&smtp.settings()).unwrap())),
            sms: Some(Arc::new(HttpSms::new(sms.url(), None))),
            wechat: Some(Arc::new(WeChatServer::new(&wechat.base(), "wxapp".to_owned(), Sensitive::new("wxsecret".to_owned())))),
        };
        let app = world.app.clone().with_ports(ports);
        let server = serve(&app);
        Self { app, server, sms, smtp, wechat }
    }

    fn client(&self, token: Option<&str>) -> Client {
        Client::new(self.server.base(), token)
    }

    /// The digits of the last code sent to a phone; waits for one that is sent aside.
    fn code_to(&self, phone: &str) -> String {
        let last = || self.sms.received().into_iter().rev().find(|message| message.phone == phone);
        let text = testkit::wait::until("a code", Duration::from_secs(10), last).text;
        let at = text.find(|c: char| c.is_ascii_digit()).unwrap();
        text[at..at + 6].to_owned()
    }
}

/// The token of an answer that opens a session.
#[track_caller]
fn token_of(reply: &Reply) -> String {
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.body["token"].as_str().unwrap().to_owned()
}

fn place(code: &str) -> PlaceCode {
    PlaceCode::parse(code).unwrap()
}

/// Makes places known, as an import does.
async fn add_places(world: &World, codes: &'static [&'static str]) {
    world
        .write(move |tx| codes.iter().try_for_each(|code| app::store::query::users::add_place(tx.change(), &place(code), "地区")))
        .await;
}

/// What a check of the whole audit chain finds wrong; `None` when it is whole.
async fn audit_break(app: &App) -> Option<String> {
    app::audit::verify(app).await.unwrap().err().map(|broken| broken.to_string())
}
