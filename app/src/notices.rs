//! What a user wants to be told: by which channels, of which events, in which language, at which mail address.

use crate::App;
use crate::auth::phone_code::{code_hash, random_code};
use crate::auth::throttle::Limit;
use crate::auth::{SignInRefusal, Way, refuse};
use crate::failure::{Failure, Never, Outcome};
use crate::ports::{Mail, PortError};
use domain::Sensitive;
use domain::access::Actor;
use domain::id::UserId;
use domain::notice::{NoticeChannel, NoticeEvent, NoticeLanguage};
use domain::person::mail_address::MailAddress;
use domain::person::mask;
use domain::person::one_time_code::{ATTEMPTS_MAX, CodeState, CodeVerdict, VALID_S, judge};
use domain::text_enum::TextEnum;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::notices::{self, SettingRow};
use store::seal::Field;
use store::{LaneKey, Tx};

/// An event that is not told on a channel.
pub type Off = (NoticeEvent, NoticeChannel);

/// A user's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The language of notices.
    pub language: NoticeLanguage,
    /// What is not wanted.
    pub off: BTreeSet<Off>,
    /// The mail address, masked.
    pub mail: Option<String>,
    /// Whether it is proved; nothing is sent there before.
    pub mail_proved: bool,
}

/// The signed-in user; a device of nobody is told nothing.
fn user_of<R>(actor: &Actor) -> Outcome<UserId, R> {
    actor.user.ok_or(Failure::Forbidden)
}

/// What the signed-in user has set.
pub async fn get(app: &App, actor: Arc<Actor>) -> Outcome<Setting, Never> {
    let (user, sealer) = (user_of(&actor)?, app.store.sealer().clone());
    app.store
        .read("notice_setting", move |conn| {
            let row = notices::setting(conn, user)?.unwrap_or_else(|| SettingRow::usual(user));
            let mail = row.mail_enc.as_ref().map(|enc| sealer.open(Field::NoticeMail, user, enc)).transpose()?;
            let words = row.off.split(',').filter_map(|word| word.split_once(':'));
            let off = words.filter_map(|(event, channel)| NoticeEvent::parse(event).zip(NoticeChannel::parse(channel)));
            Ok(Setting {
                language: row.language.0,
                off: off.collect(),
                mail: mail.map(|mail| mask::mail(mail.reveal())),
                mail_proved: row.mail_proved_at.is_some(),
            })
        })
        .await
}

/// Sets language and what is not wanted; it counts for what stands in the outbox too.
pub async fn put(app: &App, actor: Arc<Actor>, language: NoticeLanguage, off: BTreeSet<Off>) -> Outcome<(), Never> {
    let user = user_of(&actor)?;
    let words: Vec<String> = off.iter().map(|(event, channel)| format!("{event}:{channel}")).collect();
    app.store
        .write(LaneKey::of(user), "put_notice_setting", move |tx| {
            let mut row = of(tx, user)?;
            row.language = Word(language);
            row.off = words.join(",");
            Ok(notices::put_setting(tx.change(), &row)?)
        })
        .await
}

fn of(tx: &mut Tx<'_>, user: UserId) -> Result<SettingRow, store::StoreError> {
    Ok(notices::setting(tx.look(), user)?.unwrap_or_else(|| SettingRow::usual(user)))
}

/// Codes by mail an hour, for a user and for an address.
const CODES_AN_HOUR: i64 = 5;

/// Takes a mail address in and sends a code there, or forgets the address. Until the code comes back nothing else goes there. The
/// code is sent by the request and not through the outbox, as a login code is: it then stands nowhere but in the mail.
pub async fn set_mail(app: &App, actor: Arc<Actor>, address: Option<MailAddress>) -> Outcome<(), SignInRefusal> {
    let user = user_of(&actor)?;
    let Some(address) = address else { return forget_mail(app, user).await };
    if app.ports.mailer.is_none() {
        return Err(refuse(SignInRefusal::NotConfigured(Way::Mail)));
    }
    let (code, to, sealer) = (random_code(), address.clone(), app.store.sealer());
    let kept = code.clone();
    let limit = |what: &str, whose: &str| Limit::new(sealer, &[what, whose], CODES_AN_HOUR, 3600);
    let limits = [limit("mail_user", &user.to_string()), limit("mail_address", address.reveal())];
    app.store
        .write(LaneKey::of(user), "set_mail", move |tx| {
            let now = tx.now();
            limits.iter().try_for_each(|limit| limit.count(tx, now))?;
            let mut row = of(tx, user)?;
            row.mail_enc = Some(tx.sealer().seal(Field::NoticeMail, user, address.reveal())?);
            row.mail_proved_at = None;
            row.mail_code_hash = Some(code_hash(tx.sealer(), "mail", user, kept.reveal()));
            row.mail_code_expires_at = Some(Col(now.plus_seconds(VALID_S)));
            row.mail_code_attempts = 0;
            Ok::<_, Failure<SignInRefusal>>(notices::put_setting(tx.change(), &row)?)
        })
        .await?;
    let body = format!(
        "您的验证码是 {0}，5 分钟内有效。如非本人操作，请忽略本邮件。\n\nYour code is {0}. It is good for 5 minutes. If you did not ask for it, ignore this mail.\n",
        code.reveal()
    );
    let to = Sensitive::new(to.reveal().to_owned());
    let key = format!("code-{}", uuid::Uuid::now_v7().simple());
    send_now(app, Mail { key, to, subject: "暖饭验证码 Nuanfan code".to_owned(), body, attachment: None }).await
}

async fn forget_mail(app: &App, user: UserId) -> Outcome<(), SignInRefusal> {
    app.store
        .write(LaneKey::of(user), "forget_mail", move |tx| {
            let Some(row) = notices::setting(tx.look(), user)? else { return Ok(()) };
            let without = SettingRow { language: row.language, off: row.off, ..SettingRow::usual(user) };
            Ok(notices::put_setting(tx.change(), &without)?)
        })
        .await
}

async fn send_now(app: &App, mail: Mail) -> Outcome<(), SignInRefusal> {
    let Some(mailer) = app.ports.mailer.clone() else { return Err(refuse(SignInRefusal::NotConfigured(Way::Mail))) };
    let _turn = app.outward.acquire().await.map_err(|_| refuse(SignInRefusal::OutOfReach(Way::Mail)))?;
    let sent = tokio::task::spawn_blocking(move || mailer.send(&mail)).await;
    sent.unwrap_or_else(|_| Err(PortError::Temporary("the sender stopped".into()))).map_err(|error| {
        tracing::warn!(%error, "a code could not be mailed");
        refuse(SignInRefusal::OutOfReach(Way::Mail))
    })
}

/// Proves the address with the code that was sent there.
pub async fn prove_mail(app: &App, actor: Arc<Actor>, code: Sensitive<String>) -> Outcome<(), SignInRefusal> {
    let user = user_of(&actor)?;
    let right = app
        .store
        .write(LaneKey::of(user), "prove_mail", move |tx| {
            // Committed whatever comes of it: a wrong attempt is counted.
            Ok::<_, Failure<SignInRefusal>>(prove_in(tx, user, code.reveal())?)
        })
        .await?;
    if right { Ok(()) } else { Err(refuse(SignInRefusal::Wrong)) }
}

fn prove_in(tx: &mut Tx<'_>, user: UserId, code: &str) -> Result<bool, store::StoreError> {
    let Some(mut row) = notices::setting(tx.look(), user)? else { return Ok(false) };
    let (Some(hash), Some(Col(expires_at))) = (row.mail_code_hash.clone(), row.mail_code_expires_at) else { return Ok(false) };
    let (now, state) = (tx.now(), CodeState { expires_at, attempts: row.mail_code_attempts, used: false });
    let fits = code_hash(tx.sealer(), "mail", user, code) == hash;
    let verdict = judge(state, now, fits);
    match verdict {
        CodeVerdict::Dead => return Ok(false),
        CodeVerdict::Wrong => row.mail_code_attempts = (row.mail_code_attempts + 1).min(ATTEMPTS_MAX),
        CodeVerdict::Right => {
            row.mail_proved_at = Some(Col(now));
            (row.mail_code_hash, row.mail_code_expires_at) = (None, None);
        }
    }
    notices::put_setting(tx.change(), &row)?;
    Ok(verdict == CodeVerdict::Right)
}
