//! Settlements, payments and banks' answers.

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    canteen_payee (canteen_id) {
        canteen_id -> Uid,
        version -> BigInt,
        holder -> Text,
        bank -> Text,
        account_enc -> Binary,
        entered_by -> Uid,
        entered_at -> BigInt,
        confirmed_by -> Nullable<Uid>,
        confirmed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    settlement (id) {
        id -> Uid,
        version -> BigInt,
        canteen_id -> Uid,
        payer -> Text,
        period -> Text,
        first_on -> Date,
        last_on -> Date,
        state -> Text,
        line_count -> BigInt,
        total_fen -> BigInt,
        list_hash -> Binary,
        frozen_by -> Nullable<Uid>,
        frozen_at -> BigInt,
        reviewed_by -> Nullable<Uid>,
        reviewed_at -> Nullable<BigInt>,
        approved_by -> Nullable<Uid>,
        approved_at -> Nullable<BigInt>,
        published_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    settlement_version (settlement_id, ordinal) {
        settlement_id -> Uid,
        ordinal -> BigInt,
        version -> Text,
        content_hash -> Text,
        line_count -> BigInt,
        total_fen -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    settlement_line (settlement_id, ordinal) {
        settlement_id -> Uid,
        ordinal -> BigInt,
        transfer_id -> Uid,
        redemption_id -> Uid,
        version_ordinal -> BigInt,
        amount_fen -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    payout (id) {
        id -> Uid,
        place_code -> Text,
        made_by -> Nullable<Uid>,
        made_at -> BigInt,
        line_count -> BigInt,
        total_fen -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    payment (id) {
        id -> Uid,
        settlement_id -> Uid,
        funder -> Text,
        amount_fen -> BigInt,
        state -> Text,
        replaces -> Nullable<Uid>,
        payout_id -> Nullable<Uid>,
        ordinal -> Nullable<BigInt>,
        holder -> Nullable<Text>,
        bank -> Nullable<Text>,
        account_enc -> Nullable<Binary>,
        reference -> Nullable<Text>,
        reason -> Nullable<Text>,
        answered_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    bank_answer (id) {
        id -> Uid,
        place_code -> Text,
        content_hash -> Binary,
        file_name -> Text,
        row_count -> BigInt,
        paid -> BigInt,
        returned -> BigInt,
        repeated -> BigInt,
        suspended -> BigInt,
        brought_by -> Nullable<Uid>,
        brought_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    suspense (id) {
        id -> Uid,
        answer_id -> Uid,
        place_code -> Text,
        row_no -> BigInt,
        cause -> Text,
        payment -> Text,
        result -> Text,
        amount_fen -> BigInt,
        holder -> Text,
        account_enc -> Binary,
        reference -> Text,
        reason -> Text,
        resolved_by -> Nullable<Uid>,
        resolved_at -> Nullable<BigInt>,
        note -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    settlement_release (settlement_id, budget_id) {
        settlement_id -> Uid,
        budget_id -> Uid,
        fen -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    funder_budget (id) {
        id -> Uid,
        payer -> Text,
        place_code -> Text,
        from_on -> Date,
        to_on -> Date,
        in_force -> Bool,
        amount_fen -> BigInt,
        used_fen -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::column::Uid;

    budget_change (id) {
        id -> Uid,
        budget_id -> Uid,
        amount_fen -> BigInt,
        document -> Text,
        reason -> Text,
        state -> Text,
        proposed_by -> Uid,
        proposed_at -> BigInt,
        answered_by -> Nullable<Uid>,
        answered_at -> Nullable<BigInt>,
    }
}
