//! Delivery plans, their stops, and what happened at the doors.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    delivery_plan (id) {
        id -> Uid,
        sitting_id -> Uid,
        state -> Text,
        plan -> Text,
        made_by -> Nullable<Uid>,
        made_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    delivery_stop (id) {
        id -> Uid,
        plan_id -> Uid,
        order_id -> Uid,
        carrier -> Text,
        courier_id -> Nullable<Uid>,
        trip_no -> BigInt,
        position -> BigInt,
        eta_at -> BigInt,
        outcome -> Nullable<Text>,
        happened_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    delivery_code_tries (order_id) {
        order_id -> Uid,
        wrong -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    stop_event (id) {
        id -> Uid,
        stop_id -> Uid,
        outcome -> Text,
        note -> Text,
        happened_at -> BigInt,
        recorded_at -> BigInt,
        recorded_by -> Nullable<Uid>,
        device_id -> Nullable<Uid>,
    }
}
