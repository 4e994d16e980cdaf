//! Who signs in, who eats, and who did what.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    app_user (id) {
        id -> Uid,
        kind -> Text,
        display_name -> Text,
        login -> Nullable<Text>,
        password_hash -> Nullable<Text>,
        must_change_password -> Bool,
        phone_enc -> Nullable<Binary>,
        phone_bix -> Nullable<Binary>,
        openid_bix -> Nullable<Binary>,
        state -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    user_grant (id) {
        id -> Uid,
        user_id -> Uid,
        role -> Text,
        place_code -> Text,
        canteen_id -> Nullable<Uid>,
        granted_by -> Nullable<Uid>,
        granted_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    device (id) {
        id -> Uid,
        kind -> Text,
        canteen_id -> Uid,
        user_id -> Nullable<Uid>,
        name -> Text,
        paired_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    pairing_code (code_hash) {
        code_hash -> Binary,
        kind -> Text,
        canteen_id -> Uid,
        user_id -> Nullable<Uid>,
        name -> Text,
        made_by -> Nullable<Uid>,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    user_pin (user_id) {
        user_id -> Uid,
        pin_hash -> Text,
        set_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    display_sign_in (id) {
        id -> Uid,
        device_id -> Uid,
        user_id -> Uid,
        signed_in -> BigInt,
        good_until -> BigInt,
        signed_out -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    session (id) {
        id -> Uid,
        token_hash -> Binary,
        user_id -> Nullable<Uid>,
        device_id -> Nullable<Uid>,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    login_code (id) {
        id -> Uid,
        phone_bix -> Binary,
        code_hash -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        attempts -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    senior (id) {
        id -> Uid,
        version -> BigInt,
        name -> Text,
        id_no_enc -> Binary,
        id_no_bix -> Binary,
        birth_on -> Date,
        phone_enc -> Nullable<Binary>,
        phone_bix -> Nullable<Binary>,
        registered_place -> Text,
        resident_place -> Text,
        address_enc -> Nullable<Binary>,
        health_enc -> Nullable<Binary>,
        card_bix -> Nullable<Binary>,
        card_enc -> Nullable<Binary>,
        home_canteen_id -> Nullable<Uid>,
        user_id -> Nullable<Uid>,
        paused_from -> Nullable<Date>,
        paused_to -> Nullable<Date>,
        state -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        import_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    senior_fact (id) {
        id -> Uid,
        senior_id -> Uid,
        kind -> Text,
        value -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> BigInt,
        source -> Text,
        import_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    senior_diet (senior_id, kind, value) {
        senior_id -> Uid,
        kind -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    family_binding (id) {
        id -> Uid,
        senior_id -> Uid,
        user_id -> Uid,
        relation -> Text,
        scopes -> Text,
        consent_kind -> Text,
        consent_ref -> Text,
        consent_at -> BigInt,
        recorded_by -> Nullable<Uid>,
        revoked_at -> Nullable<BigInt>,
        import_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    audit (seq) {
        seq -> BigInt,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Text,
        prev_hash -> Binary,
        hash -> Binary,
        place_code -> Text,
    }
}

diesel::table! {
    audit_head (only_row) {
        only_row -> Integer,
        seq -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    throttle (bucket) {
        bucket -> Binary,
        window_from -> BigInt,
        count -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    binding_request (id) {
        id -> Uid,
        senior_id -> Nullable<Uid>,
        user_id -> Uid,
        relation -> Text,
        scopes -> Text,
        code_hash -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        attempts -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    notice_setting (user_id) {
        user_id -> Uid,
        language -> Text,
        off -> Text,
        mail_enc -> Nullable<Binary>,
        mail_proved_at -> Nullable<BigInt>,
        mail_code_hash -> Nullable<Binary>,
        mail_code_expires_at -> Nullable<BigInt>,
        mail_code_attempts -> BigInt,
    }
}
