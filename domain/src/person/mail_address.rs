//! A mail address.

use crate::Sensitive;

/// An address that mail can be sent to: `name@domain` in plain ASCII without comments or quotes, which is what people have. Whether
/// it is somebody's is proved by a code sent there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailAddress(Sensitive<String>);

/// The text is no mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address such as name@example.com")]
pub struct BadMailAddress;

impl MailAddress {
    /// From its text; blanks around it are dropped and the domain is put in lower case.
    pub fn parse(text: &str) -> Result<Self, BadMailAddress> {
        let text = text.trim();
        let (name, domain) = text.split_once('@').ok_or(BadMailAddress)?;
        let word = |c: char| c.is_ascii_alphanumeric();
        // RFC 5321: 64 octets before the sign, 255 after it.
        let good_name = (1..=64).contains(&name.len()) && name.chars().all(|c| word(c) || "!#$%&'*+/=?^_`{|}~.-".contains(c));
        let dotted = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
        let label = |l: &str| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-') && l.chars().all(|c| word(c) || c == '-');
        let good_domain = domain.len() <= 255 && domain.contains('.') && domain.split('.').all(label);
        if !good_name || !dotted(name) || !good_domain {
            return Err(BadMailAddress);
        }
        Ok(Self(Sensitive::new(format!("{name}@{}", domain.to_ascii_lowercase()))))
    }

    /// The address in the clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_name_at_one_domain_and_nothing_that_a_mail_server_could_read_otherwise() {
        for (text, good) in [
            ("li.ming+kin@Example.com", Some("li.ming+kin@example.com")),
            (" a@b.cn ", Some("a@b.cn")),
            ("a@b", None),
            ("a@b@c.cn", None),
            ("a b@c.cn", None),
            ("a@c.cn\r\nBcc: x@y.cn", None),
            ("\"a\"@c.cn", None),
            ("<a@c.cn>", None),
            ("a,b@c.cn", None),
            (".a@c.cn", None),
            ("a@-c.cn", None),
            ("张@c.cn", None),
            ("", None),
        ] {
            assert_eq!(MailAddress::parse(text).ok().as_ref().map(MailAddress::reveal), good, "{text}");
        }
    }
}
