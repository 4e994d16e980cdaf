//! Corrections of meals that were eaten, and whose meals are to be decided again.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    correction (id) {
        id -> Uid,
        version -> BigInt,
        order_id -> Uid,
        senior_id -> Uid,
        canteen_id -> Uid,
        service_date -> Date,
        cause -> Text,
        state -> Text,
        resolution -> Nullable<Text>,
        takes_back -> Bool,
        reproduced -> Bool,
        self_pay_before_fen -> BigInt,
        self_pay_after_fen -> BigInt,
        parts -> Text,
        claim_fen -> BigInt,
        trace -> Nullable<Text>,
        reason -> Text,
        found_by -> Nullable<Uid>,
        found_at -> BigInt,
        proposed_by -> Nullable<Uid>,
        proposed_at -> Nullable<BigInt>,
        decided_by -> Nullable<Uid>,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    correction_due (kind, subject) {
        kind -> Text,
        subject -> Uid,
        from_on -> Date,
        noted -> BigInt,
        due_at -> BigInt,
    }
}
