//! Ratings and complaints.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    order_rating (order_id) {
        order_id -> Uid,
        canteen_id -> Uid,
        service_date -> Date,
        score -> BigInt,
        reasons -> Text,
        words_enc -> Nullable<Binary>,
        voice -> Text,
        rated_at -> BigInt,
        rated_by -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    complaint (id) {
        id -> Uid,
        version -> BigInt,
        canteen_id -> Uid,
        place_code -> Text,
        order_id -> Nullable<Uid>,
        senior_id -> Nullable<Uid>,
        category -> Text,
        state -> Text,
        voice -> Text,
        opened_at -> BigInt,
        reopened -> BigInt,
        due_at -> Nullable<BigInt>,
        raised_to -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    complaint_step (id) {
        id -> Uid,
        complaint_id -> Uid,
        kind -> Text,
        words_enc -> Nullable<Binary>,
        place_code -> Nullable<Text>,
        at -> BigInt,
        by_user -> Nullable<Uid>,
    }
}
