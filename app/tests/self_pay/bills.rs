//! Sponsors: what they bear is taken from nobody at the counter, goes onto one bill, and comes back on the next where it was too much.

use crate::stand::{Stand, key, new_id, refused};
use app::Failure;
use app::corrections::answer::{self, Answer};
use app::orders::redeem::{self, Redemption};
use app::self_pay::SelfPayRefusal as Refusal;
use app::self_pay::order::Paying;
use app::self_pay::sponsor::NewSponsor;
use app::self_pay::{bill, look, sponsor};
use domain::access::{Actor, Role};
use domain::claim::Month;
use domain::correction::Resolution;
use domain::id::OrderId;
use domain::order::RedemptionMethod;
use domain::self_pay::bill::Span;
use domain::time::Clock;
use domain::{Channel, Fen, Instant, PlaceCode, ServiceDate};
use std::sync::Arc;
use store::query::sponsors::{SponsorRow, SponsoredRow};
use tabular::Format;
use testkit::both_databases;
use testkit::fixtures::Lunch;

struct Sponsoring<'w> {
    stand: Stand<'w>,
    officer: Arc<Actor>,
    sponsor: SponsorRow,
}

impl<'w> Sponsoring<'w> {
    async fn new(world: &'w testkit::World) -> Self {
        let stand = Stand::new(world).await;
        let officer = world.actor(stand.street.token(Role::Officer)).await;
        let new = NewSponsor { place: stand.street.place.clone(), name: "暖阳一村村委会".into(), contact: String::new() };
        let made = sponsor::name(&world.app, officer.clone(), key(), new.clone()).await.unwrap();
        let again = sponsor::name(&world.app, officer.clone(), key(), new).await;
        assert_eq!(refused(again), Refusal::SponsorThere(made.id.0));
        Self { stand, officer, sponsor: made }
    }

    async fn assign(&self, from: ServiceDate, to: Option<ServiceDate>) -> Result<SponsoredRow, Failure<Refusal>> {
        let whom = (self.sponsor.id.0, self.stand.street.senior.id);
        sponsor::assign(&self.stand.world.app, self.officer.clone(), key(), whom, Span { from, to }).await
    }

    /// A meal of the sponsored senior; what is due for it.
    async fn ordered(&self, lunch: &Lunch) -> (OrderId, Fen) {
        self.stand.order(lunch, 0, Some(self.stand.street.senior.id), Channel::DineIn).await
    }

    async fn serve(&self, lunch: &Lunch, order: OrderId) {
        self.stand.world.clock.set(Instant::from_civil(lunch.date, chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap()));
        let served_at = self.stand.world.clock.now();
        let served = Redemption { id: new_id(), order, method: RedemptionMethod::Card, served_at };
        redeem::redeem(&self.stand.world.app, self.stand.counter.clone(), served).await.unwrap();
    }

    async fn freeze(&self, month: Month) -> Result<store::query::sponsors::BillRow, Failure<Refusal>> {
        let between = (self.sponsor.id.0, self.stand.street.canteen);
        bill::freeze(&self.stand.world.app, self.officer.clone(), key(), between, month).await
    }

    fn go_to(&self, day: ServiceDate) {
        self.stand.world.clock.set(Instant::from_civil(day, chrono::NaiveTime::from_hms_opt(9, 0, 0).unwrap()));
    }
}

both_databases! {
    /// A month is billed once, when it is over, with what was served; what turns out to be too much comes back on the next bill.
    async fn a_bill_is_frozen_once_and_paid(world) {
        let all = Sponsoring::new(world).await;
        let (today, street) = (world.today(), &all.stand.street);
        let month = Month::of(today);
        let mine = all.assign(today, None).await.unwrap();
        assert_eq!(refused(all.assign(today.plus_days(9), None).await), Refusal::Sponsored(mine.id.0), "one sponsor a day");
        let (eaten, due) = all.ordered(&street.lunch).await;
        let (missed, _) = all.ordered(&street.tomorrow).await;
        all.stand.open(&all.stand.counter, 0).await;
        let borne = Refusal::Borne(all.sponsor.id.0, all.sponsor.name.clone());
        assert_eq!(refused(all.stand.pay(&all.stand.counter, (eaten, due), Paying::Cash).await), borne);
        let at_counter = look::unsettled(&world.app, all.stand.counter.clone(), street.lunch.sitting).await;
        assert_eq!(at_counter, Ok(vec![]), "what a sponsor bears is nobody's at the counter");
        all.serve(&street.lunch, eaten).await;
        assert_eq!(refused(all.freeze(month).await), Refusal::NotOver(month.last()));
        all.go_to(month.next().first());
        let frozen = all.freeze(month).await.unwrap();
        assert_eq!((frozen.line_count, frozen.total_fen.0), (1, due), "what was not served is not billed");
        assert_eq!(refused(all.freeze(month).await), Refusal::Billed(frozen.id.0));
        let account = look::account(&world.app, all.stand.counter.clone(), eaten).await.unwrap();
        assert_eq!(account.money.due_fen().unwrap(), Fen::ZERO);
        assert!(look::account(&world.app, all.stand.counter.clone(), missed).await.unwrap().entries.is_empty());
        let card = bill::get(&world.app, all.officer.clone(), frozen.id.0).await.unwrap();
        assert_eq!(card.lines.iter().map(|line| (line.order.id.0, line.fen)).collect::<Vec<_>>(), [(eaten, due)]);
        let file = async |format| bill::file(&world.app, all.officer.clone(), frozen.id.0, format).await.unwrap();
        let csv = String::from_utf8(file(Format::Csv).await).unwrap();
        assert!(csv.contains(&due.to_string()) && !csv.contains("张伟"), "{csv}");
        assert_eq!(file(Format::Xlsx).await, file(Format::Xlsx).await, "the same bill gives the same bytes");
        let pay = async |version| bill::paid(&world.app, all.officer.clone(), frozen.id.0, version, "20261201-7".into()).await;
        assert_eq!(pay(1).await.unwrap().reference, "20261201-7");
        assert_eq!(pay(1).await, Err(Failure::Stale { version: 2 }));
        assert!(matches!(refused(pay(2).await), Refusal::BillPaid(_)));
        assert!(all.stand.refuses("UPDATE sponsor_bill SET total_fen = 1"), "a bill stays as it was frozen");
        assert!(all.stand.refuses("UPDATE sponsor_bill SET reference = 'x'"));
        // Annulled: there is nothing else to bill, so it waits.
        let reviewer = world.actor(street.token(Role::Reviewer)).await;
        let asked = answer::question(&world.app, all.officer.clone(), key(), eaten, (Resolution::Annul, "未用餐".into())).await.unwrap();
        answer::answer(&world.app, reviewer, asked.row.id.0, asked.row.version, Answer::Approve).await.unwrap();
        all.go_to(month.next().next().first());
        assert_eq!(refused(all.freeze(month.next()).await), Refusal::NothingToBill(1));
        assert_eq!(refused(all.stand.refund(&all.stand.counter, eaten).await), Refusal::NothingToGiveBack, "no cash for what a sponsor was charged");
    }

    /// An assignment ends no later than was said, and a senior of another place is nobody's to assign.
    async fn an_assignment_is_of_the_place_and_ends(world) {
        let all = Sponsoring::new(world).await;
        let today = world.today();
        let mine = all.assign(today, Some(today.plus_days(30))).await.unwrap();
        let end = async |version, to| sponsor::end(&world.app, all.officer.clone(), mine.id.0, version, to).await;
        assert_eq!(refused(end(1, today.plus_days(31)).await), Refusal::Span);
        assert_eq!(refused(end(1, today.plus_days(-1)).await), Refusal::Span);
        assert_eq!(end(1, today.plus_days(3)).await.unwrap().version, 2);
        assert_eq!(end(1, today.plus_days(2)).await, Err(Failure::Stale { version: 2 }));
        all.assign(today.plus_days(4), None).await.unwrap();
        let whom = (all.sponsor.id.0, all.stand.street.stranger.id);
        let elsewhere = sponsor::assign(&world.app, all.officer.clone(), key(), whom, Span { from: today, to: None }).await;
        assert!(matches!(elsewhere, Err(Failure::NotFound(_))));
        for role in [Role::Reviewer, Role::Auditor] {
            let who = world.actor(all.stand.street.token(role)).await;
            assert_eq!(sponsor::list(&world.app, who.clone(), None, 10).await.unwrap().len(), 1, "{role} looks");
            let new = NewSponsor { place: PlaceCode::parse("990101001").unwrap(), name: "乙".into(), contact: String::new() };
            assert_eq!(sponsor::name(&world.app, who, key(), new).await, Err(Failure::Forbidden), "{role} enters nobody");
        }
        let counter = sponsor::list(&world.app, all.stand.counter.clone(), None, 10).await;
        assert_eq!(counter, Err(Failure::Forbidden));
    }
}
