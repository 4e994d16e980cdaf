//! A bank's answer: each row is matched to its payment by number, amount and payee; whatever does not fit waits for a person.
//!
//! The same answer twice changes nothing: it is known by what its rows say, in whatever encoding they come, and a row that comes
//! again in another file repeats what is known.

use super::look::account_of;
use super::{SettlementRefusal, permit_place};
use crate::failure::{Failure, Outcome, Thing};
use crate::{App, audit};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::{BankAnswerId, PaymentId, SuspenseId};
use domain::settlement::SettlementState;
use domain::settlement::payee::AccountNumber;
use domain::settlement::payment::{Answer, Payment, PaymentState, SuspenseCause, Verdict, judge};
use domain::{Fen, PlaceCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::payments::{self, BankAnswerRow, PaymentOf, SuspenseRow};
use store::seal::Field;
use store::{LaneKey, StoreError, Tx};
use tabular::{BankAnswerRow as FileRow, FaultReport, Format, Limits, ReadOptions, Row};

/// An answer's file at most, in bytes: four times the answer to the largest payout.
pub const FILE_MAX: usize = 8 << 20;
/// Its rows at most.
const ROWS_MAX: u32 = 20_000;

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The answer.
    pub id: BankAnswerId,
    /// Rows.
    pub rows: i64,
    /// Payments that have arrived by it.
    pub paid: i64,
    /// Payments that came back by it.
    pub returned: i64,
    /// Rows that said what was known.
    pub repeated: i64,
    /// Rows on the suspense list.
    pub suspended: i64,
    /// The same answer was taken before; nothing was changed.
    pub known: bool,
}

/// Rows with the numbers that a spreadsheet shows.
type Rows = Vec<(u32, FileRow)>;

/// Takes a bank's answer for the payments of a place and below. A file with a fault is refused whole, with every fault.
pub async fn take(
    app: &App,
    actor: Arc<Actor>,
    place: PlaceCode,
    file_name: String,
    bytes: Vec<u8>,
) -> Outcome<Taken, SettlementRefusal> {
    permit_place(&actor, Action::Settle, &place, Thing::Place)?;
    let rows = read(bytes).map_err(|faults| Failure::Refused(SettlementRefusal::Faulty(faults.faults)))?;
    let hash = content_hash(&rows);
    app.store
        .write(LaneKey::SHARED, "take_bank_answer", move |tx| {
            if let Some(row) = payments::same_answer(tx.look(), &place, &hash)? {
                return Ok(taken(&row, true));
            }
            let row = BankAnswerRow {
                id: Col(tx.new_id()),
                place_code: Col(place.clone()),
                content_hash: hash.clone(),
                file_name: file_name.clone(),
                row_count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
                paid: 0,
                returned: 0,
                repeated: 0,
                suspended: 0,
                brought_by: actor.user.map(Col),
                brought_at: Col(tx.now()),
            };
            let row = take_in(tx, row, &rows)?;
            let answer = taken(&row, false);
            let detail = json!({ "rows": answer.rows, "paid": answer.paid, "returned": answer.returned,
                "repeated": answer.repeated, "suspended": answer.suspended });
            audit::record(tx, &actor, AuditAction::BankAnswerTaken, row.id.0, Some(&place), &detail);
            Ok(answer)
        })
        .await
}

fn taken(row: &BankAnswerRow, known: bool) -> Taken {
    Taken {
        id: row.id.0,
        rows: row.row_count,
        paid: row.paid,
        returned: row.returned,
        repeated: row.repeated,
        suspended: row.suspended,
        known,
    }
}

/// Reads CSV in UTF-8 or GB18030.
fn read(bytes: Vec<u8>) -> Result<Rows, FaultReport> {
    let limits = Limits { csv_bytes: FILE_MAX as u64, csv_rows: ROWS_MAX, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::of(Format::Csv) };
    let (mut rows, mut report) = (Rows::new(), FaultReport::default());
    let read = tabular::read::<FileRow>(Cursor::new(bytes), &options, &mut |outcome| {
        match outcome.result {
            Ok(row) => rows.push((outcome.row, row)),
            Err(faults) => report.absorb(faults, FaultReport::LIMIT),
        }
        ControlFlow::Continue(())
    });
    if let Err(faults) = read {
        report.absorb(faults, FaultReport::LIMIT + 1);
    }
    report.into_result(rows)
}

/// Over what the rows say, cell by cell; the length before each cell keeps `a|b` and `ab` apart.
fn content_hash(rows: &Rows) -> Vec<u8> {
    let mut hash = Sha256::new();
    for (_, row) in rows {
        for cell in row.to_cells() {
            hash.update((cell.len() as u64).to_be_bytes());
            hash.update(cell);
        }
    }
    hash.finalize().to_vec()
}

/// The payments of a file's numbers at the place; those of elsewhere are as unknown as those that never were.
fn known(
    tx: &mut Tx<'_>,
    place: &PlaceCode,
    rows: &Rows,
) -> Result<HashMap<PaymentId, (PaymentOf, Option<AccountNumber>)>, StoreError> {
    let mut ids: Vec<PaymentId> = rows.iter().filter_map(|(_, row)| PaymentId::parse(row.payment.as_str()).ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut known = HashMap::with_capacity(ids.len());
    for of in payments::of_numbers(tx.look(), &ids)?.into_iter().filter(|of| place.contains(&of.place.0)) {
        let account = account_of(tx.sealer(), &of.row)?;
        known.insert(of.row.id.0, (of, account));
    }
    Ok(known)
}

fn take_in(tx: &mut Tx<'_>, mut answer: BankAnswerRow, rows: &Rows) -> Result<BankAnswerRow, StoreError> {
    let mut known = known(tx, &answer.place_code.0, rows)?;
    let mut waiting = Vec::new();
    for (row_no, row) in rows {
        let of = PaymentId::parse(row.payment.as_str()).ok().and_then(|id| known.get_mut(&id));
        let verdict = verdict(of.as_deref(), row);
        match (verdict, of) {
            (Verdict::Moves(state), Some((of, _))) => {
                settle(tx, of, row, state)?;
                *if state == PaymentState::Paid { &mut answer.paid } else { &mut answer.returned } += 1;
            }
            (Verdict::Repeats, _) => answer.repeated += 1,
            (Verdict::Moves(_), None) => waiting.push(wait(tx, &answer, *row_no, row, SuspenseCause::UnknownPayment)?),
            (Verdict::Waits(cause), _) => waiting.push(wait(tx, &answer, *row_no, row, cause)?),
        }
    }
    answer.suspended = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
    payments::insert_answer(tx.change(), &answer, &waiting)?;
    Ok(answer)
}

fn verdict(of: Option<&(PaymentOf, Option<AccountNumber>)>, row: &FileRow) -> Verdict {
    let payment = of.map(|(of, account)| Payment {
        state: of.row.state.0,
        fen: of.row.amount_fen.0,
        payee: of.row.holder.as_deref().zip(account.as_ref()),
        reference: of.row.reference.as_deref(),
        closed: of.settlement_state.0 == SettlementState::Closed,
    });
    let answer = Answer {
        result: row.result,
        fen: fen(row),
        holder: row.holder.as_str(),
        account: &row.account,
        reference: row.reference.as_str(),
    };
    judge(payment.as_ref(), &answer)
}

const fn fen(row: &FileRow) -> Fen {
    row.amount_yuan.0
}

/// Moves a payment, in the database and in what later rows of the file are compared with.
fn settle(tx: &mut Tx<'_>, of: &mut PaymentOf, row: &FileRow, state: PaymentState) -> Result<(), StoreError> {
    let before = of.row.state.0;
    of.row.state = Word(state);
    of.row.reference = Some(row.reference.to_string());
    of.row.reason = row.reason.as_ref().map(ToString::to_string);
    of.row.answered_at = Some(Col(tx.now()));
    if payments::set_state(tx.change(), &of.row, before)? { Ok(()) } else { Err(StoreError::Contention("payment")) }
}

fn wait(tx: &Tx<'_>, of: &BankAnswerRow, row_no: u32, row: &FileRow, cause: SuspenseCause) -> Result<SuspenseRow, StoreError> {
    let id: SuspenseId = tx.new_id();
    Ok(SuspenseRow {
        id: Col(id),
        answer_id: of.id,
        place_code: of.place_code.clone(),
        row_no: i64::from(row_no),
        cause: Word(cause),
        payment: row.payment.to_string(),
        result: Word(row.result),
        amount_fen: Col(fen(row)),
        holder: row.holder.to_string(),
        account_enc: tx.sealer().seal(Field::SuspenseAccount, id, row.account.reveal())?,
        reference: row.reference.to_string(),
        reason: row.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
        resolved_by: None,
        resolved_at: None,
        note: String::new(),
    })
}
