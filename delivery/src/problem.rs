//! What is to be planned: sites, couriers, stops, travel matrices, weights. Plain data; [`crate::validate`] makes it safe to use.

use crate::units::{Boxes, Cost, CourierIx, MatrixIx, Metres, PlaceIx, Seconds, SiteIx, StopIx};
use serde::{Deserialize, Serialize};

/// One planning task: everything the solver and the checker may look at.
///
/// Times are [`Seconds`] from one origin of the caller's choice (local midnight of the service date).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Canteens and hand-over sites where boxes are loaded. At least one.
    pub sites: Vec<Site>,
    /// Who can carry. May be empty: then every stop is left out, with that reason.
    pub couriers: Vec<Courier>,
    /// Doors to be reached.
    pub stops: Vec<Stop>,
    /// Travel times and distances, one square matrix per way of moving, all over the same places.
    pub matrices: Vec<TravelMatrix>,
    /// Stops that must not share a trip (for example boxes that must not travel together).
    #[serde(default)]
    pub apart: Vec<(StopIx, StopIx)>,
    /// What the objective counts.
    #[serde(default)]
    pub weights: Weights,
}

/// A place where trips begin: a canteen or a hand-over point of a central kitchen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The caller's name for it; used in messages only.
    pub id: String,
    /// Where it is.
    pub place: PlaceIx,
    /// Time to load one trip, between arriving (or the batch being ready) and leaving.
    #[serde(default)]
    pub loading: Seconds,
}

/// Someone or something that carries boxes: staff, a volunteer, a van, a mobile dining truck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Courier {
    /// The caller's name for it; used in messages only.
    pub id: String,
    /// Which travel matrix applies (on foot, e-bike, van, truck).
    pub matrix: MatrixIx,
    /// What fits into one trip.
    pub capacity: Capacity,
    /// Working time: leaves the start place no earlier, is at the end place no later.
    pub shift: Window,
    /// Where the shift begins; `None`: at the first site loaded, at no cost.
    #[serde(default)]
    pub start: Option<PlaceIx>,
    /// Where the shift ends.
    #[serde(default)]
    pub end: EndAt,
    /// How many times this courier may load. At least 1.
    #[serde(default = "one")]
    pub max_trips: u32,
    /// What this courier can do (stairs, health certificate, ...). Compared by text with [`Stop::skills`].
    #[serde(default)]
    pub skills: Vec<String>,
}

fn one() -> u32 {
    1
}

/// What fits into one trip of a courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Boxes altogether.
    pub boxes: Boxes,
    /// Boxes that must stay hot; `None`: only the total counts.
    #[serde(default)]
    pub hot: Option<Boxes>,
    /// Boxes that must stay cold; `None`: only the total counts.
    #[serde(default)]
    pub cold: Option<Boxes>,
}

/// Where a courier's last trip ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndAt {
    /// Back at the site where the last trip was loaded.
    #[default]
    Site,
    /// At the last door: nobody comes back.
    LastStop,
    /// At this place.
    Place(PlaceIx),
}

/// A closed interval of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First moment allowed.
    pub opens: Seconds,
    /// Last moment allowed.
    pub closes: Seconds,
}

/// One door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The caller's name for it; used in messages only.
    pub id: String,
    /// Where it is.
    pub place: PlaceIx,
    /// The hand-over must begin within it.
    pub window: Window,
    /// Time at the door: stairs and hand-over.
    #[serde(default)]
    pub service: Seconds,
    /// What is carried there.
    pub load: Load,
    /// The only site its meal can be loaded at; `None`: any.
    #[serde(default)]
    pub site: Option<SiteIx>,
    /// When its batch is ready: the trip carrying it cannot be loaded before.
    #[serde(default)]
    pub ready_at: Seconds,
    /// The meal's clock.
    #[serde(default)]
    pub holding: Holding,
    /// What the courier must be able to do.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Must be the first stop of its trip.
    #[serde(default)]
    pub first: bool,
    /// The courier this person knows. Another one costs [`Weights::strange_courier`].
    #[serde(default)]
    pub usual_courier: Option<CourierIx>,
    /// The stop usually served just before this one. Another predecessor costs [`Weights::strange_order`].
    #[serde(default)]
    pub usual_after: Option<StopIx>,
    /// What leaving it out costs. `None`: it must be served; it is left out only if no plan found can serve it, and that
    /// counts more than any journey.
    #[serde(default)]
    pub price: Option<Cost>,
}

/// Boxes by compartment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Boxes altogether (hot, cold and neutral).
    pub boxes: Boxes,
    /// Of these, boxes for the hot compartment.
    #[serde(default)]
    pub hot: Boxes,
    /// Of these, boxes for the cold compartment.
    #[serde(default)]
    pub cold: Boxes,
}

/// How long the meal may be under way. The limits are policy (for example GB 31654-2021 and DB33/T 2399-2021 as read by
/// the caller), never constants of this crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// The hand-over must begin by then: cooked-at plus the holding limit.
    #[serde(default)]
    pub eat_by: Option<Seconds>,
    /// Longest time from leaving the site to the beginning of the hand-over.
    #[serde(default)]
    pub from_departure: Option<Seconds>,
}

/// Travel between all places, in one way of moving. Need not be symmetric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TravelMatrix {
    /// Number of places: the matrix has `size * size` cells, row by row (from, then to).
    pub size: u32,
    /// Seconds per cell; [`NO_WAY`] where there is no way.
    pub seconds: Vec<u32>,
    /// Metres per cell.
    pub metres: Vec<u32>,
}

/// Marks a pair of places without a way between them in [`TravelMatrix::seconds`].
pub const NO_WAY: u32 = u32::MAX;

impl TravelMatrix {
    /// Seconds from one place to another; `None` if there is no way or a place is unknown.
    #[must_use]
    pub fn seconds(&self, from: PlaceIx, to: PlaceIx) -> Option<Seconds> {
        let cell = *self.seconds.get(self.cell(from, to)?)?;
        (cell != NO_WAY).then_some(Seconds(i64::from(cell)))
    }

    /// Metres from one place to another; `None` if a place is unknown.
    #[must_use]
    pub fn metres(&self, from: PlaceIx, to: PlaceIx) -> Option<Metres> {
        self.metres.get(self.cell(from, to)?).map(|&m| Metres(i64::from(m)))
    }

    fn cell(&self, from: PlaceIx, to: PlaceIx) -> Option<usize> {
        (from.0 < self.size && to.0 < self.size).then(|| from.at() * self.size as usize + to.at())
    }
}

/// What the objective counts, in cost units. All are settings and none may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// Per metre travelled.
    pub metre: i64,
    /// Per second travelled.
    pub second: i64,
    /// Per courier sent out.
    pub courier: i64,
    /// Per trip.
    pub trip: i64,
    /// Per stop served by someone other than its usual courier.
    pub strange_courier: i64,
    /// Per stop reached from another place than its usual predecessor.
    pub strange_order: i64,
}

impl Default for Weights {
    /// A second counts as much as 2 metres (near the pace of an e-bike in a lane with stops), sending out a courier as
    /// much as 10 minutes, loading again as much as one; an unknown face weighs 3 minutes, an unusual order half a minute.
    fn default() -> Self {
        Self { metre: 1, second: 2, courier: 1200, trip: 120, strange_courier: 360, strange_order: 60 }
    }
}

impl Weights {
    /// Distance alone, as in the published benchmark sets.
    pub const DISTANCE: Self = Self { metre: 1, second: 0, courier: 0, trip: 0, strange_courier: 0, strange_order: 0 };
}
