//! Plays the shell, the callers and control.
//!
//! Prompts are over at once, calls are answered and ended at once, and what happened is written down as lines such as
//! `1 hears Welcome` that a test takes and compares.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use konf_contract::link::{
    Admission, AdmissionRequest, ControlCall, ControlReply, Denial, EdgeCall, ExtensionReply,
    ExtensionRequest, Grant, LegLeft, Party, RecordEvent,
};
use konf_contract::{
    Caller, ConferenceNumber, GrantId, Language, LegId, Msisdn, Role, UnixMs, Window,
};

use crate::{Config, Input, Key, LocalTime, Now, Output, Sound, Switchboard};

/// 9 July 2026, 14:00 in Prague.
pub(crate) const WALL: UnixMs = UnixMs(1_783_598_400_000);
pub(crate) const PIN: &str = "1234";
pub(crate) const PASSWORD: &str = "98765432";
pub(crate) const NUMBER: &str = "100001";

#[expect(
    clippy::disallowed_methods,
    reason = "an instant cannot be made; a virtual clock begins at a real one"
)]
pub(crate) fn start() -> Instant {
    Instant::now()
}

pub(crate) fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn conference() -> ConferenceNumber {
    ConferenceNumber::new(NUMBER).unwrap()
}

/// How the control of a test answers.
#[derive(Clone)]
pub(crate) enum Answer {
    Reply(ControlReply),
    /// The shell reports that control was not reached.
    Lost,
    /// Nobody says anything.
    Silence,
}

impl From<Admission> for Answer {
    fn from(admission: Admission) -> Self {
        Answer::Reply(ControlReply::Admission(admission))
    }
}

impl From<Denial> for Answer {
    fn from(denial: Denial) -> Self {
        Admission::Denied(denial).into()
    }
}

impl From<ExtensionReply> for Answer {
    fn from(reply: ExtensionReply) -> Self {
        Answer::Reply(ControlReply::Extension(reply))
    }
}

type Admit = Box<dyn FnMut(&AdmissionRequest) -> Answer>;
type Extend = Box<dyn FnMut(&ExtensionRequest) -> Answer>;

pub(crate) struct Desk {
    pub(crate) switchboard: Switchboard,
    pub(crate) now: Now,
    pub(crate) admit: Admit,
    pub(crate) extend: Extend,
    /// What callers do when their name is asked; absent: nothing by itself.
    pub(crate) says_name: Option<bool>,
    /// Whether prompts are reported as played.
    pub(crate) plays: bool,
    pub(crate) left: Vec<LegLeft>,
    lines: Vec<String>,
}

pub(crate) fn config() -> Config {
    Config {
        language: Language::Cs,
        tries: 3,
        key_patience: seconds(10),
        repeats: 2,
        name_longest: seconds(5),
        ask_names: false,
        warning: minutes(5),
        ask_patience: seconds(5),
        local_time,
    }
}

/// Days of July 2026, two hours east of Greenwich.
fn local_time(at: UnixMs) -> LocalTime {
    let minutes = at.since(WALL) / UnixMs::MINUTE + 14 * 60;
    LocalTime {
        year: 2026,
        month: 7,
        day: (9 + minutes.div_euclid(24 * 60)).clamp(1, 31) as u8,
        hour: (minutes.rem_euclid(24 * 60) / 60) as u8,
        minute: minutes.rem_euclid(60) as u8,
    }
}

/// For a conference of an hour that has begun, with ten seats.
pub(crate) fn grant(leg: LegId, role: Role) -> Grant {
    Grant {
        grant: GrantId(format!("g{leg}")),
        booking: "b1".into(),
        conference: conference(),
        seats: 10,
        window: Window { start: WALL, end: WALL.plus_ms(60 * UnixMs::MINUTE) },
        language: Language::Cs,
        role,
        leg_limit_s: None,
        returning: false,
        former_leg: None,
        policy: "sha256:0".into(),
        keys: None,
    }
}

/// What an honest control says: no seat is held, and the credentials are those of the booking.
pub(crate) fn honest(request: &AdmissionRequest, change: impl Fn(&mut Grant)) -> Answer {
    let Some(credentials) = &request.credentials else { return Admission::NoSeatHeld.into() };
    let role = match (credentials.number.as_str(), credentials.code.as_str()) {
        (NUMBER, PIN) => Role::Participant,
        (NUMBER, PASSWORD) => Role::Organiser,
        _ => return Denial::Unknown.into(),
    };
    let mut grant = grant(request.leg, role);
    change(&mut grant);
    Admission::Granted(grant).into()
}

impl Desk {
    pub(crate) fn new() -> Self {
        Desk::with(config())
    }

    pub(crate) fn with(config: Config) -> Self {
        Desk {
            switchboard: Switchboard::new(config, 7),
            now: Now { mono: start(), wall: WALL },
            admit: Box::new(|request| honest(request, |_| {})),
            extend: Box::new(|request| ExtensionReply::Refused { end: request.end }.into()),
            says_name: Some(true),
            plays: true,
            left: Vec::new(),
            lines: Vec::new(),
        }
    }

    pub(crate) fn granting(change: impl Fn(&mut Grant) + 'static) -> Self {
        let mut desk = Desk::new();
        desk.admit = Box::new(move |request| honest(request, &change));
        desk
    }

    pub(crate) fn answering(answer: impl Into<Answer>) -> Self {
        let answer = answer.into();
        let mut desk = Desk::new();
        desk.admit = Box::new(move |request| match request.credentials {
            Some(_) => answer.clone(),
            None => Admission::NoSeatHeld.into(),
        });
        desk
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.switchboard.handle_input(self.now, input);
        self.settle();
    }

    /// Time passes, and what is due is done when it is due.
    pub(crate) fn wait(&mut self, duration: Duration) {
        let until = self.now.mono + duration;
        while let Some(due) = self.switchboard.poll_timeout().filter(|due| *due <= until) {
            self.advance(due);
            self.switchboard.handle_timeout(self.now);
            self.settle();
        }
        self.advance(until);
    }

    fn advance(&mut self, to: Instant) {
        let passed = to.saturating_duration_since(self.now.mono);
        self.now.mono += passed;
        self.now.wall = self.now.wall.plus_ms(passed.as_millis() as i64);
    }

    pub(crate) fn call(&mut self, leg: u64) {
        let number = Msisdn::parse(&format!("+420606{leg:06}")).unwrap();
        self.call_from(leg, Some(number));
    }

    pub(crate) fn call_from(&mut self, leg: u64, number: Option<Msisdn>) {
        let (network, trunk) = ("o2-mobile".into(), "o2".into());
        let caller = Caller { number, network, trunk, mobile: true };
        self.input(Input::Incoming { leg: LegId(leg), caller });
    }

    pub(crate) fn keys(&mut self, leg: u64, keys: &str) {
        for c in keys.chars() {
            let key = match c {
                '*' => Key::Star,
                '#' => Key::Hash,
                digit => Key::Number(digit.to_digit(10).unwrap() as u8),
            };
            self.input(Input::Key { leg: LegId(leg), key });
        }
    }

    pub(crate) fn enter(&mut self, leg: u64) {
        self.call(leg);
        self.keys(leg, &format!("{NUMBER}#{PIN}#"));
    }

    pub(crate) fn enter_organiser(&mut self, leg: u64) {
        self.call(leg);
        self.keys(leg, &format!("{NUMBER}#{PASSWORD}#"));
    }

    pub(crate) fn hang_up(&mut self, leg: u64) {
        self.ended(leg, Party::Caller);
    }

    pub(crate) fn ended(&mut self, leg: u64, by: Party) {
        let detail = "BYE".into();
        self.input(Input::Ended { leg: LegId(leg), by, detail, quality: None });
    }

    pub(crate) fn order(&mut self, order: ControlCall) {
        self.input(Input::Control { call: 1, order });
    }

    /// What happened since the last time.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    pub(crate) fn forget(&mut self) {
        self.lines.clear();
    }

    /// The lines since the last time that begin so.
    pub(crate) fn take_of(&mut self, beginning: &str) -> Vec<String> {
        self.take().into_iter().filter(|line| line.starts_with(beginning)).collect()
    }

    fn settle(&mut self) {
        let mut reactions = VecDeque::new();
        loop {
            while let Some(output) = self.switchboard.poll_output() {
                self.lines.push(line(&output));
                reactions.extend(self.react(output));
            }
            let Some(input) = reactions.pop_front() else { return };
            self.switchboard.handle_input(self.now, input);
        }
    }

    fn react(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Answer { leg } => Some(Input::Answered { leg }),
            Output::HangUp { leg, .. } => {
                let (by, detail) = (Party::Konf, String::new());
                Some(Input::Ended { leg, by, detail, quality: None })
            }
            Output::Play { leg, playback, .. } => {
                self.plays.then_some(Input::Played { leg, playback })
            }
            Output::RecordName { leg, .. } => {
                self.says_name.map(|said| Input::NameRecorded { leg, said })
            }
            Output::StopRecording { leg } => Some(Input::NameRecorded { leg, said: true }),
            Output::Ask { ask, call } => {
                let answer = match &call {
                    EdgeCall::Admit(request) => (self.admit)(request),
                    EdgeCall::Extend(request) => (self.extend)(request),
                    other => panic!("nobody asks {other:?}"),
                };
                match answer {
                    Answer::Reply(reply) => Some(Input::Reply { ask, reply: Some(reply) }),
                    Answer::Lost => Some(Input::Reply { ask, reply: None }),
                    Answer::Silence => None,
                }
            }
            Output::Record(RecordEvent::LegLeft(left)) => {
                self.left.push(left);
                None
            }
            _ => None,
        }
    }
}

fn line(output: &Output) -> String {
    match output {
        Output::Answer { leg } => format!("{leg} is answered"),
        Output::Reject { leg, status } => format!("{leg} is rejected {status}"),
        Output::HangUp { leg, reason } => format!("{leg} is hung up {reason}"),
        Output::Play { leg, sounds: said, .. } => format!("{leg} hears {}", sounds(said)),
        Output::StopPlaying { leg } => format!("{leg} hears no more"),
        Output::Music { leg, on } => format!("{leg} music {on}"),
        Output::PlayToRoom { sounds: said, .. } => format!("room hears {}", sounds(said)),
        Output::RecordName { leg, .. } => format!("{leg} says a name"),
        Output::StopRecording { leg } => format!("{leg} has said it"),
        Output::TakeOverName { leg, former } => format!("{leg} takes over {former}"),
        Output::ForgetNames { legs } => {
            format!("forget {:?}", legs.iter().map(|leg| leg.0).collect::<Vec<_>>())
        }
        Output::JoinRoom { leg, .. } => format!("{leg} joins"),
        Output::LeaveRoom { leg } => format!("{leg} leaves"),
        Output::Mute { leg, muted } => format!("{leg} muted {muted}"),
        Output::Volume { leg, gain_db } => format!("{leg} volume {gain_db}"),
        Output::FindNoise { asker, .. } => format!("{asker} looks for noise"),
        Output::Ask { call: EdgeCall::Admit(request), .. } => match &request.credentials {
            Some(keyed) => format!("ask {} {} {}", request.leg, keyed.number, keyed.code),
            None => format!("ask {} held", request.leg),
        },
        Output::Ask { call: EdgeCall::Extend(request), .. } => {
            let end = request.end.since(WALL) / UnixMs::MINUTE;
            format!("ask extend {end}{}", if request.by_organiser { " by organiser" } else { "" })
        }
        Output::Ask { call, .. } => format!("ask {call:?}"),
        Output::Record(RecordEvent::LegJoined(joined)) => format!("record joined {}", joined.leg),
        Output::Record(RecordEvent::LegLeft(left)) => {
            format!("record left {} {:?} {:?}", left.leg, left.end.reason, left.end.who)
        }
        Output::Record(RecordEvent::RoomEmpty { closed: Some(true), .. }) => "record closed".into(),
        Output::Record(RecordEvent::RoomEmpty { .. }) => "record empty".into(),
        Output::Answered { reply, .. } => format!("control hears {reply:?}"),
    }
}

fn sounds(sounds: &[Sound]) -> String {
    let said = sounds.iter().map(|sound| match sound {
        Sound::Phrase(Language::Cs, phrase) => format!("{phrase:?}"),
        Sound::Phrase(Language::En, phrase) => format!("en:{phrase:?}"),
        Sound::NameOf(leg) => format!("NameOf({leg})"),
    });
    said.collect::<Vec<_>>().join(" ")
}
