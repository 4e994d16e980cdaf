//! Bringing a complaint.

use super::look::{ComplaintView, view_of};
use super::{ComplaintRefusal as Refusal, Opening, open, spoken, voice};
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::signer;
use crate::ingredients::rules::RuleShelf;
use crate::{App, lanes};
use domain::access::{Action, Actor, Where};
use domain::complaint::Category;
use domain::id::{CanteenId, ComplaintId, OrderId};
use domain::rating::Voice;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::column::Col;
use store::query::{catalogue, complaints};
use store::{LaneKey, Tx};

/// Of what a complaint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Of {
    /// A meal.
    Order(OrderId),
    /// A canteen: of no meal that is known, by somebody who may wish not to be.
    Canteen(CanteenId),
}

/// A complaint as it is brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// Of what.
    pub of: Of,
    /// What it is about.
    pub category: Category,
    /// What happened.
    pub words: String,
}

/// Brings a complaint; the canteen has until its deadline to answer.
pub async fn bring(app: &App, actor: Arc<Actor>, key: RequestKey, brought: Brought) -> Outcome<ComplaintView, Refusal> {
    let lane = match brought.of {
        Of::Order(order) => lanes::of_order(app, order).await?,
        Of::Canteen(canteen) => LaneKey::of(canteen),
    };
    let shelf = app.food_safety.clone();
    app.store
        .write(lane, "bring_complaint", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            signer(&actor)?;
            let id = bring_in(tx, &actor, &shelf, &brought)?;
            let (sealer, found) = (tx.sealer(), complaints::find(tx.look(), id)?);
            let row = found.ok_or(Failure::NotFound(Thing::Complaint))?;
            let answer = view_of(tx.look(), sealer, row)?;
            key.keep_answer(tx, &answer, tx.now())?;
            Ok(answer)
        })
        .await
}

fn bring_in(tx: &mut Tx<'_>, actor: &Actor, shelf: &RuleShelf, brought: &Brought) -> Outcome<ComplaintId, Refusal> {
    let (category, words) = (brought.category, brought.words.as_str());
    match brought.of {
        Of::Order(order) => {
            let of = spoken(tx.look(), actor, order)?;
            let senior = of.order.senior_id.map(|Col(senior)| senior);
            let opening = Opening { canteen: &of.canteen, order: Some(order), senior, category, voice: of.voice, words };
            Ok(open(tx, actor, shelf, &opening)?)
        }
        Of::Canteen(id) => {
            let canteen = catalogue::canteen(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Canteen(id)))?;
            // Who eats complains of a meal; of a canteen somebody writes down what they were told.
            if voice(actor, None, &canteen) != Some(Voice::Staff) {
                let at = Where { place: &canteen.place_code.0, canteen: Some(id) };
                let seen = actor.may(Action::SeeCatalogue, at);
                return Err(if seen { Failure::Forbidden } else { Failure::NotFound(Thing::Canteen(id)) });
            }
            let opening = Opening { canteen: &canteen, order: None, senior: None, category, voice: Voice::Staff, words };
            Ok(open(tx, actor, shelf, &opening)?)
        }
    }
}
