//! What comes out of planning: trips with times, and the stops left out with reason and cure.

use crate::units::{Boxes, Cost, CourierIx, Seconds, SiteIx, StopIx};
use serde::{Deserialize, Serialize};

/// A complete plan: every stop is either visited once or left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The couriers sent out, by index.
    pub rounds: Vec<CourierRound>,
    /// The stops not served.
    pub left_out: Vec<LeftOut>,
    /// The objective under [`crate::problem::Weights`], prices of left-out stops included (not those without a price).
    pub cost: Cost,
}

/// All trips of one courier, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourierRound {
    /// Who.
    pub courier: CourierIx,
    /// When the courier leaves the start place (or stands ready at the first site).
    pub sets_out: Seconds,
    /// At least one trip, none of them empty.
    pub trips: Vec<Trip>,
    /// When the courier is at the end place.
    pub ends: Seconds,
}

/// One loading and the doors reached with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trip {
    /// Where it is loaded.
    pub site: SiteIx,
    /// When the courier leaves the site.
    pub departs: Seconds,
    /// How much later it could leave with every door and every later trip still in time.
    pub slack: Seconds,
    /// The doors, in order.
    pub visits: Vec<Visit>,
    /// When the courier arrives at the next site, or at the end place.
    pub arrives: Seconds,
}

/// One hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// Which stop.
    pub stop: StopIx,
    /// When the courier is at the door.
    pub arrives: Seconds,
    /// When the hand-over begins: the ETA told to the family.
    pub begins: Seconds,
    /// Time from `begins` to the last moment allowed at this door (window, eat-by and time from departure).
    pub slack: Seconds,
}

/// A stop that the plan does not serve, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Which stop.
    pub stop: StopIx,
    /// Why.
    pub reason: Reason,
    /// What would cure it. For [`Reason::NoRoom`] and [`Reason::DearerThanItsPrice`] each is enough by itself, in this plan;
    /// for the other reasons it removes the obstacle named, and a further one may then show.
    pub cures: Vec<Cure>,
}

/// Why a stop is left out. The first group holds for the stop alone, whatever else is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// There is no courier at all.
    NoCourier,
    /// No courier has these skills together.
    NoSkilledCourier {
        /// The skills nobody (among those who could come) has.
        missing: Vec<String>,
    },
    /// It does not fit into an empty trip of any suitable courier.
    TooBig {
        /// What it needs.
        boxes: Boxes,
        /// The largest capacity among suitable couriers.
        largest: Boxes,
    },
    /// No suitable courier has a way there.
    NoWay,
    /// Even as the only stop, the hand-over cannot begin in time.
    TooLate {
        /// The earliest possible beginning.
        earliest: Seconds,
        /// The last moment allowed.
        latest: Seconds,
    },
    /// Even as the only stop, the meal is longer under way than it may be.
    TooFarToStayHot {
        /// The shortest time from leaving the site to the door.
        shortest: Seconds,
        /// The limit.
        limit: Seconds,
    },
    /// Even as the only stop, no suitable courier is back before the shift ends.
    ShiftTooShort,
    /// It can be served alone, but not beside the others: time or boxes of the couriers are used up.
    NoRoom,
    /// It can be served, at more than its price.
    DearerThanItsPrice {
        /// What serving it would add to the cost.
        extra: Cost,
    },
}

/// A change after which the stop can be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Cure {
    /// Let the hand-over begin as late as this (window and eat-by).
    AllowUntil {
        /// The new last moment.
        latest: Seconds,
    },
    /// Have its batch ready by then.
    ReadyBy {
        /// The time.
        time: Seconds,
    },
    /// Let this courier work until then.
    ExtendShift {
        /// Who.
        courier: CourierIx,
        /// The new end of the shift.
        until: Seconds,
    },
    /// Let this courier carry more in one trip.
    MoreCapacity {
        /// Who.
        courier: CourierIx,
        /// Boxes beyond today's capacity.
        extra: Boxes,
    },
    /// Send out one more courier like this one.
    OneMoreCourier {
        /// The model.
        like: CourierIx,
    },
    /// Find a courier with these skills.
    Skills {
        /// The missing ones.
        missing: Vec<String>,
    },
    /// Allow the meal this long from leaving the site (or bring it from nearer).
    AllowUnderWay {
        /// The new limit.
        limit: Seconds,
    },
    /// Raise its price above this.
    RaisePrice {
        /// What serving it would add to the cost.
        above: Cost,
    },
    /// Correct the stop's place: nothing reaches it.
    CheckPlace,
}
