//! The journal of one boot: a file of lines, and what they add up to.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use konf_contract::link::{EndReason, LegEnd, LegLeft, Party, Record, RecordEvent};
use konf_contract::{LegId, UnixMs};
use tracing::{error, warn};

use super::line::{Entry, Line, OpenLeg, decode, encode};

/// From so many bytes of acknowledged lines on, a file is written anew without them: a day of a busy edge, a moment's
/// work.
const TRIM_BYTES: u64 = 4 << 20;

pub(crate) struct BootFile {
    path: PathBuf,
    file: File,
    /// So much is known to be on the disk; a failed write is cut off back to here.
    length: u64,
    pub(crate) edge: String,
    pub(crate) boot: String,
    acknowledged: u64,
    sequence_last: u64,
    /// Legs that have been answered and have not left.
    open: BTreeMap<LegId, OpenLeg>,
    /// The last sign of life.
    last: (u64, UnixMs),
    /// Sequence and offset of each durable record that control has not acknowledged.
    waiting: VecDeque<(u64, u64)>,
}

impl BootFile {
    /// A new file in `folder`, durable with its first line.
    pub(crate) fn create(
        folder: &Path,
        edge: &str,
        boot: &str,
        t: u64,
        at: UnixMs,
    ) -> io::Result<BootFile> {
        // The time comes first so that names sort by age.
        let path = folder.join(format!("{:016}-{boot}.jsonl", at.0.max(0)));
        let file = OpenOptions::new().read(true).append(true).create_new(true).open(&path)?;
        let mut created = BootFile {
            path,
            file,
            length: 0,
            edge: edge.to_owned(),
            boot: boot.to_owned(),
            acknowledged: 0,
            sequence_last: 0,
            open: BTreeMap::new(),
            last: (t, at),
            waiting: VecDeque::new(),
        };
        let first = Line { t, at, entry: created.boot_entry() };
        created.append(&[first])?;
        File::open(folder)?.sync_all()?;
        Ok(created)
    }

    /// A file of a former boot; `None` when not even its first line was finished. A last line that was cut off by a
    /// crash is taken away: it never counted.
    pub(crate) fn open(path: &Path) -> io::Result<Option<BootFile>> {
        let file = OpenOptions::new().read(true).append(true).open(path)?;
        let mut bytes = Vec::new();
        (&file).read_to_end(&mut bytes)?;
        let mut lines = Vec::new();
        let mut offset = 0;
        for raw in bytes.split_inclusive(|byte| *byte == b'\n') {
            match raw.strip_suffix(b"\n").map(decode) {
                Some(Some(line)) => lines.push((offset, line)),
                Some(None) => {
                    error!(file = %path.display(), offset, "a line of the journal is damaged: passed over")
                }
                None => {
                    warn!(file = %path.display(), offset, "the last line of the journal was cut off by a crash")
                }
            }
            offset += raw.len() as u64;
        }
        let Some((_, Line { t, at, entry: Entry::Boot { edge, boot, acknowledged } })) =
            lines.first().cloned()
        else {
            return Ok(None);
        };
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1) as u64;
        if whole < bytes.len() as u64 {
            file.set_len(whole)?;
        }
        let mut opened = BootFile {
            path: path.to_owned(),
            file,
            length: whole,
            edge,
            boot,
            acknowledged,
            sequence_last: acknowledged,
            open: BTreeMap::new(),
            last: (t, at),
            waiting: VecDeque::new(),
        };
        for (offset, line) in lines {
            opened.apply(&line);
            opened.count(&line, offset);
        }
        Ok(Some(opened))
    }

    /// What a line changes as soon as it is decided on.
    pub(crate) fn apply(&mut self, line: &Line) {
        self.last = self.last.max((line.t, line.at));
        match &line.entry {
            Entry::Leg(leg) => {
                let joined = self.open.get(&leg.leg).and_then(|known| known.joined);
                self.open.insert(leg.leg, OpenLeg { joined: leg.joined.or(joined), ..leg.clone() });
            }
            Entry::Record(record) => {
                if record.sequence != self.sequence_last + 1 {
                    error!(
                        boot = self.boot,
                        after = self.sequence_last,
                        found = record.sequence,
                        "records are missing"
                    );
                }
                self.sequence_last = record.sequence;
                match &record.event {
                    RecordEvent::LegJoined(joined) => {
                        if let Some(open) = self.open.get_mut(&joined.leg) {
                            open.joined = Some(joined.joined);
                        }
                    }
                    RecordEvent::LegLeft(left) => {
                        self.open.remove(&left.leg);
                    }
                    RecordEvent::RoomEmpty { .. } => {}
                }
            }
            Entry::Boot { .. } | Entry::Alive | Entry::Acknowledged { .. } => {}
        }
    }

    /// What a line changes once it is on the disk.
    fn count(&mut self, line: &Line, offset: u64) {
        match &line.entry {
            Entry::Record(record) => self.waiting.push_back((record.sequence, offset)),
            Entry::Acknowledged { through } => self.forget(*through),
            Entry::Boot { .. } | Entry::Leg(_) | Entry::Alive => {}
        }
    }

    fn forget(&mut self, through: u64) {
        self.acknowledged = self.acknowledged.max(through.min(self.sequence_last));
        while self.waiting.front().is_some_and(|(sequence, _)| *sequence <= self.acknowledged) {
            self.waiting.pop_front();
        }
    }

    pub(crate) fn next_sequence(&self) -> u64 {
        self.sequence_last + 1
    }

    /// Writes lines and waits until the disk has them; only then do they count. After an error the file is as before,
    /// and the same lines may be tried again.
    pub(crate) fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut bytes = Vec::new();
        let mut offsets = Vec::with_capacity(lines.len());
        for line in lines {
            offsets.push(self.length + bytes.len() as u64);
            bytes.extend(encode(line)?);
        }
        // What a failed write or fsync left behind is unknown, so it is cut off before the same bytes come again.
        self.file.set_len(self.length)?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.length += bytes.len() as u64;
        for (line, offset) in lines.iter().zip(offsets) {
            self.count(line, offset);
        }
        Ok(())
    }

    /// Closes each leg that was up when the edge died, at its last sign of life. Extensions that its rooms held end by
    /// themselves: by the time this is told, its callers may be back in the same room.
    pub(crate) fn close_open_legs(&mut self) -> io::Result<usize> {
        let (t, at) = self.last;
        let mut lines = Vec::new();
        for (number, leg) in self.open.values().enumerate() {
            let event = RecordEvent::LegLeft(left_at_last_sign(leg, t));
            let sequence = self.next_sequence() + number as u64;
            lines.push(Line { t, at, entry: Entry::Record(Record { sequence, at, event }) });
        }
        if !lines.is_empty() {
            self.append(&lines)?;
            for line in &lines {
                self.apply(line);
            }
        }
        Ok(lines.len())
    }

    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn has_open_legs(&self) -> bool {
        !self.open.is_empty()
    }

    /// The oldest records that control has not acknowledged.
    pub(crate) fn batch(&self, records_max: usize) -> io::Result<Vec<Record>> {
        let Some((first, offset)) = self.waiting.front().copied() else { return Ok(Vec::new()) };
        let wanted = self.waiting.len().min(records_max);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        let mut records = Vec::with_capacity(wanted);
        for raw in BufReader::new(file).split(b'\n') {
            if let Some(Line { entry: Entry::Record(record), .. }) = decode(&raw?)
                && record.sequence >= first
            {
                records.push(record);
            }
            if records.len() == wanted {
                break;
            }
        }
        Ok(records)
    }

    /// Control has durably committed everything up to `through`. That this is remembered need not survive a crash:
    /// records that come twice are harmless. The file may be written anew only while no line waits for the disk: what
    /// such a line changes is known here already, and would be lost with it.
    pub(crate) fn acknowledge(
        &mut self,
        through: u64,
        t: u64,
        at: UnixMs,
        may_trim: bool,
    ) -> io::Result<()> {
        if through <= self.acknowledged {
            return Ok(());
        }
        self.forget(through);
        let durable = self.waiting.front().map_or(self.length, |(_, offset)| *offset);
        if durable > TRIM_BYTES && may_trim {
            return self.trim();
        }
        let bytes =
            encode(&Line { t, at, entry: Entry::Acknowledged { through: self.acknowledged } })?;
        self.file.set_len(self.length)?;
        self.file.write_all(&bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Writes the file anew without what was acknowledged, beside the old one, and puts it in its place.
    fn trim(&mut self) -> io::Result<()> {
        let (t, at) = self.last;
        let mut lines = vec![Line { t, at, entry: self.boot_entry() }];
        lines.extend(self.open.values().map(|leg| Line { t, at, entry: Entry::Leg(leg.clone()) }));
        let records = self.batch(usize::MAX)?;
        lines.extend(records.into_iter().map(|record| Line {
            t,
            at: record.at,
            entry: Entry::Record(record),
        }));

        let beside = self.path.with_extension("new");
        let _ = fs::remove_file(&beside);
        let file = OpenOptions::new().read(true).append(true).create_new(true).open(&beside)?;
        let (mut bytes, mut waiting) = (Vec::new(), VecDeque::new());
        for line in &lines {
            if let Entry::Record(record) = &line.entry {
                waiting.push_back((record.sequence, bytes.len() as u64));
            }
            bytes.extend(encode(line)?);
        }
        (&file).write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        (self.file, self.length, self.waiting) = (file, bytes.len() as u64, waiting);
        self.path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }

    /// The file so far; for tests of a disk that refuses.
    #[cfg(test)]
    pub(crate) fn replace_file(&mut self, file: File) -> File {
        std::mem::replace(&mut self.file, file)
    }

    fn boot_entry(&self) -> Entry {
        Entry::Boot {
            edge: self.edge.clone(),
            boot: self.boot.clone(),
            acknowledged: self.acknowledged,
        }
    }

    /// Removes the file: everything in it is acknowledged.
    pub(crate) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

fn left_at_last_sign(leg: &OpenLeg, last_t: u64) -> LegLeft {
    let duration_ms = last_t.saturating_sub(leg.answered_t);
    let grant = leg.grant.as_ref();
    LegLeft {
        leg: leg.leg,
        caller: leg.caller.clone(),
        grant: grant.map(|g| g.grant.clone()),
        conference: grant.map(|g| g.conference.clone()),
        booking: grant.map(|g| g.booking.clone()),
        role: grant.map(|g| g.role),
        answered: leg.answered,
        joined: leg.joined,
        ended: leg.answered.plus_ms(i64::try_from(duration_ms).unwrap_or(i64::MAX)),
        duration_ms,
        end: LegEnd { reason: EndReason::EdgeFailed, who: Party::Konf, detail: None },
        quality: None,
    }
}
