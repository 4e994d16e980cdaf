//! How personal data is shown by default: enough to recognise, not enough to use.

/// `110***********1234`: the first three and the last four of an identity number.
#[must_use]
pub fn identity_number(clear: &str) -> String {
    middle(clear, 3, 4)
}

/// `138****1234`: the first three and the last four of a phone number.
#[must_use]
pub fn phone(clear: &str) -> String {
    middle(clear, 3, 4)
}

/// `张*`: the first character of a name, whatever its length, so that the mask does not tell how long it is.
#[must_use]
pub fn name(clear: &str) -> String {
    clear.chars().next().map_or_else(|| "*".to_owned(), |first| format!("{first}*"))
}

/// `l***@example.com`: the first character of the name and the whole domain of a mail address.
#[must_use]
pub fn mail(clear: &str) -> String {
    let (name, domain) = clear.split_once('@').unwrap_or((clear, ""));
    format!("{}***@{domain}", name.chars().take(1).collect::<String>())
}

/// Of an address nothing is shown but that there is one: a street and a number are a person's already.
#[must_use]
pub fn address(clear: &str) -> String {
    if clear.is_empty() { String::new() } else { "***".to_owned() }
}

fn middle(clear: &str, head: usize, tail: usize) -> String {
    let characters: Vec<char> = clear.chars().collect();
    if characters.len() <= head + tail {
        return "*".repeat(characters.len());
    }
    let hidden = characters.len() - head - tail;
    characters.iter().enumerate().map(|(i, c)| if (head..head + hidden).contains(&i) { '*' } else { *c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_what_is_needed_to_recognise_and_nothing_more() {
        assert_eq!(identity_number("110101194103151234"), "110***********1234");
        assert_eq!(phone("13800001234"), "138****1234");
        assert_eq!(phone("1234"), "****");
        assert_eq!(name("张三丰"), "张*");
        assert_eq!(name("欧阳"), "欧*");
        assert_eq!(name(""), "*");
        assert_eq!((address("示范路1号"), address("")), ("***".to_owned(), String::new()));
        assert_eq!(mail("li.ming@example.com"), "l***@example.com");
    }
}
