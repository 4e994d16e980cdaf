//! Who wants reports.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    report_subscription (user_id, place_code) {
        user_id -> Uid,
        place_code -> Text,
        sent_until -> Date,
        created_at -> BigInt,
    }
}
