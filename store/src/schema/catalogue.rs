//! What canteens are and what they cook.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    installation (only_row) {
        only_row -> Integer,
        epoch -> Uid,
        created_at -> BigInt,
        setup_token_hash -> Nullable<Binary>,
        key_check_enc -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    place (code) {
        code -> Text,
        name -> Text,
        level -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    canteen (id) {
        id -> Uid,
        version -> BigInt,
        code -> Text,
        name -> Text,
        kind -> Text,
        place_code -> Text,
        central_kitchen_id -> Nullable<Uid>,
        licence_no -> Text,
        licence_expires_on -> Date,
        address -> Text,
        phone -> Text,
        lon_e7 -> BigInt,
        lat_e7 -> BigInt,
        delivery_area -> Nullable<Text>,
        delivery_radius_m -> BigInt,
        delivery_fee_fen -> BigInt,
        state -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    canteen_log (canteen_id) {
        canteen_id -> Uid,
        next_seq -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    canteen_meal (canteen_id, meal) {
        canteen_id -> Uid,
        meal -> Text,
        serve_from_minute -> BigInt,
        serve_to_minute -> BigInt,
        cut_off_days_before -> BigInt,
        cut_off_minute -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    ingredient (id) {
        id -> Uid,
        name -> Text,
        allergens -> Text,
        untraced -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    dish (id) {
        id -> Uid,
        version -> BigInt,
        code -> Text,
        name -> Text,
        station -> Text,
        price_fen -> BigInt,
        textures -> Text,
        marks -> Text,
        energy_kcal_tenths -> Nullable<BigInt>,
        protein_mg -> Nullable<BigInt>,
        fat_mg -> Nullable<BigInt>,
        carbohydrate_mg -> Nullable<BigInt>,
        sodium_mg -> Nullable<BigInt>,
        home_place -> Nullable<Text>,
        home_canteen_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    recipe_line (dish_id, ingredient_id) {
        dish_id -> Uid,
        ingredient_id -> Uid,
        amount_mg -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    sitting (id) {
        id -> Uid,
        canteen_id -> Uid,
        service_date -> Date,
        meal -> Text,
        cut_off_at -> BigInt,
        serve_from_at -> BigInt,
        serve_to_at -> BigInt,
        next_order_no -> BigInt,
        state -> Text,
        version -> BigInt,
        import_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    menu_item (id) {
        id -> Uid,
        sitting_id -> Uid,
        dish_id -> Uid,
        rank -> BigInt,
        price_fen -> BigInt,
        portions -> BigInt,
        sold -> BigInt,
        stopped -> Bool,
        small_price_fen -> Nullable<BigInt>,
        large_price_fen -> Nullable<BigInt>,
    }
}
