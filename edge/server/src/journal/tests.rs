use konf_contract::link::{EndReason, LegEnd, LegJoined, LegLeft, Party};
use konf_contract::{Caller, ConferenceNumber, GrantId, LegId, Msisdn, Role, UnixMs};

use super::*;

/// A folder of one test, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("konf-journal-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        journals(&self.0).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A clock of the test's own: the boot is at second 0 of both clocks.
#[derive(Clone, Copy)]
struct Time(Clock, Instant);

impl Time {
    fn new() -> Time {
        let clock = Clock::start();
        Time(clock, clock.now().mono)
    }

    fn at(self, second: u64) -> Now {
        Now { mono: self.1 + Duration::from_secs(second), wall: UnixMs(second as i64 * 1_000) }
    }
}

fn caller() -> Caller {
    Caller {
        number: Some(Msisdn::parse("606000601").unwrap()),
        network: "o2-mobile".into(),
        trunk: "o2".into(),
        mobile: true,
    }
}

fn conference() -> ConferenceNumber {
    ConferenceNumber::new("123456").unwrap()
}

fn open_leg(leg: u64, answered: Now) -> Note {
    let open = OpenLeg {
        leg: LegId(leg),
        caller: caller(),
        answered: answered.wall,
        answered_t: 0,
        grant: Some(OpenGrant {
            grant: GrantId(format!("g{leg}")),
            conference: conference(),
            booking: "b1".into(),
            role: Role::Participant,
        }),
        joined: None,
    };
    Note::Leg(open, answered.mono)
}

fn joined(leg: u64, second: u64) -> Note {
    Note::Record(RecordEvent::LegJoined(LegJoined {
        leg: LegId(leg),
        grant: GrantId(format!("g{leg}")),
        conference: conference(),
        joined: UnixMs(second as i64 * 1_000),
    }))
}

fn left(leg: u64) -> Note {
    Note::Record(RecordEvent::LegLeft(LegLeft {
        leg: LegId(leg),
        caller: caller(),
        grant: None,
        conference: None,
        booking: None,
        role: None,
        answered: UnixMs(0),
        joined: None,
        ended: UnixMs(1_000),
        duration_ms: 1_000,
        end: LegEnd { reason: EndReason::HungUp, who: Party::Caller, detail: None },
        quality: None,
    }))
}

fn keeper(folder: &Folder, boot: &str, time: Time) -> Keeper {
    Keeper::open(&folder.0, "edge-1", boot, time.0).unwrap()
}

fn noted(keeper: &mut Keeper, now: Now, note: Note) {
    keeper.note(now, note);
    keeper.flush().unwrap();
}

fn sequences(keeper: &Keeper) -> Vec<u64> {
    keeper.batch(&[]).map_or(Vec::new(), |batch| batch.records.iter().map(|r| r.sequence).collect())
}

fn ack(boot: &str, through: u64) -> RecordAck {
    RecordAck { boot: boot.into(), through }
}

#[test]
fn records_wait_until_they_are_acknowledged_and_then_their_boot_goes() {
    let (folder, time) = (Folder::new("acknowledged"), Time::new());
    let mut first = keeper(&folder, "a", time);
    for leg in 1..=3 {
        noted(&mut first, time.at(leg), left(leg));
    }
    assert_eq!(sequences(&first), [1, 2, 3]);
    first.acknowledge(time.at(4), &ack("a", 2));
    assert_eq!(sequences(&first), [3]);
    drop(first);

    let mut second = keeper(&folder, "b", time);
    noted(&mut second, time.at(5), left(9));
    assert_eq!(folder.files().len(), 2);
    assert_eq!(second.batch(&[]).unwrap().boot, "a", "the oldest boot comes first");
    assert_eq!(sequences(&second), [3]);
    second.acknowledge(time.at(6), &ack("a", 3));
    assert_eq!(folder.files().len(), 1);
    assert_eq!((second.batch(&[]).unwrap().boot.as_str(), sequences(&second)), ("b", vec![1]));
    second.acknowledge(time.at(7), &ack("b", 1));
    second.close();
    assert!(folder.files().is_empty(), "a clean end leaves nothing behind");
}

#[test]
fn a_boot_that_control_refuses_does_not_hold_up_the_others() {
    let (folder, time) = (Folder::new("refused-boot"), Time::new());
    noted(&mut keeper(&folder, "a", time), time.at(1), left(1));
    let mut next = keeper(&folder, "b", time);
    noted(&mut next, time.at(2), left(2));
    let refused = ["a".to_owned()];
    assert_eq!(next.batch(&refused).unwrap().boot, "b");
    next.acknowledge(time.at(3), &ack("b", 1));
    assert!(next.batch(&refused).is_none());
    assert_eq!(next.batch(&[]).unwrap().boot, "a");
}

#[test]
fn a_record_that_is_not_on_the_disk_does_not_count() {
    let (folder, time) = (Folder::new("not-flushed"), Time::new());
    let mut keeper = keeper(&folder, "a", time);
    keeper.note(time.at(1), left(1));
    assert_eq!(sequences(&keeper), [0; 0]);
    assert!(keeper.flush().unwrap());
    assert_eq!(sequences(&keeper), [1]);
}

#[test]
fn a_crash_at_any_byte_of_the_last_line_loses_that_line_alone() {
    let (folder, time) = (Folder::new("torn"), Time::new());
    let mut writer = keeper(&folder, "a", time);
    noted(&mut writer, time.at(1), left(1));
    noted(&mut writer, time.at(2), left(2));
    let path = folder.files().remove(0);
    let whole = fs::read(&path).unwrap();
    noted(&mut writer, time.at(3), left(3));
    let longer = fs::read(&path).unwrap();
    drop(writer);

    for length in whole.len()..=longer.len() {
        fs::write(&path, &longer[..length]).unwrap();
        let mut file = BootFile::open(&path).unwrap().unwrap();
        let records = file.batch(BATCH_MAX).unwrap();
        let expected = if length == longer.len() { 3 } else { 2 };
        assert_eq!(records.len(), expected, "cut at byte {length}");
        // What is written next has to be readable: no torn rest before it.
        let next = file.next_sequence();
        let Note::Record(event) = left(next) else { unreachable!() };
        let record = Record { sequence: next, at: UnixMs(0), event };
        file.append(&[Line { t: 9, at: UnixMs(9), entry: Entry::Record(record) }]).unwrap();
        drop(file);
        let again = BootFile::open(&path).unwrap().unwrap();
        assert_eq!(again.batch(BATCH_MAX).unwrap().len(), expected + 1, "cut at byte {length}");
    }
}

#[test]
fn a_crash_at_any_byte_of_the_first_line_leaves_no_boot() {
    let (folder, time) = (Folder::new("torn-first"), Time::new());
    drop(keeper(&folder, "a", time));
    let path = folder.files().remove(0);
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(BootFile::open(&path).unwrap().is_none(), "cut at byte {length}");
    }
    drop(keeper(&folder, "b", time));
    assert_eq!(folder.files().len(), 1, "the torn file is gone");
}

#[test]
fn legs_of_an_edge_that_died_end_at_their_last_sign_of_life() {
    let (folder, time) = (Folder::new("died"), Time::new());
    let mut died = keeper(&folder, "a", time);
    noted(&mut died, time.at(1), open_leg(1, time.at(1)));
    noted(&mut died, time.at(2), open_leg(2, time.at(2)));
    noted(&mut died, time.at(3), joined(1, 3));
    noted(&mut died, time.at(4), left(2));
    noted(&mut died, time.at(5), Note::Alive);
    noted(&mut died, time.at(10), Note::Alive);
    drop(died);

    let next = keeper(&folder, "b", time);
    let batch = next.batch(&[]).unwrap();
    assert_eq!(batch.boot, "a");
    assert_eq!(batch.records.iter().map(|r| r.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    let RecordEvent::LegLeft(closed) = &batch.records[2].event else { panic!("a leg that left") };
    assert_eq!(closed.leg, LegId(1));
    assert_eq!(closed.end.reason, EndReason::EdgeFailed);
    assert_eq!((closed.answered, closed.ended), (UnixMs(1_000), UnixMs(10_000)));
    assert_eq!((closed.duration_ms, closed.joined), (9_000, Some(UnixMs(3_000))));
    assert_eq!(closed.conference, Some(conference()));
    drop(next);

    // Dying again before control has heard of it closes nobody twice.
    let third = keeper(&folder, "c", time);
    assert_eq!(sequences(&third), [1, 2, 3]);
}

#[test]
fn without_legs_no_sign_of_life_is_written() {
    let (folder, time) = (Folder::new("idle"), Time::new());
    let mut keeper = keeper(&folder, "a", time);
    let before = fs::read(folder.files().remove(0)).unwrap();
    noted(&mut keeper, time.at(5), Note::Alive);
    assert_eq!(fs::read(folder.files().remove(0)).unwrap(), before);
}

#[test]
fn a_backlog_goes_out_in_batches_in_order() {
    let (folder, time) = (Folder::new("backlog"), Time::new());
    let mut keeper = keeper(&folder, "a", time);
    for leg in 1..=450 {
        keeper.note(time.at(1), left(leg));
    }
    keeper.flush().unwrap();
    let mut seen = Vec::new();
    while let Some(batch) = keeper.batch(&[]) {
        assert!(batch.records.len() <= BATCH_MAX);
        seen.extend(batch.records.iter().map(|r| r.sequence));
        keeper.acknowledge(time.at(2), &ack("a", *seen.last().unwrap()));
    }
    assert_eq!(seen, (1..=450).collect::<Vec<_>>());
}

#[test]
fn a_long_journal_is_trimmed_and_still_knows_its_open_legs_and_records() {
    let (folder, time) = (Folder::new("trimmed"), Time::new());
    let mut writer = keeper(&folder, "a", time);
    noted(&mut writer, time.at(1), open_leg(1, time.at(1)));
    noted(&mut writer, time.at(1), joined(1, 1));
    for leg in 2..12_000 {
        writer.note(time.at(2), left(leg));
    }
    writer.flush().unwrap();
    let size = || fs::metadata(folder.files().remove(0)).unwrap().len();
    let before = size();
    assert!(before > 4 << 20, "the test writes {before} bytes, too few to trim");
    writer.acknowledge(time.at(3), &ack("a", 11_990));
    assert!(size() < before / 100, "{} bytes of {before} are left", size());
    assert_eq!(sequences(&writer), (11_991..=11_999).collect::<Vec<_>>());
    noted(&mut writer, time.at(4), left(20_000));
    drop(writer);

    let next = keeper(&folder, "b", time);
    let batch = next.batch(&[]).unwrap();
    assert_eq!(batch.records.first().unwrap().sequence, 11_991);
    let RecordEvent::LegLeft(closed) = &batch.records.last().unwrap().event else { panic!() };
    assert_eq!((closed.leg, closed.end.reason), (LegId(1), EndReason::EdgeFailed));
    assert_eq!((closed.duration_ms, closed.joined), (3_000, Some(UnixMs(1_000))));
}

#[test]
fn a_damaged_line_in_the_middle_costs_that_line_alone() {
    let (folder, time) = (Folder::new("damaged"), Time::new());
    let mut writer = keeper(&folder, "a", time);
    noted(&mut writer, time.at(1), left(1));
    let start = fs::metadata(folder.files().remove(0)).unwrap().len() as usize;
    noted(&mut writer, time.at(2), left(2));
    noted(&mut writer, time.at(3), left(3));
    drop(writer);
    let path = folder.files().remove(0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[start + 20] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(sequences(&keeper(&folder, "b", time)), [1, 3]);
}

#[test]
fn lines_that_the_disk_refused_count_once_when_it_takes_them() {
    let (folder, time) = (Folder::new("refused"), Time::new());
    let mut keeper = keeper(&folder, "a", time);
    noted(&mut keeper, time.at(1), left(1));
    let path = folder.files().remove(0);
    let good = keeper.current.replace_file(fs::File::open(&path).unwrap());
    keeper.note(time.at(2), left(2));
    assert!(keeper.flush().is_err(), "a file that is open for reading takes no lines");
    keeper.note(time.at(3), left(3));
    assert!(keeper.flush().is_err());
    assert_eq!(sequences(&keeper), [1]);
    keeper.current.replace_file(good);
    assert!(keeper.flush().unwrap());
    assert_eq!(sequences(&keeper), [1, 2, 3]);
    assert_eq!(BootFile::open(&path).unwrap().unwrap().batch(BATCH_MAX).unwrap().len(), 3);
}

#[tokio::test]
async fn the_thread_writes_sends_and_closes() {
    let folder = Folder::new("thread");
    let clock = Clock::start();
    let (journal, thread) = Journal::start(&folder.0, "edge-1", "a", clock).unwrap();
    journal.note(clock.now(), left(1)).await;
    tokio::time::timeout(Duration::from_secs(5), journal.more()).await.unwrap();
    let batch = journal.batch(&[]).await.unwrap();
    assert_eq!((batch.records.len(), batch.edge.as_str()), (1, "edge-1"));
    assert!(journal.is_healthy());
    journal.acknowledge(clock.now(), ack("a", 1)).await;
    assert!(journal.batch(&[]).await.is_none());
    journal.close().await;
    thread.join().unwrap();
    assert!(folder.files().is_empty());
}
