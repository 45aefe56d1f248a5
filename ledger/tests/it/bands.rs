//! What credit bands take from those who break contracts again and again, and what they leave them.

use goshawk_ledger::{ContractTerms, CreditRules, Rejection, Standing};
use goshawk_market::quantity::{Energy, Money, Price};

use crate::attacks::{BUYERS, Chain, ENERGY, PLATFORM, SELLER, SELLER_PRICE, terms};

/// What a kWh that nobody buys is worth to the seller, half of what a buyer pays.
const UNSOLD: Price = Price::from_micro(50_000);
const PERIODS: u64 = 60;

/// What a seller's conduct came to.
struct Course {
    /// What it gained, with what it kept, above selling everything honestly.
    gain: Money,
    /// The periods in which it let its buyer down.
    broken: u64,
    /// The periods in which it could not sell.
    barred: u64,
    standing: Standing,
    surcharges: Money,
}

/// A seller offers its energy in each of [`PERIODS`] periods. `flows` says for each what it delivers and what its meter says; a
/// void reading says nothing.
fn course(mut chain: Chain, flows: impl Fn(u64) -> (Energy, Energy)) -> Course {
    let (mut kept, mut broken, mut barred) = (Energy::ZERO, 0, 0);
    for number in 1..=PERIODS {
        let period = number as u32 - 1;
        let standing = chain.validator.state().account(SELLER).unwrap().standing;
        if standing.barred_until(period).is_some() {
            (kept, barred) = (kept + ENERGY, barred + 1);
            continue;
        }
        let (delivered, metered) = flows(number);
        let terms = ContractTerms { period, ..terms(number, BUYERS[0]) };
        chain.trade(&[terms], &[(SELLER, metered), (BUYERS[0], ENERGY)]);
        kept += ENERGY - delivered;
        broken += u64::from(metered < ENERGY);
    }
    assert_eq!(chain.rejected, []);
    let honest: Money = (0..PERIODS).map(|_| SELLER_PRICE * ENERGY).sum();
    let fees: Money = (0..PERIODS - broken - barred).map(|_| Price::from_micro(10_000) * ENERGY).sum();
    Course {
        gain: chain.gained(SELLER) + UNSOLD * kept - honest,
        broken,
        barred,
        standing: chain.validator.state().account(SELLER).unwrap().standing,
        surcharges: chain.gained(PLATFORM) - fees,
    }
}

fn with_bands() -> Chain {
    Chain::with_bands(CreditRules::default())
}

#[test]
fn who_sells_and_keeps_again_and_again_is_soon_kept_from_selling() {
    let keeps = |_| (Energy::ZERO, Energy::ZERO);
    let without = course(Chain::new(None), keeps);
    assert_eq!((without.broken, without.barred, without.standing), (60, 0, Standing::Good));
    // Each time it loses the penalty, and half of what the energy would have brought.
    assert_eq!(without.gain, Money::from_micro(60 * -(340_000 + 100_000)));

    let with = course(with_bands(), keeps);
    assert_eq!((with.broken, with.barred), (4, 56));
    assert!(matches!(with.standing, Standing::Suspended { .. }));
    let (penalties, unsold) = (4 * -340_000, 60 * -100_000);
    assert_eq!(with.gain, Money::from_micro(penalties + unsold), "it sells nothing any more");
    assert_eq!(with.surcharges, Money::ZERO, "nothing was delivered");
}

#[test]
fn who_cheats_until_it_is_suspended_and_is_honest_then_pays_for_it_a_long_time() {
    let cheats_first = |number| if number <= 2 { (Energy::ZERO, Energy::ZERO) } else { (ENERGY, ENERGY) };
    let without = course(Chain::new(None), cheats_first);
    assert_eq!(without.gain, Money::from_micro(2 * -440_000));
    let with = course(with_bands(), cheats_first);
    assert_eq!((with.broken, with.barred), (2, 24));
    assert!(matches!(with.standing, Standing::Fair), "{:?}", with.standing);
    // Two penalties and what was kept, a day without sales, and its part of the surcharges; the buyer is honest, and soon pays
    // less.
    let lost = Money::from_micro(2 * 440_000 + 24 * 100_000);
    let surcharge = -with.gain - lost;
    assert!(surcharge.is_positive() && surcharge < with.surcharges, "{surcharge}");
    assert!(with.surcharges < surcharge + surcharge, "{surcharge}");
}

#[test]
fn who_lies_and_is_found_out_now_and_then_is_not_suspended() {
    // It claims all and keeps a fifth; each twelfth time the lie is found, and its reading is void.
    let fifth = Energy::from_micro(ENERGY.micro() / 5);
    let lies =
        |number| if number % 12 == 0 { (Energy::ZERO, Energy::ZERO) } else { (ENERGY - fifth, ENERGY) };
    let without = course(Chain::new(None), lies);
    let with = course(with_bands(), lies);
    assert_eq!((with.broken, with.barred, without.broken), (5, 0, 5));
    assert_eq!(with.standing, Standing::Fair);
    let taken = without.gain - with.gain;
    assert!(taken.is_positive() && taken <= with.surcharges, "{taken}");
}

#[test]
fn a_suspended_account_that_asks_all_the_same_is_refused() {
    let mut chain = with_bands();
    for number in 1..=3 {
        let terms = ContractTerms { period: number as u32 - 1, ..terms(number, BUYERS[0]) };
        chain.trade(&[terms], &[(BUYERS[0], ENERGY)]);
    }
    let refused = Rejection::Suspended { party: SELLER, until: 26 };
    assert_eq!(chain.rejected.first(), Some(&refused));
    assert_eq!(chain.gained(SELLER), Money::from_micro(2 * -340_000));
}
