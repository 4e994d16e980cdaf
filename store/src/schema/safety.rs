//! Storage places, stock-takes, safety records, what sensors show, controls and recalls.

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

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    safety_record (id) {
        id -> Uid,
        canteen_id -> Uid,
        service_date -> Date,
        kind -> Text,
        person_id -> Nullable<Uid>,
        place_id -> Nullable<Uid>,
        fit -> Nullable<Bool>,
        temp -> Nullable<BigInt>,
        minutes -> Nullable<BigInt>,
        note -> Text,
        observed_at -> BigInt,
        recorded_at -> BigInt,
        recorded_by -> Uid,
        corrects_id -> Nullable<Uid>,
        reason -> Text,
        keep_until -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    control_record (id) {
        id -> Uid,
        canteen_id -> Uid,
        kind -> Text,
        first_on -> Date,
        last_on -> Date,
        items -> Text,
        conclusion -> Text,
        signed_at -> BigInt,
        signed_by -> Uid,
        corrects_id -> Nullable<Uid>,
        reason -> Text,
        keep_until -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    recall (id) {
        id -> Uid,
        canteen_id -> Uid,
        lot_id -> Uid,
        reason -> Text,
        opened_at -> BigInt,
        opened_by -> Uid,
        outcome -> Nullable<Text>,
        conclusion -> Text,
        closed_at -> Nullable<BigInt>,
        closed_by -> Nullable<Uid>,
        keep_until -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    recall_contact (id) {
        id -> Uid,
        recall_id -> Uid,
        senior_id -> Uid,
        outcome -> Text,
        note -> Text,
        at -> BigInt,
        by_user -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    temperature_slot (place_id, slot_at, device_id) {
        place_id -> Uid,
        slot_at -> BigInt,
        device_id -> Uid,
        first_at -> BigInt,
        last_at -> BigInt,
        lowest -> BigInt,
        highest -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    sensor_doubt (place_id, received_on, device_id, doubt) {
        place_id -> Uid,
        received_on -> Date,
        device_id -> Uid,
        doubt -> Text,
        received_at -> BigInt,
        told_at -> BigInt,
        told -> BigInt,
    }
}
