use goshawk_market::quantity::Power;
use proptest::prelude::*;

use super::*;
use crate::aggregator::terms::Product;

fn energy(micro: i64) -> Energy {
    Energy::from_micro(micro)
}

fn price(micro: i64) -> Price {
    Price::from_micro(micro)
}

fn member(number: u32, up: [(i64, i64); 2], down: [(i64, i64); 2]) -> Flexibility {
    let block = |(at, worth): (i64, i64)| Block { energy: energy(at), price: price(worth) };
    Flexibility { household: HouseholdId(number), up: up.map(block), down: down.map(block) }
}

fn terms() -> FleetTerms {
    FleetTerms {
        product: Product::Both,
        capacity: None,
        up_price: price(400_000),
        down_price: price(50_000),
        availability_price: price(10_000),
        shortfall_penalty: price(400_000),
        member_share: 0.8,
        rule: DispatchRule::MeritOrder,
        departure_margin_micros: 0,
    }
}

#[test]
fn the_cheapest_go_first_and_equals_by_number() {
    let nothing = [(0, 0); 2];
    let offers = [
        member(4, [(100, 20), (50, 90)], nothing),
        member(7, [(100, 10), (50, 80)], nothing),
        member(9, [(100, 20), (50, 95)], nothing),
    ];
    let call = |request| DispatchRule::MeritOrder.call(&offers, Direction::Up, energy(request));
    let called = |request| call(request).iter().map(|of| of.map(Energy::micro)).collect::<Vec<_>>();
    assert_eq!(called(130), [[30, 0], [100, 0], [0, 0]]);
    assert_eq!(called(310), [[100, 0], [100, 10], [100, 0]]);
    assert_eq!(called(10_000), [[100, 50], [100, 50], [100, 50]]);
    let shared = DispatchRule::ProRata.call(&offers, Direction::Up, energy(90));
    assert_eq!(shared, [[energy(20), energy(10)]; 3], "a fifth of everything");
}

#[test]
fn down_goes_first_to_whom_it_is_worth_most() {
    let nothing = [(0, 0); 2];
    let offers = [member(0, nothing, [(100, 60), (10, 50)]), member(1, nothing, [(100, 70), (10, 65)])];
    let called = DispatchRule::MeritOrder.call(&offers, Direction::Down, energy(115));
    assert_eq!(called, [[energy(5), energy(0)], [energy(100), energy(10)]]);
}

#[test]
fn what_costs_more_than_the_grid_pays_is_not_called() {
    let offer = member(0, [(100, 400_000), (50, 400_001)], [(70, 50_000), (80, 49_999)]);
    let kept = offer.worth_calling(&terms()).total();
    assert_eq!((kept.up, kept.down), (energy(100), energy(70)));
}

#[test]
fn a_member_is_paid_block_by_block() {
    let block = |at, worth| Block { energy: energy(at), price: price(worth) };
    let dispatch = Dispatch {
        up: [block(2_000_000, 100_000), block(3_000_000, 300_000)],
        down: [Block::default(); 2],
        availability: Money::from_micro(7),
    };
    let (income, spend) = dispatch.settle(UpDown { up: energy(3_000_000), down: Energy::ZERO });
    assert_eq!((income.micro(), spend.micro()), (2 * 100_000 + 300_000 + 7, 0));
}

#[test]
fn what_counts_as_ready_is_the_product() {
    let offered = UpDown { up: energy(5_000_000), down: energy(3_000_000) };
    let an_hour = 3_600_000_000;
    assert_eq!(terms().ready(offered, an_hour), energy(3_000_000), "regulation needs both");
    let peak = FleetTerms { product: Product::Up, ..terms() };
    assert_eq!(peak.ready(offered, an_hour), energy(5_000_000));
    let limited = FleetTerms { capacity: Some(Power::from_micro(2_000_000)), ..peak };
    assert_eq!(limited.ready(offered, an_hour), energy(2_000_000));
}

prop_compose! {
    fn any_offers()(
        blocks in prop::collection::vec((0i64..5_000_000, 0i64..20, 0i64..5_000_000, 0i64..20), 0..30),
    ) -> Vec<Flexibility> {
        let numbered = blocks.into_iter().zip(0..);
        numbered
            .map(|((first, low, second, high), number)| {
                let blocks = [(first, low * 20_000), (second, high * 20_000)];
                member(number, blocks, blocks)
            })
            .collect()
    }
}

proptest! {
    #[test]
    fn what_is_called_is_the_request_and_never_more_than_was_offered(
        offers in any_offers(), request in 0i64..100_000_000, up in any::<bool>(), merit in any::<bool>(),
    ) {
        let direction = if up { Direction::Up } else { Direction::Down };
        let rule = if merit { DispatchRule::MeritOrder } else { DispatchRule::ProRata };
        let called = rule.call(&offers, direction, energy(request));
        let offered: Energy = offers.iter().map(|offer| total(offer.blocks(direction))).sum();
        let sum: Energy = called.iter().flatten().copied().sum();
        prop_assert_eq!(sum, offered.min(energy(request)));
        for (called, offer) in called.iter().zip(&offers) {
            for (called, block) in called.iter().zip(offer.blocks(direction)) {
                prop_assert!(!called.is_negative() && *called <= block.energy);
            }
        }
    }

    #[test]
    fn nobody_is_called_while_something_better_is_left(
        offers in any_offers(), request in 0i64..100_000_000, up in any::<bool>(),
    ) {
        let direction = if up { Direction::Up } else { Direction::Down };
        let called = DispatchRule::MeritOrder.call(&offers, direction, energy(request));
        let blocks: Vec<(Price, Energy, Energy)> = offers.iter().zip(&called)
            .flat_map(|(offer, called)| {
                offer.blocks(direction).iter().zip(called).map(|(block, &called)| (block.price, block.energy, called))
            })
            .collect();
        let called = blocks.iter().filter(|(_, _, called)| called.is_positive()).map(|block| block.0);
        let left = blocks.iter().filter(|(_, energy, called)| called < energy).map(|block| block.0);
        let (worst, best) = if up { (called.max(), left.min()) } else { (called.min(), left.max()) };
        if let (Some(worst), Some(best)) = (worst, best) {
            let in_order = if up { worst <= best } else { worst >= best };
            prop_assert!(in_order, "{worst} was called and {best} is left");
        }
    }

    #[test]
    fn pay_lies_between_what_a_member_wants_and_what_the_grid_pays(
        reserve in 0i64..=400_000, worth in 50_000i64..900_000, share in 0.0f64..=1.0,
    ) {
        let terms = FleetTerms { member_share: share, ..terms() };
        let (up, down) = (terms.member_up_price(price(reserve)), terms.member_down_price(price(worth)));
        prop_assert!(up >= price(reserve) && up <= terms.up_price);
        prop_assert!(down <= price(worth) && down >= terms.down_price);
    }

    #[test]
    fn pay_for_being_ready_is_dealt_out_to_the_last_unit(
        offered in prop::collection::vec(0i64..5_000_000, 0..30), amount in 0i64..1_000_000_000,
    ) {
        let terms = terms();
        let dealt = terms.deal_availability(Money::from_micro(amount), &offered);
        let sum: i64 = dealt.iter().map(|part| part.micro()).sum();
        let anybody = offered.iter().any(|&energy| energy > 0);
        let expected = if anybody { (amount as f64 * 0.8).floor() as i64 } else { 0 };
        prop_assert_eq!(sum, expected);
        for (part, &energy) in dealt.iter().zip(&offered) {
            prop_assert!(energy > 0 || part.is_zero(), "nothing for nothing");
        }
    }

    #[test]
    fn grid_and_aggregator_owe_for_what_was_delivered_and_what_was_not(
        accepted in 0i64..50_000_000, share in 0.0f64..=1.0, ready in 0i64..50_000_000,
    ) {
        let delivered = UpDown { up: energy((accepted as f64 * share) as i64), down: Energy::ZERO };
        let accepted = UpDown { up: energy(accepted), down: Energy::ZERO };
        let settled = terms().settle(energy(ready), accepted, delivered);
        prop_assert_eq!(settled.shortfall + delivered.up, accepted.up);
        prop_assert_eq!(settled.penalty.is_zero(), settled.shortfall < energy(2));
        prop_assert_eq!(settled.up_amount, terms().up_price * delivered.up);
        prop_assert!(settled.down_amount.is_zero());
    }
}
