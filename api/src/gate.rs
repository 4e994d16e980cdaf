//! The gate around every operation: a query names only what the operation documents, and whatever the framework refuses by
//! itself (a method, a path, a header it cannot read) is a problem like any other.

use crate::problem::{Problem, ProblemCode};
use actix_web::ResponseError;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::guard::{Guard, fn_guard};
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Query;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::ParameterIn;

/// An operation as the gate knows it: from the reference itself, so that nothing is allowed that is not documented.
struct Known {
    method: Method,
    segments: Vec<String>,
    query: BTreeSet<String>,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (template, mut item) in crate::openapi::document().paths.paths {
        let methods = [
            (Method::GET, item.get.take()),
            (Method::PUT, item.put.take()),
            (Method::POST, item.post.take()),
            (Method::DELETE, item.delete.take()),
            (Method::PATCH, item.patch.take()),
        ];
        for (method, operation) in methods.into_iter().filter_map(|(method, operation)| Some((method, operation?))) {
            let parameters = operation.parameters.unwrap_or_default().into_iter();
            let query = parameters.filter_map(|p| match p {
                RefOr::T(p) if p.parameter_in == ParameterIn::Query => Some(p.name),
                _ => None,
            });
            all.push(Known { method, segments: template.split('/').map(str::to_owned).collect(), query: query.collect() });
        }
    }
    all
});

impl Known {
    fn is_at(&self, path: &str) -> bool {
        let given: Vec<&str> = path.split('/').collect();
        given.len() == self.segments.len()
            && self.segments.iter().zip(given).all(|(segment, given)| segment.starts_with('{') || segment == given)
    }
}

/// What the gate stands before: the API. The pages beside it have links from outside, which add parameters of their own.
pub fn guarded() -> impl Guard {
    fn_guard(|context| context.head().uri.path().starts_with("/v1/"))
}

/// Lets a request through that asks for nothing unknown, and makes every refusal a problem.
pub async fn keep<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if let Some(problem) = unknown_parameter(&request) {
        let (request, _) = request.into_parts();
        return Ok(ServiceResponse::new(request, problem.error_response()).map_into_right_body());
    }
    let response = next.call(request).await?;
    let status = response.status();
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"application/problem+json"));
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return Ok(response.map_into_left_body());
    }
    let (request, _) = response.into_parts();
    let mut refused = Problem::new(code_of(status)).error_response();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let methods: Vec<&str> = KNOWN.iter().filter(|k| k.is_at(request.path())).map(|k| k.method.as_str()).collect();
        if let Ok(value) = HeaderValue::from_str(&methods.join(", ")) {
            refused.headers_mut().insert(ALLOW, value);
        }
    }
    Ok(ServiceResponse::new(request, refused).map_into_right_body())
}

fn unknown_parameter(request: &ServiceRequest) -> Option<Problem> {
    if request.query_string().is_empty() {
        return None;
    }
    let known = KNOWN.iter().find(|known| known.method == *request.method() && known.is_at(request.path()))?;
    // What cannot be read at all is the operation's to refuse, where it reads a query.
    let Ok(given) = Query::<Vec<(String, String)>>::from_query(request.query_string()) else {
        return Some(Problem::new(ProblemCode::BadRequest).with("accepted_parameters", &known.query));
    };
    // The unknown name is not repeated: it may be anything, and answers to errors are kept by proxies.
    let all_known = given.iter().all(|(name, _)| known.query.contains(name));
    (!all_known).then(|| Problem::new(ProblemCode::BadRequest).with("accepted_parameters", &known.query))
}

fn code_of(status: StatusCode) -> ProblemCode {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => ProblemCode::MethodNotAllowed,
        StatusCode::NOT_FOUND => ProblemCode::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemCode::WrongContentType,
        status if status.is_client_error() => ProblemCode::BadRequest,
        _ => ProblemCode::Internal,
    }
}
