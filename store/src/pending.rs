//! Rows that are only ever added, gathered over a batch and written at its end.

use crate::column::Col;
use crate::query::rows::{
    AllowanceUseRow, DecisionRow, EventRow, IdempotencyRow, JobRow, OrderLineRow, OrderRow, RedemptionRow, TransferRow,
};
use crate::query::settlements::SettledRow;
use crate::schema;
use diesel::{ExecuteCopyFromDsl, RunQueryDsl};
use domain::id::CanteenId;

macro_rules! pending {
    ($($(#[$meta:meta])* $field:ident: $row:ty => $table:ident, $add:ident;)+) => {
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

            /// Inserts everything; on any error the caller rolls the batch back.
            pub(crate) fn insert_all<C: InsertAll>(&self, conn: &mut C) -> diesel::QueryResult<()> {
                conn.insert_all(self)
            }
        }

        /// Inserts exist on each database but not on the enum over them.
        pub(crate) trait InsertAll {
            fn insert_all(&mut self, rows: &Pending) -> diesel::QueryResult<()>;
        }

        impl InsertAll for diesel::SqliteConnection {
            fn insert_all(&mut self, rows: &Pending) -> diesel::QueryResult<()> {
                // Row by row: one row's statement stays compiled, while each number of rows would be a text of its own, compiled
                // anew, which costs more than the steps it saves. There is no round trip to save.
                $(for row in &rows.$field {
                    diesel::insert_into(schema::$table::table).values(row).execute(self)?;
                })+
                Ok(())
            }
        }

        impl InsertAll for diesel::PgConnection {
            fn insert_all(&mut self, rows: &Pending) -> diesel::QueryResult<()> {
                // COPY: an INSERT of many rows has a text for each number of them, and is parsed and planned anew each time.
                $(match rows.$field.as_slice() {
                    [] => {}
                    [row] => drop(diesel::insert_into(schema::$table::table).values(row).execute(self)?),
                    rows => drop(diesel::copy_from(schema::$table::table).from_insertable(rows).execute(self)?),
                })+
                Ok(())
            }
        }
    };
}

pending! {
    /// An order.
    orders: OrderRow => meal_order, order;
    /// A line of an order.
    lines: OrderLineRow => order_line, line;
    /// A subsidy decision.
    decisions: DecisionRow => decision, decision;
    /// Use of a limit.
    uses: AllowanceUseRow => allowance_use, allowance_use;
    /// Evidence of a served meal.
    redemptions: RedemptionRow => redemption, redemption;
    /// A movement of money.
    transfers: TransferRow => transfer, transfer;
    /// A line of a settlement.
    settled: SettledRow => settlement_line, settled;
    /// An event of a canteen's log.
    events: EventRow => event, event;
    /// An answer to keep.
    answers: IdempotencyRow => idempotency, answer;
    /// Work for the worker.
    jobs: JobRow => job, job;
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
