//! What does not fit in the served meals: limits of places, days that were looked at, cases and their evidence.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    anomaly_setting (id) {
        id -> Uid,
        place_code -> Text,
        key -> Text,
        from_on -> Date,
        value -> Nullable<BigInt>,
        reason -> Text,
        set_by -> Uid,
        set_at -> BigInt,
    }
}

diesel::table! {
    anomaly_day (service_date) {
        service_date -> Date,
        swept_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    anomaly_late (service_date, canteen_id) {
        service_date -> Date,
        canteen_id -> Uid,
        noted -> BigInt,
    }
}

diesel::table! {
    anomaly_mark (name) {
        name -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    anomaly_case (id) {
        id -> Uid,
        version -> BigInt,
        rule -> Text,
        measure -> Text,
        subject -> Text,
        round -> BigInt,
        canteen_id -> Uid,
        place_code -> Text,
        service_date -> Date,
        senior_id -> Nullable<Uid>,
        device_id -> Nullable<Uid>,
        user_id -> Nullable<Uid>,
        dish_id -> Nullable<Uid>,
        observed -> BigInt,
        bound -> BigInt,
        window_from -> BigInt,
        window_to -> BigInt,
        evidence_total -> BigInt,
        peers -> Text,
        state -> Text,
        opened_at -> BigInt,
        changed_at -> BigInt,
        taken_by -> Nullable<Uid>,
        taken_at -> Nullable<BigInt>,
        finding -> Nullable<Text>,
        note -> Text,
        closed_by -> Nullable<Uid>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    anomaly_evidence (case_id, order_id) {
        case_id -> Uid,
        order_id -> Uid,
        redemption_id -> Nullable<Uid>,
        canteen_id -> Uid,
        served_at -> BigInt,
        added_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    anomaly_canteen (case_id, canteen_id) {
        case_id -> Uid,
        canteen_id -> Uid,
        place_code -> Text,
    }
}
