//! What holds whatever is sent.

use proptest::prelude::*;

use super::*;
use crate::settlement::allocate_deliveries;

/// Something that somebody might send: mostly sensible, so that most sequences get somewhere.
pub(crate) fn any_step() -> impl Strategy<Value = (AccountId, Operation)> {
    let party = || (2u32..6).prop_map(AccountId);
    let id = || (1u64..9).prop_map(ContractId);
    let period = || 0u32..2;
    let price = || (0i64..400_000).prop_map(Price::from_micro);
    let energy = || (0i64..3_000_000).prop_map(Energy::from_micro);
    let publish = (
        (id(), 0u32..3),
        period(),
        party(),
        party(),
        energy(),
        (price(), price(), price()),
        (price(), price()),
    )
        .prop_map(
            |((id, sequence), period, seller, buyer, energy, (own, grid, platform), (above, take_or_pay))| {
                let buyer_price = own + grid + platform;
                let terms = ContractTerms {
                    id,
                    period,
                    seller,
                    buyer,
                    energy,
                    seller_price: own,
                    buyer_price,
                    grid_fee: grid,
                    platform_fee: platform,
                    outside_price: buyer_price + above,
                    take_or_pay,
                    lot: Lot { device: DeviceId(seller.0 - 2), sequence },
                };
                (seller, Operation::Publish { terms })
            },
        );
    let lists = (period(), prop::collection::vec(id(), 0..4), prop::collection::vec(id(), 0..2));
    prop_oneof![
        4 => publish,
        4 => (party(), id()).prop_map(|(buyer, contract)| (buyer, Operation::Sign { contract })),
        2 => lists.prop_map(|(period, approved, rejected)| (GRID, Operation::Check { period, approved, rejected, loads: Vec::new() })),
        3 => (party(), period(), energy()).prop_map(|(who, period, ready)| (who, Operation::Meter { period, ready })),
        2 => id().prop_map(|contract| (PLATFORM, Operation::Settle { contract })),
        2 => (0u32..6, id(), party())
            .prop_map(|(by, contract, account)| (AccountId(by), Operation::Dispute { contract, account })),
        2 => (period(), party(), energy())
            .prop_map(|(period, account, measured)| (GRID, Operation::Resolve { period, account, measured })),
        1 => (party(), 0u32..5, energy(), any::<bool>()).prop_map(|(owner, device, energy, is_more)| {
            let device = DeviceId(device);
            let charge = Operation::Charge { device, energy };
            (owner, if is_more { charge } else { Operation::Discharge { device, energy } })
        }),
        1 => (party(), 0u32..6, energy()).prop_map(|(owner, id, content)| {
            let device = Device { content: Some(content), ..device(owner) };
            (GRID, Operation::Enrol { id: DeviceId(id), device })
        }),
        1 => (party(), party(), 0i64..300_000).prop_map(|(sender, to, amount)| {
            (sender, Operation::Transfer { to, amount: Money::from_micro(amount) })
        }),
    ]
}

proptest! {
    /// [`Ledger::send`] checks after each step that money is conserved, nobody is below zero, and that a rejected
    /// transaction changes nothing.
    #[test]
    fn whatever_is_sent_money_is_conserved_and_a_copy_stays_as_it_was(
        first in prop::collection::vec(any_step(), 0..40),
        then in prop::collection::vec(any_step(), 0..40),
    ) {
        let mut ledger = Ledger::new();
        for (sender, operation) in &first {
            let _ = ledger.send(*sender, operation.clone());
        }
        let mut kept = ledger.state.clone();
        for (sender, operation) in then {
            let _ = ledger.send(sender, operation);
        }
        let mut again = Ledger::new();
        for (sender, operation) in first {
            let _ = again.send(sender, operation);
        }
        prop_assert_eq!(kept.root(), again.state.root());
        prop_assert_eq!(&kept.accounts, &again.state.accounts);
        prop_assert_eq!(&kept.contracts, &again.state.contracts);
        prop_assert_eq!(&kept.meters, &again.state.meters);
        prop_assert_eq!(&kept.periods, &again.state.periods);
        prop_assert_eq!(&kept.supplies, &again.state.supplies);
        prop_assert_eq!(&kept.devices, &again.state.devices);
        prop_assert_eq!(&kept.liabilities, &again.state.liabilities);
        prop_assert_eq!(&kept.open, &again.state.open);
        prop_assert_eq!(kept.books, again.state.books);
    }

    /// The platform can compute a period's deliveries beforehand.
    #[test]
    fn the_chain_delivers_what_allocate_deliveries_says(
        energies in prop::collection::vec((1i64..1_000_000, 0u32..4, 0u32..4), 1..8),
        ready in prop::collection::vec(0i64..1_500_000, 4),
    ) {
        let mut ledger = Ledger::new();
        let contracts: Vec<ContractTerms> = (1..).zip(energies)
            .filter(|(_, (_, seller, buyer))| seller != buyer)
            .map(|(id, (energy, seller, buyer))| ContractTerms {
                energy: Energy::from_micro(energy),
                seller: AccountId(2 + seller),
                buyer: AccountId(2 + buyer),
                ..terms(id)
            })
            .collect();
        contracts.iter().for_each(|terms| ledger.agree(*terms));
        if !contracts.is_empty() {
            (0..4).for_each(|index| ledger.meter(AccountId(2 + index), ready[index as usize]));
        }
        let expected = allocate_deliveries(&contracts, |account| {
            Energy::from_micro(ready[account.0 as usize - 2])
        });
        for (terms, delivery) in contracts.iter().zip(&expected) {
            let (state, settlement, _) = ledger.settle(terms.id.0);
            prop_assert_eq!(state, delivery.outcome());
            prop_assert_eq!(settlement, Settlement::for_delivery(terms, delivery));
        }
    }
}
