//! Self-pay: tills, wallets, sponsors, and how orders were paid.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    shift (id) {
        id -> Uid,
        version -> BigInt,
        canteen_id -> Uid,
        state -> Text,
        opened_by -> Uid,
        opened_at -> BigInt,
        float_fen -> BigInt,
        cash_fen -> BigInt,
        expected_fen -> Nullable<BigInt>,
        counted_fen -> Nullable<BigInt>,
        reason -> Text,
        closed_by -> Nullable<Uid>,
        closed_at -> Nullable<BigInt>,
        confirmed_by -> Nullable<Uid>,
        confirmed_at -> Nullable<BigInt>,
        note -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    wallet (senior_id, canteen_id) {
        senior_id -> Uid,
        canteen_id -> Uid,
        balance_fen -> BigInt,
        leaving_by -> Nullable<Uid>,
        leaving_at -> Nullable<BigInt>,
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    sponsor (id) {
        id -> Uid,
        version -> BigInt,
        place_code -> Text,
        name -> Text,
        contact -> Text,
        made_by -> Uid,
        made_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    sponsored (id) {
        id -> Uid,
        version -> BigInt,
        sponsor_id -> Uid,
        senior_id -> Uid,
        from_on -> Date,
        to_on -> Nullable<Date>,
        assigned_by -> Uid,
        assigned_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    sponsor_bill (id) {
        id -> Uid,
        version -> BigInt,
        sponsor_id -> Uid,
        canteen_id -> Uid,
        month -> Text,
        line_count -> BigInt,
        total_fen -> BigInt,
        frozen_by -> Uid,
        frozen_at -> BigInt,
        paid_by -> Nullable<Uid>,
        paid_at -> Nullable<BigInt>,
        reference -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    self_pay_entry (id) {
        id -> Uid,
        canteen_id -> Uid,
        kind -> Text,
        means -> Nullable<Text>,
        order_id -> Nullable<Uid>,
        ordinal -> Nullable<BigInt>,
        of_id -> Nullable<Uid>,
        senior_id -> Nullable<Uid>,
        shift_id -> Nullable<Uid>,
        from_shift_id -> Nullable<Uid>,
        sponsor_id -> Nullable<Uid>,
        bill_id -> Nullable<Uid>,
        debit_id -> Uid,
        credit_id -> Uid,
        amount_fen -> BigInt,
        agreed_by -> Nullable<Uid>,
        recorded_by -> Nullable<Uid>,
        recorded_at -> BigInt,
    }
}
