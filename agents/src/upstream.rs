//! Upstream: whoever the operators pay outside the community, so that no money leaves the books unseen.

use goshawk_engine::{Actor, Context, Fault};
use goshawk_market::quantity::{Energy, Money};

use crate::journal::Operator;
use crate::message::{CommunityModel, Message};
use crate::saved::{saved, saved_actor};
use crate::unexpected;

/// The wholesale market and the contractors beyond the model.
#[derive(Debug, Default)]
pub struct Upstream {
    sold: Energy,
    revenue: Money,
}

saved!(Upstream { sold, revenue } parts {} built again {});

impl Actor<CommunityModel> for Upstream {
    fn handle(&mut self, message: Message, context: &mut Context<'_, CommunityModel>) -> Result<(), Fault> {
        match message {
            Message::UpstreamPayment { energy, amount } => {
                self.sold += energy;
                self.revenue += amount;
            }
            Message::CloseBooks(_) => {
                let energy = std::mem::take(&mut self.sold);
                let revenue = std::mem::take(&mut self.revenue);
                context.sink().operator(Operator::Upstream, revenue, Money::ZERO, energy);
            }
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    saved_actor!();
}
