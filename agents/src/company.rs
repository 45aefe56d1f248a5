//! The electricity sales company: a second supplier with a tariff of its own (26).

use std::sync::Arc;

use goshawk_engine::{Actor, Context, Fault};
use goshawk_market::quantity::{Energy, Money};

use crate::commons::Commons;
use crate::journal::Operator;
use crate::message::{CommunityModel, Message, Supplier, phase};
use crate::pricing::PriceSeries;
use crate::saved::{saved, saved_actor};
use crate::unexpected;

/// Sells energy that it buys upstream.
#[derive(Debug)]
pub struct Company {
    commons: Arc<Commons>,
    prices: PriceSeries,
    wholesale: PriceSeries,
    sold: Energy,
    revenue: Money,
}

impl Company {
    /// A company that sells at `prices` what it buys at the `wholesale` prices of the same period.
    pub fn new(commons: Arc<Commons>, prices: PriceSeries, wholesale: PriceSeries) -> Self {
        Self { commons, prices, wholesale, sold: Energy::ZERO, revenue: Money::ZERO }
    }
}

saved!(Company { sold, revenue } parts {} built again { commons, prices, wholesale });

impl Actor<CommunityModel> for Company {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        let directory = &self.commons.directory;
        match message {
            Message::AskTariff(period) => {
                let price = self.prices.at(period);
                context.send(directory.market, Message::Tariff { supplier: Supplier::Company, price });
            }
            Message::Purchase { energy, amount } => {
                self.sold += energy;
                self.revenue += amount;
            }
            Message::CloseBooks(period) => {
                let energy = std::mem::take(&mut self.sold);
                let revenue = std::mem::take(&mut self.revenue);
                let cost = self.wholesale.at(period) * energy;
                context.sink().operator(Operator::Company, revenue, cost, energy);
                let payment = Message::UpstreamPayment { energy, amount: cost };
                context.send_in(directory.upstream, phase::CLOSE_BOOKS, payment);
            }
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    saved_actor!();
}
