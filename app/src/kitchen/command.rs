//! A display's command: one unit of work, one event, once per identifier.

use super::{board, people};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::jobs::notify::{self, Telling};
use crate::orders::view::{self, record_about};
use domain::Instant;
use domain::access::{Action, Actor, Where};
use domain::event::Event;
use domain::id::{CanteenId, DishId, DisplaySignInId, Id, KitchenCommandId, OrderId, SittingId};
use domain::kitchen::{By, Command, Decided, DishStep, LineMark, Refusal, Ticket, decide, decide_batch};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::kitchen::{self, CommandRow, MarkRow, TicketRow};
use store::query::{catalogue, events, orders};
use store::{StoreError, Tx};

/// A command as a display sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Made by the display before it was sent: the same one again is the same command.
    pub id: KitchenCommandId,
    /// The sitting on the display.
    pub sitting: SittingId,
    /// What it asks for.
    pub command: Command,
    /// Under which sign-in of a person it was given; none for the display alone. No part of what makes a command the same.
    pub sign_in: Option<DisplaySignInId>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The number of the event that tells of it; when things stood so already, of the last event before.
    pub seq: i64,
}

/// Carries out a command; not found for whoever is not of this canteen's kitchen.
pub async fn command(app: &App, actor: Arc<Actor>, asked: Asked) -> Outcome<Accepted, Refusal> {
    let content = content_of(&asked)?;
    let lane = crate::lanes::of_sitting(app, asked.sitting).await?;
    let telling = app.telling();
    app.store.write(lane, "kitchen_command", move |tx| command_in(tx, telling, &actor, &asked, &content)).await
}

fn content_of(asked: &Asked) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_vec(&(asked.sitting, &asked.command)).map_err(|e| StoreError::Database(format!("command: {e}")))?;
    Ok(Sha256::digest(text).to_vec())
}

fn command_in(tx: &mut Tx<'_>, telling: Telling, actor: &Actor, asked: &Asked, content: &[u8]) -> Outcome<Accepted, Refusal> {
    let (sitting, canteen) = catalogue::sitting_with_canteen(tx.look(), asked.sitting)?.ok_or(Failure::NotFound(Thing::Sitting))?;
    let at = Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) };
    if !actor.may(Action::Kitchen, at) {
        return Err(Failure::NotFound(Thing::Sitting));
    }
    tx.lock_canteen(canteen.id.0)?;
    if let Some(earlier) = kitchen::command(tx.look(), asked.id)? {
        // Another canteen's identifier is as unknown as a new one would be, but it cannot be used a second time.
        let same = earlier.content == content && earlier.canteen_id == canteen.id;
        return if same { Ok(Accepted { seq: earlier.seq }) } else { Err(Failure::KeyReused) };
    }
    let now = tx.now();
    let person = people::person_at(tx.look(), actor, asked.sign_in, now)?;
    let by = By { device: actor.device.map(|(id, ..)| id), user: person.or(actor.user), command: Some(asked.id) };
    let event = match &asked.command {
        Command::Stop { dish, stopped } => stop(tx, telling, sitting.id.0, *dish, *stopped, by)?,
        Command::MarkDish(step) => on_dish(tx, sitting.id.0, step, by, now)?,
        about => on_ticket(tx, sitting.id.0, about, by, now)?,
    };
    let seq = match event {
        Some((subject, event)) => record_about(tx, canteen.id.0, subject, &event, now)?,
        None => last_seq(tx, canteen.id.0)?,
    };
    let row = CommandRow {
        id: Col(asked.id),
        canteen_id: canteen.id,
        sitting_id: sitting.id,
        device_id: by.device.map(Col),
        user_id: by.user.map(Col),
        content: content.to_vec(),
        seq,
        at: Col(now),
    };
    kitchen::add_command(tx.change(), &row)?;
    Ok(Accepted { seq })
}

/// What an event is about, with the event.
pub(crate) type Told = Option<(domain::id::SubjectId, Event)>;

/// Stops a dish or puts it back; the event that tells of it, unless things stood so already. The canteen's lock is held.
pub(crate) fn stop<R>(
    tx: &mut Tx<'_>,
    telling: Telling,
    sitting: SittingId,
    dish: DishId,
    stopped: bool,
    by: By,
) -> Outcome<Told, R> {
    match kitchen::is_stopped(tx.look(), sitting, dish)? {
        None => Err(Failure::NotFound(Thing::Dish)),
        Some(now) if now == stopped => Ok(None),
        Some(_) => {
            kitchen::set_stopped(tx.change(), sitting, dish, stopped)?;
            if stopped {
                notify::everyone(tx, telling, sitting, Some(dish))?;
            }
            Ok(Some((Id::from_uuid(dish.uuid()), Event::DishStopped { sitting, dish, stopped, by })))
        }
    }
}

fn on_ticket(tx: &mut Tx<'_>, sitting: SittingId, command: &Command, by: By, now: Instant) -> Outcome<Told, Refusal> {
    let order = command.order().ok_or(Failure::NotFound(Thing::Order))?;
    let ticket = load_ticket(tx, order, sitting)?;
    let decided = decide(&ticket, command).map_err(Failure::Refused)?;
    match &decided {
        Decided::Nothing => {}
        Decided::Marked { lines, bumped } => {
            for line in lines {
                kitchen::set_mark(tx.change(), &mark_row(order, line, by, now))?;
            }
            if *bumped != ticket.bumped {
                set_word(tx, &ticket, *bumped, ticket.acked)?;
            }
        }
        Decided::Acknowledged(version) => set_word(tx, &ticket, ticket.bumped, *version)?,
    }
    Ok(decided.event(order, sitting, by).map(|event| (Id::from_uuid(order.uuid()), event)))
}

/// A step of a batch. Orders that this commit's batch has placed or changed are not in the tables yet; they are not cooked by it.
fn on_dish(tx: &mut Tx<'_>, sitting: SittingId, step: &DishStep, by: By, now: Instant) -> Outcome<Told, Refusal> {
    let whole = board::load(tx.look(), sitting)?;
    let orders = decide_batch(&whole, step).map_err(Failure::Refused)?;
    let Some(event) = step.event(sitting, orders, by) else { return Ok(None) };
    if let Event::DishMarked(step) = &event {
        for (order, quantity) in &step.orders {
            kitchen::set_mark(tx.change(), &mark_row(*order, &step.mark(*quantity), by, now))?;
        }
    }
    Ok(Some((Id::from_uuid(step.dish.uuid()), event)))
}

fn set_word(tx: &mut Tx<'_>, ticket: &Ticket, bumped: bool, acked_version: i64) -> Result<(), StoreError> {
    kitchen::set_ticket(tx.change(), &TicketRow { order_id: Col(ticket.order), bumped, acked_version })
}

fn load_ticket(tx: &mut Tx<'_>, order: OrderId, sitting: SittingId) -> Outcome<Ticket, Refusal> {
    let row = orders::find(tx.look(), order)?.filter(|row| row.sitting_id == Col(sitting));
    let row = row.ok_or(Failure::NotFound(Thing::Order))?;
    let lines = orders::lines(tx.look(), order)?;
    if lines.is_empty() {
        // A change in this batch has removed the lines, and the new ones are not written yet: this unit must run alone.
        return Err(StoreError::Contention("the lines of an order that is being changed").into());
    }
    let marks = kitchen::marks(tx.look(), order)?;
    let word = kitchen::ticket(tx.look(), order)?;
    Ok(board::ticket(&view::of(&row, &lines), row.changed_at.0, &marks, word.as_ref()))
}

fn mark_row(order: OrderId, line: &LineMark, by: By, now: Instant) -> MarkRow {
    MarkRow {
        order_id: Col(order),
        dish_id: Col(line.dish),
        stage: Word(line.stage),
        quantity: i64::from(line.quantity),
        texture: Word(line.texture),
        size: Word(line.size),
        exceptions: line.exceptions.join(","),
        device_id: by.device.map(Col),
        user_id: by.user.map(Col),
        changed_at: Col(now),
    }
}

/// The last event that is written; a display that has it has also seen why nothing had to change, or soon will.
fn last_seq(tx: &mut Tx<'_>, canteen: CanteenId) -> Result<i64, StoreError> {
    events::head(tx.look(), canteen)
}
