//! What the kitchen prints: labels, the production sheet, load sheets. All of it from the demand set; each print is on record.

mod clock;
pub mod labels;
pub mod load;
pub mod production;

use crate::App;
use crate::failure::{Failure, Outcome};
use crate::lanes;
use domain::access::Actor;
use domain::id::{OrderId, PlanId, PrintRunId, SittingId};
use print::{Heading, PrintFaults};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::catalogue::{CanteenRow, SittingRow};
use store::query::prints::{self, PrintKind, PrintRunRow, PrintedOrderRow};
use store::{StoreError, Tx};

/// Why nothing is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintRefusal {
    /// A text cannot be printed; every one is named.
    Faulty(PrintFaults),
    /// No order is selected that is in the demand.
    NothingToPrint,
    /// Orders by number that are not in the demand of the sitting.
    NotInDemand(Vec<i64>),
    /// Others printed at each try.
    Busy,
}

impl From<PrintRefusal> for Failure<PrintRefusal> {
    fn from(refusal: PrintRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<PrintFaults> for PrintRefusal {
    fn from(faults: PrintFaults) -> Self {
        Self::Faulty(faults)
    }
}

fn heading(sitting: &SittingRow, canteen: &CanteenRow) -> Heading {
    Heading { canteen: canteen.name.clone(), date: sitting.service_date.0, meal: sitting.meal.0 }
}

/// A place on a round as it is printed. A CHECK keeps the columns above 0.
fn number(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// Makes the file on a thread of its own: thousands of labels are more than a request thread has time for.
pub(crate) async fn rendered<R: From<PrintFaults>>(
    make: impl FnOnce() -> Result<Vec<u8>, PrintFaults> + Send + 'static,
) -> Outcome<Vec<u8>, R> {
    let made = tokio::task::spawn_blocking(make).await.map_err(|e| StoreError::Database(format!("printing: {e}")))?;
    made.map_err(|faults| Failure::Refused(faults.into()))
}

/// What a run printed.
#[derive(Debug, Clone)]
struct Printed {
    kind: PrintKind,
    sitting: SittingId,
    plan: Option<PlanId>,
    /// Each order with its version.
    orders: Vec<(OrderId, i64)>,
}

/// Puts a run on record.
fn put(tx: &mut Tx<'_>, actor: &Actor, printed: &Printed, run_no: i64) -> Result<PrintRunId, StoreError> {
    let (id, now): (PrintRunId, _) = (tx.new_id(), tx.now());
    let run = PrintRunRow {
        id: Col(id),
        sitting_id: Col(printed.sitting),
        run_no,
        kind: Word(printed.kind),
        plan_id: printed.plan.map(Col),
        printed_at: Col(now),
        printed_by: actor.user.map(Col),
        device_id: actor.device.map(|(device, ..)| Col(device)),
    };
    let row =
        |(order, version): &(OrderId, i64)| PrintedOrderRow { run_id: Col(id), order_id: Col(*order), order_version: *version };
    prints::add(tx.change(), &run, &printed.orders.iter().map(row).collect::<Vec<_>>())?;
    Ok(id)
}

/// Puts a sheet on record after it was made: who holds an old one is found by the versions.
async fn record(app: &App, actor: Arc<Actor>, printed: Printed) -> Outcome<(), PrintRefusal> {
    let lane = lanes::of_sitting(app, printed.sitting).await?;
    app.store
        .write(lane, "record_print", move |tx| {
            let run_no = prints::last_run(tx.look(), printed.sitting)? + 1;
            put(tx, &actor, &printed, run_no)?;
            Ok::<_, Failure<PrintRefusal>>(())
        })
        .await
}
