use super::*;
use goshawk_engine::SimTime;
use jiff::civil::date;
use proptest::prelude::*;

fn setting(households: u32) -> Setting {
    let zone = TimeZone::get("America/Los_Angeles").unwrap();
    let day = |day| date(2019, 3, day).at(0, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
    Setting {
        start: day(1),
        end: day(31),
        zone: zone.clone(),
        households,
        charge_power: Power::from_micro(6_600_000),
        charge_efficiency: 0.9,
        soc_max: 1.0,
        capacity: Energy::from_micro(60_000_000),
    }
}

fn read_plain(text: &str, households: u32) -> Result<Replay, Vec<RowProblem>> {
    read(text, &ColumnNames::new(), &setting(households))
}

const HEAD: &str = "session_id,arrival,departure,energy_kwh";

#[test]
fn sessions_go_to_the_first_household_that_is_free() {
    let text = format!(
        "{HEAD}\na,2019-03-01T08:00:00,2019-03-01T12:00:00,5\nb,2019-03-01 09:00,2019-03-01 10:00,5\n\
         c,2019-03-01T10:00:00,2019-03-01T11:00:00,5\n"
    );
    let replay = read_plain(&text, 2).unwrap();
    let lines = |place: usize| -> Vec<u32> {
        replay.recordings[place].sessions.iter().map(|session| session.number).collect()
    };
    assert_eq!((lines(0), lines(1)), (vec![2], vec![3, 4]));
    assert_eq!(replay.recordings[1].sessions[0].arrives, SimTime::from_hours(9));
    assert_eq!(replay.notes, [""; 0]);
    let refused = read_plain(&text, 1).unwrap_err();
    assert_eq!(refused.len(), 2, "{refused:?}");
}

#[test]
fn clocks_that_jump_are_told_and_repaired() {
    // On 10 March 2019 clocks went from 2:00 to 3:00.
    let text = format!(
        "{HEAD}\na,2019-03-10T01:00:00,2019-03-10T04:00:00,5\nb,2019-03-10T02:30:00,2019-03-10T05:00:00,5\n\
         c,2019-03-10T06:00:00-07:00,2019-03-10T14:00:00Z,5\n"
    );
    let replay = read_plain(&text, 2).unwrap();
    let hours = |place: usize, number: usize| {
        let session = &replay.recordings[place].sessions[number];
        (session.departs.micros() - session.arrives.micros()) as f64 / 3.6e9
    };
    assert_eq!((hours(0, 0), hours(1, 0), hours(0, 1)), (2.0, 1.5, 1.0));
    assert!(
        replay.repairs[0].starts_with("sessions with a time that the clock skips"),
        "{:?}",
        replay.repairs
    );
    assert!(replay.recordings[1].sessions[0].is_repaired);
}

#[test]
fn of_a_time_shown_twice_the_one_counts_that_makes_sense() {
    // On 3 November clocks went from 2:00 back to 1:00.
    let clock = |text: &str| Clock::read(text, &TimeZone::get("America/Los_Angeles").unwrap()).unwrap();
    let twice = clock("2019-11-03T01:30:00");
    assert_eq!(twice.second.as_second() - twice.first.as_second(), 3600);
    assert!(twice.is_repaired && !clock("2019-11-03T03:30:00").is_repaired);
}

#[test]
fn more_than_power_and_time_allow_is_cut_and_told() {
    let text = format!("{HEAD}\na,2019-03-01T08:00:00,2019-03-01T09:00:00,8\n");
    let replay = read_plain(&text, 1).unwrap();
    let session = replay.recordings[0].sessions[0];
    assert_eq!((session.energy.micro(), session.cut.micro()), (6_600_000, 1_400_000));
    assert!(replay.repairs[0].contains("1.4"), "{:?}", replay.repairs);
}

#[test]
fn other_names_are_mapped_and_other_columns_ignored_with_a_note() {
    let text = "who,from,to,kwh,user\nx,2019-03-01T08:00:00,2019-03-01T09:00:00,2,me\n";
    let names = [("household", "who"), ("arrival", "from"), ("departure", "to"), ("energy_kwh", "kwh")];
    let names: ColumnNames =
        names.iter().map(|&(ours, theirs)| (ours.to_owned(), theirs.to_owned())).collect();
    let replay = read(text, &names, &setting(1)).unwrap();
    assert_eq!(replay.recordings[0].sessions.len(), 1);
    assert_eq!(replay.notes, ["columns that mean nothing here: user"]);
    assert_eq!(read(text, &names, &setting(2)).unwrap_err().len(), 1, "one household each");
}

#[test]
fn sessions_outside_the_run_are_counted() {
    let text = format!(
        "{HEAD}\na,2019-02-28T08:00:00,2019-03-01T09:00:00,2\nb,2019-03-02T08:00:00,2019-03-02T09:00:00,2\n\
         c,2019-04-02T08:00:00,2019-04-02T09:00:00,2\n"
    );
    let replay = read_plain(&text, 1).unwrap();
    assert_eq!(replay.recordings[0].sessions.len(), 1);
    assert_eq!(replay.notes.len(), 2, "{:?}", replay.notes);
}

proptest! {
    #[test]
    fn whatever_is_written_there_it_is_read_or_told(text in "[a-z0-9,:\\-\n\"# .]{0,200}") {
        let _ = read_plain(&text, 1);
        let _ = read_plain(&format!("{HEAD}\n{text}"), 1);
    }
}
