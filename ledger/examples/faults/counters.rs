//! What happened in a trial, counted.

macro_rules! counters {
    ($($group:ident { $($name:ident: $what:literal),* $(,)? })*) => {
        /// One number for everything that is done to the validators, and for everything that they do.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub(crate) struct Counters {
            $($(pub(crate) $name: u64,)*)*
        }

        impl Counters {
            /// Each counter's group, what it counts, and its value.
            pub(crate) fn all(&self) -> Vec<(Group, &'static str, u64)> {
                vec![$($((Group::$group, $what, self.$name),)*)*]
            }

            pub(crate) fn add(&mut self, other: &Self) {
                $($(self.$name += other.$name;)*)*
            }
        }
    };
}

/// What a counter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// A fault that was injected. None of these may be zero over all trials, or the trials say nothing about it.
    Fault,
    /// What a correct ledger does about faults. None of these may be zero either.
    Remedy,
    /// How much there was of everything.
    Amount,
}

counters! {
    Fault {
        delayed: "messages lost and sent again by the network",
        doubled: "messages delivered twice",
        overtaken: "messages that overtook another one",
        dropped_down: "messages to a validator that was down",
        dropped_cut: "messages lost with their connection",
        held: "messages held back by a partition",
        partitions: "partitions",
        isolations: "validators cut off alone",
        one_way: "partitions in one direction only",
        crashes: "crashes",
        everyone_down: "crashes that left less than a quorum running",
        log_torn: "crashes that lost log entries",
        log_faults: "writes of a log that failed",
        store_faults: "writes of a store that failed",
        store_faults_written: "of those, with the block on the disk",
        skewed_clocks: "validators whose clock was wrong",
        equivocating: "equivocating validators",
        double_proposals: "rounds with two proposals of one validator",
        double_votes: "votes that contradict another of their validator",
        silent: "silent validators",
        withholding: "withholding validators",
        withheld: "messages withheld",
        censoring: "censoring validators",
        censored: "transactions and proposals that a censor ignored",
        replaying: "replaying validators",
        replayed_messages: "messages replayed",
        replayed_transactions: "transactions replayed",
        forging: "forging validators",
        forged_votes: "votes forged",
        forged_proposals: "proposals forged",
        forged_certificates: "final blocks forged",
        forged_heights: "votes of heights that nobody has reached",
        bent_bytes: "messages with a changed byte",
        false_accusations: "accusations with forged votes",
        contested: "readings contested",
        amnesiac: "validators that forget their locks",
    }
    Remedy {
        recoveries: "validators started again",
        recalled: "log entries taken in again",
        later_rounds: "blocks decided after round 0",
        adopted: "blocks adopted with their certificate",
        evidence: "pieces of evidence",
        accusations: "pieces of evidence on the chain",
        convicted: "validators that lost their power",
        refused_bytes: "changed messages that did not decode",
        corrected: "false readings put right by the grid",
        confirmed: "honest readings confirmed by the grid",
        held_up: "settlements that waited for the grid's word",
        lapsed: "readings that stood because the grid said nothing",
    }
    Amount {
        events: "events",
        messages: "messages delivered",
        trials: "trials",
        validators: "validators",
        heights: "blocks",
        highest_round: "sum of the highest rounds",
        transactions: "transactions in blocks",
        acknowledged: "transactions acknowledged",
        rejected: "transactions rejected by a rule",
        simulated_s: "seconds simulated",
    }
}
