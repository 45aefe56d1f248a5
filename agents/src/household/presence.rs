//! Where the vehicle is: stays at the pile and the drives between them, in continuous time.

use goshawk_engine::{Fault, Loading, Saving, SimTime};
use goshawk_market::quantity::{Energy, Power};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, CalendarError, PeriodIndex};
use crate::household::air::Air;
use crate::household::battery::Battery;
use crate::household::charging::{Drive, Goal, Stretch};
use crate::household::driving::{Driving, Trip};
use crate::household::faults::LateArrivals;
use crate::household::session::{Session, Sessions};
use crate::saved::{Saved, saved};

/// Where stays come from.
#[derive(Debug)]
pub enum Source {
    /// The vehicle never leaves; what it drives is an input.
    AtHome,
    /// Trips, for which the battery must hold so much more than they take, as a share of it.
    Trips(Box<Driving>, f64),
    /// Sessions.
    Sessions(Sessions),
}

/// A stay at the pile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// When the household expects it to begin.
    pub expected: SimTime,
    /// When it begins.
    pub arrives: SimTime,
    /// The end of it that is planned, and the end that comes without having been known.
    pub departs: Option<(SimTime, SimTime)>,
    /// What is to be reached by then.
    pub want: Want,
    /// What the battery must hold above its floor for the next trip, with the reserve; nothing for anything else.
    pub takes_along: Energy,
}

/// What a stay is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Want {
    /// Nothing.
    Nothing,
    /// The next trip.
    Trip(Trip),
    /// A session, of which so much is still to be charged.
    Session(Session, Energy),
}

/// How late a vehicle comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// When it was expected.
    pub expected: SimTime,
    /// When it comes.
    pub arrives: SimTime,
}

/// Whether the vehicle is there, and its stay.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Whereabouts {
    /// Away for good.
    Gone,
    /// Away until its next stay.
    Away(Stay),
    /// Plugged in, since then.
    Here(Stay, SimTime),
}

/// Where the vehicle of a household is.
#[derive(Debug)]
pub struct Presence {
    source: Source,
    late: Option<Box<LateArrivals>>,
    whereabouts: Whereabouts,
    /// What was plugged in during this period, up to the last departure.
    past: Vec<(Stretch, Want)>,
}

impl Presence {
    /// A vehicle whose stays come from `source`.
    pub fn new(source: Source, late: Option<LateArrivals>) -> Self {
        Self { source, late: late.map(Box::new), whereabouts: Whereabouts::Gone, past: Vec::new() }
    }

    /// Before anything else: is the vehicle there? Those that make trips or never leave are.
    ///
    /// # Errors
    /// When dates leave the calendar's range.
    pub fn start(&mut self, calendar: &Calendar, air: &Air, battery: &Battery) -> Result<(), CalendarError> {
        let zero = SimTime::ZERO;
        let Some(first) = self.stay_after(calendar, air, zero, zero, battery)? else { return Ok(()) };
        self.whereabouts = Whereabouts::Away(first);
        if let Want::Session(session, _) = first.want {
            // The vehicle was on its way before the run.
            let drive = Some(Drive::Leaves(arrival_content(&session, battery)));
            let none = Energy::ZERO;
            let nothing = Stretch { micros: 0, limit: none, goal: Goal::Nothing, later: none, drive };
            self.past.push((nothing, Want::Nothing));
        }
        if first.arrives == zero {
            self.arrive(zero);
        }
        Ok(())
    }

    /// The stay that begins at `arrives` at the earliest.
    fn stay_after(
        &mut self,
        calendar: &Calendar,
        air: &Air,
        expected: SimTime,
        arrives: SimTime,
        battery: &Battery,
    ) -> Result<Option<Stay>, CalendarError> {
        match &mut self.source {
            Source::AtHome => Ok(Some(Stay {
                expected,
                arrives,
                departs: None,
                want: Want::Nothing,
                takes_along: Energy::ZERO,
            })),
            Source::Trips(driving, reserve) => {
                let trip = driving.next_trip(calendar, air, arrives)?;
                let departs = trip.map(|trip| (trip.planned, trip.leaves));
                let want = trip.map_or(Want::Nothing, Want::Trip);
                let takes_along = trip.map_or(Energy::ZERO, |trip| {
                    Energy::from_f64(trip.energy.to_f64() * (1.0 + *reserve))
                        .expect("invariant: trips of checked input are in range")
                });
                Ok(Some(Stay { expected, arrives, departs, want, takes_along }))
            }
            Source::Sessions(sessions) => {
                let Some(mut session) = sessions.next(calendar, arrives)? else { return Ok(None) };
                let room = battery.metered_that_fits(battery.ceiling());
                session.energy = session.energy.min(room);
                let departs = Some((session.departs, session.departs));
                let expected = session.arrives;
                let half = (session.departs.micros() - expected.micros()) / 2;
                let late = self.late.as_mut().map_or(0, |late| late.next_micros().min(half));
                let arrives = SimTime::from_micros(expected.micros() + late);
                let want = Want::Session(session, session.energy);
                Ok(Some(Stay { expected, arrives, departs, want, takes_along: Energy::ZERO }))
            }
        }
    }

    /// The vehicle leaves. What it drives is taken out of the battery when the period's books are closed.
    ///
    /// # Errors
    /// When dates leave the calendar's range.
    pub fn leave(
        &mut self,
        now: SimTime,
        period_start: SimTime,
        calendar: &Calendar,
        air: &Air,
        battery: &Battery,
    ) -> Result<(), CalendarError> {
        let Whereabouts::Here(stay, since) = self.whereabouts else {
            unreachable!("invariant: only a vehicle that is there leaves");
        };
        let (expected, arrives, takes) = match stay.want {
            Want::Trip(trip) => {
                let late = self.late.as_mut().map_or(0, |late| late.next_micros());
                let arrives = SimTime::from_micros(trip.returns.micros() + late);
                (trip.returns, arrives, Some(Drive::Takes(trip.energy)))
            }
            Want::Nothing | Want::Session(..) => (now, now, None),
        };
        let coming = self.stay_after(calendar, air, expected, arrives, battery)?;
        self.whereabouts = coming.map_or(Whereabouts::Gone, Whereabouts::Away);
        let drive = takes.unwrap_or_else(|| match coming.map(|stay| stay.want) {
            Some(Want::Session(next, _)) => Drive::Leaves(arrival_content(&next, battery)),
            _ => Drive::Leaves(battery.floor()),
        });
        let stretch = stay.stretch(since.max(period_start), now, calendar, battery);
        self.past.push((Stretch { drive: Some(drive), ..stretch }, stay.want));
        Ok(())
    }

    /// The vehicle is back. If it is late, by how much.
    pub fn arrive(&mut self, now: SimTime) -> Option<Late> {
        let Whereabouts::Away(stay) = self.whereabouts else {
            unreachable!("invariant: only a vehicle that is away comes back");
        };
        self.whereabouts = Whereabouts::Here(stay, now);
        (stay.arrives > stay.expected).then_some(Late { expected: stay.expected, arrives: stay.arrives })
    }

    /// When the vehicle leaves or comes back next, if ever.
    pub fn next_departure(&self) -> Option<SimTime> {
        let Whereabouts::Here(stay, _) = &self.whereabouts else { return None };
        stay.departs.map(|(_, at)| at)
    }

    /// When the vehicle comes back, if it is away and ever does.
    pub fn next_arrival(&self) -> Option<SimTime> {
        let Whereabouts::Away(stay) = &self.whereabouts else { return None };
        Some(stay.arrives)
    }

    /// Whether the vehicle is plugged in.
    pub fn is_here(&self) -> bool {
        matches!(self.whereabouts, Whereabouts::Here(..))
    }

    /// The stay under way or, of a vehicle that is away, the next one.
    pub fn stay(&self) -> Option<&Stay> {
        match &self.whereabouts {
            Whereabouts::Gone => None,
            Whereabouts::Away(stay) | Whereabouts::Here(stay, _) => Some(stay),
        }
    }

    /// How much of a period the household means to be plugged in: the stay under way, or one that it expects to begin.
    pub fn planned_micros(&self, start: SimTime, end: SimTime) -> u64 {
        let Some(stay) = self.stay() else { return 0 };
        let from = if self.is_here() { start } else { stay.expected.max(start) };
        let to = stay.departs.map_or(end, |(planned, _)| planned.min(end));
        to.micros().saturating_sub(from.micros())
    }

    /// The rest of a period that a vehicle which is there means to be plugged in.
    pub fn planned_stretch(
        &self,
        from: SimTime,
        to: SimTime,
        calendar: &Calendar,
        battery: &Battery,
    ) -> Option<Stretch> {
        let Whereabouts::Here(stay, _) = &self.whereabouts else { return None };
        let to = stay.departs.map_or(to, |(planned, _)| planned.min(to));
        Some(stay.stretch(from, to, calendar, battery))
    }

    /// The stretches of a period that ends now, each with what its stay is for.
    pub fn stretches(
        &self,
        period: PeriodIndex,
        now: SimTime,
        calendar: &Calendar,
        battery: &Battery,
        into: &mut Vec<(Stretch, Want)>,
    ) {
        into.clear();
        into.extend_from_slice(&self.past);
        if let Whereabouts::Here(stay, since) = &self.whereabouts {
            let from = (*since).max(calendar.start_of(period));
            into.push((stay.stretch(from, now, calendar, battery), stay.want));
        }
    }

    /// The period's books are closed: the stay under way has been charged so much of its session.
    pub fn close(&mut self, charged: Energy) {
        self.past.clear();
        if let Whereabouts::Here(Stay { want: Want::Session(_, left), .. }, _) = &mut self.whereabouts {
            *left = (*left - charged).or_zero();
        }
    }
}

impl Stay {
    /// What it is to reach.
    pub fn goal(&self, battery: &Battery) -> Goal {
        match self.want {
            Want::Session(_, left) => Goal::Metered(left),
            Want::Trip(_) => Goal::Content((battery.floor() + self.takes_along).min(battery.ceiling())),
            Want::Nothing => Goal::Nothing,
        }
    }

    /// A part of it at the pile.
    fn stretch(&self, from: SimTime, to: SimTime, calendar: &Calendar, battery: &Battery) -> Stretch {
        let micros = to.micros().saturating_sub(from.micros());
        Stretch {
            micros,
            limit: self.power(battery).over_micros(micros).min(battery.chargeable(micros)),
            goal: self.goal(battery),
            later: self.later(to, calendar, battery),
            drive: None,
        }
    }

    /// Most that can wait to be charged from `from` to its planned departure, at the meter.
    pub fn later(&self, from: SimTime, calendar: &Calendar, battery: &Battery) -> Energy {
        let Some((planned, _)) = self.departs else { return Energy::ZERO };
        let by_power = self.later_by_power(from, planned, calendar, battery);
        if !battery.tapers() {
            return by_power;
        }
        let left = planned.micros().saturating_sub(from.micros());
        battery.may_wait(self.goal(battery).need(battery, battery.content()), left, by_power)
    }

    /// The same by power and time alone.
    fn later_by_power(&self, from: SimTime, to: SimTime, calendar: &Calendar, battery: &Battery) -> Energy {
        let power = self.power(battery);
        let (from, to) = (from.micros(), to.micros());
        if to <= from {
            return Energy::ZERO;
        }
        let period = calendar.period().micros();
        // Period by period, as it will be charged, so that no rounding is counted that never comes.
        let first_end = (from / period + 1) * period;
        if to <= first_end {
            return power.over_micros(to - from);
        }
        let whole = (to - first_end) / period;
        let each = power.over_micros(period).micro();
        let all = i64::try_from(whole).unwrap_or(i64::MAX).saturating_mul(each);
        // A stay without a near end can charge more than any battery holds.
        let all = Energy::from_micro(all.min(i64::MAX / 4));
        power.over_micros(first_end - from) + all + power.over_micros((to - first_end) % period)
    }

    /// Largest charging power, at the meter.
    pub fn power(&self, battery: &Battery) -> Power {
        let pile = battery.spec().charge_power;
        match self.want {
            Want::Session(session, _) => session.power.map_or(pile, |power| power.min(pile)),
            _ => pile,
        }
    }
}

/// What the battery holds as a session begins, unless it held less as the one before ended.
pub fn arrival_content(session: &Session, battery: &Battery) -> Energy {
    let fits = (battery.ceiling() - battery.gain_from(session.energy + session.cut)).or_zero();
    session.arrival_content.unwrap_or_else(|| battery.floor()).min(fits)
}

impl Saved for Source {
    fn put(&self, saving: &mut Saving) -> Result<(), Fault> {
        match self {
            Self::AtHome => Ok(()),
            Self::Trips(driving, _reserve) => driving.put(saving),
            Self::Sessions(sessions) => sessions.put(saving),
        }
    }

    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        match self {
            Self::AtHome => Ok(()),
            Self::Trips(driving, _reserve) => driving.take(loading),
            Self::Sessions(sessions) => sessions.take(loading),
        }
    }
}

saved!(Presence { whereabouts, past } parts { source, late } built again {});
