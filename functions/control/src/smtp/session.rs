//! One SMTP or LMTP conversation as a machine: octets and verdicts in, replies and messages out.
//!
//! ```
//! use konf_control::smtp::session::{Output, Protocol, Session, Settings};
//!
//! let settings = Settings {
//!     name: "konf.example".into(),
//!     address: "orders@konf.example".into(),
//!     protocol: Protocol::Smtp,
//!     has_tls: false,
//! };
//! let mut session = Session::new(settings);
//! session.handle_input(b"HELO a.example\r\n");
//! let mut said = String::new();
//! while let Some(output) = session.poll_output() {
//!     if let Output::Reply(text) = output {
//!         said.push_str(&text);
//!     }
//! }
//! assert_eq!(said, "220 konf.example takes orders\r\n250 konf.example\r\n");
//! ```
//!
//! After [`Output::Deliver`] nothing is read until [`Session::handle_verdict`], after [`Output::StartTls`] until
//! [`Session::handle_tls`]; both before the next input. After [`Output::Close`] nothing is said any more.

use std::collections::VecDeque;

use smtp_proto::{
    Error, MAIL_BODY_BINARYMIME, MAIL_SMTPUTF8, MailFrom, RcptTo, Request, request::receiver,
};

use super::data::{Data, Fault};

/// FIELD.md, section 2. Octets.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// A client that needs more has lost its way, or tries things out.
const FAULTS_MAX: u32 = 10;
const COMMANDS_MAX: u32 = 500;
const MESSAGES_MAX: u32 = 100;
/// LMTP answers for each; a server that repeats an address does so a few times.
const RECIPIENTS_MAX: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Smtp,
    Lmtp,
}

#[derive(Debug, Clone)]
pub struct Settings {
    /// Of this server, in its greeting.
    pub name: String,
    /// The only one for which anything is taken; in lower case.
    pub address: String,
    pub protocol: Protocol,
    pub has_tls: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Whole lines, to be written as they are.
    Reply(String),
    /// A message to take over.
    Deliver(Envelope),
    /// The handshake begins with the next octet.
    StartTls,
    Close,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Empty: nobody is to hear of it.
    pub from: String,
    pub to: String,
    pub data: Vec<u8>,
}

/// Addresses and text are nobody else's business.
impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Envelope({} bytes)", self.data.len())
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Stored.
    Taken,
    /// Nothing was stored; the client tries it again.
    Later,
    /// Never; why, in words that hold nothing of the message.
    Refused(String),
}

pub struct Session {
    settings: Settings,
    state: State,
    input: Vec<u8>,
    outputs: VecDeque<Output>,
    is_greeted: bool,
    is_encrypted: bool,
    from: Option<String>,
    recipients: usize,
    faults: u32,
    commands: u32,
    messages: u32,
}

enum State {
    Commands,
    Data(Data),
    /// Until the verdict on the message.
    Delivering,
    /// Until the handshake is done.
    StartingTls,
    Closed,
}

impl Session {
    pub fn new(settings: Settings) -> Self {
        let mut session = Session {
            settings,
            state: State::Commands,
            input: Vec::new(),
            outputs: VecDeque::new(),
            is_greeted: false,
            is_encrypted: false,
            from: None,
            recipients: 0,
            faults: 0,
            commands: 0,
            messages: 0,
        };
        let greeting = format!("220 {} takes orders", session.settings.name);
        session.say(&greeting);
        session
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether a message is on its way in, for which a client needs longer than for a line.
    pub fn is_receiving(&self) -> bool {
        matches!(self.state, State::Data(_))
    }

    pub fn handle_input(&mut self, octets: &[u8]) {
        self.input.extend_from_slice(octets);
        self.advance();
    }

    /// On the message that was handed out.
    pub fn handle_verdict(&mut self, verdict: &Verdict) {
        let reply = match verdict {
            Verdict::Taken => "250 2.0.0 taken".to_owned(),
            Verdict::Later => "451 4.3.0 not now, try again later".to_owned(),
            Verdict::Refused(why) => format!("550 5.6.0 {}", one_line(why)),
        };
        self.answer_for_each(&reply);
        self.state = State::Commands;
        self.reset();
        self.advance();
    }

    /// The handshake is done. What came before it is forgotten (RFC 3207, section 4.2): anybody may have put it there.
    pub fn handle_tls(&mut self) {
        self.input.clear();
        self.is_encrypted = true;
        self.is_greeted = false;
        self.reset();
        self.state = State::Commands;
    }

    /// Too slow, or control goes down.
    pub fn handle_end(&mut self, why: &str) {
        if !matches!(self.state, State::Closed) {
            self.say(&format!("421 4.4.2 {why}"));
            self.close();
        }
    }

    fn advance(&mut self) {
        loop {
            match &mut self.state {
                State::Commands => {
                    let Some(end) = self.input.iter().position(|byte| *byte == b'\n') else {
                        if self.input.len() > receiver::MAX_LINE_LENGTH {
                            self.say("500 5.5.2 a line has at most 4096 octets");
                            self.close();
                        }
                        return;
                    };
                    let line: Vec<u8> = self.input.drain(..=end).collect();
                    self.command(&line);
                }
                State::Data(data) => {
                    let (used, ended) = data.take(&self.input);
                    self.input.drain(..used);
                    if !ended {
                        return;
                    }
                    self.end_of_data();
                }
                State::Delivering | State::StartingTls | State::Closed => return,
            }
        }
    }

    fn command(&mut self, line: &[u8]) {
        self.commands += 1;
        if self.commands > COMMANDS_MAX {
            self.say("421 4.7.0 too many commands");
            return self.close();
        }
        match Request::parse(&mut line.iter()) {
            Ok(request) => self.request(request),
            Err(error) => self.fault(misread(&error)),
        }
    }

    fn request(&mut self, request: Request<std::borrow::Cow<'_, str>>) {
        let is_lmtp = self.settings.protocol == Protocol::Lmtp;
        match request {
            Request::Ehlo { .. } | Request::Helo { .. } if is_lmtp => {
                self.fault("500 5.5.1 this is LMTP: say LHLO");
            }
            Request::Lhlo { .. } if !is_lmtp => self.fault("500 5.5.1 this is SMTP: say EHLO"),
            Request::Helo { .. } => {
                self.greet();
                let name = self.settings.name.clone();
                self.say(&format!("250 {name}"));
            }
            Request::Ehlo { .. } | Request::Lhlo { .. } => {
                self.greet();
                self.say_extensions();
            }
            Request::Mail { from } => self.mail(&from),
            Request::Rcpt { to } => self.rcpt(&to),
            Request::Data => self.data(),
            Request::Rset => {
                self.reset();
                self.say("250 2.0.0 forgotten");
            }
            Request::StartTls => self.start_tls(),
            Request::Quit => {
                self.say("221 2.0.0 bye");
                self.close();
            }
            Request::Noop { .. } => self.say("250 2.0.0 still here"),
            Request::Help { .. } => self.say("214 2.0.0 orders of conferences, for one address"),
            // Never says who is known.
            Request::Vrfy { .. } => self.say("252 2.1.5 try to send it"),
            _ => self.fault("502 5.5.1 not offered here"),
        }
    }

    fn greet(&mut self) {
        self.is_greeted = true;
        self.reset();
    }

    fn say_extensions(&mut self) {
        let mut lines = vec![
            self.settings.name.clone(),
            "PIPELINING".to_owned(),
            format!("SIZE {MESSAGE_BYTES_MAX}"),
            "8BITMIME".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
        ];
        if self.settings.has_tls && !self.is_encrypted {
            lines.push("STARTTLS".to_owned());
        }
        let last = lines.len() - 1;
        let reply: String = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}\r\n", if at == last { ' ' } else { '-' }))
            .collect();
        self.outputs.push_back(Output::Reply(reply));
    }

    fn mail(&mut self, from: &MailFrom<std::borrow::Cow<'_, str>>) {
        if !self.is_greeted {
            self.fault("503 5.5.1 say hello first");
        } else if self.from.is_some() {
            self.fault("503 5.5.1 one message at a time");
        } else if from.flags & MAIL_SMTPUTF8 != 0 {
            self.fault("555 5.6.7 addresses have plain letters here");
        } else if from.flags & MAIL_BODY_BINARYMIME != 0 {
            self.fault("555 5.6.1 lines, please: no BINARYMIME");
        } else if from.size > MESSAGE_BYTES_MAX {
            self.say("552 5.3.4 a message has at most 256 kB here");
        } else if self.messages >= MESSAGES_MAX {
            self.say("421 4.7.0 enough for one connection");
            self.close();
        } else {
            self.from = Some(from.address.to_string());
            self.say("250 2.1.0 go on");
        }
    }

    fn rcpt(&mut self, to: &RcptTo<std::borrow::Cow<'_, str>>) {
        if self.from.is_none() {
            self.fault("503 5.5.1 MAIL comes first");
        } else if !to.address.eq_ignore_ascii_case(&self.settings.address) {
            self.fault("550 5.7.1 only orders are taken here");
        } else if self.recipients >= RECIPIENTS_MAX {
            self.fault("452 4.5.3 one address is enough");
        } else {
            self.recipients += 1;
            self.say("250 2.1.5 go on");
        }
    }

    fn data(&mut self) {
        match (self.recipients, self.from.is_some()) {
            (_, false) => self.fault("503 5.5.1 MAIL comes first"),
            (0, true) => self.fault("503 5.5.1 RCPT comes first"),
            _ => {
                self.say("354 end with a single dot");
                self.state = State::Data(Data::new(MESSAGE_BYTES_MAX));
            }
        }
    }

    fn end_of_data(&mut self) {
        let State::Data(data) = std::mem::replace(&mut self.state, State::Commands) else { return };
        self.messages += 1;
        match data.finish() {
            Ok(data) => {
                let from = self.from.clone().unwrap_or_default();
                let to = self.settings.address.clone();
                self.outputs.push_back(Output::Deliver(Envelope { from, to, data }));
                self.state = State::Delivering;
            }
            Err(fault) => {
                self.answer_for_each(match fault {
                    Fault::BareLineEnd => "550 5.6.0 each line has to end with CR LF",
                    Fault::TooLong => "552 5.3.4 a message has at most 256 kB here",
                });
                self.reset();
            }
        }
    }

    fn start_tls(&mut self) {
        if !self.settings.has_tls || self.is_encrypted {
            return self.fault("502 5.5.1 not offered here");
        }
        self.say("220 2.0.0 begin");
        self.outputs.push_back(Output::StartTls);
        self.state = State::StartingTls;
    }

    fn reset(&mut self) {
        self.from = None;
        self.recipients = 0;
    }

    /// RFC 2033, section 4.2: one reply for each recipient that was taken.
    fn answer_for_each(&mut self, reply: &str) {
        let times = match self.settings.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => self.recipients,
        };
        for _ in 0..times {
            self.say(reply);
        }
    }

    fn fault(&mut self, reply: &str) {
        self.faults += 1;
        self.say(reply);
        if self.faults >= FAULTS_MAX {
            self.say("421 4.7.0 too many faults");
            self.close();
        }
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.input.clear();
        self.outputs.push_back(Output::Close);
    }

    fn say(&mut self, line: &str) {
        self.outputs.push_back(Output::Reply(format!("{line}\r\n")));
    }
}

fn misread(error: &Error) -> &'static str {
    match error {
        Error::UnknownCommand => "500 5.5.2 no such command",
        Error::InvalidSenderAddress => "553 5.1.7 expected MAIL FROM:<address>",
        Error::InvalidRecipientAddress => "553 5.1.3 expected RCPT TO:<address>",
        Error::UnsupportedParameter { .. } | Error::InvalidParameter { .. } => {
            "555 5.5.4 no such parameter here"
        }
        _ => "501 5.5.4 the command can't be read",
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).collect()
}

#[cfg(test)]
mod tests;
