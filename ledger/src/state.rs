//! The state of the ledger: accounts, open contracts, and the meters of open periods.
//!
//! A block is executed on a copy of the state, which shares with it whatever the block does not change; so nothing
//! has to be taken back if another block is decided. Contracts that are over and the meters of periods without open
//! contracts are forgotten, so the state does not grow with time.
//!
//! Money is only ever moved: [`LedgerState::total_money`] stays what the genesis says, to the last unit.

mod apply;
mod conviction;
mod devices;
mod dispute;
mod entry;
mod flow;
mod saved;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use goshawk_market::quantity::Money;

use conviction::Convictions;
pub use entry::{Account, Attestation, Conviction, Meter, Offence, StateKey, Supply};
pub(crate) use entry::{Books, Period, Value};

use crate::bucket_tree::{BucketTree, Proof};
use crate::codec::Canonical;
use crate::contract::{Contract, ContractState};
use crate::device::{Device, DeviceId};
use crate::digest::Digest;
use crate::genesis::Genesis;
use crate::receipt::Receipt;
use crate::shared_list::SharedList;
use crate::transaction::{AccountId, ContractId, SignedTransaction};
use crate::validator_set::ValidatorSet;

/// The ledger's state. A copy is cheap: it costs about as much as the open contracts and meters.
#[derive(Debug, Clone)]
pub struct LedgerState {
    genesis: Arc<Genesis>,
    accounts: SharedList<Account>,
    contracts: BTreeMap<ContractId, Contract>,
    meters: BTreeMap<(u32, AccountId), Meter>,
    periods: BTreeMap<u32, Period>,
    devices: SharedList<Device>,
    supplies: BTreeMap<(u32, DeviceId), Supply>,
    books: Books,
    /// The convicted validators, and the heights of their offences.
    convictions: Convictions,
    /// The height of the block that is executed, or was last.
    height: u64,
    /// The time of that block.
    time_micros: u64,
    /// The contracts of each period that await settlement, in order.
    open: BTreeSet<(u32, ContractId)>,
    /// What sellers would owe if they delivered nothing of these contracts, in 1e-6; all together it may be more than there is money.
    liabilities: BTreeMap<AccountId, i128>,
    tree: BucketTree,
    /// The entries whose changes the tree lacks; may repeat.
    changed: Vec<StateKey>,
}

impl LedgerState {
    /// The state before the first block.
    pub fn new(genesis: &Arc<Genesis>) -> Self {
        let config = genesis.config();
        let newcomer = config.credit.map(|rules| rules.newcomer()).unwrap_or_default();
        let accounts: Vec<Account> =
            config.accounts.iter().map(|it| Account::opening(it.opening_balance, newcomer)).collect();
        let mut state = Self {
            genesis: Arc::clone(genesis),
            accounts: SharedList::new(&accounts),
            contracts: BTreeMap::new(),
            meters: BTreeMap::new(),
            periods: BTreeMap::new(),
            devices: SharedList::new(&genesis.config().devices),
            supplies: BTreeMap::new(),
            books: Books::default(),
            convictions: Convictions::new(genesis),
            height: 0,
            time_micros: 0,
            open: BTreeSet::new(),
            liabilities: BTreeMap::new(),
            tree: BucketTree::new(genesis.config().tree),
            changed: Vec::new(),
        };
        for id in (0..state.accounts.len() as u32).map(AccountId) {
            state.write_to_tree(StateKey::Account(id));
        }
        for id in (0..state.devices.len() as u32).map(DeviceId) {
            state.write_to_tree(StateKey::Device(id));
        }
        state.write_to_tree(StateKey::Books);
        state
    }

    /// The chain's start.
    pub fn genesis(&self) -> &Arc<Genesis> {
        &self.genesis
    }

    /// Executes a transaction. One that is rejected changes nothing, but for its nonce where
    /// [`Rejection::uses_nonce`](crate::Rejection::uses_nonce) says so.
    pub fn apply(&mut self, transaction: &SignedTransaction) -> Receipt {
        apply::apply(self, transaction)
    }

    /// The root of the state tree.
    pub fn root(&mut self) -> Digest {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        changed.drain(..).for_each(|key| self.write_to_tree(key));
        self.changed = changed;
        self.tree.root()
    }

    /// An account.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id.0 as usize)
    }

    /// The nonce of an account's next transaction.
    pub(crate) fn next_nonce(&self, id: AccountId) -> Option<u64> {
        self.account(id).map(|account| account.nonce)
    }

    /// All accounts in the order of the genesis.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter()
    }

    /// A contract that is open, or that the grid cancelled and whose period is open.
    pub fn contract(&self, id: ContractId) -> Option<&Contract> {
        self.contracts.get(&id)
    }

    /// The contracts of a period that await settlement, in order.
    pub fn open_contracts(&self, period: u32) -> impl Iterator<Item = &Contract> + Clone {
        let all = (period, ContractId(0))..=(period, ContractId(u64::MAX));
        self.open.range(all).map(|(_, id)| &self.contracts[id])
    }

    /// What an account metered in an open period.
    pub fn meter(&self, period: u32, account: AccountId) -> Option<&Meter> {
        self.meters.get(&(period, account))
    }

    /// A device.
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.get(id.0 as usize)
    }

    /// What a device has sold in an open period.
    pub fn supply(&self, period: u32, device: DeviceId) -> Supply {
        self.supplies.get(&(period, device)).copied().unwrap_or_default()
    }

    /// The block of this height and time is executed next.
    pub(crate) fn enter(&mut self, height: u64, time_micros: u64) {
        self.height = height;
        self.time_micros = time_micros;
    }

    /// The validators of a height that is not later than the next.
    pub fn validators(&self, height: u64) -> Arc<ValidatorSet> {
        self.convictions.validators(height)
    }

    /// All money, free and in escrow. Never changes.
    pub fn total_money(&self) -> Money {
        self.accounts.iter().map(|account| account.balance + account.escrow).sum()
    }

    /// How many entries the state tree holds.
    pub fn entry_count(&self) -> usize {
        self.accounts.len()
            + self.contracts.len()
            + self.meters.len()
            + self.periods.len()
            + self.devices.len()
            + self.supplies.len()
            + self.convictions.len()
            + 1
    }

    /// Proof of an entry, or of its absence, under the present root.
    pub fn prove(&mut self, key: StateKey) -> Proof {
        self.root();
        self.tree.prove(&key.to_bytes())
    }

    /// The encoded value of an entry, as proofs have it.
    pub fn encoded(&self, key: StateKey) -> Option<Vec<u8>> {
        self.get(key).map(|value| value.to_bytes())
    }

    fn get(&self, key: StateKey) -> Option<Value> {
        match key {
            StateKey::Account(id) => self.account(id).copied().map(Value::Account),
            StateKey::Contract(id) => self.contracts.get(&id).copied().map(Value::Contract),
            StateKey::Meter(period, id) => self.meters.get(&(period, id)).copied().map(Value::Meter),
            StateKey::Period(period) => self.periods.get(&period).copied().map(Value::Period),
            StateKey::Books => Some(Value::Books(self.books)),
            StateKey::Validator(id) => self.convictions.conviction(id).map(Value::Conviction),
            StateKey::Offence(id, height) => self.convictions.offence(id, height).map(Value::Offence),
            StateKey::Device(id) => self.device(id).copied().map(Value::Device),
            StateKey::Supply(period, id) => self.supplies.get(&(period, id)).copied().map(Value::Supply),
        }
    }

    /// Sets or removes an entry, but in the tree.
    fn put(&mut self, key: StateKey, value: Option<Value>) {
        match (key, value) {
            (StateKey::Account(id), Some(Value::Account(account))) => {
                *self.accounts.get_mut(id.0 as usize) = account;
            }
            (StateKey::Contract(id), Some(Value::Contract(contract))) => {
                self.remove_contract(id);
                if contract.state != ContractState::Cancelled {
                    self.open.insert((contract.terms.period, id));
                    *self.liabilities.entry(contract.terms.seller).or_default() +=
                        i128::from(contract.terms.liability().micro());
                }
                self.contracts.insert(id, contract);
            }
            (StateKey::Contract(id), None) => self.remove_contract(id),
            (StateKey::Meter(period, id), Some(Value::Meter(meter))) => {
                self.meters.insert((period, id), meter);
            }
            (StateKey::Meter(period, id), None) => {
                self.meters.remove(&(period, id));
            }
            (StateKey::Period(number), Some(Value::Period(period))) => {
                self.periods.insert(number, period);
            }
            (StateKey::Period(number), None) => {
                self.periods.remove(&number);
            }
            (StateKey::Books, Some(Value::Books(books))) => self.books = books,
            (StateKey::Validator(id), Some(Value::Conviction(conviction))) => {
                self.convictions.convict(&self.genesis, id, conviction);
            }
            (StateKey::Offence(id, height), Some(Value::Offence(offence))) => {
                self.convictions.note(id, height, offence);
            }
            (StateKey::Device(id), Some(Value::Device(device))) if (id.0 as usize) < self.devices.len() => {
                *self.devices.get_mut(id.0 as usize) = device;
            }
            (StateKey::Device(_), Some(Value::Device(device))) => self.devices.push(device),
            (StateKey::Supply(period, id), Some(Value::Supply(supply))) => {
                self.supplies.insert((period, id), supply);
            }
            (StateKey::Supply(period, id), None) => {
                self.supplies.remove(&(period, id));
            }
            (key, value) => unreachable!("invariant: {value:?} is no value for {key:?}"),
        }
    }

    fn remove_contract(&mut self, id: ContractId) {
        let Some(contract) = self.contracts.remove(&id) else { return };
        if self.open.remove(&(contract.terms.period, id)) {
            let seller = contract.terms.seller;
            let liable = self.liabilities.entry(seller).or_default();
            *liable -= i128::from(contract.terms.liability().micro());
            if *liable == 0 {
                self.liabilities.remove(&seller);
            }
        }
    }

    /// Sets or removes an entry.
    fn change(&mut self, key: StateKey, value: Option<Value>) {
        self.put(key, value);
        self.changed.push(key);
    }

    fn write_to_tree(&mut self, key: StateKey) {
        let value = self.get(key).map(|value| value.to_bytes());
        self.tree.set(&key.to_bytes(), value.as_deref());
    }
}

#[cfg(test)]
impl LedgerState {
    /// Gives an account money that comes from nowhere.
    pub(crate) fn make_rich(&mut self, id: AccountId, money: Money) {
        let mut account = self.accounts[id.0 as usize];
        account.balance += money;
        self.change(StateKey::Account(id), Some(Value::Account(account)));
        self.root();
    }
}

#[cfg(test)]
pub(crate) mod tests;
