//! What every scheme must keep to, for property tests.

use super::{PeriodProblem, Scheme};

/// (5)-(7), participation, flexibility and the storage's limits.
pub(crate) fn assert_feasible(problem: &PeriodProblem, scheme: &Scheme) {
    const ROUNDING: f64 = 1e-9;
    let moved: f64 = scheme.moved.iter().sum();
    assert!(scheme.traded() <= problem.demand - moved + ROUNDING, "users buy at most what they want now");
    assert!(scheme.stored.iter().sum::<f64>() <= problem.storage_room + ROUNDING);
    let Some(price) = scheme.price else {
        assert!(scheme.traded() == 0.0 && moved == 0.0, "without a price nothing is sold or moved");
        return;
    };
    let band = problem.band.unwrap();
    assert!(band.lowest <= price && price <= band.highest);
    for (group, seller) in problem.sellers.iter().enumerate() {
        let (sold, stored) = (scheme.sold[group], scheme.stored[group]);
        assert!(0.0 <= sold && sold <= seller.participating(price.to_f64()) + ROUNDING);
        assert!(0.0 <= stored && stored <= seller.storable + ROUNDING);
        assert!(sold + stored <= seller.energy + ROUNDING);
    }
    for (group, buyer) in problem.buyers.iter().enumerate() {
        let moved = scheme.moved[group];
        assert!(0.0 <= moved && moved <= buyer.movable(price.to_f64()) + ROUNDING);
    }
}
