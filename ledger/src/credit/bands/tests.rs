use goshawk_market::quantity::Energy;
use proptest::prelude::*;

use super::*;
use crate::codec::Canonical;
use crate::credit::Credit;

const RULES: fn() -> CreditRules = CreditRules::default;

/// An account as it trades under the rules.
#[derive(Debug, Clone, Copy)]
struct Account {
    credit: Credit,
    standing: Standing,
    period: u32,
}

impl Account {
    fn newcomer() -> Self {
        Self { credit: Credit::default(), standing: RULES().newcomer(), period: 0 }
    }

    /// A seller's contract of the next period in which it may trade, of which this share in 1e-6 is kept.
    fn sells(mut self, promised: i64, ratio: i64) -> Self {
        let rules = RULES();
        self.period = self.standing.barred_until(self.period + 1).unwrap_or(self.period + 1);
        if matches!(self.standing, Standing::Suspended { .. }) {
            self.credit = Credit::of_score(rules.return_score);
            self.standing = self.standing.as_it_trades();
        }
        let [promised, kept] = [promised, promised * ratio / MICRO].map(Energy::from_micro);
        let weighing = rules.of_sellers();
        self.credit = self.credit.weighed(weighing, promised, kept);
        let is_kept = weighing.is_kept(promised, kept);
        self.standing = self.standing.after(&rules, self.credit.score(), self.period, is_kept);
        self
    }

    fn sells_often(self, times: usize, promised: i64, ratio: i64) -> Self {
        (0..times).fold(self, |account, _| account.sells(promised, ratio))
    }
}

const REFERENCE: i64 = 5_000_000;

#[test]
fn each_rule_of_the_rules_is_checked() {
    assert_eq!(RULES().check(), Ok(()));
    let broken: [fn(&mut CreditRules); 12] = [
        |rules| rules.poor_from = 0,
        |rules| rules.poor_from = 510_000,
        |rules| rules.fair_from = 400_000,
        |rules| rules.good_from = 600_000,
        |rules| rules.hysteresis = 100_001,
        |rules| rules.fair_surcharge = 60_000,
        |rules| rules.poor_surcharge = 1_000_001,
        |rules| rules.return_deposit = 100_000,
        |rules| rules.suspension_periods = 0,
        |rules| rules.return_score = 600_000,
        |rules| rules.tolerance = 1_000_000,
        |rules| rules.severity_not_taken = 0,
    ];
    for (place, breaks) in broken.into_iter().enumerate() {
        let mut rules = RULES();
        breaks(&mut rules);
        assert!(rules.check().is_err(), "rule {place}");
    }
}

#[test]
fn a_newcomer_is_good_after_ten_kept_contracts_and_a_suspended_account_after_twelve() {
    let until_good = |account: Account| {
        let mut course = (1..).scan(account, |account, trades| {
            *account = account.sells(REFERENCE, MICRO);
            Some((trades, account.standing))
        });
        course.find(|(_, standing)| *standing == Standing::Good).map(|(trades, _)| trades)
    };
    assert_eq!(Account::newcomer().standing, Standing::Poor);
    assert_eq!(until_good(Account::newcomer()), Some(10));
    let suspended = Account::newcomer().sells(10_000_000, 0);
    assert_eq!(suspended.standing, Standing::Suspended { until: 26 });
    assert_eq!(until_good(suspended), Some(12));
}

#[test]
fn dust_makes_nobody_better_than_poor() {
    let account = Account::newcomer().sells_often(2_000, 10_000, MICRO);
    assert_eq!(account.standing, Standing::Poor);
}

#[test]
fn an_account_at_a_threshold_stays_where_it_is() {
    let rules = RULES();
    let course = |first: Standing, scores: [u32; 4]| {
        let go = |standing: &mut Standing, score: u32| {
            *standing = standing.after(&rules, score, 0, true);
            Some(*standing)
        };
        scores.into_iter().scan(first, go).collect::<Vec<_>>()
    };
    assert_eq!(course(Standing::Fair, [805_000, 795_000, 829_999, 801_000]), [Standing::Fair; 4]);
    assert_eq!(course(Standing::Good, [800_000, 829_000, 800_000, 801_000]), [Standing::Good; 4]);
    let falls = course(Standing::Good, [799_999, 800_001, 829_999, 830_000]);
    assert_eq!(falls, [Standing::Fair, Standing::Fair, Standing::Fair, Standing::Good]);
    let returning = Standing::Returning { from: 9 };
    assert_eq!(course(returning, [620_000, 400_000, 629_999, 600_000]), [returning; 4], "before period 9");
    assert_eq!(returning.after(&rules, 630_000, 9, true), Standing::Fair);
    assert_eq!(returning.after(&rules, 630_000, 8, true), returning);
}

#[test]
fn a_suspension_is_lengthened_by_what_was_broken_and_by_nothing_else() {
    let (rules, suspended) = (RULES(), Standing::Suspended { until: 30 });
    assert_eq!(suspended.after(&rules, 900_000, 20, true), suspended);
    assert_eq!(suspended.after(&rules, 300_000, 20, false), Standing::Suspended { until: 45 });
    assert_eq!(suspended.after(&rules, 300_000, 2, false), suspended);
    assert_eq!((suspended.barred_until(29), suspended.barred_until(30)), (Some(30), None));
    let returning = Standing::Returning { from: 30 };
    assert_eq!(suspended.as_it_trades(), returning);
    assert_eq!(returning.barred_until(29), Some(30), "who comes back early gains no period");
}

#[test]
fn what_hardly_lacks_counts_as_kept() {
    let rules = RULES();
    let is_kept = |kept| rules.of_sellers().is_kept(Energy::from_micro(1_000_000), Energy::from_micro(kept));
    assert!(is_kept(970_000) && !is_kept(969_999));
    let after = |kept| {
        Credit::default().weighed(rules.of_sellers(), Energy::from_micro(1_000_000), Energy::from_micro(kept))
    };
    assert_eq!(after(970_000), after(1_000_000));
}

#[test]
fn shares_of_amounts_are_rounded_once() {
    let money = Money::from_micro;
    assert_eq!((share(money(10), 50_000), share(money(9), 50_000)), (money(1), money(0)));
    assert_eq!((share_up(money(1), 50_000), share_up(money(20), 50_000)), (money(1), money(1)));
    assert_eq!(share_up(money(0), 50_000), money(0));
}

prop_compose! {
    fn history()(contracts in prop::collection::vec((1i64..20_000_000, 0i64..=MICRO), 0..60)) -> Account {
        contracts.into_iter().fold(Account::newcomer(), |account, (promised, ratio)| account.sells(promised, ratio))
    }
}

proptest! {
    #[test]
    fn delivering_more_never_gives_a_worse_score_or_band(
        account in history(),
        promised in 1i64..20_000_000,
        ratios in (0i64..=MICRO, 0i64..=MICRO),
    ) {
        let less = account.sells(promised, ratios.0.min(ratios.1));
        let more = account.sells(promised, ratios.0.max(ratios.1));
        prop_assert!(less.credit.score() <= more.credit.score() && more.credit.score() <= 1_000_000);
        prop_assert!(less.standing.rank() <= more.standing.rank(), "{less:?} {more:?}");
    }

    #[test]
    fn after_62_kept_contracts_everybody_is_good(account in history()) {
        let account = account.sells_often(62, REFERENCE, MICRO);
        prop_assert_eq!(account.standing, Standing::Good);
    }

    #[test]
    fn a_record_of_a_score_has_that_score(score in 1u32..1_000_000) {
        prop_assert_eq!(Credit::of_score(score).score(), score);
    }

    #[test]
    fn rules_survive_the_trip_through_bytes(numbers in prop::array::uniform12(any::<u32>()), last in any::<u32>()) {
        let [good_from, fair_from, poor_from, hysteresis, fair_surcharge, poor_surcharge, poor_deposit, return_deposit,
            suspension_periods, return_score, tolerance, severity_not_delivered] = numbers;
        let rules = CreditRules { good_from, fair_from, poor_from, hysteresis, fair_surcharge, poor_surcharge,
            poor_deposit, return_deposit, suspension_periods, return_score, tolerance, severity_not_delivered,
            severity_not_taken: last };
        prop_assert_eq!(CreditRules::from_bytes(&rules.to_bytes()), Ok(rules));
        let _ = rules.check();
    }
}
