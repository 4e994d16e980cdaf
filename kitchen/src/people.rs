//! Who stands at a display: who may say so, who does, and who leaves. By plain requests with the display's token, so that both ways in
//! have them.

use crate::frame::Bye;
use crate::hub::Hub;
use crate::session::{bye, who};
use crate::stream::{sent_away, token};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use app::auth::SignInRefusal;
use app::failure::Failure;
use app::kitchen::people::{self, Person};
use domain::id::{DisplaySignInId, UserId};
use domain::{Instant, Sensitive};
use serde::{Deserialize, Serialize};

/// Somebody who may sign in here.
#[derive(Debug, Serialize)]
struct PersonView {
    user: UserId,
    name: String,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self { user: person.user, name: person.name }
    }
}

/// Who it is, with their number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    user: UserId,
    pin: String,
}

/// Who stands here now.
#[derive(Debug, Serialize)]
struct SignedInView {
    /// To be sent with commands.
    sign_in: DisplaySignInId,
    #[serde(flatten)]
    person: PersonView,
    good_until: Instant,
}

/// Why nobody is signed in; a display words it.
#[derive(Debug, Serialize)]
struct Refused {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<i64>,
}

/// The list.
pub(crate) async fn list(request: HttpRequest, hub: Data<Hub>) -> HttpResponse {
    let actor = match device(&request, &hub).await {
        Ok(actor) => actor,
        Err(why) => return sent_away(why),
    };
    match people::people(&hub.app.0, actor).await {
        Ok(people) => HttpResponse::Ok().json(people.into_iter().map(PersonView::from).collect::<Vec<_>>()),
        Err(failure) => sent_away(bye(&failure)),
    }
}

/// Somebody signs in.
pub(crate) async fn sign_in(request: HttpRequest, body: Json<SignIn>, hub: Data<Hub>) -> HttpResponse {
    let actor = match device(&request, &hub).await {
        Ok(actor) => actor,
        Err(why) => return sent_away(why),
    };
    let SignIn { user, pin } = body.into_inner();
    match people::sign_in(&hub.app.0, actor, user, Sensitive::new(pin)).await {
        Ok(here) => {
            let view = SignedInView { sign_in: here.id, person: here.person.into(), good_until: here.good_until };
            HttpResponse::Created().json(view)
        }
        Err(Failure::Refused(SignInRefusal::TooManyTries { retry_after_s })) => {
            HttpResponse::TooManyRequests().json(Refused { code: "too_many_tries", retry_after_s: Some(retry_after_s) })
        }
        Err(Failure::Refused(_)) => HttpResponse::Forbidden().json(Refused { code: "wrong", retry_after_s: None }),
        Err(failure) => sent_away(bye(&failure)),
    }
}

/// Whoever stands here leaves.
pub(crate) async fn sign_out(request: HttpRequest, hub: Data<Hub>) -> HttpResponse {
    let actor = match device(&request, &hub).await {
        Ok(actor) => actor,
        Err(why) => return sent_away(why),
    };
    match people::sign_out(&hub.app.0, actor).await {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(failure) => sent_away(bye(&failure)),
    }
}

async fn device(request: &HttpRequest, hub: &Hub) -> Result<std::sync::Arc<domain::access::Actor>, Bye> {
    who(hub, token(request).ok_or(Bye::SignIn)?).await
}
