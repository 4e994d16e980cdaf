//! Rows that are only ever added, gathered over a batch and written at its end.

use crate::additions::{Addition, Ending, column};
use crate::column::Col;
use crate::counters::Counters;
use crate::query::rows::{
    AllowanceUseRow, DecisionRow, EventRow, IdempotencyRow, JobRow, OrderLineRow, OrderRow, RedemptionRow, TransferRow,
};
use crate::query::settlements::SettledRow;
use crate::schema;
use diesel::{Expression, RunQueryDsl};
use domain::id::CanteenId;

macro_rules! pending {
    ($($(#[$meta:meta])* $field:ident: $row:ident => $table:ident, $add:ident ($($column:ident),+);)+) => {
        /// What a batch will add, in the order in which foreign keys allow it.
        #[derive(Debug, Default)]
        pub struct Pending { $($field: Vec<$row>),+ }

        /// How much was gathered at some point.
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct Lengths { $($field: usize),+ }

        impl Pending {
            $($(#[$meta])* pub fn $add(&mut self, row: $row) { self.$field.push(row); })+

            pub(crate) fn lengths(&self) -> Lengths {
                Lengths { $($field: self.$field.len()),+ }
            }

            pub(crate) fn truncate(&mut self, to: Lengths) {
                $(self.$field.truncate(to.$field);)+
            }

            /// Inserts everything and writes the counters back. `false` when portions are not there after all; on that and on any error
            /// the caller rolls the batch back.
            pub(crate) fn write<C: WriteAll>(&self, counters: &Counters, conn: &mut C) -> diesel::QueryResult<bool> {
                conn.write_all(self, counters)
            }
        }

        /// Inserts exist on each database but not on the enum over them.
        pub(crate) trait WriteAll {
            fn write_all(&mut self, rows: &Pending, counters: &Counters) -> diesel::QueryResult<bool>;
        }

        impl WriteAll for diesel::SqliteConnection {
            fn write_all(&mut self, rows: &Pending, counters: &Counters) -> diesel::QueryResult<bool> {
                if !counters.write(self)? {
                    return Ok(false);
                }
                // Row by row: one row's statement stays compiled, while each number of rows would be a text of its own, compiled
                // anew, which costs more than the steps it saves. There is no round trip to save.
                $(for row in &rows.$field {
                    diesel::insert_into(schema::$table::table).values(row).execute(self)?;
                })+
                Ok(true)
            }
        }

        impl WriteAll for diesel::PgConnection {
            fn write_all(&mut self, rows: &Pending, counters: &Counters) -> diesel::QueryResult<bool> {
                let mut additions = Vec::new();
                // A column that is not listed would be left to its default: this does not compile then.
                $(let _ = |$row { $($column: _),+ }: &$row| ();)+
                $(if !rows.$field.is_empty() {
                    let columns = vec![$((
                        stringify!($column),
                        column::<<schema::$table::$column as Expression>::SqlType, _>(
                            rows.$field.iter().map(|row| &row.$column).collect(),
                        ),
                    )),+];
                    additions.push(Addition { table: stringify!($table), columns });
                })+
                let counted = counters.lists();
                let ending = Ending::new(additions, &counted);
                if ending.is_empty() {
                    return Ok(true);
                }
                Ok(ending.get_result::<i64>(self)? == i64::try_from(counters.portions.len()).unwrap_or(i64::MAX))
            }
        }
    };
}

pending! {
    /// An order.
    orders: OrderRow => meal_order, order (
        id, version, sitting_id, canteen_id, service_date, meal, order_no, senior_id, senior_name, placed_by, via, channel,
        state, price_fen, discount_fen, subsidy_fen, delivery_fee_fen, self_pay_fen, address_enc, note, standing_order_id,
        edited_by_person, accepted_at, changed_at, cancel_reason
    );
    /// A line of an order.
    lines: OrderLineRow => order_line, line (
        id, order_id, menu_item_id, dish_id, quantity, unit_price_fen, texture, exceptions, override_reason, size
    );
    /// A subsidy decision.
    decisions: DecisionRow => decision, decision (order_id, entitled_fen, granted_fen, trace, decided_at);
    /// Use of a limit.
    uses: AllowanceUseRow => allowance_use, allowance_use (senior_id, limit_key, ordinal, order_id, amount_fen);
    /// Evidence of a served meal.
    redemptions: RedemptionRow => redemption, redemption (
        id, order_id, method, device_id, recorded_by, served_at, recorded_at, state
    );
    /// A movement of money.
    transfers: TransferRow => transfer, transfer (id, order_id, phase, hold_id, debit_id, credit_id, amount_fen, recorded_at);
    /// A line of a settlement.
    settled: SettledRow => settlement_line, settled (
        settlement_id, ordinal, transfer_id, redemption_id, version_ordinal, amount_fen
    );
    /// An event of a canteen's log.
    events: EventRow => event, event (canteen_id, seq, kind, sitting_id, subject_id, payload, at);
    /// An answer to keep.
    answers: IdempotencyRow => idempotency, answer (scope, key, request_hash, status, body, created_at);
    /// Work for the worker.
    jobs: JobRow => job, job (id, kind, payload, state, due_at, leased_until, attempts, last_error, created_at);
}

impl Pending {
    /// Whether there is work for the worker.
    pub(crate) fn has_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Whose logs will grow, in the order of their ids.
    pub(crate) fn canteens_with_events(&self) -> Vec<CanteenId> {
        let mut canteens: Vec<CanteenId> = self
            .events
            .iter()
            .map(|event: &EventRow| {
                let Col(id) = event.canteen_id;
                id
            })
            .collect();
        canteens.sort_unstable();
        canteens.dedup();
        canteens
    }
}
