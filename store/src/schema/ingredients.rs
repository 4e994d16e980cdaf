//! Suppliers, lots, batches and their records.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    supplier (id) {
        id -> Uid,
        version -> BigInt,
        canteen_id -> Uid,
        name -> Text,
        licence_no -> Text,
        licence_expires_on -> Date,
        address -> Text,
        phone -> Text,
        state -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    lot (id) {
        id -> Uid,
        version -> BigInt,
        canteen_id -> Uid,
        supplier_id -> Uid,
        ingredient_id -> Uid,
        name -> Text,
        specification -> Text,
        unit -> Text,
        delivered -> BigInt,
        received -> BigInt,
        issued -> BigInt,
        disposed -> BigInt,
        stock -> BigInt,
        gtin -> Nullable<Text>,
        supplier_batch -> Text,
        produced_on -> Nullable<Date>,
        expires_on -> Nullable<Date>,
        storage -> Text,
        storage_place -> Text,
        arrival_temp -> Nullable<BigInt>,
        state -> Text,
        reason -> Text,
        received_at -> BigInt,
        received_by -> Uid,
        keep_until -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    lot_voucher (lot_id, rank) {
        lot_id -> Uid,
        rank -> BigInt,
        kind -> Text,
        reference -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    lot_disposal (id) {
        id -> Uid,
        lot_id -> Uid,
        amount -> BigInt,
        reason -> Text,
        disposed_at -> BigInt,
        disposed_by -> Uid,
        cause -> Text,
        method -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    dish_batch (id) {
        id -> Uid,
        version -> BigInt,
        canteen_id -> Uid,
        sitting_id -> Uid,
        dish_id -> Uid,
        service_date -> Date,
        batch_no -> BigInt,
        state -> Text,
        planned_portions -> BigInt,
        holding -> Text,
        cook_id -> Nullable<Uid>,
        core_temp -> Nullable<BigInt>,
        started_at -> Nullable<BigInt>,
        cooked_at -> Nullable<BigInt>,
        released_at -> Nullable<BigInt>,
        released_by -> Nullable<Uid>,
        ended_at -> Nullable<BigInt>,
        created_at -> BigInt,
        created_by -> Uid,
        made_portions -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    batch_issue (id) {
        id -> Uid,
        batch_id -> Uid,
        lot_id -> Uid,
        amount -> BigInt,
        corrects_id -> Nullable<Uid>,
        reason -> Text,
        issued_at -> BigInt,
        issued_by -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    core_reading (id) {
        id -> Uid,
        batch_id -> Uid,
        temp -> BigInt,
        measured_at -> BigInt,
        recorded_at -> BigInt,
        recorded_by -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    retained_sample (id) {
        id -> Uid,
        batch_id -> Uid,
        amount_mg -> BigInt,
        fridge -> Text,
        taken_at -> BigInt,
        taken_by -> Uid,
        keep_until -> BigInt,
        disposed_at -> Nullable<BigInt>,
        disposed_by -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    gate_override (id) {
        id -> Uid,
        canteen_id -> Uid,
        batch_id -> Uid,
        gaps -> Text,
        reason -> Text,
        by_user -> Uid,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    health_certificate (id) {
        id -> Uid,
        user_id -> Uid,
        canteen_id -> Uid,
        number_enc -> Binary,
        issued_on -> Date,
        expires_on -> Date,
        recorded_at -> BigInt,
        recorded_by -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    order_line_batch (order_line_id, batch_id) {
        order_line_id -> Uid,
        batch_id -> Uid,
        order_id -> Uid,
        how -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    batch_waste (id) {
        id -> Uid,
        batch_id -> Uid,
        reason -> Text,
        portions -> BigInt,
        words -> Text,
        recorded_at -> BigInt,
        recorded_by -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    dish_without (sitting_id, dish_id, order_id) {
        sitting_id -> Uid,
        dish_id -> Uid,
        order_id -> Uid,
        portions -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    purchase_unit (canteen_id, ingredient_id) {
        canteen_id -> Uid,
        ingredient_id -> Uid,
        version -> BigInt,
        edible_per_mille -> BigInt,
        unit_name -> Text,
        unit_mg -> Nullable<BigInt>,
        changed_at -> BigInt,
        changed_by -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    site_load (id) {
        id -> Uid,
        batch_id -> Uid,
        canteen_id -> Uid,
        portions -> BigInt,
        temp -> Nullable<BigInt>,
        handed_over_at -> BigInt,
        recorded_at -> BigInt,
        recorded_by -> Uid,
    }
}
