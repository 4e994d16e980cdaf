//! Every operation once: who may call it, and with which problems it may answer. The OpenAPI document shows this table, and a
//! test fails when a route is missing from it.

use crate::problem::ProblemCode as P;
use domain::access::{Action, FamilyScope};

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, signed in or not.
    Public,
    /// Anyone who is signed in; they see what is theirs.
    SignedIn,
    /// Whoever may do this by a role or device.
    Roles(Action),
    /// Whoever may do one of these by a role or device.
    AnyOf(&'static [Action]),
    /// Whoever may do this by a role, for what they made themselves: it does not exist for anybody else.
    Own(Action),
    /// Whoever may do the first by a role, for what is assigned to them; whoever may do the second too, for all of it.
    Assigned(Action, Action),
    /// The same, and the senior or a family member with this scope.
    RolesOrFamily(Action, FamilyScope),
}

/// Problems of any operation that takes a JSON body.
pub const BODY: &[P] = &[P::BadRequest, P::TooLarge, P::Invalid];

/// One operation of the API.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its operationId.
    pub id: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What it may answer besides success, what every operation may answer ([`ANY`]) and what follows from its shape: its query and body,
    /// its sign-in, its keys and versions (`openapi::of_its_shape`).
    pub problems: &'static [P],
}

/// Problems that every operation which reads the database may answer.
pub const ANY: &[P] = &[P::Overloaded, P::Unavailable, P::Internal];

/// One row of a resource's table.
pub(crate) const fn op(id: &'static str, access: Access, problems: &'static [P]) -> Operation {
    Operation { id, access, problems }
}

/// The table: each resource keeps its own rows beside its handlers.
pub const OPERATIONS: &[&[Operation]] = &[
    crate::orders::OPERATIONS,
    crate::standing::OPERATIONS,
    crate::demand::OPERATIONS,
    crate::kitchen_count::OPERATIONS,
    crate::real_ingredients::OPERATIONS,
    crate::purchasing::OPERATIONS,
    crate::prints::OPERATIONS,
    crate::plans::OPERATIONS,
    crate::redemptions::OPERATIONS,
    crate::places::OPERATIONS,
    crate::canteens::OPERATIONS,
    crate::dishes::OPERATIONS,
    crate::menus::OPERATIONS,
    crate::auth::OPERATIONS,
    crate::users::OPERATIONS,
    crate::devices::OPERATIONS,
    crate::seniors::OPERATIONS,
    crate::bindings::OPERATIONS,
    crate::audit::OPERATIONS,
    crate::suppliers::OPERATIONS,
    crate::lots::OPERATIONS,
    crate::stores::OPERATIONS,
    crate::safety::OPERATIONS,
    crate::safety::sensors::OPERATIONS,
    crate::recalls::OPERATIONS,
    crate::backtests::OPERATIONS,
    crate::welfare::OPERATIONS,
    crate::anomalies::OPERATIONS,
    crate::batches::OPERATIONS,
    crate::batches::portions::OPERATIONS,
    crate::batches::loads::OPERATIONS,
    crate::trace::OPERATIONS,
    crate::public::OPERATIONS,
    crate::policies::OPERATIONS,
    crate::claims::OPERATIONS,
    crate::complaints::OPERATIONS,
    crate::settlements::OPERATIONS,
    crate::corrections::OPERATIONS,
    crate::budgets::OPERATIONS,
    crate::reports::OPERATIONS,
    crate::self_pay::OPERATIONS,
    crate::self_pay::shifts::OPERATIONS,
    crate::self_pay::wallets::OPERATIONS,
    crate::self_pay::sponsors::OPERATIONS,
    crate::payees::OPERATIONS,
    crate::payouts::OPERATIONS,
    crate::decisions::OPERATIONS,
    crate::imports::OPERATIONS,
    crate::catalogue_edit::OPERATIONS,
    crate::exports::OPERATIONS,
    crate::notices::OPERATIONS,
];

/// Every operation.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().copied().flatten()
}
