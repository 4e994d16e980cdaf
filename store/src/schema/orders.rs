//! Policies, orders and their evidence.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    policy_version (id) {
        id -> Uid,
        programme -> Text,
        number -> Text,
        place_code -> Nullable<Text>,
        effective_from -> Date,
        effective_to -> Nullable<Date>,
        content_hash -> Binary,
        document -> Text,
        state -> Text,
        drafted_by -> Nullable<Uid>,
        reviewed_by -> Nullable<Uid>,
        created_at -> BigInt,
        published_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    standing_order (id) {
        id -> Uid,
        version -> BigInt,
        senior_id -> Uid,
        canteen_id -> Uid,
        meal -> Text,
        weekdays -> BigInt,
        channel -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        paused_from -> Nullable<Date>,
        paused_to -> Nullable<Date>,
        placed_by -> Nullable<Uid>,
        state -> Text,
        created_at -> BigInt,
        import_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    meal_order (id) {
        id -> Uid,
        version -> BigInt,
        sitting_id -> Uid,
        canteen_id -> Uid,
        service_date -> Date,
        meal -> Text,
        order_no -> BigInt,
        senior_id -> Nullable<Uid>,
        senior_name -> Text,
        placed_by -> Nullable<Uid>,
        via -> Text,
        channel -> Text,
        state -> Text,
        price_fen -> BigInt,
        discount_fen -> BigInt,
        subsidy_fen -> BigInt,
        delivery_fee_fen -> BigInt,
        self_pay_fen -> BigInt,
        address_enc -> Nullable<Binary>,
        note -> Text,
        standing_order_id -> Nullable<Uid>,
        edited_by_person -> Bool,
        accepted_at -> BigInt,
        changed_at -> BigInt,
        cancel_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    order_line (id) {
        id -> Uid,
        order_id -> Uid,
        menu_item_id -> Uid,
        dish_id -> Uid,
        quantity -> BigInt,
        unit_price_fen -> BigInt,
        texture -> Text,
        exceptions -> Text,
        override_reason -> Text,
        size -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    decision (order_id) {
        order_id -> Uid,
        entitled_fen -> BigInt,
        granted_fen -> BigInt,
        trace -> Text,
        decided_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    allowance_use (senior_id, limit_key, ordinal) {
        senior_id -> Uid,
        limit_key -> Text,
        ordinal -> BigInt,
        order_id -> Nullable<Uid>,
        amount_fen -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    redemption (id) {
        id -> Uid,
        order_id -> Uid,
        method -> Text,
        device_id -> Nullable<Uid>,
        recorded_by -> Nullable<Uid>,
        served_at -> BigInt,
        recorded_at -> BigInt,
        state -> Text,
    }
}
