//! What the records said before.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    senior_earlier (senior_id, recorded_until) {
        senior_id -> Uid,
        recorded_until -> BigInt,
        birth_on -> Date,
        registered_place -> Text,
        resident_place -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    senior_fact_earlier (senior_id, fact_id, recorded_until) {
        senior_id -> Uid,
        fact_id -> Uid,
        recorded_until -> BigInt,
        valid_to -> Nullable<Date>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    decision_earlier (order_id, replaced_at) {
        order_id -> Uid,
        replaced_at -> BigInt,
        channel -> Text,
        trace -> Text,
        decided_at -> BigInt,
    }
}
