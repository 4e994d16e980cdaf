//! The month by mail: who wants it, and when it is sent.
//!
//! What is sent is made when its turn in the outbox comes, with the rights that its reader has by then.

use super::{month, permitted, workbook};
use crate::App;
use crate::failure::{Failure, Outcome};
use crate::jobs::{Message, enqueue_report};
use crate::ports::{Attachment, PortError};
use chrono::Timelike;
use domain::access::{Action, Actor};
use domain::claim::Month;
use domain::id::UserId;
use domain::notice::NoticeLanguage;
use domain::place::PlaceLevel;
use domain::{Instant, PlaceCode, Sensitive};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::column::Col;
use store::query::reports::{self, SubscriptionRow};
use store::query::{notices, people};
use store::seal::Field;
use store::{LaneKey, StoreError};
use tabular::{Language, XLSX_MEDIA};

/// Places that one person may follow.
pub const PLACES_MAX: usize = 20;

/// Why a subscription is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionRefusal {
    /// A report is of a district at most: a city's takes longer than a mail may take to make.
    TooWide,
    /// More than [`PLACES_MAX`] places.
    TooMany,
}

/// Puts a place on the caller's list. The first report is of the month that runs.
pub async fn subscribe(app: &App, actor: Arc<Actor>, place: PlaceCode) -> Outcome<(), SubscriptionRefusal> {
    let user = reader(&actor)?;
    app.store
        .write(LaneKey::of(user), "subscribe_report", move |tx| {
            permitted(tx.look(), &actor, Action::SeeClaims, &place)?;
            if matches!(place.level(), PlaceLevel::Province | PlaceLevel::City) {
                return Err(Failure::Refused(SubscriptionRefusal::TooWide));
            }
            let all = reports::of_user(tx.look(), user)?;
            if all.len() >= PLACES_MAX && all.iter().all(|row| row.place_code.0 != place) {
                return Err(Failure::Refused(SubscriptionRefusal::TooMany));
            }
            let now = tx.now();
            let sent_until = Month::of(now.civil_date()).first().plus_days(-1);
            let row = SubscriptionRow {
                user_id: Col(user),
                place_code: Col(place.clone()),
                sent_until: Col(sent_until),
                created_at: Col(now),
            };
            Ok(reports::subscribe(tx.change(), &row)?)
        })
        .await
}

/// Takes a place off the caller's list; one that is not on it is off it.
pub async fn unsubscribe(app: &App, actor: Arc<Actor>, place: PlaceCode) -> Outcome<(), SubscriptionRefusal> {
    let user = reader(&actor)?;
    app.store.write(LaneKey::of(user), "unsubscribe_report", move |tx| Ok(reports::unsubscribe(tx.change(), user, &place)?)).await
}

/// A signed-in person who may see claims somewhere.
fn reader(actor: &Actor) -> Outcome<UserId, SubscriptionRefusal> {
    actor.user.filter(|_| actor.may_somewhere(Action::SeeClaims)).ok_or(Failure::Forbidden)
}

/// The places on the caller's list.
pub async fn list(app: &App, actor: Arc<Actor>) -> Outcome<Vec<SubscriptionRow>, SubscriptionRefusal> {
    let user = reader(&actor)?;
    app.store.read("report_subscriptions", move |conn| Ok(reports::of_user(conn, user)?)).await
}

/// The day of the month from which on the month before is sent: terminals that were offline are back by then.
const FROM_DAY: u32 = 2;
/// The hour from which on it is sent.
const FROM_HOUR: u32 = 8;
/// Reports that are put into the outbox in one unit of work.
const AT_ONCE: i64 = 50;

/// Puts the reports of the month before into the outbox, once for each subscription; how many.
pub async fn enqueue_due(app: &App) -> Outcome<usize, SubscriptionRefusal> {
    let now = app.clock.now();
    let Some(month) = due_month(now) else { return Ok(0) };
    let mut queued = 0;
    loop {
        let due = app.store.read("reports_due", move |conn| reports::due(conn, month.last(), AT_ONCE)).await?;
        if due.is_empty() {
            return Ok(queued);
        }
        queued += app
            .store
            .write(LaneKey::SHARED, "queue_reports", move |tx| {
                let mut queued = 0;
                for row in &due {
                    if reports::sent(tx.change(), row, month.last())? {
                        let report = ReportMail { user: row.user_id.0, place: row.place_code.0.clone(), month };
                        enqueue_report(tx, &report)?;
                        queued += 1;
                    }
                }
                Ok::<_, StoreError>(queued)
            })
            .await?;
    }
}

/// The month before, from the second morning of a month on.
fn due_month(now: Instant) -> Option<Month> {
    use chrono::Datelike;
    let today = now.civil_date();
    let late = today.0.day() > FROM_DAY || (today.0.day() == FROM_DAY && now.civil_time().hour() >= FROM_HOUR);
    late.then(|| Month::of(today.month_start().plus_days(-1)))
}

/// A report that is to be mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportMail {
    /// To whom.
    pub user: UserId,
    /// Of which place.
    pub place: PlaceCode,
    /// Of which month.
    pub month: Month,
}

/// Makes the mail, or says why there is none: the reader has no address that is proved, or no right any more.
pub(crate) async fn made(app: &App, of: &ReportMail) -> Result<Result<Message, PortError>, StoreError> {
    let (user, sealer) = (of.user, app.store.sealer().clone());
    let reader = app
        .store
        .read("report_reader", move |conn| {
            let setting = notices::setting(conn, user)?;
            let proved = setting.filter(|setting| setting.mail_proved_at.is_some());
            let mail = proved.as_ref().and_then(|setting| setting.mail_enc.as_ref());
            let mail = mail.map(|sealed| sealer.open(Field::NoticeMail, user, sealed)).transpose()?;
            let language = proved.as_ref().map(|setting| setting.language.0);
            Ok::<_, StoreError>(mail.zip(language).zip(people::active_staff(conn, user)?))
        })
        .await?;
    let no = |why: &str| Ok(Err(PortError::Permanent(why.to_owned())));
    let Some(((to, language), actor)) = reader else { return no("no proved address, or no active account") };
    let report = match month(app, Arc::new(actor), of.place.clone(), of.month).await {
        Ok(report) => report,
        Err(Failure::Store(fault)) => return Err(fault.0),
        Err(_) => return no("the right to see the place's claims has ended"),
    };
    let (place, all) = (&of.place, report.figures.all);
    let (language, name, subject, body) = match language {
        NoticeLanguage::Chinese => (
            Language::Chinese,
            "助餐补贴月报",
            format!("{place} {} 助餐补贴月报", of.month),
            format!(
                "{place} {}：{} 餐，补贴 {} 元。明细见附件。\n\n不再接收：在“月报订阅”中取消。\n",
                of.month, all.meals, all.fen
            ),
        ),
        NoticeLanguage::English => (
            Language::English,
            "subsidy-report",
            format!("Meal subsidies of {place} in {}", of.month),
            format!(
                "{place} in {}: {} meals, {} yuan of subsidies. The workbook is attached.\n\nTo stop these mails, take the place off your list of reports.\n",
                of.month, all.meals, all.fen
            ),
        ),
    };
    let bytes = workbook::workbook(&report, place, of.month, language)?;
    let attachment = Some(Attachment { name: format!("{name}-{place}-{}.xlsx", of.month), media: XLSX_MEDIA, bytes });
    Ok(Ok(Message::Mail { to: Sensitive::new(to.reveal().to_owned()), subject, body, attachment }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveTime;
    use domain::ServiceDate;

    #[test]
    fn a_month_is_sent_from_the_second_morning_after_it_on() {
        let at = |day: &str, hour| {
            let date = ServiceDate::parse(day).unwrap();
            due_month(Instant::from_civil(date, NaiveTime::from_hms_opt(hour, 0, 0).unwrap())).map(|month| month.to_string())
        };
        for (day, hour, month) in [
            ("2026-12-01", 23, None),
            ("2026-12-02", 7, None),
            ("2026-12-02", 8, Some("2026-11")),
            ("2026-12-31", 23, Some("2026-11")),
            ("2027-01-02", 8, Some("2026-12")),
        ] {
            assert_eq!(at(day, hour).as_deref(), month, "{day} {hour}");
        }
    }
}
