//! The life of a policy version: drafted by one person, reviewed by another, published, superseded; and never changed.

use crate::ServiceDate;
use crate::id::UserId;

crate::text_enum! {
    /// Where a policy version stands.
    pub enum PolicyState {
        /// Uploaded; a second person has to look at it.
        Draft = "draft",
        /// Approved by a second person.
        Reviewed = "reviewed",
        /// In force from its date on; never changed again.
        Published = "published",
        /// A later version of the programme ended it; it still governs the dates before.
        Superseded = "superseded",
    }
}

/// What someone wants to do with a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyCommand {
    /// Approve it.
    Review {
        /// Who approves.
        by: Option<UserId>,
        /// Who drafted it.
        drafter: Option<UserId>,
    },
    /// Put it in force.
    Publish,
    /// End it, because a later version of the programme takes over.
    Supersede,
}

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyRejection {
    /// Its state does not allow it.
    WrongState(PolicyState),
    /// Nobody reviews what they drafted themselves.
    OwnDraft,
}

/// The state after a command, or why not. The one place where a version's state changes.
pub fn transition(state: PolicyState, command: PolicyCommand) -> Result<PolicyState, PolicyRejection> {
    use PolicyCommand as C;
    use PolicyState as S;
    match (state, command) {
        // A reviewer without an account (a device) is nobody who could answer for it.
        (S::Draft, C::Review { by, drafter }) if by.is_none() || by == drafter => Err(PolicyRejection::OwnDraft),
        (S::Draft, C::Review { .. }) => Ok(S::Reviewed),
        (S::Reviewed, C::Publish) => Ok(S::Published),
        (S::Published, C::Supersede) => Ok(S::Superseded),
        (S::Draft, C::Publish | C::Supersede)
        | (S::Reviewed, C::Review { .. } | C::Supersede)
        | (S::Published, C::Review { .. } | C::Publish)
        | (S::Superseded, C::Review { .. } | C::Publish | C::Supersede) => Err(PolicyRejection::WrongState(state)),
    }
}

/// The service dates a version governs: first and last, inclusive; without a last one until it is superseded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First service date.
    pub from: ServiceDate,
    /// Last service date.
    pub to: Option<ServiceDate>,
}

impl Span {
    /// The first date that both govern.
    #[must_use]
    pub fn overlap(self, other: Self) -> Option<ServiceDate> {
        let first = self.from.max(other.from);
        let ends_before = |to: Option<ServiceDate>| to.is_some_and(|to| to < first);
        (!ends_before(self.to) && !ends_before(other.to)).then_some(first)
    }

    /// What is left of this span when a version that begins on `from` takes over; `None` when nothing would be left.
    #[must_use]
    pub fn ended_by(self, from: ServiceDate) -> Option<Self> {
        (self.from < from).then(|| Self { from: self.from, to: Some(from.plus_days(-1)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;
    use uuid::Uuid;

    fn user(n: u128) -> Option<UserId> {
        Some(UserId::from_uuid(Uuid::from_u128(n)))
    }

    fn date(text: &str) -> ServiceDate {
        ServiceDate::parse(text).unwrap()
    }

    #[test]
    fn every_state_answers_every_command_as_the_table_says() {
        use PolicyCommand as C;
        use PolicyState as S;
        let review = C::Review { by: user(2), drafter: user(1) };
        for state in S::ALL.iter().copied() {
            for command in [review, C::Publish, C::Supersede] {
                let expected = match (state, command) {
                    (S::Draft, C::Review { .. }) => Ok(S::Reviewed),
                    (S::Reviewed, C::Publish) => Ok(S::Published),
                    (S::Published, C::Supersede) => Ok(S::Superseded),
                    _ => Err(PolicyRejection::WrongState(state)),
                };
                assert_eq!(transition(state, command), expected, "{state} {command:?}");
            }
        }
    }

    #[test]
    fn nobody_reviews_their_own_draft_and_nobody_reviews_anonymously() {
        for (by, drafter) in [(user(1), user(1)), (None, user(1)), (None, None)] {
            let review = PolicyCommand::Review { by, drafter };
            assert_eq!(transition(PolicyState::Draft, review), Err(PolicyRejection::OwnDraft), "{by:?} {drafter:?}");
        }
    }

    #[test]
    fn two_spans_overlap_from_the_later_beginning_unless_one_has_ended() {
        let span = |from: &str, to: Option<&str>| Span { from: date(from), to: to.map(date) };
        for (one, other, expected) in [
            (span("2026-01-01", None), span("2026-06-01", None), Some("2026-06-01")),
            (span("2026-01-01", Some("2026-05-31")), span("2026-06-01", None), None),
            (span("2026-01-01", Some("2026-06-01")), span("2026-06-01", None), Some("2026-06-01")),
            (span("2026-07-01", None), span("2026-01-01", Some("2026-06-30")), None),
        ] {
            assert_eq!(one.overlap(other), expected.map(date), "{one:?} {other:?}");
            assert_eq!(other.overlap(one), expected.map(date), "{other:?} {one:?}");
        }
    }

    #[test]
    fn a_version_that_takes_over_leaves_its_predecessor_the_days_before() {
        let old = Span { from: date("2026-01-01"), to: None };
        assert_eq!(old.ended_by(date("2026-06-01")), Some(Span { from: date("2026-01-01"), to: Some(date("2026-05-31")) }));
        assert_eq!(old.ended_by(date("2026-01-01")), None);
    }
}
