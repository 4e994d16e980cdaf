//! A signed control on paper, as an inspector files it.

use super::SafetyRefusal as Refusal;
use super::controls::{ControlView, view_of};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::canteen_for;
use crate::prints::rendered;
use domain::access::{Action, Actor};
use domain::food_safety::risk::ControlKind;
use domain::id::ControlId;
use domain::{Instant, ServiceDate};
use print::{Form, FormTable, stamp};
use std::sync::Arc;
use store::query::{safety, trace};

/// What the form of a control says beside the control itself.
struct Filed {
    canteen: String,
    signer: String,
    control: ControlView,
}

/// The form of a signed control as PDF; the same bytes for the same instant.
pub async fn control(app: &App, actor: Arc<Actor>, id: ControlId) -> Outcome<Vec<u8>, Refusal> {
    let printed_at = app.clock.now();
    let filed = app
        .store
        .read("control_form", move |conn| {
            let row = safety::control(conn, id)?.ok_or(Failure::NotFound(Thing::Control))?;
            let canteen = canteen_for::<Refusal>(conn, &actor, row.canteen_id.0, Action::SeeTrace, Thing::Control)?.name;
            let signer = trace::names(conn, &[row.signed_by.0])?.pop().map(|(_, name)| name).unwrap_or_default();
            Ok::<_, Failure<Refusal>>(Filed { canteen, signer, control: view_of(row)? })
        })
        .await?;
    let form = form(filed, printed_at);
    rendered(move || form.pdf()).await
}

fn form(filed: Filed, printed_at: Instant) -> Form {
    let control = filed.control;
    let mut facts = vec![
        ("签署人".to_owned(), filed.signer),
        ("签署时间".to_owned(), stamp(control.signed_at)),
        ("结论".to_owned(), control.conclusion),
        ("保存至".to_owned(), control.keep_until.to_string()),
        ("记录编号".to_owned(), control.control.to_string()),
    ];
    if let Some(wrong) = control.corrects {
        facts.push(("所更正记录".to_owned(), wrong.to_string()));
        facts.push(("更正原因".to_owned(), control.reason));
    }
    let numbered = control.items.into_iter().zip(1..);
    let rows = numbered.map(|(item, n): (_, u32)| vec![n.to_string(), item.risk.message_zh(), item.measure]).collect();
    let column = |name: &str, parts| (name.to_owned(), parts);
    Form {
        title: format!("{}记录", control.kind.name_zh()),
        canteen: filed.canteen,
        of: period(control.kind, (control.first_on, control.last_on)),
        facts,
        tables: vec![FormTable {
            title: "风险清单与措施".to_owned(),
            columns: vec![column("序号", 2), column("风险", 10), column("措施", 8)],
            rows,
            without: "当期没有需要处置的风险".to_owned(),
        }],
        signatures: vec![signs(control.kind).to_owned()],
        printed_at,
    }
}

fn period(kind: ControlKind, (first, last): (ServiceDate, ServiceDate)) -> String {
    match kind {
        ControlKind::Daily => first.0.format("%Y年%-m月%-d日").to_string(),
        ControlKind::Weekly => format!("{} 至 {}", first.0.format("%Y年%-m月%-d日"), last.0.format("%-m月%-d日")),
        ControlKind::Monthly => first.0.format("%Y年%-m月").to_string(),
    }
}

/// Whose duty each control is, by 企业落实食品安全主体责任监督管理规定 (市场监管总局令第60号), as read in a secondary source.
const fn signs(kind: ControlKind) -> &'static str {
    match kind {
        ControlKind::Daily => "食品安全员",
        ControlKind::Weekly => "食品安全总监",
        ControlKind::Monthly => "主要负责人",
    }
}
