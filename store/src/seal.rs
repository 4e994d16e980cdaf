//! Sealing of personal data, field by field, and blind indexes to find it again.
//!
//! A sealed field is `suite (1) | key version (1) | nonce (24) | ciphertext and tag`, with table, column and row as associated
//! data, so that a value copied into another row or column does not open. The suite byte leaves room for SM4.
//! XChaCha20-Poly1305 takes random nonces safely for any number of fields.

use crate::error::StoreError;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::Sensitive;
use domain::id::{Id, Kind};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// XChaCha20-Poly1305.
const SUITE: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 2 + NONCE;

/// A column that holds sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `installation.key_check_enc`
    KeyCheck,
    /// `senior.id_no_enc`
    SeniorIdNo,
    /// `senior.phone_enc`
    SeniorPhone,
    /// `senior.address_enc`
    SeniorAddress,
    /// `senior.health_enc`
    SeniorHealth,
    /// `senior.card_enc`
    SeniorCard,
    /// `app_user.phone_enc`
    UserPhone,
    /// `meal_order.address_enc`
    OrderAddress,
    /// `import_slice.payload_enc`
    ImportSlice,
    /// `job.payload`
    JobPayload,
    /// `health_certificate.number_enc`
    CertificateNumber,
    /// `notice_setting.mail_enc`
    NoticeMail,
    /// `canteen_payee.account_enc`
    PayeeAccount,
    /// `payment.account_enc`
    PaymentAccount,
    /// `suspense.account_enc`
    SuspenseAccount,
    /// `senior_contact.name_enc`
    ContactName,
    /// `senior_contact.phone_enc`
    ContactPhone,
    /// `order_rating.words_enc`
    RatingWords,
    /// `complaint_step.words_enc`
    ComplaintWords,
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::KeyCheck => "installation.key_check_enc",
            Self::SeniorIdNo => "senior.id_no_enc",
            Self::SeniorPhone => "senior.phone_enc",
            Self::SeniorAddress => "senior.address_enc",
            Self::SeniorHealth => "senior.health_enc",
            Self::SeniorCard => "senior.card_enc",
            Self::UserPhone => "app_user.phone_enc",
            Self::OrderAddress => "meal_order.address_enc",
            Self::ImportSlice => "import_slice.payload_enc",
            Self::JobPayload => "job.payload",
            Self::CertificateNumber => "health_certificate.number_enc",
            Self::NoticeMail => "notice_setting.mail_enc",
            Self::PayeeAccount => "canteen_payee.account_enc",
            Self::PaymentAccount => "payment.account_enc",
            Self::SuspenseAccount => "suspense.account_enc",
            Self::ContactName => "senior_contact.name_enc",
            Self::ContactPhone => "senior_contact.phone_enc",
            Self::RatingWords => "order_rating.words_enc",
            Self::ComplaintWords => "complaint_step.words_enc",
        }
    }
}

/// A kind of value that is looked up by its blind index. Each has a key of its own, so that equal values of different kinds
/// have different indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blind {
    /// Identity numbers.
    IdNo,
    /// Phone numbers.
    Phone,
    /// Card numbers.
    Card,
    /// WeChat open ids.
    OpenId,
    /// One-time codes and tokens that are short enough to be guessed from a plain hash.
    Code,
    /// The check digits of orders' codes.
    OrderCode,
    /// The codes that seniors show, which change every half minute.
    DynamicCode,
}

impl Blind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::IdNo => b"blind/id_no",
            Self::Phone => b"blind/phone",
            Self::Card => b"blind/card",
            Self::OpenId => b"blind/openid",
            Self::Code => b"blind/code",
            Self::OrderCode => b"blind/order_code",
            Self::DynamicCode => b"blind/dynamic_code",
        }
    }
}

/// Holds the keys. They come from outside the database: a file in the data folder, or a secret of the deployment.
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    key_version: u8,
    master: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(<redacted>)")
    }
}

impl Sealer {
    /// From the 32 bytes of the master key; the keys in use are derived from it.
    #[must_use]
    pub fn new(master: [u8; 32]) -> Self {
        let master = Zeroizing::new(master);
        let field_key = Zeroizing::new(derive(&master, b"seal/1", b""));
        Self { cipher: XChaCha20Poly1305::new((&*field_key).into()), key_version: 1, master }
    }

    /// Seals a text for one field of one row.
    pub fn seal<K: Kind>(&self, field: Field, row: Id<K>, clear: &str) -> Result<Vec<u8>, StoreError> {
        use rand::Rng;
        let mut nonce = [0u8; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let aad = self.associated(field, row);
        let payload = Payload { msg: clear.as_bytes(), aad: &aad };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| StoreError::Sealed(field.name()))?;
        Ok([&[SUITE, self.key_version], &nonce[..], &sealed].concat())
    }

    /// Opens a field of one row.
    pub fn open<K: Kind>(&self, field: Field, row: Id<K>, sealed: &[u8]) -> Result<Sensitive<String>, StoreError> {
        let fault = || StoreError::Sealed(field.name());
        let (head, body) = sealed.split_at_checked(HEAD).ok_or_else(fault)?;
        if head.first() != Some(&SUITE) || head.get(1) != Some(&self.key_version) {
            return Err(fault());
        }
        let nonce: [u8; NONCE] = head.get(2..).and_then(|n| n.try_into().ok()).ok_or_else(fault)?;
        let aad = self.associated(field, row);
        let clear = self.cipher.decrypt(&XNonce::from(nonce), Payload { msg: body, aad: &aad }).map_err(|_| fault())?;
        String::from_utf8(clear).map(Sensitive::new).map_err(|_| fault())
    }

    /// The blind index of a value: equal values have equal indexes, and nobody without the key can test a guess.
    #[must_use]
    pub fn blind(&self, kind: Blind, clear: &str) -> Vec<u8> {
        derive(&self.master, kind.label(), clear.as_bytes())[..16].to_vec()
    }

    /// The link of the audit chain over these bytes. Keyed, so that whoever can write to the database but lacks the key cannot
    /// compute the chain anew after an edit.
    #[must_use]
    pub fn chain(&self, bytes: &[u8]) -> [u8; 32] {
        derive(&self.master, b"audit/1", bytes)
    }

    fn associated<K: Kind>(&self, field: Field, row: Id<K>) -> Vec<u8> {
        [field.name().as_bytes(), b"|", row.uuid().as_bytes(), &[SUITE, self.key_version]].concat()
    }
}

/// HMAC-SHA256 under the master key, over a label and a value kept apart by the label's length.
fn derive(master: &[u8; 32], label: &[u8], value: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so this cannot fail; were it to, an all-zero key would make sealing refuse to open.
    Hmac::<Sha256>::new_from_slice(master).map_or([0; 32], |mut mac| {
        mac.update(&(label.len() as u64).to_be_bytes());
        mac.update(label);
        mac.update(value);
        mac.finalize().into_bytes().into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::SeniorId;
    use uuid::Uuid;

    fn row(n: u128) -> SeniorId {
        SeniorId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_own_row_and_column_with_its_own_key() {
        let sealer = Sealer::new([7; 32]);
        let sealed = sealer.seal(Field::SeniorPhone, row(1), "13800001234").unwrap();
        assert_eq!(sealer.open(Field::SeniorPhone, row(1), &sealed).unwrap().reveal(), "13800001234");
        assert!(sealer.open(Field::SeniorPhone, row(2), &sealed).is_err());
        assert!(sealer.open(Field::SeniorIdNo, row(1), &sealed).is_err());
        assert!(Sealer::new([8; 32]).open(Field::SeniorPhone, row(1), &sealed).is_err());
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed_and_no_bytes_panic() {
        let sealer = Sealer::new([7; 32]);
        let sealed = sealer.seal(Field::SeniorPhone, row(1), "13800001234").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open(Field::SeniorPhone, row(1), &changed).is_err(), "byte {at}");
            assert!(sealer.open(Field::SeniorPhone, row(1), &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn equal_values_of_different_kinds_have_different_blind_indexes() {
        let sealer = Sealer::new([7; 32]);
        assert_eq!(sealer.blind(Blind::Phone, "1"), sealer.blind(Blind::Phone, "1"));
        assert_ne!(sealer.blind(Blind::Phone, "1"), sealer.blind(Blind::Card, "1"));
        assert_ne!(sealer.blind(Blind::Phone, "1"), Sealer::new([8; 32]).blind(Blind::Phone, "1"));
    }
}
