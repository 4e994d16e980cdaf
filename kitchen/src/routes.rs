//! What the service answers to.

use crate::hub::Hub;
use crate::{page, people, socket, stream};
use actix_web::web::{self, Data, JsonConfig, ServiceConfig};
use std::sync::Arc;

/// The largest command by POST, in bytes.
const JSON_LIMIT: usize = 8 * 1024;

/// Adds the service's routes to a server. The hub is the process's, shared by all its threads.
pub fn configure(hub: Arc<Hub>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(Data::from(hub))
            .service(web::resource("/kitchen/v1/socket").route(web::get().to(socket::connect)))
            .service(web::resource("/kitchen/v1/stream").route(web::get().to(stream::stream)))
            .service(
                web::resource("/kitchen/v1/commands")
                    .app_data(JsonConfig::default().limit(JSON_LIMIT))
                    .route(web::post().to(stream::post)),
            )
            .service(web::resource("/kitchen/v1/people").route(web::get().to(people::list)))
            .service(
                web::resource("/kitchen/v1/sign-in")
                    .app_data(JsonConfig::default().limit(JSON_LIMIT))
                    .route(web::put().to(people::sign_in))
                    .route(web::delete().to(people::sign_out)),
            )
            .service(web::resource("/kitchen").route(web::get().to(page::enter)))
            .service(web::resource("/kitchen/").route(web::get().to(page::index)))
            .service(web::resource("/kitchen/{file}").route(web::get().to(page::file)));
    }
}
