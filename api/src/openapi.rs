//! The OpenAPI document and its offline reference page.

use crate::operations::{ANY, Access, Operation, all};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use actix_web::HttpResponse;
use actix_web::middleware::Compress;
use actix_web::web::{self, ServiceConfig};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use utoipa::openapi::path::Operation as Documented;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder, example::ExampleBuilder};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The document, made from the handlers' annotations and the table of operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "暖饭 Nuanfan",
        description = "老年助餐：订餐、厨房、补贴、送餐。Senior meal assistance.\n\nMoney is in fen, times are RFC 3339, problems are RFC 9457."
    ),
    components(schemas(ProblemBody))
)]
pub struct Reference;

/// Requests and answers of a test run, by operation; a test keeps them true.
static EXAMPLES: LazyLock<BTreeMap<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi/examples.json")).unwrap_or_default());

/// Adds what the table of operations knows: who may call, and each problem with an example.
struct FromTheTable;

impl Modify for FromTheTable {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("nft_...").build();
        document.components.get_or_insert_default().add_security_scheme("session", SecurityScheme::Http(bearer));
        for item in document.paths.paths.values_mut() {
            for documented in
                [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
            {
                let known = all().find(|op| documented.operation_id.as_deref() == Some(op.id));
                if let Some(operation) = known {
                    describe(documented, operation);
                }
            }
        }
    }
}

fn describe(documented: &mut Documented, operation: &Operation) {
    let who = match operation.access {
        Access::Public => "Anyone.".to_owned(),
        Access::SignedIn => "Anyone who is signed in, for what is theirs.".to_owned(),
        Access::Roles(action) => roles(&[action]),
        Access::AnyOf(actions) => roles(actions),
        Access::Own(action) => format!("{}, for what they made themselves", roles(&[action])),
        Access::Assigned(own, any) => {
            format!("{}, for what is assigned to them; {}, for all of it", roles(&[own]), roles_with_all(&[own, any]))
        }
        Access::RolesOrFamily(action, scope) => format!("{}; the senior, and family bound with `{scope}`", roles(&[action])),
    };
    let text = documented.description.take().unwrap_or_default();
    documented.description = Some(format!("{text}\n\nMay be called by: {who}").trim().to_owned());
    if operation.access != Access::Public {
        let session = utoipa::openapi::security::SecurityRequirement::new("session", Vec::<String>::new());
        documented.security = Some(vec![session]);
    }
    if let Some(example) = EXAMPLES.get(operation.id) {
        exemplify(documented, example);
    }
    let mut by_status: BTreeMap<u16, BTreeSet<ProblemCode>> = BTreeMap::new();
    for code in operation.problems.iter().chain(ANY).chain(&of_its_shape(documented, operation)) {
        by_status.entry(code.status().as_u16()).or_default().insert(*code);
    }
    for (status, codes) in by_status {
        let examples =
            codes.iter().map(|code| (code.to_string(), RefOr::T(ExampleBuilder::new().value(Some(example_of(*code))).build())));
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).examples_from_iter(examples).build();
        let titles: Vec<&str> = codes.iter().map(|code| code.title().1).collect();
        let response = ResponseBuilder::new().description(titles.join("; ")).content("application/problem+json", content).build();
        documented.responses.responses.insert(status.to_string(), RefOr::T(response));
    }
}

/// A refusal that was really given, with its members; else what every problem of the code says.
fn example_of(code: ProblemCode) -> Value {
    let given = EXAMPLES.get(&format!("problem {code}")).and_then(|example| example.get("response"));
    given.cloned().unwrap_or_else(|| Problem::new(code).body())
}

/// Kinds of bodies that can be shown on a page.
const WRITTEN: [&str; 2] = ["application/json", "text/csv"];

fn exemplify(documented: &mut Documented, example: &Value) {
    if let Some(RefOr::T(body)) = documented.request_body.as_mut()
        && let Some((_, RefOr::T(content))) = body.content.iter_mut().find(|(kind, _)| WRITTEN.contains(&kind.as_str()))
    {
        content.example = example.get("request").cloned();
    }
    let text = |member: &str| example.get(member).and_then(Value::as_str).unwrap_or_default();
    let status = example.get("status").map(Value::to_string).unwrap_or_default();
    if let Some(RefOr::T(response)) = documented.responses.responses.get_mut(&status)
        && let Some(RefOr::T(content)) = response.content.get_mut(text("content_type"))
    {
        content.example = example.get("response").filter(|shown| !shown.is_null()).cloned();
    }
}

/// The problems that follow from what an operation takes: whoever must sign in may not have, a body may be no JSON.
fn of_its_shape(documented: &Documented, operation: &Operation) -> Vec<ProblemCode> {
    use utoipa::openapi::path::ParameterIn;
    let parameters = documented.parameters.as_deref().unwrap_or_default();
    let parameters = parameters.iter().filter_map(|p| match p {
        RefOr::T(p) => Some((&p.parameter_in, p.name.as_str())),
        RefOr::Ref(_) => None,
    });
    let parameters: Vec<_> = parameters.collect();
    let takes = |place: &ParameterIn| parameters.iter().any(|(taken, _)| *taken == place);
    let header = |name: &str| parameters.contains(&(&ParameterIn::Header, name));
    // Every query is checked, also that of an operation which takes none.
    let mut all = vec![ProblemCode::BadRequest];
    if operation.access != Access::Public {
        all.extend([ProblemCode::SignInNeeded, ProblemCode::PasswordChangeNeeded]);
    }
    if takes(&ParameterIn::Path) {
        all.push(ProblemCode::NotFound);
    }
    if documented.request_body.is_some() {
        all.extend([ProblemCode::TooLarge, ProblemCode::WrongContentType]);
    }
    if header("If-Match") {
        all.extend([ProblemCode::VersionMissing, ProblemCode::Stale]);
    }
    if header("Idempotency-Key") {
        all.extend([ProblemCode::IdempotencyKeyMissing, ProblemCode::IdempotencyKeyReused]);
    }
    all
}

fn roles(actions: &[domain::access::Action]) -> String {
    use domain::access::Role;
    use domain::text_enum::TextEnum;
    in_their_places(Role::ALL.iter().filter(|role| actions.iter().any(|action| role.allows(*action))))
}

fn roles_with_all(actions: &[domain::access::Action]) -> String {
    use domain::access::Role;
    use domain::text_enum::TextEnum;
    in_their_places(Role::ALL.iter().filter(|role| actions.iter().all(|action| role.allows(*action))))
}

fn in_their_places<'a>(roles: impl Iterator<Item = &'a domain::access::Role>) -> String {
    let names: Vec<String> = roles.map(|role| format!("`{role}`")).collect();
    format!("{} in their places", names.join(", "))
}

/// The document as it is checked in and served.
#[must_use]
pub fn document() -> Document {
    let mut document = Reference::openapi();
    for resource in [
        crate::orders::Docs::openapi(),
        crate::standing::Docs::openapi(),
        crate::demand::Docs::openapi(),
        crate::kitchen_count::Docs::openapi(),
        crate::real_ingredients::Docs::openapi(),
        crate::purchasing::Docs::openapi(),
        crate::prints::Docs::openapi(),
        crate::plans::Docs::openapi(),
        crate::redemptions::Docs::openapi(),
        crate::places::Docs::openapi(),
        crate::canteens::Docs::openapi(),
        crate::dishes::Docs::openapi(),
        crate::menus::Docs::openapi(),
        crate::auth::Docs::openapi(),
        crate::users::Docs::openapi(),
        crate::devices::Docs::openapi(),
        crate::seniors::Docs::openapi(),
        crate::bindings::Docs::openapi(),
        crate::audit::Docs::openapi(),
        crate::suppliers::Docs::openapi(),
        crate::lots::Docs::openapi(),
        crate::stores::Docs::openapi(),
        crate::safety::Docs::openapi(),
        crate::safety::sensors::Docs::openapi(),
        crate::recalls::Docs::openapi(),
        crate::backtests::Docs::openapi(),
        crate::welfare::Docs::openapi(),
        crate::anomalies::Docs::openapi(),
        crate::batches::Docs::openapi(),
        crate::batches::portions::Docs::openapi(),
        crate::batches::loads::Docs::openapi(),
        crate::trace::Docs::openapi(),
        crate::public::Docs::openapi(),
        crate::policies::Docs::openapi(),
        crate::claims::Docs::openapi(),
        crate::complaints::Docs::openapi(),
        crate::settlements::Docs::openapi(),
        crate::corrections::Docs::openapi(),
        crate::budgets::Docs::openapi(),
        crate::self_pay::Docs::openapi(),
        crate::self_pay::shifts::Docs::openapi(),
        crate::self_pay::wallets::Docs::openapi(),
        crate::self_pay::sponsors::Docs::openapi(),
        crate::reports::Docs::openapi(),
        crate::payees::Docs::openapi(),
        crate::payouts::Docs::openapi(),
        crate::decisions::Docs::openapi(),
        crate::imports::Docs::openapi(),
        crate::catalogue_edit::Docs::openapi(),
        crate::exports::Docs::openapi(),
        crate::notices::Docs::openapi(),
    ] {
        document.merge(resource);
    }
    FromTheTable.modify(&mut document);
    document
}

/// The document as it is checked in; a test keeps it that of the handlers. Served as it stands: made anew, each thread of the server
/// would spend a good part of its start and of its memory on it.
const CHECKED_IN: &str = include_str!("../../openapi/openapi.json");
const PATH: &str = "/openapi.json";

/// Adds the document and its reference page, which needs no network.
pub fn routes(config: &mut ServiceConfig) {
    let text = || async { HttpResponse::Ok().content_type("application/json").body(CHECKED_IN) };
    config
        .service(web::resource(PATH).wrap(Compress::default()).route(web::get().to(text)))
        // Without "none" the page would send the document to a validator on the internet.
        .service(SwaggerUi::new("/reference/{_:.*}").config(Config::from(PATH).validator_url("none")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_operation_stands_in_the_table_and_the_other_way_round() {
        let documented: BTreeSet<String> = document()
            .paths
            .paths
            .values()
            .flat_map(|item| [&item.get, &item.put, &item.post, &item.delete, &item.patch].map(Option::as_ref))
            .flatten()
            .map(|operation| operation.operation_id.clone().unwrap())
            .collect();
        let listed: BTreeSet<String> = all().map(|operation| operation.id.to_owned()).collect();
        assert_eq!(documented, listed);
    }
}
