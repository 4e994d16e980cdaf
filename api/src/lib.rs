//! The REST API: actix-web and utoipa, one file per resource.
//!
//! A handler extracts, calls one use case, and turns the answer into a view or a [`problem::Problem`]; there is no rule and
//! no SQL here. Every operation stands once more in [`operations`]: who may call it and with which problems it may answer;
//! the OpenAPI document and the authorisation tests are made from that table.

pub mod anomalies;
pub mod audit;
pub mod auth;
pub mod backtests;
pub mod batches;
pub mod bindings;
pub mod budgets;
pub mod canteens;
pub mod catalogue_edit;
pub mod claims;
pub mod complaints;
pub mod corrections;
pub mod decisions;
pub mod demand;
pub mod devices;
pub mod dishes;
mod download;
pub mod exports;
pub mod extract;
pub mod gate;
pub mod imports;
pub mod input;
pub mod kitchen_count;
pub mod lots;
pub mod menu_body;
pub mod menus;
pub mod notices;
pub mod openapi;
pub mod operations;
pub mod orders;
pub mod paging;
pub mod payees;
pub mod payouts;
pub mod places;
pub mod plans;
pub mod policies;
pub mod prints;
pub mod problem;
pub mod public;
pub mod purchasing;
pub mod real_ingredients;
pub mod recalls;
pub(crate) mod redemption_cause;
pub mod redemptions;
pub mod reports;
pub mod safety;
pub mod self_pay;
pub mod seniors;
pub mod settlements;
pub mod standing;
pub mod stores;
pub mod suppliers;
pub mod trace;
pub mod users;
pub mod welfare;
pub mod words;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use app::App;

/// The largest accepted JSON body, in bytes. The largest legitimate one, an order of 20 lines, has 6 KB.
const JSON_LIMIT: usize = 64 * 1024;

/// Adds the API's routes to a server.
pub fn configure(app: App) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(web::Data::new(app))
            .app_data(web::JsonConfig::default().limit(JSON_LIMIT).error_handler(problem::json_error))
            .app_data(web::QueryConfig::default().error_handler(problem::query_error))
            .app_data(web::PathConfig::default().error_handler(problem::path_error))
            .configure(public::routes)
            .configure(plans::courier::routes)
            .configure(openapi::routes)
            .service(
                web::scope("")
                    .guard(gate::guarded())
                    .wrap(from_fn(gate::keep))
                    .configure(orders::routes)
                    .configure(standing::routes)
                    .configure(demand::routes)
                    .configure(kitchen_count::routes)
                    .configure(purchasing::routes)
                    .configure(real_ingredients::routes)
                    .configure(prints::routes)
                    .configure(plans::routes)
                    .configure(redemptions::routes)
                    .configure(places::routes)
                    .configure(canteens::routes)
                    .configure(dishes::routes)
                    .configure(menus::routes)
                    .configure(auth::routes)
                    .configure(users::routes)
                    .configure(devices::routes)
                    .configure(seniors::routes)
                    .configure(bindings::routes)
                    .configure(audit::routes)
                    .configure(suppliers::routes)
                    .configure(lots::routes)
                    .configure(stores::routes)
                    .configure(safety::routes)
                    .configure(safety::sensors::routes)
                    .configure(recalls::routes)
                    .configure(backtests::routes)
                    .configure(welfare::routes)
                    .configure(anomalies::routes)
                    .configure(batches::routes)
                    .configure(batches::portions::routes)
                    .configure(batches::loads::routes)
                    .configure(trace::routes)
                    .configure(claims::routes)
                    .configure(complaints::routes)
                    .configure(self_pay::routes)
                    .configure(self_pay::shifts::routes)
                    .configure(self_pay::wallets::routes)
                    .configure(self_pay::sponsors::routes)
                    .configure(settlements::routes)
                    .configure(corrections::routes)
                    .configure(budgets::routes)
                    .configure(reports::routes)
                    .configure(payees::routes)
                    .configure(payouts::routes)
                    .configure(imports::routes)
                    .configure(catalogue_edit::routes)
                    .configure(exports::routes)
                    .configure(notices::routes)
                    .configure(policies::routes)
                    .configure(decisions::routes),
            );
    }
}
