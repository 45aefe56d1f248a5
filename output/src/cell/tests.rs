use arrow_array::Array;
use arrow_array::cast::AsArray;

use super::*;

/// What a column gathers of these numbers.
fn gathered(column: &mut Numbers<f64>, numbers: &[f64]) -> Vec<u64> {
    let names = Names::default();
    numbers.iter().for_each(|&number| CellBuffer::<f64>::push(column, number));
    let array = CellBuffer::<f64>::take(column, &names);
    array.as_primitive::<Float64Type>().values().iter().map(|number| number.to_bits()).collect()
}

#[test]
fn zeros_before_between_and_after_are_kept_and_so_is_their_sign() {
    let mut column = Numbers::default();
    for numbers in [
        vec![],
        vec![0.0; 7],
        vec![0.0; BATCH_ROWS],
        vec![0.0; BATCH_ROWS + 1],
        vec![-0.0, 0.0],
        vec![0.0, 0.0, -0.0],
        vec![0.0, 3.0, 0.0, f64::NAN, 0.0],
        vec![1.0, 0.0],
        vec![0.0],
    ] {
        let expected: Vec<u64> = numbers.iter().map(|number| number.to_bits()).collect();
        assert_eq!(gathered(&mut column, &numbers), expected, "{numbers:?}");
    }
}

#[test]
fn columns_of_zeros_share_them() {
    let names = Names::default();
    let mut columns = [Numbers::<f64>::default(), Numbers::default()];
    let zeros = columns.each_mut().map(|column| {
        CellBuffer::<f64>::push(column, 0.0);
        CellBuffer::<f64>::take(column, &names).to_data().buffers()[0].as_ptr()
    });
    assert_eq!(zeros[0], zeros[1]);
}
