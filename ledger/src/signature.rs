//! Signatures over digests, in two schemes with one interface.
//!
//! | scheme | signature | what it proves |
//! |---|---|---|
//! | [`Ed25519`](SignatureScheme::Ed25519) | 64 bytes | only the holder of the secret can have signed |
//! | [`KeyedHash`](SignatureScheme::KeyedHash) | 32 bytes | nothing against a node that reads the registry |
//!
//! `KeyedHash` is for simulation: SHA-256 over a key and the digest, and the registry of "public" keys holds that
//! same key. Messages, sizes aside, and checks are those of Ed25519 at about a hundredth of the cost; a simulated
//! adversary forges nothing, because the simulation gives it no foreign key.
//!
//! Keys are derived from the chain's seed and a name, so that a genesis says everything about a chain. That too is
//! a simulation's choice: whoever reads the seed can sign for everyone.

mod often_used_key;

use std::fmt;
use std::sync::{Arc, OnceLock};

use ed25519_dalek::{Signer as _, SigningKey};
use often_used_key::OftenUsedKey;

use crate::codec::{Canonical, DecodeError, Reader, canonical_enum};
use crate::digest::{Digest, Domain};

/// How transactions and consensus messages are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureScheme {
    /// Ed25519 with `verify_strict`, the one acceptance rule on every node.
    Ed25519,
    /// SHA-256 with a shared key, for simulation only.
    KeyedHash,
}

canonical_enum!(SignatureScheme { 0 => Ed25519, 1 => KeyedHash });

/// Whose key: an account's and a validator's differ even for the same name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeyOwner {
    Account = 0,
    Validator = 1,
}

/// A signature.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signature {
    /// Of [`SignatureScheme::Ed25519`].
    Ed25519([u8; 64]),
    /// Of [`SignatureScheme::KeyedHash`].
    KeyedHash([u8; 32]),
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: &[u8] = match self {
            Self::Ed25519(bytes) => bytes,
            Self::KeyedHash(bytes) => bytes,
        };
        bytes[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Canonical for Signature {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ed25519(bytes) => {
                out.push(0);
                out.extend_from_slice(bytes);
            }
            Self::KeyedHash(bytes) => {
                out.push(1);
                out.extend_from_slice(bytes);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.tag()? {
            0 => input.array().map(Self::Ed25519),
            1 => input.array().map(Self::KeyedHash),
            tag => Err(DecodeError::Tag { what: "Signature", tag }),
        }
    }
}

/// A secret key.
#[derive(Clone)]
pub struct Signer(Secret);

#[derive(Clone)]
enum Secret {
    Ed25519(Box<SigningKey>),
    KeyedHash([u8; 32]),
}

impl fmt::Debug for Signer {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// The secret of a name on the chain of this seed.
    pub(crate) fn derive(scheme: SignatureScheme, seed: &[u8; 32], owner: KeyOwner, name: &str) -> Self {
        let secret = Digest::of(Domain::Secret, &[seed, &[owner as u8], name.as_bytes()]).0;
        Self(match scheme {
            SignatureScheme::Ed25519 => Secret::Ed25519(Box::new(SigningKey::from_bytes(&secret))),
            SignatureScheme::KeyedHash => Secret::KeyedHash(secret),
        })
    }

    /// Signs a digest. The same key and digest always give the same signature.
    pub fn sign(&self, digest: &Digest) -> Signature {
        match &self.0 {
            Secret::Ed25519(key) => Signature::Ed25519(key.sign(digest.as_bytes()).to_bytes()),
            Secret::KeyedHash(key) => Signature::KeyedHash(keyed_hash(key, digest)),
        }
    }

    /// What others need to check this key's signatures.
    pub fn verifier(&self) -> Verifier {
        match &self.0 {
            Secret::Ed25519(key) => {
                Verifier(Public::Ed25519(Arc::new(OftenUsedKey::new(key.verifying_key()))))
            }
            Secret::KeyedHash(key) => Verifier(Public::KeyedHash(*key)),
        }
    }
}

/// A public key, decompressed once. Copies share what one of them has learned of the key.
#[derive(Clone)]
pub struct Verifier(Public);

#[derive(Clone)]
enum Public {
    Ed25519(Arc<OftenUsedKey>),
    KeyedHash([u8; 32]),
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

impl Verifier {
    /// Whether `signature` is this key's over `digest`.
    pub fn verify(&self, digest: &Digest, signature: &Signature) -> bool {
        match (&self.0, signature) {
            (Public::Ed25519(key), Signature::Ed25519(bytes)) => key.verify_strict(digest, bytes),
            (Public::KeyedHash(key), Signature::KeyedHash(bytes)) => keyed_hash(key, digest) == *bytes,
            _ => false,
        }
    }
}

/// Both inputs have a fixed length, so the construction has nothing to extend.
fn keyed_hash(key: &[u8; 32], digest: &Digest) -> [u8; 32] {
    Digest::of(Domain::KeyedSignature, &[key, &digest.0]).0
}

/// Remembers whether a message's signature is right: a pure function of an immutable message and the keys of its
/// chain. So each signature is checked once in a process, though every validator asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct VerificationMemo(OnceLock<(Digest, bool)>);

impl VerificationMemo {
    /// The remembered answer for the chain of this genesis, or `verify`'s.
    pub(crate) fn check(&self, genesis: &Digest, verify: impl Fn() -> bool) -> bool {
        let (known, answer) = self.0.get_or_init(|| (*genesis, verify()));
        if known == genesis { *answer } else { verify() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMES: [SignatureScheme; 2] = [SignatureScheme::Ed25519, SignatureScheme::KeyedHash];

    #[test]
    fn a_signature_holds_for_its_key_and_digest_only() {
        let digest = Digest([7; 32]);
        for scheme in SCHEMES {
            let ours = Signer::derive(scheme, &[1; 32], KeyOwner::Account, "h0001");
            let signature = ours.sign(&digest);
            assert!(ours.verifier().verify(&digest, &signature));
            assert!(!ours.verifier().verify(&Digest([8; 32]), &signature), "another digest");
            for (seed, owner, name) in [
                ([2; 32], KeyOwner::Account, "h0001"),
                ([1; 32], KeyOwner::Validator, "h0001"),
                ([1; 32], KeyOwner::Account, "h0002"),
            ] {
                let other = Signer::derive(scheme, &seed, owner, name);
                assert!(!other.verifier().verify(&digest, &signature), "another key");
            }
        }
    }

    #[test]
    fn a_signature_of_the_other_scheme_is_refused() {
        let [strong, weak] =
            SCHEMES.map(|scheme| Signer::derive(scheme, &[1; 32], KeyOwner::Account, "h0001"));
        let digest = Digest([7; 32]);
        assert!(!strong.verifier().verify(&digest, &weak.sign(&digest)));
        assert!(!weak.verifier().verify(&digest, &strong.sign(&digest)));
    }

    #[test]
    fn a_memo_of_one_chain_says_nothing_about_another() {
        let memo = VerificationMemo::default();
        assert!(memo.check(&Digest([1; 32]), || true));
        assert!(memo.check(&Digest([1; 32]), || false), "remembered");
        assert!(!memo.check(&Digest([2; 32]), || false), "asked afresh");
    }
}
