//! What hangs on a senior: facts, family bindings, standing orders. The senior is named by the identity number.

use super::{Importable, Judge, Memo, Note, Verdict, fresh_id, joined};
use crate::bindings::FAMILY_MAX;
use chrono::NaiveTime;
use domain::access::{ConsentKind, FamilyScope, UserKind, UserState};
use domain::audit::AuditAction;
use domain::id::{CanteenId, ImportId, SeniorId, UserId};
use domain::person::citizen_id::CitizenId;
use domain::standing::StandingState;
use domain::text_enum::TextEnum;
use domain::{Instant, MealPeriod, ServiceDate};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::column::{Col, Word};
use store::query::bindings::BindingRow;
use store::query::bulk::{self, Altered, Fresh, NamedSenior};
use store::query::people::UserRow;
use store::query::seniors::FactRow;
use store::query::standing::StandingRow;
use store::seal::{Blind, Field};
use tabular::{Relation, Row, Word as _};

type FactFile = tabular::FactRow;
type FamilyFile = tabular::FamilyRow;
type StandingFile = tabular::StandingRow;

/// The seniors that a slice names, by blind index.
struct Seniors(BTreeMap<Vec<u8>, NamedSenior>);

impl Seniors {
    fn of<T>(judge: &mut Judge<'_>, rows: &[(u32, T)], who: fn(&T) -> &CitizenId) -> Result<Self, StoreError> {
        let keys: BTreeSet<Vec<u8>> = rows.iter().map(|(_, r)| judge.sealer.blind(Blind::IdNo, who(r).reveal())).collect();
        let found = bulk::named_seniors(judge.conn, &keys.into_iter().collect::<Vec<_>>())?;
        Ok(Self(found.into_iter().map(|senior| (senior.id_no_bix.clone(), senior)).collect()))
    }

    fn ids(&self) -> Vec<SeniorId> {
        self.0.values().map(|senior| senior.id.0).collect()
    }

    /// The senior of a row, when there is one in reach; a fault when not.
    fn find<T: Row>(&self, v: &mut Verdict, judge: &Judge<'_>, n: u32, who: &CitizenId) -> Option<SeniorId> {
        self.within::<T>(v, judge, n, who, |_| None).map(|senior| senior.id.0)
    }

    /// The same where the canteen at which the senior eats counts too.
    fn within<T: Row>(
        &self,
        v: &mut Verdict,
        judge: &Judge<'_>,
        n: u32,
        who: &CitizenId,
        canteen: fn(&NamedSenior) -> Option<CanteenId>,
    ) -> Option<&NamedSenior> {
        let Some(senior) = self.0.get(&judge.sealer.blind(Blind::IdNo, who.reveal())) else {
            v.unknown::<T>(n, "identity_number", "老人", "senior");
            return None;
        };
        // Told as outside one's places, not as unknown: who holds the number knows that the person exists.
        if !judge.reach.covers(&senior.resident_place.0, canteen(senior)) {
            v.out_of_reach::<T>(n, "identity_number");
            return None;
        }
        Some(senior)
    }
}

impl Importable for FactFile {
    const SLICE: usize = 500;
    const WHOLE: bool = false;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], _: &mut Memo) -> Result<Verdict, StoreError> {
        let (mut v, seniors) = (Verdict::default(), Seniors::of(judge, rows, |r: &Self| &r.identity_number)?);
        type Key = (SeniorId, String, String, ServiceDate);
        let known: BTreeMap<Key, (FactRow, bool)> = bulk::facts(judge.conn, &seniors.ids())?
            .into_iter()
            .map(|(f, by)| {
                let mine = by == Some(Col(judge.import));
                ((f.senior_id.0, f.kind.clone(), f.value.clone(), f.valid_from.0), (f, mine))
            })
            .collect();
        for (n, row) in rows {
            let Some(senior) = seniors.find::<Self>(&mut v, judge, *n, &row.identity_number) else { continue };
            let new = FactRow {
                id: Col(fresh_id()),
                senior_id: Col(senior),
                kind: row.kind.to_string(),
                value: row.value.as_str().to_owned(),
                valid_from: Col(row.valid_from),
                valid_to: row.valid_to.map(Col),
                recorded_at: Col(judge.now),
                source: row.source.as_str().to_owned(),
            };
            match known.get(&(senior, new.kind.clone(), new.value.clone(), row.valid_from)) {
                None => {
                    v.added += 1;
                    v.fresh.push(Fresh::Fact(new));
                }
                Some((_, true)) => v.added += 1,
                Some((old, _)) if (old.valid_to, &old.source) == (new.valid_to, &new.source) => v.unchanged += 1,
                Some((old, _)) => {
                    v.changed += 1;
                    v.altered.push(Altered::Fact(FactRow { id: old.id, ..new }));
                }
            }
        }
        Ok(v)
    }
}

impl Importable for FamilyFile {
    const SLICE: usize = 500;
    const WHOLE: bool = false;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], memo: &mut Memo) -> Result<Verdict, StoreError> {
        let (mut v, seniors) = (Verdict::default(), Seniors::of(judge, rows, |r: &Self| &r.identity_number)?);
        let phones: BTreeSet<Vec<u8>> = rows.iter().map(|(_, r)| judge.sealer.blind(Blind::Phone, r.phone.reveal())).collect();
        let found = bulk::users_by_phone(judge.conn, &phones.into_iter().collect::<Vec<_>>())?;
        let staff: BTreeSet<UserId> =
            found.iter().filter(|(_, _, kind)| kind.0 == UserKind::Staff).map(|(_, id, _)| id.0).collect();
        let mut users: BTreeMap<Vec<u8>, UserId> = found.into_iter().map(|(bix, id, _)| (bix, id.0)).collect();
        let known: BTreeMap<(SeniorId, UserId), (BindingRow, bool)> = bulk::bindings(judge.conn, &seniors.ids())?
            .into_iter()
            .map(|(b, by)| ((b.senior_id.0, b.user_id.0), (b, by == Some(Col(judge.import)))))
            .collect();
        for (n, row) in rows {
            let at_canteen = |senior: &NamedSenior| senior.home_canteen_id.map(|Col(canteen)| canteen);
            let Some(senior) = seniors.within::<Self>(&mut v, judge, *n, &row.identity_number, at_canteen) else { continue };
            let bix = judge.sealer.blind(Blind::Phone, row.phone.reveal());
            let user = match users.get(&bix) {
                Some(user) => *user,
                None => {
                    let user = new_user(judge, row, &bix)?;
                    users.insert(bix, user.id.0);
                    let id = user.id.0;
                    v.fresh.push(Fresh::User(Box::new(user)));
                    id
                }
            };
            let old = known.get(&(senior.id.0, user));
            if staff.contains(&user) {
                v.fault::<Self>(*n, "phone", "not_a_client", "该手机号属于工作人员账号", "the phone belongs to a staff account");
            } else if senior.user_id == Some(Col(user)) {
                v.fault::<Self>(
                    *n,
                    "phone",
                    "own_self",
                    "不能绑定为自己的家属，请填写家属的手机号",
                    "nobody is family of themselves; give the family member's phone",
                );
            } else {
                binding(&mut v, judge.import, old, *n, row, senior, user);
            }
            if old.is_none_or(|(_, mine)| *mine) && !room(memo, &known, senior.id.0) {
                let zh = format!("这位老人的家属将超过 {FAMILY_MAX} 人。请先解除不用的，或删除该行");
                let en = format!("the senior would have more than {FAMILY_MAX} family members; end one first, or remove the row");
                v.fault::<Self>(*n, "identity_number", "too_many", &zh, &en);
            }
        }
        Ok(v)
    }
}

/// A client who can sign in with the phone, and sees what bindings let them see.
fn new_user(judge: &Judge<'_>, row: &FamilyFile, bix: &[u8]) -> Result<UserRow, StoreError> {
    let id: UserId = fresh_id();
    Ok(UserRow {
        id: Col(id),
        kind: Word(UserKind::Client),
        display_name: row.family_name.as_str().to_owned(),
        login: None,
        password_hash: None,
        must_change_password: false,
        phone_enc: Some(judge.sealer.seal(Field::UserPhone, id, row.phone.reveal())?),
        phone_bix: Some(bix.to_vec()),
        openid_bix: None,
        state: Word(UserState::Active),
        created_at: Col(judge.now),
    })
}

/// Whether one more binding of this file has room beside those in force and those of rows before it, in this slice or an earlier one.
fn room(memo: &mut Memo, known: &BTreeMap<(SeniorId, UserId), (BindingRow, bool)>, senior: SeniorId) -> bool {
    let before = memo.get(&senior.to_string()).and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
    memo.insert(senior.to_string(), (before + 1).to_string());
    let there = known.iter().filter(|((of, _), (_, mine))| *of == senior && !mine).count();
    there + before < FAMILY_MAX
}

/// What the audit log keeps of a binding that a file brought.
pub(super) fn told(binding: &BindingRow, import: ImportId) -> Value {
    json!({
        "binding": binding.id.0, "user": binding.user_id.0, "scopes": binding.scopes, "consent": binding.consent_kind.0,
        "reference": binding.consent_ref, "import": import,
    })
}

fn binding(
    v: &mut Verdict,
    import: ImportId,
    old: Option<&(BindingRow, bool)>,
    n: u32,
    row: &FamilyFile,
    senior: &NamedSenior,
    user: UserId,
) {
    let mut scopes = row.scopes.clone();
    scopes.sort_unstable();
    let mut new = BindingRow {
        id: old.map_or_else(|| Col(fresh_id()), |(b, _)| b.id),
        senior_id: senior.id,
        user_id: Col(user),
        relation: row.relation.to_string(),
        scopes: joined(&scopes),
        consent_kind: Word(row.consent_kind),
        consent_ref: row.evidence.as_str().to_owned(),
        consent_at: Col(Instant::from_civil(row.consent_date, NaiveTime::MIN)),
        recorded_by: old.and_then(|(b, _)| b.recorded_by),
        revoked_at: None,
    };
    if let Some((old, _)) = old {
        keep_words(&mut new, old, row, &scopes);
    }
    if new.consent_kind == Word(ConsentKind::Phone) && old.is_none_or(|(old, _)| *old != new) {
        let zh = "手机同意只能由老人在自己的手机上作出。请改为当面登记或签字同意书，并填写凭据";
        let en = "consent on the phone is given by the senior alone; record `counter` or `signed_form` with its evidence";
        v.fault::<FamilyFile>(n, "consent_kind", "not_by_file", zh, en);
    }
    let place = senior.resident_place.0.clone();
    match old {
        None => {
            v.added += 1;
            v.fresh.push(Fresh::Binding(Box::new(new), place));
        }
        Some((_, true)) => v.added += 1,
        Some((old, _)) if *old == new => v.unchanged += 1,
        Some(_) => {
            v.changed += 1;
            let detail = told(&new, import);
            v.notes.push(Note { action: AuditAction::BindingChanged, senior: senior.id.0, place, detail });
            v.altered.push(Altered::Binding(Box::new(new)));
        }
    }
}

/// A file says a day where the binding has an instant, and one of a few relations where it may have any words: what says the same
/// in the file's terms stays as it is.
fn keep_words(new: &mut BindingRow, old: &BindingRow, row: &FamilyFile, scopes: &[FamilyScope]) {
    if old.consent_at.0.civil_date() == row.consent_date {
        new.consent_at = old.consent_at;
    }
    if Relation::from_either(&old.relation).unwrap_or(Relation::Other) == row.relation {
        new.relation.clone_from(&old.relation);
    }
    let before: BTreeSet<FamilyScope> = old.scopes.split(',').filter_map(FamilyScope::parse).collect();
    if before.iter().eq(scopes) {
        new.scopes.clone_from(&old.scopes);
    }
}

impl Importable for StandingFile {
    const SLICE: usize = 500;
    const WHOLE: bool = false;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], _: &mut Memo) -> Result<Verdict, StoreError> {
        let (mut v, seniors) = (Verdict::default(), Seniors::of(judge, rows, |r: &Self| &r.identity_number)?);
        let codes: BTreeSet<String> = rows.iter().map(|(_, r)| r.canteen.as_str().to_owned()).collect();
        let canteens: BTreeMap<String, CanteenId> =
            bulk::canteens(judge.conn, &codes.into_iter().collect::<Vec<_>>())?.into_iter().map(|c| (c.code, c.id.0)).collect();
        type Key = (SeniorId, CanteenId, MealPeriod, ServiceDate);
        let known: BTreeMap<Key, (StandingRow, bool)> = bulk::standing_orders(judge.conn, &seniors.ids())?
            .into_iter()
            .map(|(s, by)| {
                let mine = by == Some(Col(judge.import));
                ((s.senior_id.0, s.canteen_id.0, s.meal.0, s.starts_on.0), (s, mine))
            })
            .collect();
        for (n, row) in rows {
            let senior = seniors.find::<Self>(&mut v, judge, *n, &row.identity_number);
            let Some(canteen) = canteens.get(row.canteen.as_str()).copied() else {
                v.unknown::<Self>(*n, "canteen", "助餐点", "canteen");
                continue;
            };
            let Some(senior) = senior else { continue };
            match known.get(&(senior, canteen, row.meal, row.starts_on)) {
                None => {
                    v.added += 1;
                    v.fresh.push(Fresh::Standing(Box::new(standing(judge, row, senior, canteen))));
                }
                Some((_, true)) => v.added += 1,
                Some((old, _)) => {
                    let mut new = old.clone();
                    (new.weekdays, new.channel, new.ends_on) = (bits(row), Word(row.channel), row.ends_on.map(Col));
                    (new.paused_from, new.paused_to) = (row.paused_from.map(Col), row.paused_to.map(Col));
                    if new == *old {
                        v.unchanged += 1;
                    } else {
                        new.version += 1;
                        v.changed += 1;
                        v.altered.push(Altered::Standing(Box::new(new)));
                    }
                }
            }
        }
        Ok(v)
    }
}

fn bits(row: &StandingFile) -> i64 {
    row.weekdays.iter().map(|day| 1_i64 << day.num_days_from_monday()).sum()
}

fn standing(judge: &Judge<'_>, row: &StandingFile, senior: SeniorId, canteen: CanteenId) -> StandingRow {
    StandingRow {
        id: Col(fresh_id()),
        version: 1,
        senior_id: Col(senior),
        canteen_id: Col(canteen),
        meal: Word(row.meal),
        weekdays: bits(row),
        channel: Word(row.channel),
        starts_on: Col(row.starts_on),
        ends_on: row.ends_on.map(Col),
        paused_from: row.paused_from.map(Col),
        paused_to: row.paused_to.map(Col),
        placed_by: None,
        state: Word(StandingState::Active),
        created_at: Col(judge.now),
    }
}
