//! Statements over two lists side by side, which diesel has no words for. PostgreSQL only.
//!
//! `unnest` makes rows of the lists, so that many rows are found or changed by keys of their own in one statement. Its text does
//! not depend on how many they are: it stays compiled, where a list of `OR`s or of `VALUES` would be a new text for each number.
//!
//! A compiled statement keeps the plan of a time when its table was small or never analysed. For tables that grow by every order
//! that plan was a hash join over the whole table; `OFFSET 0` keeps the planner from seeing a join, so it looks up by key.

use crate::column::{Col, Uid};
use crate::schema::{allowance_use, idempotency};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use domain::id::{CanteenId, MenuItemId, SeniorId, SittingId};

macro_rules! over_lists {
    ($life:lifetime: $($(#[$meta:meta])* $name:ident($a:ty as $sql_a:ty, $b:ty as $sql_b:ty) $(-> $row:ty)? { $before:literal, $after:literal })+) => {$(
        $(#[$meta])*
        pub(crate) struct $name<$life>(pub(crate) &$life [$a], pub(crate) &$life [$b]);

        impl<$life> QueryFragment<Pg> for $name<$life> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($before);
                out.push_sql(" unnest(");
                out.push_bind_param::<Array<$sql_a>, [$a]>(self.0)?;
                out.push_sql(", ");
                out.push_bind_param::<Array<$sql_b>, [$b]>(self.1)?;
                out.push_sql(") AS w(k, v) ");
                out.push_sql($after);
                Ok(())
            }
        }

        // Found among the compiled statements by its text.
        impl QueryId for $name<'_> {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl RunQueryDsl<PgConnection> for $name<'_> {}

        $(impl Query for $name<'_> {
            type SqlType = $row;
        })?
    )+};
}

over_lists! {
    'a:
    /// Takes portions of dishes on menus, of each all or none.
    TakePortions(Col<MenuItemId> as Uid, i64 as BigInt) {
        "UPDATE menu_item SET sold = sold + w.v FROM",
        "WHERE menu_item.id = w.k AND sold + w.v <= portions AND NOT stopped"
    }
    /// Sets the next event's number of canteens' logs.
    SetNextSeq(Col<CanteenId> as Uid, i64 as BigInt) {
        "UPDATE canteen_log SET next_seq = w.v FROM", "WHERE canteen_id = w.k"
    }
    /// Sets the next order's number of sittings.
    SetNextOrderNo(Col<SittingId> as Uid, i64 as BigInt) {
        "UPDATE sitting SET next_order_no = w.v FROM", "WHERE sitting.id = w.k"
    }
    /// The answers given under keys of scopes.
    FindAnswers(&'a str as Text, &'a str as Text) -> idempotency::SqlType {
        "SELECT i.* FROM",
        "CROSS JOIN LATERAL (SELECT scope, key, request_hash, status, body, created_at FROM idempotency \
             WHERE scope = w.k AND key = w.v OFFSET 0) i"
    }
    /// What seniors have used under limit keys.
    FindUses(Col<SeniorId> as Uid, &'a str as Text) -> allowance_use::SqlType {
        "SELECT a.* FROM",
        "CROSS JOIN LATERAL (SELECT senior_id, limit_key, ordinal, order_id, amount_fen FROM allowance_use \
             WHERE senior_id = w.k AND limit_key = w.v OFFSET 0) a ORDER BY a.senior_id, a.limit_key, a.ordinal"
    }
}
