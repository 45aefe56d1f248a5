//! `goshawk verify-proof`: what a proof of a trade shows to somebody who has nothing but the hash of a block.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use goshawk_ledger::{ContractState, Digest, ProvenTrade};
use serde_json::{Value, json};

use super::{BAD_INPUT, FAILED, print};
use crate::proof;

#[derive(Debug, Args)]
pub(super) struct VerifyProofArguments {
    /// The proof, as goshawk prove writes it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Hash of the block that is known to be final: `hash` in the table `blocks`. Without it the proof is held against the hash
    /// that it names, which is then to be compared.
    #[arg(long, value_name = "HASH", value_parser = hash)]
    block: Option<Digest>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = ProofFormat::Table)]
    format: ProofFormat,
}

/// How what is shown is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProofFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

fn hash(text: &str) -> Result<Digest, String> {
    proof::digest_from_hex(text).ok_or_else(|| "a hash has 64 hexadecimal digits".to_owned())
}

pub(super) fn verify_proof(arguments: &VerifyProofArguments) -> u8 {
    let file = arguments.file.display();
    let text = match std::fs::read(&arguments.file) {
        Ok(text) => text,
        Err(error) => {
            tracing::error!("cannot read {file}: {error}");
            return BAD_INPUT;
        }
    };
    match proof::check(&text, arguments.block.as_ref()) {
        Err(error) => {
            tracing::error!("{file}: {error}");
            FAILED
        }
        Ok((trade, block)) => print(&match arguments.format {
            ProofFormat::Table => table(&trade, &block, arguments.block.is_some()),
            ProofFormat::Json => format!("{:#}\n", json(&trade, &block)),
        }),
    }
}

fn table(trade: &ProvenTrade, block: &Digest, is_known: bool) -> String {
    let ProvenTrade { terms, state, settlement, height, .. } = trade;
    let (delivered, contracted) = (settlement.delivered, terms.energy);
    let mut text = format!("pass  trade {} {}\n", terms.id.0, state_name(*state));
    let mut line = |what: &str, said: String| {
        writeln!(text, "      {what:<12} {said}").expect("invariant: a string takes all text");
    };
    line("accounts", format!("{} sells to {}, in period {}", terms.seller.0, terms.buyer.0, terms.period));
    line("energy", format!("{delivered} of {contracted} kWh delivered"));
    line("seller gets", format!("{} at {} per kWh", settlement.seller_amount, terms.seller_price));
    line(
        "fees",
        format!("{} to the grid, {} to the platform", settlement.grid_amount, settlement.platform_amount),
    );
    line("block", format!("{height}, hash {block}"));
    if !is_known {
        text.push_str("Compare this hash with one that you trust, or give it: --block HASH\n");
    }
    text
}

fn state_name(state: ContractState) -> &'static str {
    match state {
        ContractState::Settled => "was delivered in full",
        ContractState::Defaulted => "was delivered in part",
        _ => "was cancelled",
    }
}

fn json(trade: &ProvenTrade, block: &Digest) -> Value {
    let ProvenTrade { terms, state, settlement, height, time_micros } = trade;
    json!({
        "trade": terms.id.0, "state": format!("{state:?}").to_lowercase(), "period": terms.period,
        "seller_account": terms.seller.0, "buyer_account": terms.buyer.0,
        "contracted_micro_kwh": terms.energy.micro(), "delivered_micro_kwh": settlement.delivered.micro(),
        "seller_price_micro_per_kwh": terms.seller_price.micro(),
        "buyer_price_micro_per_kwh": terms.buyer_price.micro(),
        "seller_amount_micro": settlement.seller_amount.micro(), "grid_amount_micro": settlement.grid_amount.micro(),
        "platform_amount_micro": settlement.platform_amount.micro(),
        "height": height, "block": block.to_string(), "proposed_at_micros": time_micros,
    })
}
