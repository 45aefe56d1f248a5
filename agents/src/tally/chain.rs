//! The tallies of the ledger.

use goshawk_ledger::{Rejection, Settlement};
use goshawk_market::quantity::{Energy, Money};
use serde::{Deserialize, Serialize};

use super::sheet::{Sheet, ratio};

/// Milliseconds that latencies are counted by, up to a minute.
const LATENCIES: usize = 60_000;

/// What a run adds up of its blocks, and of what was settled in them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChainTally {
    /// Most transactions in a block.
    transactions_max: usize,
    blocks: u64,
    latency_sum: f64,
    /// Blocks by latency in whole milliseconds; the last one counts all that took longer.
    latencies: Vec<u32>,
    transactions: u64,
    bytes: u64,
    /// In the order of [`REASONS`].
    rejections: [u64; REASONS.len()],
    /// Rounds of agreement beyond the first.
    extra_rounds: u64,
    /// Contracts by milliseconds from the opening of their period to their approval being final.
    approvals: Vec<u32>,
    equivocations: u64,
    censored: u64,
    double_sales: u64,
    replays: u64,
    replays_accepted: u64,
    delivered: Energy,
    fees: Money,
    surcharges: Money,
    suspensions: u64,
    reinstatements: u64,
    orders_left_out: u64,
}

impl ChainTally {
    pub(super) fn new(transactions_max: usize) -> Self {
        Self {
            transactions_max,
            blocks: 0,
            latency_sum: 0.0,
            latencies: vec![0; LATENCIES],
            transactions: 0,
            bytes: 0,
            rejections: [0; REASONS.len()],
            extra_rounds: 0,
            approvals: vec![0; LATENCIES],
            equivocations: 0,
            censored: 0,
            double_sales: 0,
            replays: 0,
            replays_accepted: 0,
            delivered: Energy::ZERO,
            fees: Money::ZERO,
            surcharges: Money::ZERO,
            suspensions: 0,
            reinstatements: 0,
            orders_left_out: 0,
        }
    }

    pub(super) fn block(&mut self, latency_ms: f64, round: u32, transactions: usize, bytes: u64) {
        self.blocks += 1;
        self.latency_sum += latency_ms;
        self.latencies[place_of(latency_ms)] += 1;
        self.extra_rounds += u64::from(round);
        self.transactions += transactions as u64;
        self.bytes += bytes;
    }

    /// So many contracts are approved for good, so long after their period opened.
    pub(super) fn approval(&mut self, latency_ms: f64, contracts: u32) {
        self.approvals[place_of(latency_ms)] += contracts;
    }

    /// A censor has passed over so many transactions.
    pub(super) fn censored(&mut self, transactions: u64) {
        self.censored += transactions;
    }

    pub(super) fn rejection(&mut self, reason: &Rejection) {
        self.rejections[reason_of(reason)] += 1;
    }

    /// Whether an event is one of the ledger's, which then is counted.
    pub(super) fn event(&mut self, kind: &str) -> bool {
        let count = match kind {
            "equivocation" => &mut self.equivocations,
            "double_sale" => &mut self.double_sales,
            "replay" => &mut self.replays,
            "replay_accepted" => &mut self.replays_accepted,
            "suspended" => &mut self.suspensions,
            "reinstated" => &mut self.reinstatements,
            _ => return false,
        };
        *count += 1;
        true
    }

    pub(super) fn all_rejections(&self) -> u64 {
        self.rejections.iter().sum()
    }

    pub(super) fn settlement(&mut self, settlement: &Settlement) {
        self.delivered += settlement.delivered;
        self.fees += settlement.grid_amount + settlement.platform_amount;
        self.surcharges += settlement.seller_surcharge + settlement.buyer_surcharge;
    }

    /// The market has left out the order of a suspended household.
    pub(super) fn order_left_out(&mut self) {
        self.orders_left_out += 1;
    }

    pub(super) fn rows(&self, run: &mut Sheet<'_>) {
        run.count("blocks", self.blocks);
        run.count("transactions", self.transactions);
        run.row("latency_mean", ratio(self.latency_sum, self.blocks as f64), "ms");
        run.row("latency_p95", nearest_rank(&self.latencies, 0.95), "ms");
    }

    /// How full blocks were, and what a kWh takes of them.
    pub(super) fn load_rows(&self, run: &mut Sheet<'_>) {
        run.row("latency_p50", nearest_rank(&self.latencies, 0.5), "ms");
        let (transactions, bytes) = (self.transactions as f64, self.bytes as f64);
        let room = self.blocks as f64 * self.transactions_max as f64;
        run.number("block_fill", ratio(transactions, room));
        run.number("rejected_share", ratio(self.all_rejections() as f64, transactions));
        run.row("block_bytes", Some(bytes), "B");
        let delivered = self.delivered.to_f64();
        run.row("bytes_per_kwh", ratio(bytes, delivered), "B/kWh");
        run.row("fees_per_kwh", ratio(self.fees.to_f64(), delivered), "currency/kWh");
        self.attack_rows(run);
    }

    /// What attacks on the ledger came to.
    fn attack_rows(&self, run: &mut Sheet<'_>) {
        run.count("extra_rounds", self.extra_rounds);
        run.row("approval_p50", nearest_rank(&self.approvals, 0.5), "ms");
        run.row("approval_p95", nearest_rank(&self.approvals, 0.95), "ms");
        for (variable, &count) in REASONS.iter().zip(&self.rejections) {
            run.count(variable, count);
        }
        run.count("equivocations", self.equivocations);
        run.count("censored", self.censored);
        run.count("double_sales", self.double_sales);
        run.count("replays", self.replays);
        run.count("replays_accepted", self.replays_accepted);
        run.money("surcharges", self.surcharges);
        run.count("suspensions", self.suspensions);
        run.count("reinstatements", self.reinstatements);
        run.count("orders_left_out", self.orders_left_out);
    }
}

/// Rejections by what is behind them, as key figures.
const REASONS: [&str; 6] = [
    "rejected_funds",
    "rejected_nonce",
    "rejected_contract",
    "rejected_late",
    "rejected_lot",
    "rejected_other",
];

fn reason_of(rejection: &Rejection) -> usize {
    match rejection {
        Rejection::InsufficientFunds { .. } => 0,
        Rejection::WrongNonce { .. } => 1,
        Rejection::ContractUsed { .. }
        | Rejection::UnknownContract { .. }
        | Rejection::IllegalTransition { .. } => 2,
        Rejection::PeriodClosed { .. } | Rejection::Expired { .. } => 3,
        Rejection::WrongLot { .. } | Rejection::Oversold { .. } => 4,
        _ => 5,
    }
}

/// Where a latency is counted.
fn place_of(latency_ms: f64) -> usize {
    (latency_ms.ceil() as usize).min(LATENCIES - 1)
}

/// The smallest value that at least a share `q` of the counted values does not exceed.
fn nearest_rank(counts: &[u32], q: f64) -> Option<f64> {
    let all: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let rank = (q * all as f64).ceil() as u64;
    let mut below = 0;
    let found = counts.iter().position(|&count| {
        below += u64::from(count);
        below >= rank
    });
    found.filter(|_| all > 0).map(|value| value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_occurred() {
        assert_eq!(nearest_rank(&[0, 1, 1, 1, 1], 0.5), Some(2.0));
        assert_eq!(nearest_rank(&[0, 1, 1, 1, 1], 0.95), Some(4.0));
        assert_eq!(nearest_rank(&[0, 0], 0.95), None);
    }
}
