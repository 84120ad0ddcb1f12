//! What a datagram is, and whether it may be looked at.

use std::net::SocketAddr;

use super::{Leg, Refused};
use crate::Digit;
use crate::rtcp::is_rtcp;

impl Leg {
    /// A datagram for this leg; returns the digit that it begins.
    pub(crate) fn handle_datagram(
        &mut self,
        now_us: i64,
        from: SocketAddr,
        bytes: &[u8],
    ) -> Option<Digit> {
        let outcome = if is_rtcp(bytes) {
            self.handle_report(now_us, from, bytes).map(|()| None)
        } else {
            self.handle_sound(now_us, from, bytes)
        };
        outcome.unwrap_or_else(|Refused| {
            self.packets_refused += 1;
            None
        })
    }

    /// In this order, so that a stranger costs nothing and a flood little, and nothing is learnt before it is authentic.
    fn handle_sound(
        &mut self,
        now_us: i64,
        from: SocketAddr,
        bytes: &[u8],
    ) -> Result<Option<Digit>, Refused> {
        if !self.source.may_be(from) || !self.allowance.take(now_us) {
            return Err(Refused);
        }
        // Taken out, so that what it decrypts can be looked at while the leg is changed.
        let Some(mut srtp) = self.contact.srtp.take() else {
            return self.handle_rtp(now_us, from, bytes);
        };
        let outcome = match srtp.open_rtp(bytes) {
            Ok(packet) => self.handle_rtp(now_us, from, packet),
            Err(_) => self.unauthentic(),
        };
        self.contact.srtp = Some(srtp);
        outcome
    }

    fn handle_report(
        &mut self,
        now_us: i64,
        from: SocketAddr,
        bytes: &[u8],
    ) -> Result<(), Refused> {
        let own = self.source.destination();
        if !self.contact.may_report(from, own, self.source.is_locked())
            || !self.allowance.take(now_us)
        {
            return Err(Refused);
        }
        let Some(mut srtp) = self.contact.srtp.take() else {
            return self.take_report(now_us, from, bytes);
        };
        let outcome = match srtp.open_rtcp(bytes) {
            Ok(packet) => self.take_report(now_us, from, packet),
            Err(_) => self.unauthentic(),
        };
        self.contact.srtp = Some(srtp);
        outcome
    }

    fn take_report(&mut self, now_us: i64, from: SocketAddr, bytes: &[u8]) -> Result<(), Refused> {
        let own_ssrc = self.stream.ssrc;
        let taken = self.contact.reporter.handle(now_us, own_ssrc, self.ssrc, bytes);
        taken.map_err(|_| Refused)?;
        self.contact.learn_reporter(from, self.source.is_locked());
        // A phone that suppresses silence says at least that it lives.
        self.alive(now_us);
        Ok(())
    }

    fn unauthentic<T>(&mut self) -> Result<T, Refused> {
        self.contact.packets_unauthentic += 1;
        Err(Refused)
    }
}
