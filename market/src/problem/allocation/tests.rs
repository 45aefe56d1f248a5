use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome};
use proptest::prelude::*;

use super::*;
use crate::problem::sample::Draws;

fn random(draw: &mut Draws) -> Program {
    let (sellers, buyers) = (1 + draw.below(6) as usize, draw.below(5) as usize);
    // Few distinct values make ties and degenerate corners common.
    let mut coarse = |least: i64, most: i64| {
        let steps = (most - least) as u64 + 1;
        (least + draw.below(steps) as i64) as f64 + if draw.below(2) == 0 { 0.0 } else { draw.unit() }
    };
    let mut list = |count: usize, least, most| (0..count).map(|_| coarse(least, most)).collect::<Vec<f64>>();
    Program {
        sell_gain: list(sellers, -2, 5),
        sell_cap: list(sellers, 0, 6),
        store_gain: list(sellers, -2, 5),
        store_cap: list(sellers, 0, 6),
        energy: list(sellers, 0, 8),
        move_gain: list(buyers, -2, 5),
        move_cap: list(buyers, 0, 4),
        demand: list(1, 0, 15)[0],
        room: list(1, 0, 10)[0],
    }
}

fn oracle(program: &Program) -> f64 {
    let mut lp = Problem::new(OptimizationDirection::Maximize);
    let (mut demand, mut room) = (Vec::new(), Vec::new());
    for g in 0..program.energy.len() {
        let sold = lp.add_var(program.sell_gain[g], (0.0, program.sell_cap[g]));
        let stored = lp.add_var(program.store_gain[g], (0.0, program.store_cap[g]));
        lp.add_constraint([(sold, 1.0), (stored, 1.0)], ComparisonOp::Le, program.energy[g]);
        demand.push((sold, 1.0));
        room.push((stored, 1.0));
    }
    for b in 0..program.move_gain.len() {
        demand.push((lp.add_var(program.move_gain[b], (0.0, program.move_cap[b])), 1.0));
    }
    lp.add_constraint(demand, ComparisonOp::Le, program.demand);
    lp.add_constraint(room, ComparisonOp::Le, program.room);
    match lp.solve().unwrap() {
        SolveOutcome::Solution(solution) => solution.objective(),
        SolveOutcome::Interrupted(_) => panic!("the oracle has no limits"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn the_allocation_is_optimal_and_its_dual_certifies_it(seed in any::<u64>()) {
        let program = random(&mut Draws::new(seed));
        let (mut flow, mut dual) = (Flow::default(), Dual::default());
        let value = program.solve(&mut flow);
        let best = oracle(&program);
        prop_assert!((value - best).abs() <= 1e-8 * best.abs().max(1.0), "{value} against {best}: {program:?}");
        program.dual(&flow, &mut dual);
        let bound = dual.bound(&program);
        prop_assert!((bound - value).abs() <= 1e-8 * value.abs().max(1.0), "bound {bound}, value {value}: {program:?}");
        for g in 0..program.energy.len() {
            prop_assert!(flow.sold[g] >= 0.0 && flow.sold[g] <= program.sell_cap[g] + 1e-9);
            prop_assert!(flow.stored[g] >= 0.0 && flow.stored[g] <= program.store_cap[g] + 1e-9);
            prop_assert!(flow.sold[g] + flow.stored[g] <= program.energy[g] + 1e-9);
            prop_assert!(dual.energy[g] + dual.sell_cap[g] + dual.demand >= program.sell_gain[g] - 1e-12);
            prop_assert!(dual.energy[g] + dual.store_cap[g] + dual.room >= program.store_gain[g] - 1e-12);
        }
    }
}
