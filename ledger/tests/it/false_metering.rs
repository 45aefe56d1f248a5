//! What false readings gain, by whoever lies, while they are believed and when they are found.
//!
//! The ledger knows meters and no energy. Energy that did not flow although a reading says so comes from the supplier of the
//! period, who is not paid for it: that is what a lie earns. When the meters are compared and a reading is found false, it is
//! void, as if nothing had been ready, and nothing is drawn without pay.

use goshawk_ledger::{AccountId, ContractTerms};
use goshawk_market::quantity::{Energy, Money, Price};

use crate::attacks::{BUYERS, Chain, ENERGY, SELLER, SELLER_PRICE, terms};

const OUTSIDE: Price = Price::from_micro(300_000);
const BUYER: AccountId = BUYERS[0];

/// What meters say of a contract, and what seller and buyer come to: money, and energy that they have without paying for it at
/// the price of the seller's next buyer or of the supplier.
struct Story {
    /// What the seller's and the buyer's meters say.
    readings: [Energy; 2],
    /// What left the seller's battery.
    given: Energy,
    /// What the buyer bought outside because the contract failed.
    replaced: Energy,
}

/// What seller and buyer gain above an honest delivery.
fn gains(story: &Story) -> [Money; 2] {
    let mut chain = Chain::new(None);
    chain.trade(&[terms(1, BUYER)], &[(SELLER, story.readings[0]), (BUYER, story.readings[1])]);
    assert_eq!(chain.rejected, []);
    let kept = SELLER_PRICE * (ENERGY - story.given);
    let honest = [SELLER_PRICE * ENERGY, -(Price::from_micro(130_000) * ENERGY)];
    [chain.gained(SELLER) + kept - honest[0], chain.gained(BUYER) - OUTSIDE * story.replaced - honest[1]]
}

const NOTHING: Energy = Energy::ZERO;

fn money(micro: i64) -> Money {
    Money::from_micro(micro)
}

#[test]
fn a_seller_that_claims_what_it_kept_is_paid_for_it_until_it_is_found() {
    let believed = gains(&Story { readings: [ENERGY; 2], given: NOTHING, replaced: NOTHING });
    assert_eq!(
        believed,
        [SELLER_PRICE * ENERGY, Money::ZERO],
        "the supplier pays, and the buyer does not notice"
    );
    let found = gains(&Story { readings: [NOTHING, ENERGY], given: NOTHING, replaced: ENERGY });
    // The compensation makes the buyer whole.
    assert_eq!(found, [money(-340_000), Money::ZERO]);
    // So it pays while it is found less often than 200 times in 540.
    let expected = |found_in_540: i64| (540 - found_in_540) * 200_000 - found_in_540 * 340_000;
    assert!(expected(199) > 0 && expected(201) < 0);
}

#[test]
fn a_buyer_that_denies_what_it_took_pays_less_for_it_until_it_is_found() {
    let believed = gains(&Story { readings: [ENERGY, NOTHING], given: ENERGY, replaced: NOTHING });
    // It pays the clause (0.10) instead of the price (0.26); the seller bears a part of it.
    assert_eq!(believed, [money(-100_000), money(160_000)]);
    let found = gains(&Story { readings: [ENERGY, NOTHING], given: NOTHING, replaced: ENERGY });
    // The seller keeps its energy, and the clause on top.
    assert_eq!(found, [money(100_000), money(-440_000)]);
}

#[test]
fn a_pair_that_lies_together_gains_what_one_liar_gains_and_pays_fees() {
    // Nothing flows, both meters say it did: the buyer has energy of the supplier, and the seller still has its own.
    let [seller, buyer] = gains(&Story { readings: [ENERGY; 2], given: NOTHING, replaced: NOTHING });
    assert_eq!(seller + buyer, SELLER_PRICE * ENERGY);
    // Found, both readings are void: the seller is short, nobody has to take anything.
    let found = gains(&Story { readings: [NOTHING; 2], given: NOTHING, replaced: ENERGY });
    assert_eq!(found[0] + found[1], money(-340_000));
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
