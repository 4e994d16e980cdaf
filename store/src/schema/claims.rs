//! Redemption codes.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    redemption_code (senior_id, step) {
        senior_id -> Uid,
        step -> BigInt,
        redemption_id -> Uid,
    }
}
