//! Whom to call about a senior, the cases of looking in, and their steps.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    senior_contact (id) {
        id -> Uid,
        senior_id -> Uid,
        rank -> BigInt,
        name_enc -> Binary,
        phone_enc -> Binary,
        relation -> Text,
        holds_key -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    welfare_case (id) {
        id -> Uid,
        senior_id -> Uid,
        place_code -> Text,
        canteen_id -> Uid,
        order_id -> Uid,
        concern -> Text,
        reported_at -> BigInt,
        opened_at -> BigInt,
        told_contact -> Nullable<BigInt>,
        told_place -> Nullable<Text>,
        due_at -> Nullable<BigInt>,
        finding -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    welfare_step (id) {
        id -> Uid,
        case_id -> Uid,
        kind -> Text,
        concern -> Nullable<Text>,
        contact -> Nullable<BigInt>,
        place_code -> Nullable<Text>,
        outcome -> Nullable<Text>,
        note -> Text,
        happened_at -> BigInt,
        recorded_at -> BigInt,
        by_user -> Nullable<Uid>,
    }
}
