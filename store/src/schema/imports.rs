//! Files on their way in.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    import_job (id) {
        id -> Uid,
        kind -> Text,
        file_name -> Text,
        state -> Text,
        made_by -> Nullable<Uid>,
        scope -> Nullable<Text>,
        row_count -> BigInt,
        fault_count -> BigInt,
        added -> BigInt,
        changed -> BigInt,
        unchanged -> BigInt,
        applied_slices -> BigInt,
        cause -> Nullable<Text>,
        leased_until -> Nullable<BigInt>,
        created_at -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    import_slice (import_id, number) {
        import_id -> Uid,
        number -> BigInt,
        row_count -> BigInt,
        payload_enc -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    import_fault (import_id, number) {
        import_id -> Uid,
        number -> BigInt,
        row_no -> Nullable<BigInt>,
        column_name -> Nullable<Text>,
        code -> Text,
        message_zh -> Text,
        message_en -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    import_hidden (import_id) {
        import_id -> Uid,
    }
}
