//! A subtree of the place tree as a condition on a column of place codes.

use domain::PlaceCode;

/// The range that holds exactly the codes of a place and of what lies below: from its code, to before the code whose last
/// digit is one higher. After 9 comes a letter, which every collation sorts behind the digits.
pub(crate) fn bounds(place: &PlaceCode) -> (String, String) {
    let code = place.as_str();
    let (head, last) = code.split_at(code.len() - 1);
    let next = match last.bytes().next() {
        Some(digit @ b'0'..=b'8') => char::from(digit + 1),
        _ => 'a',
    };
    (code.to_owned(), format!("{head}{next}"))
}

/// Whether a column of a table lies in one of some places. (A range, not LIKE: PostgreSQL uses an index for LIKE only under
/// the C collation.)
macro_rules! within {
    ($table:ty, $column:expr, $places:expr) => {{
        use diesel::expression::BoxableExpression;
        let mut any: Box<dyn BoxableExpression<$table, crate::conn::MultiBackend, SqlType = diesel::sql_types::Bool>> =
            Box::new(false.into_sql::<diesel::sql_types::Bool>());
        for place in $places {
            let (from, to) = crate::query::place_filter::bounds(place);
            any = Box::new(any.or($column.ge(from).and($column.lt(to))));
        }
        any
    }};
}
pub(crate) use within;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_holds_the_place_and_what_lies_below_and_nothing_else() {
        let inside = |place: &str, code: &str| {
            let (from, to) = bounds(&PlaceCode::parse(place).unwrap());
            from.as_str() <= code && code < to.as_str()
        };
        for (place, code, expected) in [
            ("990101", "990101", true),
            ("990101", "990101009001", true),
            ("990101", "990102", false),
            ("990101", "9901", false),
            ("990109", "990109999", true),
            ("990109", "990110", false),
            ("99", "999999", true),
        ] {
            assert_eq!(inside(place, code), expected, "{code} in {place}");
        }
    }
}
