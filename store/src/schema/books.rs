//! Money, events, requests and jobs.

diesel::table! {
    change_count (only_row) {
        only_row -> Integer,
        access -> BigInt,
        recipes -> BigInt,
        policies -> BigInt,
        real_dishes -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    ledger_account (id) {
        id -> Uid,
        kind -> Text,
        funder -> Text,
        canteen_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    transfer (id) {
        id -> Uid,
        order_id -> Uid,
        phase -> Text,
        hold_id -> Nullable<Uid>,
        debit_id -> Uid,
        credit_id -> Uid,
        amount_fen -> BigInt,
        recorded_at -> BigInt,
        correction_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    event (canteen_id, seq) {
        canteen_id -> Uid,
        seq -> BigInt,
        kind -> Text,
        sitting_id -> Nullable<Uid>,
        subject_id -> Uid,
        payload -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    idempotency (scope, key) {
        scope -> Text,
        key -> Text,
        request_hash -> Binary,
        status -> BigInt,
        body -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    job (id) {
        id -> Uid,
        kind -> Text,
        payload -> Text,
        state -> Text,
        due_at -> BigInt,
        leased_until -> Nullable<BigInt>,
        attempts -> BigInt,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
    }
}
