//! A small community that trades in pairs, and its signed transactions.

use std::sync::Arc;

use goshawk_ledger::{
    AccountId, ContractId, ContractTerms, Device, DeviceId, Genesis, GenesisAccount, GenesisConfig, Limits,
    Lot, Operation, Role, SignatureScheme, SignedTransaction, Signer, Timeouts, Transaction, TreeParams,
};
use goshawk_market::quantity::{Energy, Money, Price};

/// The genesis of a community of households with a grid and a platform.
#[allow(dead_code, reason = "not all programs that share this file have the usual limits")]
pub(crate) fn genesis(scheme: SignatureScheme, households: usize, validators: usize) -> Arc<Genesis> {
    genesis_with(Limits::default(), scheme, households, validators)
}

/// Delivers up to 1e6 kWh in a period.
fn device(owner: AccountId) -> Device {
    let rating = Energy::from_micro(1_000_000_000_000);
    Device { owner, place: 0, rating, generation: Energy::ZERO, content: None }
}

/// The same with other limits.
pub(crate) fn genesis_with(
    limits: Limits,
    scheme: SignatureScheme,
    households: usize,
    validators: usize,
) -> Arc<Genesis> {
    let account =
        |name: String, role| GenesisAccount { name, role, opening_balance: Money::from_micro(1_000_000_000) };
    let mut accounts = vec![account("grid".into(), Role::Grid), account("platform".into(), Role::Platform)];
    accounts.extend((0..households).map(|index| account(format!("h{index:04}"), Role::Household)));
    let config = GenesisConfig {
        chain: 7,
        seed: [3; 32],
        scheme,
        accounts,
        validators: (0..validators).map(|index| format!("validator {index}")).collect(),
        tree: TreeParams::default(),
        limits,
        timeouts: Timeouts::default(),
        devices: (0..households as u32).map(|index| device(AccountId(2 + index))).collect(),
        carried_max: None,
        lines: Vec::new(),
        credit: None,
    };
    Arc::new(Genesis::new(config).expect("a genesis without fault"))
}

/// Everybody's keys and nonces.
pub(crate) struct Community {
    genesis: Arc<Genesis>,
    signers: Vec<Signer>,
    nonces: Vec<u64>,
    period: u32,
    contract: u64,
}

impl Community {
    pub(crate) fn new(genesis: &Arc<Genesis>) -> Self {
        let count = genesis.config().accounts.len();
        let signers = (0..count as u32)
            .map(|id| genesis.signer(AccountId(id)).expect("an account of the genesis"))
            .collect();
        Self { genesis: Arc::clone(genesis), signers, nonces: vec![0; count], period: 0, contract: 0 }
    }

    /// An account's next transaction.
    pub(crate) fn sign(&mut self, sender: AccountId, operation: Operation) -> Arc<SignedTransaction> {
        let index = sender.0 as usize;
        let nonce = self.nonces[index];
        self.nonces[index] += 1;
        let transaction =
            Transaction { chain: self.genesis.config().chain, sender, nonce, expiry_micros: None, operation };
        Arc::new(SignedTransaction::sign(transaction, &self.signers[index]))
    }

    /// All transactions of one more period with so many contracts, from publishing to settlement: five for each
    /// contract and one check. Every third seller has only half of its energy ready.
    pub(crate) fn period(&mut self, contracts: usize) -> Vec<Arc<SignedTransaction>> {
        let period = self.period;
        self.period += 1;
        let terms: Vec<ContractTerms> = (0..contracts)
            .map(|pair| {
                self.contract += 1;
                ContractTerms {
                    id: ContractId(self.contract),
                    period,
                    seller: AccountId(2 + 2 * pair as u32),
                    buyer: AccountId(3 + 2 * pair as u32),
                    energy: Energy::from_micro(1_000_000 + 10_000 * pair as i64),
                    seller_price: Price::from_micro(100_000),
                    buyer_price: Price::from_micro(130_000),
                    grid_fee: Price::from_micro(20_000),
                    platform_fee: Price::from_micro(10_000),
                    outside_price: Price::from_micro(300_000),
                    take_or_pay: Price::from_micro(50_000),
                    lot: Lot { device: DeviceId(2 * pair as u32), sequence: 0 },
                }
            })
            .collect();
        let (grid, platform) = (self.genesis.grid(), self.genesis.platform());
        let mut all = Vec::new();
        for terms in &terms {
            all.push(self.sign(terms.seller, Operation::Publish { terms: *terms }));
            all.push(self.sign(terms.buyer, Operation::Sign { contract: terms.id }));
        }
        let approved = terms.iter().map(|terms| terms.id).collect();
        all.push(
            self.sign(grid, Operation::Check { period, approved, rejected: Vec::new(), loads: Vec::new() }),
        );
        for terms in &terms {
            let half = if terms.id.0 % 3 == 0 { 2 } else { 1 };
            let ready = Energy::from_micro(terms.energy.micro() / half);
            all.push(self.sign(terms.seller, Operation::Meter { period, ready }));
            all.push(self.sign(terms.buyer, Operation::Meter { period, ready: terms.energy }));
        }
        for terms in &terms {
            all.push(self.sign(platform, Operation::Settle { contract: terms.id }));
        }
        all
    }
}
