//! What a chain starts from: accounts, validators, keys and limits. Everything else follows.

use std::sync::OnceLock;

use goshawk_market::quantity::{Energy, Money};

use crate::bucket_tree::TreeParams;
use crate::codec::{Canonical, DecodeError, Reader, canonical_enum, canonical_struct};
use crate::credit::CreditRules;
use crate::device::{DEVICES_MAX, Device, Line};
use crate::digest::{Digest, Domain};
use crate::error::LedgerError;
use crate::rules::Weakness;
use crate::signature::{KeyOwner, SignatureScheme, Signer, Verifier};
use crate::transaction::AccountId;
use crate::validator_set::ValidatorSet;

/// What an account is, which decides what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Trades.
    Household,
    /// Checks contracts and gets grid fees; exactly one.
    Grid,
    /// Settles contracts and gets platform fees; exactly one.
    Platform,
    /// The sales company; trades.
    Company,
    /// The storage operator; trades.
    Storage,
    /// A validator, which names others who contradict themselves.
    Validator,
}

canonical_enum!(Role { 0 => Household, 1 => Grid, 2 => Platform, 3 => Company, 4 => Storage, 5 => Validator });

impl Role {
    /// Whether it may be party to a contract.
    pub const fn trades(self) -> bool {
        matches!(self, Self::Household | Self::Company | Self::Storage)
    }
}

/// An account at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenesisAccount {
    /// Its name, from which its key is derived.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// What it starts with.
    pub opening_balance: Money,
}

canonical_struct!(GenesisAccount { name, role, opening_balance });

/// A limit on everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Transactions in a block.
    pub block_transactions: u32,
    /// Bytes of a block.
    pub block_bytes: u32,
    /// Transactions that a validator keeps waiting; more are turned away.
    pub mempool_transactions: u32,
    /// Open contracts on the ledger.
    pub open_contracts: u32,
    /// How far a block's time may be ahead of a validator's clock, in microseconds.
    pub clock_drift_micros: u64,
    /// Blocks of an epoch, at whose end convicted validators lose their power.
    pub epoch_blocks: u32,
}

impl Limits {
    /// The first height of the epoch after that of this height.
    pub(crate) fn next_epoch(&self, height: u64) -> u64 {
        let length = u64::from(self.epoch_blocks);
        (height.saturating_sub(1) / length + 1).saturating_mul(length).saturating_add(1)
    }
}

canonical_struct!(Limits {
    block_transactions,
    block_bytes,
    mempool_transactions,
    open_contracts,
    clock_drift_micros,
    epoch_blocks,
});

impl Default for Limits {
    /// 2,000 transactions or 1 MiB a block, 100,000 waiting, 1,000,000 open contracts, half a second, 100 blocks an epoch.
    fn default() -> Self {
        Self {
            block_transactions: 2_000,
            block_bytes: 1 << 20,
            mempool_transactions: 100_000,
            open_contracts: 1_000_000,
            clock_drift_micros: 500_000,
            epoch_blocks: 100,
        }
    }
}

/// How long validators wait for each other, in microseconds. Each round waits longer than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a proposal.
    pub propose_micros: u64,
    /// For more prevotes, after a quorum that does not agree.
    pub prevote_micros: u64,
    /// For more precommits, after a quorum that does not agree.
    pub precommit_micros: u64,
    /// What each further round adds to each of them.
    pub round_micros: u64,
}

canonical_struct!(Timeouts { propose_micros, prevote_micros, precommit_micros, round_micros });

impl Default for Timeouts {
    /// 3 s, 1 s, 1 s and 0.5 s, as CometBFT and Malachite have them.
    fn default() -> Self {
        Self {
            propose_micros: 3_000_000,
            prevote_micros: 1_000_000,
            precommit_micros: 1_000_000,
            round_micros: 500_000,
        }
    }
}

/// What a genesis is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenesisConfig {
    /// The chain's number; a transaction names it.
    pub chain: u32,
    /// All keys are derived from it.
    pub seed: [u8; 32],
    /// How everything is signed.
    pub scheme: SignatureScheme,
    /// The accounts; [`AccountId`] is the index.
    pub accounts: Vec<GenesisAccount>,
    /// The validators' names.
    pub validators: Vec<String>,
    /// The shape of the state tree.
    pub tree: TreeParams,
    /// Limits.
    pub limits: Limits,
    /// Waiting times.
    pub timeouts: Timeouts,
    /// The devices that are certified from the start; [`DeviceId`](crate::DeviceId) is the index.
    pub devices: Vec<Device>,
    /// The most energy of users' trades that the grid carries in a period, if that is limited.
    pub carried_max: Option<Energy>,
    /// The lines of the feeder, if the chain knows them: line `n` leads to place `n + 1`.
    pub lines: Vec<Line>,
    /// The rules of the credit bands; without them scores are kept and nothing follows from them.
    pub credit: Option<CreditRules>,
}

impl Canonical for GenesisConfig {
    fn write(&self, out: &mut Vec<u8>) {
        self.chain.write(out);
        out.extend_from_slice(&self.seed);
        self.scheme.write(out);
        self.accounts.write(out);
        self.validators.write(out);
        self.tree.write(out);
        self.limits.write(out);
        self.timeouts.write(out);
        self.devices.write(out);
        self.carried_max.write(out);
        self.lines.write(out);
        self.credit.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            chain: Canonical::read(input)?,
            seed: input.array()?,
            scheme: Canonical::read(input)?,
            accounts: Canonical::read(input)?,
            validators: Canonical::read(input)?,
            tree: Canonical::read(input)?,
            limits: Canonical::read(input)?,
            timeouts: Canonical::read(input)?,
            devices: Canonical::read(input)?,
            carried_max: Canonical::read(input)?,
            lines: Canonical::read(input)?,
            credit: Canonical::read(input)?,
        })
    }
}

/// The largest sum of opening balances, so that no sum on the ledger overflows: 2.3e12 currency.
const MONEY_MAX: Money = Money::from_micro(i64::MAX / 4);

/// A chain's start, checked. Shared by all validators of a process as an `Arc`, with the keys derived once.
#[derive(Debug)]
pub struct Genesis {
    config: GenesisConfig,
    grid: AccountId,
    platform: AccountId,
    hash: Digest,
    keys: OnceLock<KeyRegistry>,
    weakness: Option<Weakness>,
}

impl Genesis {
    /// Checks a configuration.
    ///
    /// # Errors
    /// [`LedgerError::Genesis`] when there is not exactly one grid and one platform, a name occurs twice, a balance is
    /// negative, all balances exceed 2.3e12, there is no validator or a limit of zero, or the rules of the credit bands
    /// contradict themselves.
    pub fn new(config: GenesisConfig) -> Result<Self, LedgerError> {
        let only = |role: Role, what| {
            let mut found =
                (0u32..).zip(&config.accounts).filter(|(_, account)| account.role == role).map(|(id, _)| id);
            match (found.next(), found.next()) {
                (Some(id), None) => Ok(AccountId(id)),
                _ => Err(LedgerError::Genesis(what)),
            }
        };
        let grid = only(Role::Grid, "there must be exactly one grid account")?;
        let platform = only(Role::Platform, "there must be exactly one platform account")?;
        check(&config)?;
        let hash = Digest::of(Domain::Genesis, &[&config.to_bytes()]);
        Ok(Self { config, grid, platform, hash, keys: OnceLock::new(), weakness: None })
    }

    /// A chain without one of its rules, for tests that must notice.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[doc(hidden)]
    pub fn weakened(config: GenesisConfig, weakness: Weakness) -> Result<Self, LedgerError> {
        Ok(Self { weakness: Some(weakness), ..Self::new(config)? })
    }

    /// Whether a rule is missing; never outside tests.
    pub(crate) fn lacks(&self, weakness: Weakness) -> bool {
        self.weakness == Some(weakness)
    }

    /// What it is made of.
    pub fn config(&self) -> &GenesisConfig {
        &self.config
    }

    /// The digest of everything in it; the first block's `previous`.
    pub fn hash(&self) -> &Digest {
        &self.hash
    }

    /// The grid's account.
    pub fn grid(&self) -> AccountId {
        self.grid
    }

    /// The platform's account.
    pub fn platform(&self) -> AccountId {
        self.platform
    }

    /// The account of a name.
    pub fn account(&self, name: &str) -> Option<AccountId> {
        (0u32..).map(AccountId).zip(&self.config.accounts).find(|(_, it)| it.name == name).map(|(id, _)| id)
    }

    /// How many validators there are.
    pub fn validator_count(&self) -> usize {
        self.config.validators.len()
    }

    /// The votes that decide while all validators have power: more than two thirds of all.
    pub fn quorum(&self) -> usize {
        ValidatorSet::of_genesis(self).quorum() as usize
    }

    /// The secret key of an account, or `None` where there is no such account.
    pub fn signer(&self, account: AccountId) -> Option<Signer> {
        let name = &self.config.accounts.get(account.0 as usize)?.name;
        Some(Signer::derive(self.config.scheme, &self.config.seed, KeyOwner::Account, name))
    }

    /// The secret key of a validator, or `None` where there is no such validator.
    pub fn validator_signer(&self, index: usize) -> Option<Signer> {
        let name = self.config.validators.get(index)?;
        Some(Signer::derive(self.config.scheme, &self.config.seed, KeyOwner::Validator, name))
    }

    /// Everybody's public keys.
    pub fn keys(&self) -> &KeyRegistry {
        self.keys.get_or_init(|| KeyRegistry::derive(&self.config, self.hash))
    }
}

fn check(config: &GenesisConfig) -> Result<(), LedgerError> {
    let refuse = |what| Err(LedgerError::Genesis(what));
    let mut total = Money::ZERO;
    for account in &config.accounts {
        match total.checked_add(account.opening_balance) {
            Some(sum) if !account.opening_balance.is_negative() && sum <= MONEY_MAX => total = sum,
            _ => return refuse("opening balances must be 0 or more, and 2.3e12 or less together"),
        }
    }
    if config.validators.is_empty() || config.validators.len() > 1_000 {
        return refuse("there must be 1 to 1,000 validators");
    }
    if has_repeats(config.accounts.iter().map(|account| account.name.as_str()))
        || has_repeats(config.validators.iter().map(String::as_str))
    {
        return refuse("names must differ");
    }
    let limits = &config.limits;
    if [limits.block_transactions, limits.block_bytes, limits.mempool_transactions, limits.epoch_blocks]
        .contains(&0)
    {
        return refuse("limits must be above 0");
    }
    let is_sound = |device: &Device| {
        let owner = config.accounts.get(device.owner.0 as usize);
        owner.is_some_and(|owner| owner.role.trades()) && device.is_valid(config.lines.len())
    };
    if config.devices.len() > DEVICES_MAX || !config.devices.iter().all(is_sound) {
        return refuse(
            "devices must belong to accounts that trade, have a place, and energies of 0 to 1e6 kWh",
        );
    }
    if (0u32..).zip(&config.lines).any(|(place, line)| line.from > place) {
        return refuse("a line must come from a place before the one it leads to");
    }
    if !config.tree.is_valid() {
        return refuse("the state tree needs 1 to 2^24 buckets and an arity of 2 to 256");
    }
    config.credit.map_or(Ok(()), |rules| rules.check().map_err(LedgerError::Genesis))
}

fn has_repeats<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

impl PartialEq for Genesis {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Genesis {}

impl Canonical for Genesis {
    fn write(&self, out: &mut Vec<u8>) {
        self.config.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(GenesisConfig::read(input)?)
            .map_err(|_| DecodeError::Invalid("the genesis breaks its own rules"))
    }
}

/// The public keys of a chain.
#[derive(Debug)]
pub struct KeyRegistry {
    genesis: Digest,
    accounts: Vec<Verifier>,
    validators: Vec<Verifier>,
}

impl KeyRegistry {
    fn derive(config: &GenesisConfig, genesis: Digest) -> Self {
        let verifier =
            |owner, name: &str| Signer::derive(config.scheme, &config.seed, owner, name).verifier();
        let accounts = config.accounts.iter().map(|it| verifier(KeyOwner::Account, &it.name)).collect();
        let validators = config.validators.iter().map(|it| verifier(KeyOwner::Validator, it)).collect();
        Self { genesis, accounts, validators }
    }

    /// Which chain's keys these are.
    pub fn genesis_hash(&self) -> &Digest {
        &self.genesis
    }

    /// An account's key.
    pub fn account(&self, account: AccountId) -> Option<&Verifier> {
        self.accounts.get(account.0 as usize)
    }

    /// A validator's key.
    pub fn validator(&self, index: u32) -> Option<&Verifier> {
        self.validators.get(index as usize)
    }
}
