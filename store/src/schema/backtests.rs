//! Drafts tried on past meals.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    backtest (id) {
        id -> Uid,
        policy_id -> Uid,
        from_on -> Date,
        to_on -> Date,
        begins_on -> Nullable<Date>,
        rise_fen -> BigInt,
        state -> Text,
        done -> BigInt,
        total -> BigInt,
        outcome -> Nullable<Text>,
        asked_by -> Nullable<Uid>,
        leased_until -> Nullable<BigInt>,
        created_at -> BigInt,
        changed_at -> BigInt,
    }
}
