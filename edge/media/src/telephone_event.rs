//! Keys as RTP events (RFC 4733): one [`Digit`] for each press, whatever is lost, repeated or reordered.

use crate::Digit;

/// Without a packet for so long an event has ended: senders repeat every 50 ms at the slowest (RFC 4733, 2.5.1.2), so six
/// in a row would have to be lost.
const PATIENCE_US: i64 = 300_000;

/// After the end the tone may still be in the packets on their way: two packets of 20 ms.
const AFTERMATH_US: i64 = 40_000;

/// The longest duration that fits a packet: longer presses go on in a new segment that begins there (RFC 4733, 2.5.1.3).
const SEGMENT: u32 = 0xffff;

/// Some senders move the timestamp with every packet instead of the duration: steps of up to 60 ms are one press, since
/// a pause between two presses and the press itself last 40 ms each (ITU-T Q.24). In milliseconds.
const CREEP_MS: u32 = 60;

/// Presses remembered, so that a late packet of one that is over is not taken for a new one.
const REMEMBERED: usize = 8;

struct Press {
    code: u8,
    timestamp: u32,
    duration: u16,
    ended: bool,
    seen_us: i64,
}

pub(crate) struct EventReceiver {
    /// Ticks a second of the timestamps.
    clock_rate: u32,
    press: Option<Press>,
    recent: [Option<u32>; REMEMBERED],
    oldest: usize,
    quiet_from_us: i64,
}

impl EventReceiver {
    pub(crate) fn new(clock_rate: u32) -> Self {
        let recent = [None; REMEMBERED];
        Self { clock_rate, press: None, recent, oldest: 0, quiet_from_us: 0 }
    }

    /// What comes now counts its time otherwise.
    pub(crate) fn set_clock_rate(&mut self, clock_rate: u32) {
        self.clock_rate = clock_rate;
    }

    /// A packet of the negotiated payload type. `delay_us` is how long sound that came with it waits to be played.
    pub(crate) fn handle(
        &mut self,
        at_us: i64,
        delay_us: i64,
        timestamp: u32,
        payload: &[u8],
    ) -> Option<Digit> {
        // RFC 4733, 2.3: event, end bit and volume, duration.
        let &[code, flags, high, low, ..] = payload else { return None };
        let digit = digit(code)?;
        let duration = u16::from_be_bytes([high, low]);
        let end = flags & 0x80 != 0;
        let fresh = self.note(at_us, code, timestamp, duration, end);
        let wait_us = if end { AFTERMATH_US } else { PATIENCE_US };
        if self.press.as_ref().is_some_and(|press| press.timestamp == timestamp) {
            self.quiet_from_us = at_us + delay_us + wait_us;
        }
        fresh.then_some(digit)
    }

    /// Whether a key is down, or was until just now: what the leg says is not for the room.
    pub(crate) fn is_pressing(&self, now_us: i64) -> bool {
        now_us < self.quiet_from_us
    }

    pub(crate) fn restart(&mut self) {
        *self = Self { quiet_from_us: self.quiet_from_us, ..Self::new(self.clock_rate) };
    }

    /// Returns whether the packet begins a press.
    fn note(&mut self, at_us: i64, code: u8, timestamp: u32, duration: u16, end: bool) -> bool {
        let known = self.recent.contains(&Some(timestamp));
        if let Some(press) = &mut self.press {
            if press.timestamp == timestamp {
                press.duration = press.duration.max(duration);
                press.ended |= end;
                press.seen_us = at_us;
                return false;
            }
            if known {
                return false;
            }
            if press.goes_on_at(at_us, code, timestamp, self.clock_rate) {
                press.timestamp = timestamp;
                press.duration = duration;
                press.ended = end;
                press.seen_us = at_us;
                self.remember(timestamp);
                return false;
            }
        } else if known {
            return false;
        }
        self.press = Some(Press { code, timestamp, duration, ended: end, seen_us: at_us });
        self.remember(timestamp);
        true
    }

    fn remember(&mut self, timestamp: u32) {
        self.recent[self.oldest] = Some(timestamp);
        self.oldest = (self.oldest + 1) % REMEMBERED;
    }
}

impl Press {
    /// Whether an event that begins at `timestamp` is this one, still pressed.
    fn goes_on_at(&self, at_us: i64, code: u8, timestamp: u32, clock_rate: u32) -> bool {
        if self.ended || self.code != code || at_us - self.seen_us > PATIENCE_US {
            return false;
        }
        let step = timestamp.wrapping_sub(self.timestamp);
        step == SEGMENT || step <= clock_rate * CREEP_MS / 1_000
    }
}

/// RFC 4733, 3.2.
fn digit(code: u8) -> Option<Digit> {
    match code {
        0..=9 => Some(Digit::Number(code)),
        10 => Some(Digit::Star),
        11 => Some(Digit::Hash),
        12..=15 => Some(Digit::Letter(code - 12)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
