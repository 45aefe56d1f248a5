//! Who takes part.

use goshawk_market::optimizer::{
    ImprovedPso, LShade, Ngo, NgoIngredients, NgoOriginal, Optimizer, OptimizerSettings, Pso,
};

/// 30 + 2 * 30 * 500: what the published algorithm uses with 30 individuals and 500 iterations.
pub(crate) const EVALUATIONS: u64 = 30_030;

type Make = Box<dyn Fn(f64, f64) -> Box<dyn Optimizer> + Sync>;

/// An optimizer or a variant of one.
pub(crate) struct Contender {
    pub(crate) name: String,
    /// For coordinates between two bounds.
    pub(crate) make: Make,
    /// Not a variant.
    pub(crate) is_optimizer: bool,
}

/// Everybody's budget, whoever uses how many evaluations an iteration.
pub(crate) fn budget() -> OptimizerSettings {
    OptimizerSettings {
        iterations: 1_000,
        max_evaluations: Some(EVALUATIONS),
        ..OptimizerSettings::default()
    }
}

/// The optimizers, then variants.
pub(crate) fn all() -> Vec<Contender> {
    let mut all = vec![
        contender("ngo_original", |lower, upper| Box::new(NgoOriginal::with_box(budget(), lower, upper))),
        contender("ngo", |_, _| Box::new(Ngo::new(budget()))),
        contender("pso", |_, _| Box::new(Pso::new(budget()))),
        contender("improved_pso", |_, _| Box::new(ImprovedPso::new(budget()))),
        contender("l_shade", |_, _| Box::new(LShade::new(budget()))),
    ];
    let variants = all.len();
    all.push(contender("improved_pso_cooled_to_1e-4", |_, _| {
        Box::new(ImprovedPso::with_cooling(budget(), 1e-4))
    }));
    for (name, take_out) in INGREDIENTS {
        let mut ingredients = NgoIngredients::default();
        take_out(&mut ingredients);
        all.push(of_ingredients(&format!("ngo_without_{name}"), ingredients));
    }
    let mut ingredients = NgoIngredients::NONE;
    all.push(of_ingredients("ngo_with_nothing", ingredients));
    // One after the other: each needs those before it.
    for (name, put_in) in ADDED {
        put_in(&mut ingredients);
        all.push(of_ingredients(&format!("ngo_and_{name}"), ingredients));
    }
    all[variants..].iter_mut().for_each(|contender| contender.is_optimizer = false);
    all
}

type Change = fn(&mut NgoIngredients);

const INGREDIENTS: [(&str, Change); 6] = [
    ("invariant_prey", |ingredients| ingredients.translation_invariant_prey = false),
    ("partial_attack", |ingredients| ingredients.partial_attack = false),
    ("difference_pursuit", |ingredients| ingredients.difference_pursuit = false),
    ("success_history", |ingredients| ingredients.success_history = false),
    ("archive", |ingredients| ingredients.archive = false),
    ("half_way_bounds", |ingredients| ingredients.half_way_bounds = false),
];

const ADDED: [(&str, Change); 6] = [
    ("invariant_prey", |ingredients| ingredients.translation_invariant_prey = true),
    ("difference_pursuit", |ingredients| ingredients.difference_pursuit = true),
    ("half_way_bounds", |ingredients| ingredients.half_way_bounds = true),
    ("success_history", |ingredients| ingredients.success_history = true),
    ("archive", |ingredients| ingredients.archive = true),
    ("partial_attack", |ingredients| ingredients.partial_attack = true),
];

fn of_ingredients(name: &str, ingredients: NgoIngredients) -> Contender {
    contender(name, move |_, _| Box::new(Ngo::with_ingredients(budget(), ingredients)))
}

fn contender(name: &str, make: impl Fn(f64, f64) -> Box<dyn Optimizer> + Sync + 'static) -> Contender {
    Contender { name: name.to_owned(), make: Box::new(make), is_optimizer: true }
}
