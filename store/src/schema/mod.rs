//! The tables, as diesel sees them: one description for both databases. A test compares it with both schemas.
#![allow(missing_docs)]

mod anomalies;
mod backtests;
mod books;
mod catalogue;
mod claims;
mod complaints;
mod corrections;
mod delivery;
mod earlier;
mod imports;
mod ingredients;
mod kitchen;
mod orders;
mod people;
mod prints;
mod reports;
mod safety;
mod self_pay;
mod settling;
mod standing;
mod welfare;

pub use anomalies::*;
pub use backtests::*;
pub use books::*;
pub use catalogue::*;
pub use claims::*;
pub use complaints::*;
pub use corrections::*;
pub use delivery::*;
pub use earlier::*;
pub use imports::*;
pub use ingredients::*;
pub use kitchen::*;
pub use orders::*;
pub use people::*;
pub use prints::*;
pub use reports::*;
pub use safety::*;
pub use self_pay::*;
pub use settling::*;
pub use standing::*;
pub use welfare::*;

diesel::allow_tables_to_appear_in_same_query!(
    installation,
    place,
    canteen,
    canteen_log,
    canteen_meal,
    ingredient,
    dish,
    recipe_line,
    sitting,
    menu_item,
    app_user,
    user_grant,
    device,
    pairing_code,
    user_pin,
    display_sign_in,
    session,
    login_code,
    senior,
    senior_fact,
    senior_diet,
    family_binding,
    audit,
    audit_head,
    throttle,
    binding_request,
    notice_setting,
    policy_version,
    standing_order,
    standing_skip,
    standing_due,
    meal_order,
    order_line,
    decision,
    allowance_use,
    redemption,
    redemption_code,
    kitchen_mark,
    kitchen_ticket,
    kitchen_command,
    real_dish,
    real_ingredient,
    brought_ingredient,
    ledger_account,
    transfer,
    event,
    idempotency,
    job,
    import_job,
    import_slice,
    import_fault,
    import_hidden,
    delivery_plan,
    delivery_code_tries,
    delivery_stop,
    stop_event,
    print_run,
    printed_order,
    supplier,
    lot,
    lot_voucher,
    lot_disposal,
    dish_batch,
    batch_waste,
    site_load,
    purchase_unit,
    dish_without,
    batch_issue,
    core_reading,
    retained_sample,
    gate_override,
    health_certificate,
    order_line_batch,
    storage_place,
    stock_count,
    safety_record,
    temperature_slot,
    sensor_doubt,
    order_rating,
    complaint,
    complaint_step,
    control_record,
    recall,
    recall_contact,
    senior_contact,
    welfare_case,
    welfare_step,
    canteen_payee,
    funder_budget,
    budget_change,
    settlement,
    settlement_version,
    settlement_line,
    settlement_release,
    payout,
    payment,
    bank_answer,
    suspense,
    senior_earlier,
    senior_fact_earlier,
    decision_earlier,
    backtest,
    correction,
    correction_due,
    report_subscription,
    anomaly_setting,
    anomaly_day,
    anomaly_late,
    anomaly_mark,
    anomaly_case,
    anomaly_evidence,
    anomaly_canteen,
    shift,
    wallet,
    sponsor,
    sponsored,
    sponsor_bill,
    self_pay_entry,
);
