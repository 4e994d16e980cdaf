//! Staff passwords: argon2id with OWASP's parameters, on threads of their own, few at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use domain::Sensitive;
use std::time::Duration;
use store::StoreError;
use tokio::sync::Semaphore;

/// KiB of memory, passes, lanes (OWASP Password Storage: 19 MiB, 2, 1).
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// Hashes computed at once: 2 x 19 MiB, and never all the cores that orders need.
const AT_ONCE: usize = 2;
/// A sign-in waits at most so long for its turn.
const TURN: Duration = Duration::from_secs(5);
/// Compared with when there is no such login, so that the answer takes as long. No known password has this hash.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Computes hashes, a few at a time.
#[derive(Debug)]
pub struct Hashing {
    turns: Semaphore,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_ONCE) }
    }
}

impl Hashing {
    /// The hash of a password, as a PHC string with a random salt.
    pub async fn hash(&self, password: Sensitive<String>) -> Result<String, StoreError> {
        self.in_turn(move || {
            let hash: PasswordHash = hasher()?.hash_password(password.reveal().as_bytes()).map_err(fault)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether it is the password of this hash. Without a hash (no such login) the answer is no, after the same work.
    pub async fn verify(&self, password: Sensitive<String>, hash: Option<String>) -> Result<bool, StoreError> {
        self.in_turn(move || {
            let known = hash.is_some();
            let text = hash.unwrap_or_else(|| DECOY.to_owned());
            let parsed = PasswordHash::new(&text).map_err(fault)?;
            let fits = hasher()?.verify_password(password.reveal().as_bytes(), &parsed).is_ok();
            Ok(fits && known)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = tokio::time::timeout(TURN, self.turns.acquire()).await.map_err(|_| StoreError::Overloaded)?;
        let _turn = turn.map_err(|_| StoreError::Unavailable("password hashing has stopped".into()))?;
        tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Unavailable("password hashing failed".into()))?
    }
}

fn hasher() -> Result<Argon2<'static>, StoreError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|e| StoreError::Database(format!("argon2: {e}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn fault(error: impl std::fmt::Display) -> StoreError {
    StoreError::Database(format!("password hash: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Sensitive<String> {
        Sensitive::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_hash_has_the_set_parameters_and_fits_its_password_alone() {
        let hashing = Hashing::default();
        let hash = hashing.hash(password("correct horse battery")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hashing.verify(password("correct horse battery"), Some(hash.clone())).await.unwrap());
        assert!(!hashing.verify(password("correct horse batterx"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn without_a_login_the_same_work_is_done_and_the_answer_is_no() {
        assert!(PasswordHash::new(DECOY).is_ok());
        assert!(!Hashing::default().verify(password("anything at all"), None).await.unwrap());
    }
}
