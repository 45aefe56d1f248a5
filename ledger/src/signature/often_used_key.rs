//! An Ed25519 public key that many signatures are checked against.
//!
//! To check a signature (R, s) of a message M by the key A is to compute P = s B - k A, with k = SHA-512(R, A, M), and to
//! compare its encoding with R (RFC 8032, section 5.1.7). That takes about 250 doublings of a point and 70 additions. Where
//! tables of multiples of A and B are at hand, it takes 4 doublings and 96 additions. A key gets its table once it has
//! proved to be in use.
//!
//! What is accepted is what the library's `verify_strict` accepts, not one signature more or less: s is in its shortest
//! form, neither A nor R is of small order, R is in its only encoding, and the equation holds as it stands, without the
//! cofactor. (Checking many at once, as a batch, accepts others: parts of small order may cancel each other.)

mod multiples;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, OnceLock};

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signature, VerifyingKey};
use multiples::Multiples;
use sha2::{Digest as _, Sha512};

use crate::digest::Digest;

/// A key gets its table at the check after so many: making one costs about as much as two checks without.
const CHECKS_BEFORE_TABLE: u32 = 4;
/// How many keys of a process may have a table at a time, which is of 40 KiB: 80 MiB.
const TABLES_MAX: u32 = 2_048;

/// How many keys have a table.
static TABLES: AtomicU32 = AtomicU32::new(0);
/// The multiples of B, which all keys share: 640 KiB.
static BASE: LazyLock<Multiples<8>> = LazyLock::new(|| Multiples::of(ED25519_BASEPOINT_POINT));

/// A key, how often it was used, and multiples of -A if that was often.
pub(super) struct OftenUsedKey {
    key: VerifyingKey,
    checks: AtomicU32,
    /// `None` where there are too many tables already.
    table: OnceLock<Option<Multiples<4>>>,
}

impl OftenUsedKey {
    pub(super) fn new(key: VerifyingKey) -> Self {
        Self { key, checks: AtomicU32::new(0), table: OnceLock::new() }
    }

    /// Whether the signature is this key's over the digest.
    pub(super) fn verify_strict(&self, digest: &Digest, signature: &[u8; 64]) -> bool {
        match self.table() {
            Some(table) => self.verify_with(table, digest, signature),
            None => self.key.verify_strict(digest.as_bytes(), &Signature::from_bytes(signature)).is_ok(),
        }
    }

    /// The table, once it is worth its making. How often a key is used decides the cost of an answer, never the answer.
    fn table(&self) -> Option<&Multiples<4>> {
        if let Some(table) = self.table.get() {
            return table.as_ref();
        }
        if self.checks.fetch_add(1, Ordering::Relaxed) < CHECKS_BEFORE_TABLE {
            return None;
        }
        self.table.get_or_init(|| self.make_table()).as_ref()
    }

    fn make_table(&self) -> Option<Multiples<4>> {
        if TABLES.fetch_add(1, Ordering::Relaxed) >= TABLES_MAX {
            TABLES.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Multiples::of(-self.key.to_edwards()))
    }

    fn verify_with(&self, minus_key: &Multiples<4>, digest: &Digest, signature: &[u8; 64]) -> bool {
        let (commitment, response) = signature.split_at(32);
        let response = response.try_into().expect("invariant: a signature has twice 32 bytes");
        let Some(response) = Scalar::from_canonical_bytes(response).into_option() else { return false };
        let mut hasher = Sha512::new();
        hasher.update(commitment);
        hasher.update(self.key.as_bytes());
        hasher.update(digest.as_bytes());
        let challenge = Scalar::from_bytes_mod_order_wide(&hasher.finalize().into());
        let point = BASE.times(&response) + minus_key.times(&challenge);
        // An encoding that a point is given is its only one, so R is the point itself if the bytes are the same.
        point.compress().as_bytes() == commitment && !point.is_small_order() && !self.key.is_weak()
    }
}

impl Drop for OftenUsedKey {
    fn drop(&mut self) {
        if let Some(Some(_)) = self.table.get() {
            TABLES.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use curve25519_dalek::edwards::EdwardsPoint;
    use ed25519_dalek::{Signer as _, SigningKey};
    use proptest::prelude::*;

    use super::*;

    /// With a table from the first check on.
    fn with_table(key: VerifyingKey) -> OftenUsedKey {
        let key = OftenUsedKey::new(key);
        key.checks.store(CHECKS_BEFORE_TABLE, Ordering::Relaxed);
        assert!(key.table().is_some());
        key
    }

    fn library_says(key: &VerifyingKey, digest: &Digest, signature: &[u8; 64]) -> bool {
        key.verify_strict(digest.as_bytes(), &Signature::from_bytes(signature)).is_ok()
    }

    fn challenge(commitment: &EdwardsPoint, key: &VerifyingKey, digest: &Digest) -> Scalar {
        let mut hasher = Sha512::new();
        hasher.update(commitment.compress().as_bytes());
        hasher.update(key.as_bytes());
        hasher.update(digest.as_bytes());
        Scalar::from_bytes_mod_order_wide(&hasher.finalize().into())
    }

    fn put_together(commitment: &EdwardsPoint, response: &Scalar) -> [u8; 64] {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(commitment.compress().as_bytes());
        signature[32..].copy_from_slice(response.as_bytes());
        signature
    }

    /// The order of the group is added to s: the same equation, in another encoding.
    fn malleated(mut signature: [u8; 64]) -> [u8; 64] {
        let order: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut carry = 0;
        for (byte, more) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(more) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        signature
    }

    proptest! {
        #[test]
        fn a_table_accepts_what_the_library_accepts(
            secret in any::<[u8; 32]>(),
            message in any::<[u8; 32]>(),
            bent in 0usize..512,
            random in any::<[u8; 64]>(),
        ) {
            let (signing, digest) = (SigningKey::from_bytes(&secret), Digest(message));
            let key = signing.verifying_key();
            let ours = with_table(key);
            let signature = signing.sign(&message).to_bytes();
            prop_assert!(ours.verify_strict(&digest, &signature));
            let mut other = signature;
            other[bent / 8] ^= 1 << (bent % 8);
            for tried in [other, random, malleated(signature)] {
                prop_assert!(!ours.verify_strict(&digest, &tried));
                prop_assert!(!library_says(&key, &digest, &tried));
            }
        }

        /// Whoever knows a secret can sign with a commitment, or for a key, that has a part of small order. Such
        /// signatures tell implementations apart; with some challenges they hold, with most they do not.
        #[test]
        fn parts_of_small_order_are_judged_as_by_the_library(
            secret in 1u64..,
            nonce in 0u64..,
            message in any::<[u8; 32]>(),
            in_key in 0usize..8,
            in_commitment in 0usize..8,
        ) {
            let (secret, nonce, digest) = (Scalar::from(secret), Scalar::from(nonce), Digest(message));
            for secret in [secret, Scalar::ZERO] {
                let point = ED25519_BASEPOINT_POINT * secret + EIGHT_TORSION[in_key];
                let key = VerifyingKey::from_bytes(point.compress().as_bytes()).unwrap();
                let ours = with_table(key);
                for nonce in [nonce, Scalar::ZERO] {
                    let commitment = ED25519_BASEPOINT_POINT * nonce + EIGHT_TORSION[in_commitment];
                    let response = nonce + challenge(&commitment, &key, &digest) * secret;
                    let signature = put_together(&commitment, &response);
                    let said = ours.verify_strict(&digest, &signature);
                    prop_assert_eq!(said, library_says(&key, &digest, &signature));
                }
            }
        }
    }

    #[test]
    fn some_signatures_with_parts_of_small_order_hold_and_weak_ones_never() {
        let (secret, nonce) = (Scalar::from(77u64), Scalar::from(99u64));
        let [mut accepted, mut refused] = [0; 2];
        for number in 0..64 {
            let digest = Digest([number; 32]);
            let key = ED25519_BASEPOINT_POINT * secret + EIGHT_TORSION[1];
            let key = VerifyingKey::from_bytes(key.compress().as_bytes()).unwrap();
            let ours = with_table(key);
            for torsion in EIGHT_TORSION {
                let commitment = ED25519_BASEPOINT_POINT * nonce + torsion;
                let response = nonce + challenge(&commitment, &key, &digest) * secret;
                let signature = put_together(&commitment, &response);
                let said = ours.verify_strict(&digest, &signature);
                assert_eq!(said, library_says(&key, &digest, &signature));
                if said { accepted += 1 } else { refused += 1 }
            }
            // The equation holds, with R and A of small order, and s = 0.
            let weak = VerifyingKey::from_bytes(EIGHT_TORSION[0].compress().as_bytes()).unwrap();
            let signature = put_together(&EIGHT_TORSION[0], &Scalar::ZERO);
            assert!(!with_table(weak).verify_strict(&digest, &signature));
        }
        assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused");
    }

    #[test]
    fn a_key_gets_its_table_when_it_is_used_often_and_says_the_same_with_it() {
        let signing = SigningKey::from_bytes(&[5; 32]);
        let key = OftenUsedKey::new(signing.verifying_key());
        for number in 0..2 * CHECKS_BEFORE_TABLE as u8 {
            let digest = Digest([number; 32]);
            let signature = signing.sign(digest.as_bytes()).to_bytes();
            assert!(key.verify_strict(&digest, &signature));
            assert!(!key.verify_strict(&Digest([200; 32]), &signature));
        }
        assert!(key.table.get().is_some_and(Option::is_some));
    }
}
