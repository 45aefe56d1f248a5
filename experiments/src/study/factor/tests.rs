use super::range::Scale;
use super::*;

fn table(toml: &str) -> FactorTable {
    toml::from_str(toml).unwrap()
}

fn factor(levels: &str) -> Factor {
    table(&format!("path = \"a.b\"\n{levels}")).check().unwrap()
}

fn number(factor: &Factor, u: f64) -> f64 {
    factor.at(u).number().unwrap()
}

#[test]
fn each_of_a_list_has_the_same_share() {
    let factor = factor("values = [1, 2.5, true, \"ngo\"]");
    let at = |u: f64| factor.at(u).set(factor.path());
    assert_eq!([at(0.0), at(0.25), at(0.5), at(0.999)], ["a.b=1", "a.b=2.5", "a.b=true", "a.b=\"ngo\""]);
    assert_eq!(at(1.0), at(0.999));
}

#[test]
fn what_is_set_is_read_back_to_the_last_digit() {
    for level in
        [Level::from(0.1 + 0.2), 1e-7.into(), 1e300.into(), 3.0.into(), (-7).into(), "a \"b\" \\".into()]
    {
        let read: FactorTable = table(&format!("path = \"x\"\nvalues = [{level}]"));
        assert_eq!(read.values, Some(vec![level]));
    }
}

#[test]
fn ranges_reach_both_ends() {
    let plain = factor("range = { from = 2.0, to = 4.0 }");
    assert_eq!([number(&plain, 0.0), number(&plain, 0.25), number(&plain, 1.0)], [2.0, 2.5, 4.0]);
    let log = factor("range = { from = 1.0, to = 100.0, scale = \"log\" }");
    assert!((number(&log, 0.5) - 10.0).abs() < 1e-12 && number(&log, 1.0) == 100.0);
    let dice = factor("range = { from = 1, to = 6, integer = true }");
    let counts = (0..600).fold([0; 6], |mut counts, step| {
        counts[number(&dice, f64::from(step) / 600.0) as usize - 1] += 1;
        counts
    });
    assert_eq!((counts, dice.at(1.0)), ([100; 6], Level::Whole(6)));
}

#[test]
fn steps_are_a_list() {
    let factor = factor("range = { from = 0.0, to = 1.0, steps = 5 }");
    let numbers: Vec<f64> = factor.listed().unwrap().iter().filter_map(Level::number).collect();
    assert_eq!(numbers, [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!([number(&factor, 0.19), number(&factor, 0.2), number(&factor, 1.0)], [0.0, 0.25, 1.0]);
    let log = Range { scale: Scale::Log, steps: Some(3), ..Range::new(1.0, 100.0) };
    assert_eq!(log.nth(2, 3), Level::Number(100.0));
}

#[test]
fn distributions_have_their_means_and_ends() {
    let mean = |factor: &Factor| {
        (0..10_000).map(|step| number(factor, (f64::from(step) + 0.5) / 1e4)).sum::<f64>() / 1e4
    };
    let normal = factor("normal = { mean = 5.0, sd = 2.0 }");
    assert!((mean(&normal) - 5.0).abs() < 1e-9 && number(&normal, 0.0) > -12.0 && !normal.is_bounded());
    let truncated = factor("normal = { mean = 5.0, sd = 2.0, low = 4.0, high = 5.0 }");
    assert_eq!([number(&truncated, 0.0), number(&truncated, 1.0)], [4.0, 5.0]);
    let lognormal = factor("lognormal = { mean = 3.0, sd = 1.0 }");
    assert!((mean(&lognormal) - 3.0).abs() < 1e-2);
    let triangular = factor("triangular = { low = 1.0, mode = 2.0, high = 6.0 }");
    assert!((mean(&triangular) - 3.0).abs() < 1e-4, "{}", mean(&triangular));
    assert_eq!([number(&triangular, 0.0), number(&triangular, 1.0)], [1.0, 6.0]);
}

#[test]
fn all_faults_of_a_factor_are_told_at_once() {
    let told = |toml: &str| -> Vec<String> {
        table(toml).check().unwrap_err().iter().map(ToString::to_string).collect()
    };
    let mut text = String::new();
    for toml in [
        "path = \"\"",
        "path = \"a..b\"\nvalues = []\nrange = { from = 1.5, to = 1.0, integer = true }",
        "path = \"a\"\nvalues = [1, 2, 1, nan]",
        "path = \"a\"\nrange = { from = 0.0, to = inf, scale = \"log\", steps = 1 }",
        "path = \"a\"\nrange = { from = 1, to = 3, integer = true, steps = 4 }",
        "path = \"a\"\nrange = { from = 1, to = 100, integer = true, scale = \"log\", steps = 50 }",
        "path = \"a\"\nnormal = { mean = 0.0, sd = 0.0, low = 2.0, high = 1.0 }",
        "path = \"a\"\nnormal = { mean = 0.0, sd = 1.0, low = 40.0 }",
        "path = \"a\"\nlognormal = { mean = -1.0, sd = -1.0 }",
        "path = \"a\"\ntriangular = { low = 1.0, mode = 9.0, high = 2.0 }",
        "path = \"a\"\nuniform = { low = 1.0, high = 1.0 }",
        "path = \"output.numbers\"\nvalues = [\"float64\", \"decimal\"]",
    ] {
        text.push_str(&format!("{toml}\n  {}\n\n", told(toml).join("\n  ")));
    }
    insta::assert_snapshot!(text);
}
