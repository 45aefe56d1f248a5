//! What false readings gain, by whoever lies, while they are believed and when somebody contests them.
//!
//! The ledger knows meters and no energy. Energy that did not flow although a reading says so comes from the supplier of the
//! period, who is not paid for it: that is what a lie earns. When a reading is contested, what the grid measured counts. Where
//! a found lie counts as nothing ready, as in a simulated run, the grid measures nothing, and nothing is drawn without pay.

use goshawk_ledger::{AccountId, ContractId, ContractTerms, Operation};
use goshawk_market::quantity::{Energy, Money, Price};

use crate::attacks::{BUYERS, Chain, ENERGY, GRID, PLATFORM, SELLER, SELLER_PRICE, terms};

const OUTSIDE: Price = Price::from_micro(300_000);
const BUYER: AccountId = BUYERS[0];
const NOTHING: Energy = Energy::ZERO;
const CONTRACT: ContractId = ContractId(1);

/// What meters say of a contract, and what seller and buyer come to: money, and energy that they have without paying for it at
/// the price of the seller's next buyer or of the supplier.
#[derive(Clone, Copy)]
struct Story<'a> {
    /// What the seller's and the buyer's meters say.
    readings: [Energy; 2],
    /// Who contests whose reading, and what the grid measured.
    disputes: &'a [(AccountId, AccountId, Energy)],
    /// What left the seller's battery.
    given: Energy,
    /// What the buyer bought outside because the contract failed.
    replaced: Energy,
}

/// Both meters say that everything flowed, and it did.
const HONEST: Story<'_> = Story { readings: [ENERGY; 2], disputes: &[], given: ENERGY, replaced: NOTHING };

/// What seller and buyer gain above an honest delivery.
fn gains(story: &Story<'_>) -> [Money; 2] {
    let mut chain = Chain::new(None);
    chain.deliver(&[terms(1, BUYER)], &[(SELLER, story.readings[0]), (BUYER, story.readings[1])]);
    for &(by, account, measured) in story.disputes {
        chain.ask(by, Operation::Dispute { contract: CONTRACT, account });
        chain.ask(GRID, Operation::Resolve { period: 0, account, measured });
    }
    chain.ask(PLATFORM, Operation::Settle { contract: CONTRACT });
    assert_eq!(chain.rejected, []);
    let kept = SELLER_PRICE * (ENERGY - story.given);
    let honest = [SELLER_PRICE * ENERGY, -(Price::from_micro(130_000) * ENERGY)];
    [chain.gained(SELLER) + kept - honest[0], chain.gained(BUYER) - OUTSIDE * story.replaced - honest[1]]
}

fn money(micro: i64) -> Money {
    Money::from_micro(micro)
}

#[test]
fn a_seller_that_claims_what_it_kept_is_paid_for_it_until_the_grid_says_what_it_measured() {
    let lie = Story { given: NOTHING, ..HONEST };
    assert_eq!(
        gains(&lie),
        [SELLER_PRICE * ENERGY, Money::ZERO],
        "the supplier pays, and the buyer does not notice"
    );
    let found = Story { disputes: &[(BUYER, SELLER, NOTHING)], replaced: ENERGY, ..lie };
    // The compensation makes the buyer whole.
    assert_eq!(gains(&found), [money(-340_000), Money::ZERO]);
    // So it pays while it is found less often than 200 times in 540.
    let expected = |found_in_540: i64| (540 - found_in_540) * 200_000 - found_in_540 * 340_000;
    assert!(expected(199) > 0 && expected(201) < 0);
}

#[test]
fn a_buyer_that_denies_what_it_took_pays_less_for_it_until_the_grid_says_what_it_measured() {
    let lie = Story { readings: [ENERGY, NOTHING], ..HONEST };
    // It pays the clause (0.10) instead of the price (0.26); the seller bears a part of it.
    assert_eq!(gains(&lie), [money(-100_000), money(160_000)]);
    // Measured, it pays what it took, as if it had not lied.
    let found = Story { disputes: &[(SELLER, BUYER, ENERGY)], ..lie };
    assert_eq!(gains(&found), [Money::ZERO; 2]);
}

#[test]
fn a_buyer_whose_denial_counts_as_nothing_ready_loses_by_it() {
    let half = Energy::from_micro(ENERGY.micro() / 2);
    let lie = Story { readings: [ENERGY, half], ..HONEST };
    assert_eq!(gains(&lie), [money(-50_000), money(80_000)]);
    let void = Story { disputes: &[(GRID, BUYER, NOTHING)], given: NOTHING, replaced: ENERGY, ..lie };
    // The seller keeps its energy, and the clause on top.
    assert_eq!(gains(&void), [money(100_000), money(-440_000)]);
}

#[test]
fn a_pair_that_lies_together_gains_what_one_liar_gains_and_pays_fees() {
    // Nothing flows, both meters say it did: the buyer has energy of the supplier, and the seller still has its own.
    let lie = Story { given: NOTHING, ..HONEST };
    let [seller, buyer] = gains(&lie);
    assert_eq!(seller + buyer, SELLER_PRICE * ENERGY);
    // Neither will contest the other; the grid does. The seller is short, nobody has to take anything.
    let disputes = [(GRID, SELLER, NOTHING), (GRID, BUYER, NOTHING)];
    let found = gains(&Story { disputes: &disputes, replaced: ENERGY, ..lie });
    assert_eq!(found[0] + found[1], money(-340_000));
}

#[test]
fn who_contests_honest_readings_gains_nothing_and_costs_nobody_anything() {
    let disputes = [(BUYER, SELLER, ENERGY), (SELLER, BUYER, ENERGY)];
    assert_eq!(gains(&Story { disputes: &disputes, ..HONEST }), [Money::ZERO; 2]);
    // Nor does it gain by the grid's silence: the next period's settlements end the dispute.
    let mut chain = Chain::new(None);
    chain.deliver(&[terms(1, BUYER)], &[(SELLER, ENERGY), (BUYER, ENERGY)]);
    chain.ask(BUYER, Operation::Dispute { contract: CONTRACT, account: SELLER });
    let next = ContractTerms { period: 1, ..terms(2, BUYERS[1]) };
    chain.trade(&[next], &[(SELLER, ENERGY), (BUYERS[1], ENERGY)]);
    chain.ask(PLATFORM, Operation::Settle { contract: CONTRACT });
    assert_eq!(chain.rejected, []);
    assert_eq!(chain.gained(BUYER), -(Price::from_micro(130_000) * ENERGY));
    assert_eq!(chain.gained(SELLER), SELLER_PRICE * (ENERGY + ENERGY));
}

#[test]
fn a_good_name_can_be_bought_with_fees_and_no_cheaper_than_by_honest_trade() {
    // A pair sells to itself what never flows. Each contract costs it both fees, as an honest one would.
    let mut chain = Chain::new(None);
    let before = chain.validator.state().account(SELLER).unwrap().credit.score();
    for period in 0..12 {
        let terms = ContractTerms { period, ..terms(u64::from(period) + 1, BUYER) };
        chain.trade(&[terms], &[(SELLER, ENERGY), (BUYER, ENERGY)]);
    }
    let after = chain.validator.state().account(SELLER).unwrap().credit.score();
    let fees = Price::from_micro(30_000) * ENERGY;
    let paid = chain.gained(SELLER) + chain.gained(BUYER);
    assert_eq!(paid, -Money::from_micro(12 * fees.micro()));
    assert!(before == 500_000 && (650_000..800_000).contains(&after), "{after}");
}
