//! The kitchen's marks and commands, and what it really cooks with.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    kitchen_mark (order_id, dish_id) {
        order_id -> Uid,
        dish_id -> Uid,
        stage -> Text,
        quantity -> BigInt,
        texture -> Text,
        exceptions -> Text,
        device_id -> Nullable<Uid>,
        user_id -> Nullable<Uid>,
        changed_at -> BigInt,
        size -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    kitchen_ticket (order_id) {
        order_id -> Uid,
        bumped -> Bool,
        acked_version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    kitchen_command (id) {
        id -> Uid,
        canteen_id -> Uid,
        sitting_id -> Uid,
        device_id -> Nullable<Uid>,
        user_id -> Nullable<Uid>,
        content -> Binary,
        seq -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    real_dish (sitting_id, dish_id) {
        sitting_id -> Uid,
        dish_id -> Uid,
        version -> BigInt,
        confirmed_at -> BigInt,
        confirmed_by -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    real_ingredient (sitting_id, dish_id, ingredient_id) {
        sitting_id -> Uid,
        dish_id -> Uid,
        ingredient_id -> Uid,
        amount_mg -> BigInt,
        instead_of_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    brought_ingredient (batch_id, ingredient_id) {
        batch_id -> Uid,
        ingredient_id -> Uid,
        sitting_id -> Uid,
        dish_id -> Uid,
    }
}
