//! A closed form as oracle: the M/M/1 queue, whose mean number of customers is ρ / (1 - ρ).

use std::collections::VecDeque;

use goshawk_engine::{
    Actor, ActorId, Context, Digest, Fault, Limits, Message, Model, Phase, SimDuration, SimTime, Simulation,
    Stream, Streams,
};

struct Counter;

impl Model for Counter {
    type Message = Event;
    type Sink = Occupancy;
}

#[derive(Debug)]
enum Event {
    /// To the street: the next customer comes.
    Next,
    /// To the clerk: a customer enters.
    Arrival,
    /// To the clerk: the customer at the counter leaves.
    Departure,
}

impl Message for Event {
    fn kind(&self) -> &'static str {
        match self {
            Event::Next => "next",
            Event::Arrival => "arrival",
            Event::Departure => "departure",
        }
    }

    fn digest(&self, _: &mut Digest) {}
}

/// The integral of the number of customers over time, and who has come and gone.
#[derive(Default)]
struct Occupancy {
    customers: u64,
    since: SimTime,
    customer_hours: f64,
    busy_hours: f64,
    served: u64,
    waited_hours: f64,
}

impl Occupancy {
    fn change(&mut self, now: SimTime, customers: u64) {
        let hours = (now - self.since).as_hours_f64();
        self.customer_hours += hours * self.customers as f64;
        self.busy_hours += if self.customers > 0 { hours } else { 0.0 };
        (self.customers, self.since) = (customers, now);
    }
}

fn hours(hours: f64) -> SimDuration {
    SimDuration::from_micros((hours * SimDuration::from_hours(1).micros() as f64) as u64)
}

const PHASE: Phase = Phase::FIRST;

struct Street {
    clerk: ActorId,
    gaps: Stream,
}

impl Actor<Counter> for Street {
    fn handle(&mut self, _: Event, context: &mut Context<'_, Counter>) -> Result<(), Fault> {
        context.send(self.clerk, Event::Arrival);
        context.schedule(hours(self.gaps.exponential(1.0)), PHASE, Event::Next);
        Ok(())
    }
}

struct Clerk {
    arrivals: VecDeque<SimTime>,
    services: Stream,
}

impl Clerk {
    fn serve(&mut self, context: &mut Context<'_, Counter>) {
        context.schedule(hours(self.services.exponential(0.8)), PHASE, Event::Departure);
    }
}

impl Actor<Counter> for Clerk {
    fn handle(&mut self, event: Event, context: &mut Context<'_, Counter>) -> Result<(), Fault> {
        let now = context.now();
        match event {
            Event::Next => return Err("the street alone sends for the next".into()),
            Event::Arrival => {
                self.arrivals.push_back(now);
                if self.arrivals.len() == 1 {
                    self.serve(context);
                }
            }
            Event::Departure => {
                let arrival = self.arrivals.pop_front().ok_or("nobody is there")?;
                context.sink().served += 1;
                context.sink().waited_hours += (now - arrival).as_hours_f64();
                if !self.arrivals.is_empty() {
                    self.serve(context);
                }
            }
        }
        let customers = self.arrivals.len() as u64;
        context.sink().change(now, customers);
        Ok(())
    }
}

/// A day at the counter, or many: λ = 1 and μ = 1.25 per hour.
fn open_counter(seed: u64, horizon_hours: u64) -> (Simulation<Counter>, Occupancy) {
    let streams = Streams { seed, crn_group: 0, replicate: 0, is_mirrored: false };
    let mut simulation = Simulation::new(Limits::default());
    let clerk = Clerk { arrivals: VecDeque::new(), services: streams.stream("service", "clerk") };
    let clerk = simulation.add("clerk", clerk).expect("the first");
    let street = Street { clerk, gaps: streams.stream("gap", "street") };
    let street = simulation.add("street", street).expect("another name");
    simulation.send_at(street, SimTime::ZERO, PHASE, Event::Next).expect("legal");

    let mut occupancy = Occupancy::default();
    let end = SimTime::from_hours(horizon_hours);
    simulation.run_until(end, &mut occupancy).expect("no mistakes");
    let customers = occupancy.customers;
    occupancy.change(end, customers);
    (simulation, occupancy)
}

#[test]
fn the_seed_decides() {
    let digest = |seed| open_counter(seed, 100).0.digest();
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}

#[test]
fn mean_number_of_customers_is_four() {
    let horizon_hours = 500_000;
    let (simulation, occupancy) = open_counter(1, horizon_hours);

    // ρ = λ / μ = 0.8 and L = 4. A time average over T hours deviates from L by a variance of
    // 2ρ(1 + ρ) / (μ (1 - ρ)^4 T) (W. Whitt 1989, "Planning queueing simulations"); four standard deviations
    // are 0.21 here.
    let (rho, mu, horizon) = (0.8_f64, 1.25_f64, horizon_hours as f64);
    let sd = (2.0 * rho * (1.0 + rho) / (mu * (1.0 - rho).powi(4) * horizon)).sqrt();
    let length = occupancy.customer_hours / horizon;
    assert!((length - 4.0).abs() < 4.0 * sd, "L = {length}, not within 4 ± {}", 4.0 * sd);

    let busy = occupancy.busy_hours / horizon;
    assert!((busy - rho).abs() < 0.01, "the clerk is busy for {busy} of the time");

    // Little's law holds on the path itself, but for the customers still there at the end.
    let arrivals = occupancy.served + occupancy.customers;
    let wait = occupancy.waited_hours / occupancy.served as f64;
    let little = arrivals as f64 / horizon * wait;
    assert!((length / little - 1.0).abs() < 1e-3, "L = {length}, λW = {little}");

    let delivered = simulation.counters().delivered;
    assert_eq!(delivered, 2 * arrivals + occupancy.served, "next, arrival and departure of each");
}
