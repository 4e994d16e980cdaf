//! Health certificates of staff (健康证).

use super::{Rules, SettingKey};
use crate::ServiceDate;
use serde::{Deserialize, Serialize};

/// Where somebody's health certificate stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum CertificateStanding {
    /// Valid, up to and including this day.
    Valid {
        /// The last day.
        until: ServiceDate,
    },
    /// No longer valid.
    Expired {
        /// The last day on which it was.
        on: ServiceDate,
    },
    /// None is on record.
    Missing,
}

/// A certificate on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate {
    /// The day of the health check.
    pub issued_on: ServiceDate,
    /// The last day, as printed on it.
    pub expires_on: ServiceDate,
}

/// The last day on which a certificate counts: the printed one, but no later than the yearly check allows.
#[must_use]
pub fn valid_until(certificate: Certificate, rules: &Rules) -> ServiceDate {
    let yearly = rules
        .value(SettingKey::HealthCheckEvery)
        .and_then(|months| u32::try_from(months).ok())
        .and_then(|months| certificate.issued_on.0.checked_add_months(chrono::Months::new(months)))
        .map(ServiceDate);
    yearly.map_or(certificate.expires_on, |last| last.min(certificate.expires_on))
}

/// Where somebody stands on a day, of all certificates on record; one issued later than that day does not count yet.
#[must_use]
pub fn standing(certificates: &[Certificate], on: ServiceDate, rules: &Rules) -> CertificateStanding {
    let last = certificates.iter().filter(|c| c.issued_on <= on).map(|c| valid_until(*c, rules)).max();
    match last {
        None => CertificateStanding::Missing,
        Some(until) if on <= until => CertificateStanding::Valid { until },
        Some(until) => CertificateStanding::Expired { on: until },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PlaceCode;
    use crate::food_safety::Rulebook;

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).unwrap()
    }

    #[test]
    fn a_certificate_counts_from_its_check_to_its_last_day_and_never_longer_than_a_year() {
        let rules = Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day("2026-11-23"));
        let printed = |from: &str, to: &str| Certificate { issued_on: day(from), expires_on: day(to) };
        let one = [printed("2026-03-01", "2026-11-22")];
        let long = [printed("2025-11-23", "2030-01-01")];
        for (held, on, expected) in [
            (&[][..], "2026-11-23", CertificateStanding::Missing),
            (&one, "2026-02-28", CertificateStanding::Missing),
            (&one, "2026-11-22", CertificateStanding::Valid { until: day("2026-11-22") }),
            (&one, "2026-11-23", CertificateStanding::Expired { on: day("2026-11-22") }),
            (&long, "2026-11-23", CertificateStanding::Valid { until: day("2026-11-23") }),
            (&long, "2026-11-24", CertificateStanding::Expired { on: day("2026-11-23") }),
        ] {
            assert_eq!(standing(held, day(on), &rules), expected, "{on}");
        }
    }
}
