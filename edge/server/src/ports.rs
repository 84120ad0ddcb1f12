//! UDP ports for media.

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::ops::RangeInclusive;

use nix::sys::socket::{setsockopt, sockopt};

/// Ports that are tried for one call. Other programs may hold some of the range, hardly so many in a row.
const TRIES: usize = 256;
/// Expedited forwarding (RFC 3246) in the upper six bits: what voice travels under.
const DSCP_EF: i32 = 46 << 2;

/// Hands out sockets, going round the range, so that a port rests as long as it can before the next caller gets it:
/// what a former caller's phone still sends then meets nobody.
#[derive(Debug)]
pub(crate) struct Ports {
    address: IpAddr,
    range: RangeInclusive<u16>,
    next: u16,
}

impl Ports {
    pub(crate) fn new(address: IpAddr, range: RangeInclusive<u16>) -> Ports {
        let next = *range.start();
        Ports { address, range, next }
    }

    /// A socket on the next free port, non-blocking.
    pub(crate) fn open(&mut self) -> io::Result<UdpSocket> {
        let mut last_error = io::ErrorKind::AddrInUse.into();
        for _ in 0..TRIES.min(self.range.len()) {
            let port = self.take();
            match self.bind(port) {
                Ok(socket) => return Ok(socket),
                Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => last_error = cause,
                Err(cause) => return Err(cause),
            }
        }
        Err(last_error)
    }

    /// Sockets for sound, on an even port, and for reports, on the one behind it (RFC 3550, 11). `None` when no two lie so.
    pub(crate) fn open_pair(&mut self) -> Option<(UdpSocket, UdpSocket)> {
        for _ in 0..TRIES.min(self.range.len()) {
            let port = self.take();
            let pairs = port.is_multiple_of(2) && port < *self.range.end();
            if pairs
                && let Ok(sound) = self.bind(port)
                && let Ok(reports) = self.bind(port + 1)
            {
                self.take();
                return Some((sound, reports));
            }
        }
        None
    }

    /// The next port, and goes on from it.
    fn take(&mut self) -> u16 {
        let port = self.next;
        self.next = if port == *self.range.end() { *self.range.start() } else { port + 1 };
        port
    }

    fn bind(&self, port: u16) -> io::Result<UdpSocket> {
        let socket = UdpSocket::bind((self.address, port))?;
        socket.set_nonblocking(true)?;
        // A network that forbids the mark still carries the packets.
        let _ = setsockopt(&socket, sockopt::Ipv4Tos, &DSCP_EF);
        Ok(socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_go_round_and_those_in_use_are_passed_over() {
        // A range around a port that the system has just named: free, but for what this test takes.
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port().clamp(1_024, 65_500);
        let mut ports = Ports::new([127, 0, 0, 1].into(), port..=port + 5);
        let opened: Vec<UdpSocket> = std::iter::from_fn(|| ports.open().ok()).take(3).collect();
        let numbers: Vec<u16> = opened.iter().map(|s| s.local_addr().unwrap().port()).collect();
        assert!(!numbers.contains(&taken.local_addr().unwrap().port()));
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    }

    #[test]
    fn a_pair_is_an_even_port_and_the_one_behind_it() {
        let probe = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = probe.local_addr().unwrap().port().clamp(1_024, 65_400) | 1;
        let mut ports = Ports::new([127, 0, 0, 1].into(), port..=port + 20);
        let pairs: Vec<_> = std::iter::from_fn(|| ports.open_pair()).take(2).collect();
        assert_eq!(pairs.len(), 2);
        for (sound, reports) in &pairs {
            let (sound, reports) = (sound.local_addr().unwrap(), reports.local_addr().unwrap());
            assert!(sound.port().is_multiple_of(2) && reports.port() == sound.port() + 1);
        }
        assert_ne!(pairs[0].0.local_addr().unwrap(), pairs[1].0.local_addr().unwrap());
        // A range of one holds none.
        assert!(Ports::new([127, 0, 0, 1].into(), port..=port).open_pair().is_none());
    }

    #[test]
    fn a_range_in_use_is_an_error() {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let mut ports = Ports::new([127, 0, 0, 1].into(), port..=port);
        assert_eq!(ports.open().unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
