//! Rows that are only ever added, gathered over a batch and written with one statement a table.

use crate::column::Col;
use crate::query::rows::{
    AllowanceUseRow, DecisionRow, EventRow, IdempotencyRow, JobRow, OrderLineRow, OrderRow, RedemptionRow, TransferRow,
};
use crate::schema;
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

        /// Multi-row inserts exist on each database but not on the enum over them.
        pub(crate) trait InsertAll {
            fn insert_all(&mut self, rows: &Pending) -> diesel::QueryResult<()>;
        }
        pending!(@each diesel::SqliteConnection, $($field $table),+);
        pending!(@each diesel::PgConnection, $($field $table),+);
    };
    (@each $conn:ty, $($field:ident $table:ident),+) => {
        impl InsertAll for $conn {
            fn insert_all(&mut self, rows: &Pending) -> diesel::QueryResult<()> {
                use diesel::RunQueryDsl;
                // 64 rows of the widest table stay under both databases' limits of bind parameters.
                $(for chunk in rows.$field.chunks(512) {
                    diesel::insert_into(schema::$table::table).values(chunk).execute(self)?;
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
