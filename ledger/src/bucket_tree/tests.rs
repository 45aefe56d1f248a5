use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Content = BTreeMap<Vec<u8>, Vec<u8>>;

fn from_scratch(params: TreeParams, content: &Content) -> Digest {
    let mut tree = BucketTree::new(params);
    content.iter().for_each(|(key, value)| tree.set(key, Some(value)));
    tree.root()
}

fn any_params() -> impl Strategy<Value = TreeParams> {
    (1u32..40, 2u32..6).prop_map(|(buckets, arity)| TreeParams { buckets, arity })
}

fn any_content(most: usize) -> impl Strategy<Value = Content> {
    prop::collection::btree_map(
        prop::collection::vec(any::<u8>(), 0..4),
        prop::collection::vec(any::<u8>(), 0..5),
        0..most,
    )
}

#[test]
fn an_empty_tree_has_the_zero_root_and_so_has_an_emptied_one() {
    let mut tree = BucketTree::new(TreeParams::default());
    assert_eq!(tree.root(), Digest::ZERO);
    tree.set(b"key", Some(b"value"));
    assert_ne!(tree.root(), Digest::ZERO);
    tree.set(b"key", None);
    assert_eq!(tree.root(), Digest::ZERO);
}

#[test]
fn keys_and_values_cannot_be_cut_differently() {
    let params = TreeParams { buckets: 1, arity: 2 };
    let content = |key: &[u8], value: &[u8]| Content::from([(key.to_vec(), value.to_vec())]);
    assert_ne!(from_scratch(params, &content(b"ab", b"c")), from_scratch(params, &content(b"a", b"bc")));
}

#[test]
fn shapes_follow_the_expected_number_of_entries() {
    assert_eq!(TreeParams::for_entries(0).buckets, 8);
    assert_eq!(TreeParams::for_entries(1_000).buckets, 256);
    assert!(TreeParams::for_entries(usize::MAX).is_valid());
}

proptest! {
    #[test]
    fn the_root_depends_on_the_content_alone(
        params in any_params(),
        first in any_content(30),
        then in any_content(30),
        order in any::<u64>(),
    ) {
        let mut tree = BucketTree::new(params);
        first.iter().for_each(|(key, value)| tree.set(key, Some(value)));
        tree.root();
        first.keys().filter(|key| !then.contains_key(*key)).for_each(|key| tree.set(key, None));
        let mut changes: Vec<_> = then.iter().collect();
        changes.sort_by_key(|(key, _)| Digest::of(Domain::Key, &[&order.to_be_bytes(), key]));
        for (place, (key, value)) in changes.into_iter().enumerate() {
            tree.set(key, Some(value));
            if place % 3 == 0 {
                tree.root();
            }
        }
        prop_assert_eq!(tree.root(), from_scratch(params, &then));
    }

    #[test]
    fn different_contents_have_different_roots(
        params in any_params(), one in any_content(6), other in any_content(6),
    ) {
        prop_assert_eq!(one == other, from_scratch(params, &one) == from_scratch(params, &other));
    }

    #[test]
    fn proofs_hold_for_the_truth_and_for_nothing_else(
        params in any_params(), content in any_content(20), key in prop::collection::vec(any::<u8>(), 0..4),
        flip in any::<prop::sample::Index>(),
    ) {
        let mut tree = BucketTree::new(params);
        content.iter().for_each(|(key, value)| tree.set(key, Some(value)));
        let root = tree.root();
        for key in content.keys().chain([&key]) {
            let proof = tree.prove(key);
            let value = content.get(key).map(Vec::as_slice);
            prop_assert!(proof.verify(params, &root, key, value));
            prop_assert!(!proof.verify(params, &root, key, Some(b"something else")));
            prop_assert!(value.is_none() || !proof.verify(params, &root, key, None), "hidden");
            let mut bent = root;
            bent.0[flip.index(32)] ^= 1;
            prop_assert!(!proof.verify(params, &bent, key, value), "another root");
        }
    }
}
