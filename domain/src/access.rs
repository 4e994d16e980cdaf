//! Who may do what, where.
//!
//! A grant is (user, role, node of the place tree) and its scope is the subtree, narrowed to one canteen for canteen staff.
//! Beside the tree stand the sideways relations: a senior to themselves, a family member to bound seniors, a device to its
//! canteen. What is outside somebody's scope does not exist for them.

use crate::PlaceCode;
use crate::id::{CanteenId, DeviceId, SeniorId, UserId};
use std::collections::BTreeMap;
use std::collections::BTreeSet;

crate::text_enum! {
    /// A role that is granted at a node of the place tree.
    pub enum Role {
        /// Sets up places, canteens, users and rights.
        Admin = "admin",
        /// 补贴专员: policies, claims, settlements.
        Officer = "officer",
        /// The second person who reviews policies and payouts.
        Reviewer = "reviewer",
        /// Sees everything masked, changes nothing.
        Auditor = "auditor",
        /// 社区工作者: seniors, bindings and orders in their place.
        Worker = "worker",
        /// Orders by telephone for anyone in the place.
        Hotline = "hotline",
        /// Runs a canteen.
        CanteenManager = "canteen_manager",
        /// Takes orders and redeems at a canteen's counter.
        Counter = "counter",
        /// Cooks, receives goods, keeps the kitchen's records.
        Cook = "cook",
        /// Brings meals.
        Courier = "courier",
    }
}

crate::text_enum! {
    /// What a family member may do for a senior.
    pub enum FamilyScope {
        /// Place, change and cancel orders.
        Order = "order",
        /// Pay.
        Pay = "pay",
        /// See orders and decisions.
        See = "see",
        /// Be told when nobody answers the door.
        Alert = "alert",
    }
}

crate::text_enum! {
    /// What a paired device is.
    pub enum DeviceKind {
        /// A kitchen display.
        KitchenDisplay = "kitchen_display",
        /// A counter terminal.
        Counter = "counter",
        /// A courier's phone.
        CourierPhone = "courier_phone",
        /// A thermometer of a kitchen, or the gateway of several.
        Sensor = "sensor",
    }
}

crate::text_enum! {
    /// How a senior's consent to a family binding was given.
    pub enum ConsentKind {
        /// On the senior's own phone.
        Phone = "phone",
        /// At the counter, in person.
        Counter = "counter",
        /// On a signed form, recorded by a worker.
        SignedForm = "signed_form",
    }
}

crate::text_enum! {
    /// What kind of sign-in a user has.
    pub enum UserKind {
        /// Signs in with a password.
        Staff = "staff",
        /// Signs in with WeChat or a phone code: a senior or family.
        Client = "client",
    }
}

crate::text_enum! {
    /// Whether a user may sign in.
    pub enum UserState {
        /// Yes.
        Active = "active",
        /// No.
        Blocked = "blocked",
    }
}

crate::text_enum! {
    /// Something that is allowed or not; each API operation names one.
    pub enum Action {
        /// Read places, canteens, dishes and menus.
        SeeCatalogue = "see_catalogue",
        /// Change canteens, dishes and menus; import them.
        EditCatalogue = "edit_catalogue",
        /// Read seniors, masked.
        SeeSeniors = "see_seniors",
        /// Create and change seniors, facts, diets and bindings.
        EditSeniors = "edit_seniors",
        /// See a masked value in the clear, with a reason.
        Reveal = "reveal",
        /// Quote, place, change and cancel orders.
        Order = "order",
        /// Act after the cut-off, or override a clash, with a reason.
        OrderLate = "order_late",
        /// See orders and decisions.
        SeeOrders = "see_orders",
        /// Record that a meal was served.
        Redeem = "redeem",
        /// Sell to an anonymous guest.
        SellAtCounter = "sell_at_counter",
        /// See counts, tickets and the demand set; mark dishes done.
        Kitchen = "kitchen",
        /// Receive lots, cook and release batches.
        KitchenRecords = "kitchen_records",
        /// Send readings of a kitchen's fridges and cabinets; a sensor's alone, so that none of them is typed.
        SendReadings = "send_readings",
        /// See traces and records.
        SeeTrace = "see_trace",
        /// Release a batch against a gate, with a reason.
        OverrideGate = "override_gate",
        /// Open a recall, note who was called, close it.
        RunRecall = "run_recall",
        /// Make and see delivery plans.
        Plan = "plan",
        /// Record outcomes at the door.
        Deliver = "deliver",
        /// Draft and see policies and decisions.
        EditPolicy = "edit_policy",
        /// Review policies and settlements drafted by another.
        ReviewPolicy = "review_policy",
        /// Export claims.
        SeeClaims = "see_claims",
        /// Freeze, publish, pay and close settlements; take banks' answers.
        Settle = "settle",
        /// Review a settlement that another froze; at its canteen's place or above.
        ReviewSettlement = "review_settlement",
        /// Approve a settlement that another reviewed, and confirm a payee; at the district or above.
        ApproveSettlement = "approve_settlement",
        /// See what does not fit in the served meals, with its evidence.
        SeeAnomalies = "see_anomalies",
        /// Take and close such a case; never at a canteen that one works for.
        CloseAnomalies = "close_anomalies",
        /// Set the limits by which it is looked for.
        TuneAnomalies = "tune_anomalies",
        /// Users, grants, devices.
        EditUsers = "edit_users",
        /// The audit log.
        SeeAudit = "see_audit",
        /// Look in on seniors who did not come to the door: the open cases, with whom to call.
        LookIn = "look_in",
        /// Rate a meal or bring a complaint for a senior who said so; nobody of the canteen does.
        Complain = "complain",
        /// See complaints with their steps.
        SeeComplaints = "see_complaints",
        /// Answer complaints of a canteen.
        AnswerComplaints = "answer_complaints",
        /// Close a complaint that was answered.
        CloseComplaints = "close_complaints",
        /// Record a senior's consent to a family binding, given in person.
        RecordConsent = "record_consent",
        /// Pair and revoke devices of a canteen.
        PairDevices = "pair_devices",
        /// Import files.
        Import = "import",
        /// Have a till: open a shift, take self-pay, hand in what was collected.
        TakeCash = "take_cash",
        /// Confirm the count of a shift that another had, and say that a senior leaves.
        ConfirmShift = "confirm_shift",
        /// See every shift of a canteen, and its sponsors' bills.
        SeeTakings = "see_takings",
    }
}

impl Role {
    /// Whether the role is held at one canteen and no more: what its people see and record is that canteen's, and a street may have
    /// several of different operators.
    #[must_use]
    pub const fn is_of_a_canteen(self) -> bool {
        match self {
            Self::CanteenManager | Self::Counter | Self::Cook | Self::Courier => true,
            Self::Admin | Self::Officer | Self::Reviewer | Self::Auditor | Self::Worker | Self::Hotline => false,
        }
    }

    /// What the role may do inside its scope.
    #[must_use]
    pub const fn allows(self, action: Action) -> bool {
        match action {
            // Money is frozen and paid by officers and looked at by reviewers; whoever sets up users does neither.
            Action::Settle => matches!(self, Self::Officer),
            Action::ReviewSettlement | Action::ApproveSettlement => matches!(self, Self::Reviewer),
            // Who pays and who looks over their shoulder say what it was; the auditor sees that they did. Nobody of a canteen.
            Action::SeeAnomalies => matches!(self, Self::Officer | Self::Reviewer | Self::Auditor),
            Action::CloseAnomalies => matches!(self, Self::Officer | Self::Reviewer),
            Action::TuneAnomalies => matches!(self, Self::Officer),
            // The worker goes, the hotline calls, and the canteen's manager stands beside the courier who came back with the meal.
            Action::LookIn => matches!(self, Self::Worker | Self::Hotline | Self::CanteenManager),
            // Who is not of the canteen writes down what is said of it.
            Action::Complain => matches!(self, Self::Worker | Self::Hotline),
            Action::SeeComplaints => !matches!(self, Self::Admin | Self::Counter | Self::Cook | Self::Courier),
            Action::AnswerComplaints => matches!(self, Self::CanteenManager | Self::Officer),
            Action::CloseComplaints => matches!(self, Self::Officer),
            // The kitchen stops serving, and who may call the people and reports to the authority follows it to its end.
            Action::RunRecall => matches!(self, Self::CanteenManager | Self::Officer),
            // Whoever stands where seniors pay: the counter, and the courier at the door.
            Action::TakeCash => matches!(self, Self::CanteenManager | Self::Counter | Self::Courier),
            Action::ConfirmShift => matches!(self, Self::CanteenManager),
            Action::SeeTakings => matches!(self, Self::CanteenManager | Self::Officer | Self::Reviewer | Self::Auditor),
            _ => self.allows_otherwise(action),
        }
    }

    const fn allows_otherwise(self, action: Action) -> bool {
        use Action as A;
        match self {
            // Sets up who may do what, and therefore holds nothing that is worth the giving: sees people masked, so that a call for help
            // can be answered, and neither cooks, delivers, writes policies nor changes a person's record.
            Self::Admin => matches!(
                action,
                A::SeeCatalogue
                    | A::EditCatalogue
                    | A::SeeSeniors
                    | A::SeeOrders
                    | A::SeeTrace
                    | A::EditUsers
                    | A::SeeAudit
                    | A::PairDevices
                    | A::Import
            ),
            // Pays, and so records no facts by which somebody would be paid for: those are the community worker's.
            Self::Officer => matches!(
                action,
                A::SeeCatalogue | A::SeeSeniors | A::SeeOrders | A::EditPolicy | A::SeeClaims | A::SeeTrace | A::Reveal
            ),
            Self::Reviewer => {
                matches!(action, A::SeeCatalogue | A::SeeSeniors | A::SeeOrders | A::ReviewPolicy | A::SeeClaims | A::SeeTrace)
            }
            Self::Auditor => {
                matches!(action, A::SeeCatalogue | A::SeeSeniors | A::SeeOrders | A::SeeClaims | A::SeeTrace | A::SeeAudit)
            }
            Self::Worker => matches!(
                action,
                A::SeeCatalogue
                    | A::SeeSeniors
                    | A::EditSeniors
                    | A::Reveal
                    | A::Order
                    | A::OrderLate
                    | A::SeeOrders
                    | A::Import
                    | A::RecordConsent
            ),
            Self::Hotline => matches!(action, A::SeeCatalogue | A::SeeSeniors | A::Order | A::SeeOrders),
            Self::CanteenManager => matches!(
                action,
                A::SeeCatalogue
                    | A::EditCatalogue
                    | A::Order
                    | A::OrderLate
                    | A::SeeOrders
                    | A::Redeem
                    | A::SellAtCounter
                    | A::Kitchen
                    | A::KitchenRecords
                    | A::SeeTrace
                    | A::OverrideGate
                    | A::Plan
                    | A::Deliver
                    | A::Import
                    | A::RecordConsent
                    | A::PairDevices
            ),
            Self::Counter => {
                matches!(action, A::SeeCatalogue | A::Order | A::SeeOrders | A::Redeem | A::SellAtCounter | A::RecordConsent)
            }
            Self::Cook => matches!(action, A::SeeCatalogue | A::Kitchen | A::KitchenRecords | A::SeeTrace),
            Self::Courier => matches!(action, A::SeeCatalogue | A::Deliver),
        }
    }
}

/// A right in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGrant {
    /// What.
    pub role: Role,
    /// Where: this place and all below.
    pub place: PlaceCode,
    /// Only at this canteen, for canteen staff.
    pub canteen: Option<CanteenId>,
}

/// Who is asking, with all that decides what they may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// The signed-in user.
    pub user: Option<UserId>,
    /// The paired device.
    pub device: Option<(DeviceId, DeviceKind, CanteenId)>,
    /// Rights in force.
    pub grants: Vec<RoleGrant>,
    /// The senior who signed in themselves.
    pub self_senior: Option<SeniorId>,
    /// Seniors bound to this family member, with scopes.
    pub family: BTreeMap<SeniorId, BTreeSet<FamilyScope>>,
    /// Signed in with a password that was given to them: may change it and sign out, nothing else.
    pub must_change_password: bool,
}

/// Where something happens: what a grant is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Where<'a> {
    /// The place of the canteen, or of the senior's residence.
    pub place: &'a PlaceCode,
    /// The canteen, when it happens at one.
    pub canteen: Option<CanteenId>,
}

/// What a senior may do for themselves, and family by the senior's consent.
const BY_KINSHIP: [Action; 4] = [Action::SeeOrders, Action::Order, Action::SeeSeniors, Action::SeeComplaints];

impl DeviceKind {
    /// What a paired device may do at its canteen without anyone signed in.
    #[must_use]
    pub const fn allows(self, action: Action) -> bool {
        match self {
            Self::KitchenDisplay => matches!(action, Action::SeeCatalogue | Action::Kitchen),
            Self::Counter => {
                matches!(action, Action::SeeCatalogue | Action::Order | Action::SeeOrders | Action::Redeem | Action::SellAtCounter)
            }
            // Delivering takes the courier's own grant: a phone does not outlive the right of whoever it was paired for.
            Self::CourierPhone => matches!(action, Action::SeeCatalogue),
            // It hangs where anybody can take it down.
            Self::Sensor => matches!(action, Action::SendReadings),
        }
    }
}

impl Actor {
    /// Whether a grant or the device's own rights cover the action there.
    #[must_use]
    pub fn may(&self, action: Action, at: Where<'_>) -> bool {
        self.roles_for(action, at).next().is_some() || self.may_by_device(action, at)
    }

    /// The roles by which the actor may do the action there.
    pub fn roles_for(&self, action: Action, at: Where<'_>) -> impl Iterator<Item = Role> {
        let reaches = move |g: &&RoleGrant| g.place.contains(at.place) && (g.canteen.is_none() || g.canteen == at.canteen);
        self.grants.iter().filter(move |g| g.role.allows(action)).filter(reaches).map(|g| g.role)
    }

    /// Whether the paired device itself may do the action there.
    #[must_use]
    pub fn may_by_device(&self, action: Action, at: Where<'_>) -> bool {
        self.device.is_some_and(|(_, kind, canteen)| kind.allows(action) && at.canteen == Some(canteen))
    }

    /// Whether the actor may do this anywhere at all; for operations whose answer is then filtered by scope.
    #[must_use]
    pub fn may_somewhere(&self, action: Action) -> bool {
        self.grants.iter().any(|g| g.role.allows(action)) || self.device.is_some_and(|(_, kind, _)| kind.allows(action))
    }

    /// Whether the actor may act for a senior by kinship: themselves, or bound with the scope.
    #[must_use]
    pub fn may_for(&self, scope: FamilyScope, senior: SeniorId) -> bool {
        self.self_senior == Some(senior) || self.family.get(&senior).is_some_and(|scopes| scopes.contains(&scope))
    }

    /// Whether a list of this kind is the actor's to ask for: of what they hold a right over, or, for who is no staff, of what is
    /// theirs by kinship, which may be nothing yet. Staff without the right are told so: an empty list would say that there is nothing.
    #[must_use]
    pub fn may_list(&self, action: Action) -> bool {
        let client = self.grants.is_empty() && self.device.is_none();
        !self.scope(action).is_empty() || (client && BY_KINSHIP.contains(&action))
    }

    /// The places in which the actor may do this, as the scope of a query. A canteen-bound grant gives its canteen.
    #[must_use]
    pub fn scope(&self, action: Action) -> Scope {
        let mut scope = Scope { places: Vec::new(), canteens: Vec::new(), seniors: Vec::new() };
        for grant in self.grants.iter().filter(|g| g.role.allows(action)) {
            match grant.canteen {
                Some(canteen) => scope.canteens.push(canteen),
                None => scope.places.push(grant.place.clone()),
            }
        }
        scope.canteens.extend(self.device.filter(|(_, kind, _)| kind.allows(action)).map(|(_, _, canteen)| canteen));
        if BY_KINSHIP.contains(&action) {
            let wanted = if action == Action::Order { FamilyScope::Order } else { FamilyScope::See };
            scope.seniors.extend(self.self_senior);
            scope.seniors.extend(self.family.iter().filter(|(_, scopes)| scopes.contains(&wanted)).map(|(senior, _)| *senior));
        }
        scope
    }
}

/// What a query may return. Only [`Actor::scope`] makes one, so a query that asks for it cannot forget the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    places: Vec<PlaceCode>,
    canteens: Vec<CanteenId>,
    seniors: Vec<SeniorId>,
}

impl Scope {
    /// Places whose subtrees are in scope.
    #[must_use]
    pub fn places(&self) -> &[PlaceCode] {
        &self.places
    }

    /// Canteens in scope by themselves.
    #[must_use]
    pub fn canteens(&self) -> &[CanteenId] {
        &self.canteens
    }

    /// Seniors in scope by kinship.
    #[must_use]
    pub fn seniors(&self) -> &[SeniorId] {
        &self.seniors
    }

    /// Whether nothing is in scope.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty() && self.canteens.is_empty() && self.seniors.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code).unwrap()
    }

    #[test]
    fn a_grant_reaches_its_place_and_below_and_nothing_beside_or_above() {
        let actor =
            Actor { grants: vec![RoleGrant { role: Role::Worker, place: place("990101001"), canteen: None }], ..Actor::default() };
        for (code, expected) in
            [("990101001", true), ("990101001003", true), ("990101002", false), ("990101", false), ("9902", false)]
        {
            assert_eq!(actor.may(Action::Order, Where { place: &place(code), canteen: None }), expected, "{code}");
        }
    }

    #[test]
    fn a_grant_at_a_canteen_does_not_reach_its_neighbour_in_the_same_place() {
        let (mine, other) = (CanteenId::from_uuid(Uuid::from_u128(1)), CanteenId::from_uuid(Uuid::from_u128(2)));
        let grant = RoleGrant { role: Role::Counter, place: place("990101001"), canteen: Some(mine) };
        let actor = Actor { grants: vec![grant], ..Actor::default() };
        let community = place("990101001001");
        assert!(actor.may(Action::Redeem, Where { place: &community, canteen: Some(mine) }));
        assert!(!actor.may(Action::Redeem, Where { place: &community, canteen: Some(other) }));
        assert!(!actor.may(Action::Redeem, Where { place: &community, canteen: None }));
    }

    #[test]
    fn nobody_reviews_and_drafts_policies_or_settlements_by_one_role() {
        use crate::text_enum::TextEnum;
        for role in Role::ALL {
            assert!(!(role.allows(Action::EditPolicy) && role.allows(Action::ReviewPolicy)), "{role}");
            let looks = role.allows(Action::ReviewSettlement) || role.allows(Action::ApproveSettlement);
            assert!(!(role.allows(Action::Settle) && looks), "{role}");
        }
    }

    #[test]
    fn nobody_pays_and_makes_up_whom_by_one_role() {
        use crate::text_enum::TextEnum;
        for role in Role::ALL {
            let pays = role.allows(Action::Settle) || role.allows(Action::EditPolicy);
            let makes_up = [Action::EditSeniors, Action::Import, Action::RecordConsent, Action::Redeem, Action::Deliver];
            assert!(!(pays && makes_up.iter().any(|action| role.allows(*action))), "{role}");
            let grants = role.allows(Action::EditUsers);
            let worth =
                [Action::EditSeniors, Action::Reveal, Action::KitchenRecords, Action::EditPolicy, Action::Plan, Action::Order];
            assert!(!(grants && worth.iter().any(|action| role.allows(*action))), "{role}");
        }
    }

    #[test]
    fn kinship_gives_exactly_the_scopes_that_were_consented_to() {
        let senior = SeniorId::from_uuid(Uuid::from_u128(3));
        let actor = Actor { family: [(senior, [FamilyScope::See].into())].into(), ..Actor::default() };
        assert!(actor.may_for(FamilyScope::See, senior));
        assert!(!actor.may_for(FamilyScope::Order, senior));
        assert_eq!(actor.scope(Action::SeeOrders).seniors(), [senior]);
        assert!(actor.scope(Action::Order).is_empty());
    }

    #[test]
    fn a_list_is_for_who_holds_the_right_and_for_clients_of_what_is_theirs() {
        let cook = RoleGrant { role: Role::Cook, place: place("990101001"), canteen: None };
        let worker = RoleGrant { role: Role::Worker, place: place("990101001"), canteen: None };
        let (client, cook, worker) = (
            Actor::default(),
            Actor { grants: vec![cook], ..Actor::default() },
            Actor { grants: vec![worker], ..Actor::default() },
        );
        for (who, actor, orders, claims) in
            [("a client", client, true, false), ("a cook", cook, false, false), ("a worker", worker, true, false)]
        {
            assert_eq!((actor.may_list(Action::SeeOrders), actor.may_list(Action::SeeClaims)), (orders, claims), "{who}");
        }
    }
}
