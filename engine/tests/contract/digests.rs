//! The digest tells runs apart by everything that was delivered, and by nothing else.

use goshawk_engine::{Digest, DigestValue};

use crate::script::{Act, cue, play, say, say_then, stage};

/// Of a run of the cues (receiver, time, phase, label), in this order.
fn digest_of(cues: &[(u32, u64, u8, u64)]) -> DigestValue {
    let mut simulation = stage(2);
    for &(to, time, phase, label) in cues {
        cue(&mut simulation, to, time, phase, say(label));
    }
    play(&mut simulation);
    simulation.digest()
}

#[test]
fn any_difference_in_delivery_shows() {
    let original = digest_of(&[(0, 5, 1, 1), (1, 5, 1, 2)]);
    assert_eq!(original, digest_of(&[(0, 5, 1, 1), (1, 5, 1, 2)]));
    for (what, other) in [
        ("order", digest_of(&[(1, 5, 1, 2), (0, 5, 1, 1)])),
        ("receiver", digest_of(&[(0, 5, 1, 1), (0, 5, 1, 2)])),
        ("time", digest_of(&[(0, 5, 1, 1), (1, 6, 1, 2)])),
        ("phase", digest_of(&[(0, 5, 1, 1), (1, 5, 2, 2)])),
        ("content", digest_of(&[(0, 5, 1, 1), (1, 5, 1, 3)])),
        ("number", digest_of(&[(0, 5, 1, 1)])),
    ] {
        assert_ne!(original, other, "another {what} went unnoticed");
    }
}

#[test]
fn the_sender_shows() {
    let by_way_of = |sender| {
        let mut simulation = stage(3);
        let pass = Act::SendAfter { to: 2, delay: 1, phase: 0, line: say(3) };
        for player in 0..2 {
            let acts = if player == sender { vec![pass.clone()] } else { Vec::new() };
            cue(&mut simulation, player, 0, 0, say_then(u64::from(player), acts));
        }
        play(&mut simulation);
        simulation.digest()
    };
    assert_ne!(by_way_of(0), by_way_of(1));
}

#[test]
fn strings_do_not_run_into_each_other() {
    let of = |texts: &[&str]| {
        let mut digest = Digest::new();
        texts.iter().for_each(|text| digest.write_str(text));
        digest.finish()
    };
    assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    assert_ne!(of(&["a"]), of(&["a\0"]));
    assert_ne!(of(&[""]), of(&[]));
    assert_ne!(of(&["household"]), of(&["householc"]));
}

/// Every bit of every input word flips each output bit about half of the time.
#[test]
fn every_bit_matters() {
    let of = |words: [u64; 3]| {
        let mut digest = Digest::new();
        words.iter().for_each(|&word| digest.write_u64(word));
        digest.finish().0
    };
    let base = of([1, 2, 3]);
    for bit in 0..192 {
        let mut words = [1, 2, 3];
        words[bit / 64] ^= 1 << (bit % 64);
        let [a, b] = of(words);
        let flipped = (a ^ base[0]).count_ones() + (b ^ base[1]).count_ones();
        assert!((36..=92).contains(&flipped), "bit {bit} flips {flipped} of 128: five sigma are 28");
    }
}

/// From a separate implementation in Python. A changed value here is a breaking change: digests are compared
/// across versions and platforms.
#[test]
fn golden_value() {
    let mut digest = Digest::new();
    digest.write_u64(42);
    digest.write_i64(-1);
    digest.write_f64(0.1);
    digest.write_str("northern goshawk");
    digest.write_bytes(&[1, 2, 3]);
    assert_eq!(digest.finish().to_string(), "b807a91d7cc02b9a57b230e15274597a");
    assert_eq!(digest_of(&[(0, 5, 1, 1), (1, 5, 1, 2)]).to_string(), "cf7d3338b531ab7eb52ebb96d56f242d");
}
