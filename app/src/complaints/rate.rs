//! Rating a meal, and what a canteen's ratings come to.

use super::{ComplaintRefusal as Refusal, Opening, open, opened, sealed, spoken};
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use crate::orders::load::visible;
use crate::{App, lanes};
use domain::access::{Action, Actor};
use domain::id::{CanteenId, ComplaintId, OrderId};
use domain::rating::{Figures, RatingReason, RatingRefusal, Score, Voice, may_rate, opens};
use domain::text_enum::TextEnum;
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::StoreError;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::catalogue;
use store::query::complaints::{self, RatingRow};
use store::seal::{Field, Sealer};

/// Ratings that are added up at most: a year of a large canteen.
const RATINGS_MAX: i64 = 500_000;

/// A rating as it is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingDraft {
    /// How good it was.
    pub score: Score,
    /// What that is about.
    pub reasons: Vec<RatingReason>,
    /// In own words; may be empty.
    pub words: String,
}

/// A rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Of which meal.
    pub order: OrderId,
    /// What was given.
    pub draft: RatingDraft,
    /// By whom.
    pub voice: Voice,
    /// When.
    pub rated_at: Instant,
}

/// A rating, and the complaint that it opened by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    /// The rating.
    pub rating: Rating,
    /// What somebody must now answer.
    pub complaint: Option<ComplaintId>,
}

/// Rates a meal, once. A poor score for something that may do harm opens a complaint by itself.
pub async fn rate(app: &App, actor: Arc<Actor>, key: RequestKey, id: OrderId, draft: RatingDraft) -> Outcome<Rated, Refusal> {
    let lane = lanes::of_order(app, id).await?;
    let shelf = app.food_safety.clone();
    app.store
        .write(lane, "rate_order", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let of = spoken(tx.look(), &actor, id)?;
            let by = signer(&actor)?;
            tx.lock_canteen(of.canteen.id.0)?;
            let (sitting, _) =
                catalogue::sitting_with_canteen(tx.look(), of.order.sitting_id.0)?.ok_or(Failure::NotFound(Thing::Order))?;
            let (now, refuse) = (tx.now(), |why| Failure::Refused(Refusal::Rating(why)));
            let rules = shelf.in_force(&of.canteen.place_code.0, now.civil_date())?;
            may_rate(of.order.state.0, sitting.serve_to_at.0, now, &rules).map_err(refuse)?;
            if complaints::rating(tx.look(), id)?.is_some() {
                return Err(refuse(RatingRefusal::Rated));
            }
            let row = RatingRow {
                order_id: Col(id),
                canteen_id: of.canteen.id,
                service_date: of.order.service_date,
                score: draft.score.get(),
                reasons: joined(&draft.reasons),
                words_enc: sealed(tx.sealer(), Field::RatingWords, id, &draft.words)?,
                voice: Word(of.voice),
                rated_at: Col(now),
                rated_by: Col(by),
            };
            complaints::add_rating(tx.change(), &row)?;
            let complaint = match opens(draft.score, &draft.reasons) {
                None => None,
                Some(category) => {
                    let senior = of.order.senior_id.map(|Col(senior)| senior);
                    let (canteen, voice, words) = (&of.canteen, of.voice, draft.words.as_str());
                    let opening = Opening { canteen, order: Some(id), senior, category, voice, words };
                    Some(open(tx, &actor, &shelf, &opening)?)
                }
            };
            let answer = Rated { rating: rating_of(tx.sealer(), row)?, complaint };
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

/// Reasons as they are kept: each once, in the order of their list.
fn joined(reasons: &[RatingReason]) -> String {
    let given = RatingReason::ALL.iter().filter(|reason| reasons.contains(reason));
    given.map(|reason| reason.as_str()).collect::<Vec<_>>().join(",")
}

fn parted(reasons: &str) -> Vec<RatingReason> {
    reasons.split(',').filter_map(RatingReason::parse).collect()
}

fn rating_of(sealer: &Sealer, row: RatingRow) -> Result<Rating, StoreError> {
    let score = Score::try_from(row.score).map_err(|e| StoreError::Database(format!("rating of {}: {e}", row.order_id.0)))?;
    let words = opened(sealer, Field::RatingWords, row.order_id.0, row.words_enc.as_deref())?;
    let draft = RatingDraft { score, reasons: parted(&row.reasons), words };
    Ok(Rating { order: row.order_id.0, draft, voice: row.voice.0, rated_at: row.rated_at.0 })
}

/// The rating of a meal, for whoever sees the order.
pub async fn of(app: &App, actor: Arc<Actor>, id: OrderId) -> Outcome<Rating, Refusal> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("rating", move |conn| {
            visible::<Refusal>(conn, &actor, id)?;
            let row = complaints::rating(conn, id)?.ok_or(Failure::NotFound(Thing::Rating))?;
            Ok(rating_of(&sealer, row)?)
        })
        .await
}

/// What the ratings of a canteen's meals on some days come to.
pub async fn figures(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    days: (ServiceDate, ServiceDate),
) -> Outcome<Figures, Refusal> {
    app.store
        .read("rating_figures", move |conn| {
            canteen_for::<Refusal>(conn, &actor, canteen, Action::SeeComplaints, Thing::Canteen(canteen))?;
            Ok(added_up(conn, canteen, days)?)
        })
        .await
}

/// The ratings of a canteen's meals on some days, added up.
pub(crate) fn added_up(
    conn: &mut AnyConnection,
    canteen: CanteenId,
    days: (ServiceDate, ServiceDate),
) -> Result<Figures, StoreError> {
    let mut figures = Figures::default();
    let mut counts = vec![0; RatingReason::ALL.len()];
    let mut people = BTreeSet::new();
    for (score, reasons, senior) in complaints::scores(conn, canteen, days, RATINGS_MAX)? {
        people.extend(senior.map(|Col(senior)| senior));
        let place = usize::try_from(score - 1).ok().and_then(|n| figures.by_score.get_mut(n));
        if let Some(of) = place {
            *of += 1;
        }
        for reason in parted(&reasons) {
            let places = RatingReason::ALL.iter().zip(&mut counts);
            places.filter(|(of, _)| **of == reason).for_each(|(_, count)| *count += 1);
        }
    }
    let counted = RatingReason::ALL.iter().copied().zip(counts);
    figures.people = i64::try_from(people.len()).unwrap_or(i64::MAX);
    figures.reasons = counted.filter(|(_, count)| *count > 0).collect();
    Ok(figures)
}
