//! Route planning for meal rounds: problem, solver, independent checker, geography.
//!
//! Pure: no database, no HTTP, no clock (time budgets are functions handed in). The way through: build a [`problem::Problem`], make it a
//! [`validate::ValidProblem`], [`solver::solve`] it, let [`checker::violations`] confirm the plan. [`round`] does all of this for one
//! canteen and one meal.

pub mod checker;
pub mod geography;
pub mod instance;
pub mod plan;
pub mod problem;
pub mod replan;
pub mod round;
pub mod solver;
pub mod standing;
pub mod units;
pub mod validate;
pub mod wording;
