//! Standing orders' days without an order, and what they are to be looked at again for.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    standing_skip (standing_order_id, service_date) {
        standing_order_id -> Uid,
        service_date -> Date,
        reason -> Text,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    standing_due (kind, subject) {
        kind -> Text,
        subject -> Uid,
        noted -> BigInt,
    }
}
