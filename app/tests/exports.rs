//! What an export promises: importing it changes nothing, the same rows are the same bytes, nobody sees more than they may.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod files;

use app::App;
use app::bindings::Recorded;
use app::exports::file::{Csv, Encoding};
use app::exports::{self, ExportKind, ExportRefusal, Wanted};
use app::failure::{Failure, Never};
use app::idempotency::RequestKey;
use app::standing::StandingRequest;
use domain::access::{Actor, ConsentKind, FamilyScope, Role};
use domain::diet::Diet;
use domain::person::phone::Phone;
use domain::text_enum::TextEnum;
use files::{import, judged, street};
use std::sync::Arc;
use store::query::imports::ImportState;
use tabular::{Format, Language, TableKind};

fn wanted(kind: ExportKind, purpose: Option<&str>) -> Wanted {
    Wanted { kind, dates: None, purpose: purpose.filter(|_| kind.is_personal()).map(str::to_owned) }
}

async fn csv(app: &App, actor: Option<Arc<Actor>>, wanted: Wanted, encoding: Encoding) -> Result<Vec<u8>, Failure<ExportRefusal>> {
    let mut file = Csv::new(exports::begin(app, actor, wanted).await?, Language::Chinese, encoding);
    let mut bytes = Vec::new();
    while let Some(more) = file.next().await? {
        bytes.extend(more);
    }
    Ok(bytes)
}

testkit::both_databases! {
    /// The rule that exports are held to, in every form a file can have; a row that nobody edits is as good as any.
    async fn importing_an_export_changes_nothing(world) {
        let app = &world.app;
        for (kind, bytes) in street() {
            import(app, kind, bytes).await;
        }
        for kind in TableKind::ALL {
            let of = ExportKind::parse(kind.as_str()).unwrap();
            let utf8 = csv(app, None, wanted(of, Some("迁移核对")), Encoding::Utf8).await.unwrap();
            let again = csv(app, None, wanted(of, Some("迁移核对")), Encoding::Utf8).await.unwrap();
            assert!(utf8 == again, "{kind}: the same rows gave other bytes");
            let gb = csv(app, None, wanted(of, Some("迁移核对")), Encoding::Gb18030).await.unwrap();
            let book = exports::begin(app, None, wanted(of, Some("迁移核对"))).await.unwrap();
            let book = book.workbook::<Never>(Language::English).await.unwrap();
            let forms = [(Some(utf8), Format::Csv), (Some(gb), Format::Csv), (book, Format::Xlsx)];
            for (bytes, format) in forms.into_iter().filter_map(|(bytes, format)| Some((bytes?, format))) {
                let row = judged(app, *kind, bytes, format).await;
                let faults = app::imports::view::faults(app, row.id.0, -1, 5).await.unwrap();
                assert_eq!(row.state.0, ImportState::Ready, "{kind} {format:?}: {faults:#?}");
                assert!(row.row_count > 0, "{kind}: nothing was exported");
                assert_eq!((row.added, row.changed, row.unchanged), (0, 0, row.row_count), "{kind} {format:?}");
            }
        }
    }

    /// What was made in the application, with words and instants that no file can say, comes back unchanged as well.
    async fn what_people_made_by_hand_comes_back_unchanged_too(world) {
        let street = world.street().await;
        let worker = world.actor(street.token(Role::Worker)).await;
        let key = RequestKey::new(worker.user, None, "by-hand-0001", "recordBinding", &1).unwrap();
        let recorded = Recorded {
            senior: street.poor_senior.id,
            phone: Phone::parse("13912345678").unwrap(),
            name: "李女".to_owned(),
            relation: "干女儿".to_owned(),
            scopes: [FamilyScope::See, FamilyScope::Order].into(),
            consent: ConsentKind::SignedForm,
            reference: "知情同意书 7".to_owned(),
        };
        app::bindings::record(&world.app, worker.clone(), key, recorded).await.unwrap();
        // Names of a canteen in files are short; the fixture's is its identifier.
        store::fixture::execute(&mut world.database.connect(), "UPDATE canteen SET code = substr(code, 25)").unwrap();
        let diet = Diet { halal: true, low_salt: true, ..Diet::default() };
        let id = street.poor_senior.id;
        app::seniors::facts::set_diet(&world.app, worker.clone(), id, 1, diet).await.unwrap();
        let key = RequestKey::new(worker.user, None, "by-hand-0002", "makeStandingOrder", &1).unwrap();
        let pattern = StandingRequest {
            senior: id,
            canteen: street.canteen,
            meal: domain::MealPeriod::Lunch,
            weekdays: 127,
            channel: domain::Channel::DineIn,
            starts_on: street.lunch.date,
            ends_on: None,
            pause: Some((street.lunch.date, Some(street.lunch.date.plus_days(30)))),
            ended: false,
        };
        app::standing::make(&world.app, worker, key, pattern).await.unwrap();
        for kind in [ExportKind::Seniors, ExportKind::Facts, ExportKind::Families, ExportKind::StandingOrders] {
            let bytes = csv(&world.app, None, wanted(kind, Some("迁移核对")), Encoding::Utf8).await.unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(text.contains(&street.poor_senior.id_no), "{kind}");
            // The pause is in the file, not merely left alone when it comes back.
            assert_eq!(text.contains(&street.lunch.date.plus_days(30).to_string()), kind == ExportKind::StandingOrders, "{kind}: {text}");
            let row = judged(&world.app, kind.table().unwrap(), bytes, Format::Csv).await;
            let faults = app::imports::view::faults(&world.app, row.id.0, -1, 5).await.unwrap();
            assert_eq!((row.added, row.changed, row.unchanged), (0, 0, row.row_count), "{kind}: {faults:#?}");
            assert_eq!(row.state.0, ImportState::Ready, "{kind}");
        }
    }

    /// Masked by default; in the clear for who may reveal, where they may, and only with a purpose, which is audited.
    async fn personal_values_are_masked_unless_they_may_be_revealed(world) {
        let (street, app) = (world.street().await, &world.app);
        let (worker, auditor) = (world.actor(street.token(Role::Worker)).await, world.actor(street.token(Role::Auditor)).await);
        let cook = world.actor(street.token(Role::Cook)).await;
        let (mine, other) = (&street.senior, &street.stranger);
        for kind in [ExportKind::Seniors, ExportKind::Facts, ExportKind::Families] {
            let masked = csv(app, Some(worker.clone()), wanted(kind, None), Encoding::Utf8).await.unwrap();
            let masked = String::from_utf8(masked).unwrap();
            for secret in [&mine.id_no, &mine.phone, &mine.name, &mine.card, &street.poor_senior.id_no, &other.id_no] {
                assert!(!masked.contains(secret.as_str()), "{kind} shows {secret}");
            }
            assert_eq!(csv(app, Some(cook.clone()), wanted(kind, None), Encoding::Utf8).await, Err(Failure::Forbidden), "{kind}");
            let clear = csv(app, Some(auditor.clone()), wanted(kind, Some("核对名册")), Encoding::Utf8).await;
            assert_eq!(clear, Err(Failure::Forbidden), "an auditor reveals nothing");
        }
        let clear = csv(app, Some(worker), wanted(ExportKind::Seniors, Some("上门核对名册")), Encoding::Utf8).await.unwrap();
        let clear = String::from_utf8(clear).unwrap();
        assert!(clear.contains(&mine.card), "the card");
        assert!(clear.contains(&mine.id_no) && clear.contains(&mine.phone) && clear.contains(&mine.name));
        assert!(!clear.contains(&other.id_no), "a senior of another city");
        let admin = world.actor(street.token(Role::Admin)).await;
        let filter = store::query::audit::AuditFilter::default();
        let log = world.write(move |tx| store::query::audit::list(tx.look(), &admin.scope(domain::access::Action::SeeAudit), &filter, 50));
        let exported: Vec<String> = log.await.into_iter().filter(|e| e.action == "exported").map(|e| e.detail).collect();
        assert!(exported.iter().any(|detail| detail.contains("上门核对名册")), "{exported:?}");
    }

    /// Orders need dates; nothing of the catalogue can be revealed.
    async fn what_makes_no_sense_is_refused(world) {
        let app = &world.app;
        let refused = |refusal| Some(Failure::Refused(refusal));
        let (today, kind) = (world.today(), ExportKind::Orders);
        for (dates, good) in [
            (None, false),
            (Some((today, today.plus_days(-1))), false),
            (Some((today, today.plus_days(93))), false),
            (Some((today, today.plus_days(92))), true),
        ] {
            let begun = exports::begin(app, None, Wanted { kind, dates, purpose: None }).await;
            assert_eq!(begun.err(), if good { None } else { refused(ExportRefusal::Dates) }, "{dates:?}");
        }
        let purpose = Some("好奇".to_owned());
        let begun = exports::begin(app, None, Wanted { kind: ExportKind::Dishes, dates: None, purpose }).await;
        assert_eq!(begun.err(), refused(ExportRefusal::NothingHidden));
    }
}
