//! What was printed.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    print_run (id) {
        id -> Uid,
        sitting_id -> Uid,
        run_no -> BigInt,
        kind -> Text,
        plan_id -> Nullable<Uid>,
        printed_at -> BigInt,
        printed_by -> Nullable<Uid>,
        device_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    printed_order (run_id, order_id) {
        run_id -> Uid,
        order_id -> Uid,
        order_version -> BigInt,
    }
}
