//! What both ways in have in common: who is it, what may they follow, and what becomes of their commands.

use crate::frame::{Bye, CommandOutcome, Offset, PROTOCOL, RefusalCode, Say};
use crate::hub::Hub;
use crate::room::Room;
use app::failure::{Failure, StoreFault};
use app::kitchen::command::{Asked, command};
use app::kitchen::follow::{self, Choice, SittingView};
use app::session::actor_of;
use app::store::StoreError;
use domain::access::Actor;
use domain::id::{DishId, SittingId};
use domain::kitchen::Refusal;
use std::sync::Arc;

/// A display that is let in.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) actor: Arc<Actor>,
    pub(crate) room: Arc<Room>,
    pub(crate) welcome: Say,
}

/// Lets a display in by its token, or says why not.
pub(crate) async fn enter(hub: &Arc<Hub>, token: &str, sitting: Option<SittingId>, at: Option<Offset>) -> Result<Entered, Bye> {
    if hub.is_closed() {
        return Err(Bye::Later);
    }
    let actor = who(hub, token).await?;
    let now = hub.app.0.clock.now();
    let choice = follow::choices(&hub.app.0, &actor, None, now).await.map_err(|f| bye(&f))?;
    // A display that resumes stays with the sitting it holds, unless it asks for another.
    let wanted = sitting.or(at.map(|at| at.sitting));
    let chosen = wanted.and_then(|id| choice.sittings.iter().find(|s| s.id == id)).or_else(|| choice.current(now)).cloned();
    let chosen = chosen.ok_or(Bye::NothingToFollow)?;
    let room = hub.room(choice.canteen, chosen.id, choice.epoch).await.map_err(|f| bye(&f))?;
    Ok(Entered { welcome: welcome(hub, &actor, choice, chosen), actor, room })
}

fn welcome(hub: &Hub, actor: &Actor, choice: Choice, sitting: SittingView) -> Say {
    Say::Welcome {
        protocol: PROTOCOL,
        epoch: choice.epoch,
        canteen: choice.canteen,
        canteen_name: choice.canteen_name,
        device: actor.device.map(|(device, ..)| device),
        sitting,
        sittings: choice.sittings,
        now: hub.app.0.clock.now(),
        lead_minutes: hub.limits.lead_minutes,
        ageing_minutes: hub.limits.ageing_minutes,
        escalate_seconds: u32::try_from(hub.limits.escalate.as_secs()).unwrap_or(u32::MAX),
    }
}

/// Who holds the token now; asked again for every command, since a right may be taken away at once.
pub(crate) async fn who(hub: &Hub, token: &str) -> Result<Arc<Actor>, Bye> {
    actor_of(&hub.app.0, token, hub.app.0.clock.now()).await.map_err(|f| bye(&f))?.ok_or(Bye::SignIn)
}

pub(crate) fn bye<R>(failure: &Failure<R>) -> Bye {
    match failure {
        Failure::NotFound(_) | Failure::Forbidden => Bye::SignIn,
        Failure::Refused(_) | Failure::Stale { .. } | Failure::KeyReused | Failure::Store(_) => Bye::Later,
    }
}

/// Carries out a command and words its answer.
pub(crate) async fn carry_out(hub: &Hub, token: &str, asked: Asked) -> Result<Say, Bye> {
    let id = asked.id;
    let actor = match who(hub, token).await {
        Ok(actor) => actor,
        Err(Bye::Later) => return Ok(Say::Result { id, outcome: CommandOutcome::Later }),
        Err(other) => return Err(other),
    };
    let outcome = match command(&hub.app.0, actor, asked).await {
        Ok(accepted) => CommandOutcome::Accepted { seq: accepted.seq },
        Err(failure) => refused(failure),
    };
    Ok(Say::Result { id, outcome })
}

fn refused(failure: Failure<Refusal>) -> CommandOutcome {
    use RefusalCode as C;
    let (code, message, message_en, dishes): (_, String, String, Vec<DishId>) = match failure {
        Failure::Refused(Refusal::NotOnTicket(dish)) => (
            C::NotOnTicket,
            "此单没有这道菜，订单可能已改".into(),
            "The ticket has no such dish; it may have changed".into(),
            vec![dish],
        ),
        Failure::Refused(Refusal::Cancelled) => {
            (C::Cancelled, "此单已取消，请确认".into(), "The order was cancelled; acknowledge it".into(), Vec::new())
        }
        Failure::Refused(Refusal::NotMade(dishes)) => {
            let (zh, en) = (format!("还有 {} 道菜未做好", dishes.len()), format!("{} dishes are not done yet", dishes.len()));
            (C::NotMade, zh, en, dishes)
        }
        Failure::Refused(Refusal::NotAStep) => {
            (C::NotAStep, "份数不对，请重新载入".into(), "Not a step of a batch; load the page again".into(), Vec::new())
        }
        Failure::Refused(Refusal::NotThereYet { .. }) => {
            (C::NotThereYet, "屏幕内容已过期，请重新载入".into(), "The display is out of step; load it again".into(), Vec::new())
        }
        Failure::NotFound(_) => (C::NotFound, "没有找到此单或此菜".into(), "No such ticket or dish".into(), Vec::new()),
        Failure::Forbidden => (C::Forbidden, "此设备没有此项权限".into(), "This device may not do that".into(), Vec::new()),
        Failure::KeyReused => {
            (C::IdentifierReused, "操作编号重复".into(), "The identifier was used for another command".into(), Vec::new())
        }
        Failure::Store(StoreFault(error)) if is_ours(&error) => {
            tracing::error!(%error, "a command of a display failed");
            return CommandOutcome::Later;
        }
        Failure::Store(_) | Failure::Stale { .. } => return CommandOutcome::Later,
    };
    CommandOutcome::Refused { code, message, message_en, dishes }
}

const fn is_ours(error: &StoreError) -> bool {
    !matches!(error, StoreError::Overloaded | StoreError::Contention(_) | StoreError::Unavailable(_))
}
