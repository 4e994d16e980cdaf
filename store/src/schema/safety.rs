//! Storage places and stock-takes.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    storage_place (id) {
        id -> Uid,
        canteen_id -> Uid,
        name -> Text,
        kind -> Text,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    stock_count (id) {
        id -> Uid,
        canteen_id -> Uid,
        lot_id -> Uid,
        book -> BigInt,
        counted -> BigInt,
        tolerance -> BigInt,
        outcome -> Text,
        written_off -> BigInt,
        reason -> Text,
        counted_at -> BigInt,
        counted_by -> Uid,
    }
}
