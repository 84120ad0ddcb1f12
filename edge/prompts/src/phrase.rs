//! The words of the menus and rooms.

/// Something that Konf says or sounds. Each has one sound file per language, tones and music one for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phrase {
    // ── coming in
    /// "Welcome to the conference service."
    Welcome,
    /// "Enter the conference number, then the hash key."
    EnterNumber,
    /// "Enter the PIN, then the hash key."
    EnterPin,
    /// "The number or the PIN is not right." For every wrong number and code alike.
    WrongCredentials,
    /// "Goodbye."
    Goodbye,
    /// "The service cannot be reached at the moment, please call again later."
    Unavailable,
    /// "There were too many wrong tries, please call again later."
    TooManyTries,
    /// "The conference starts" followed by [`Phrase::Day`], [`Phrase::Month`] (if not today), [`Phrase::Hour`],
    /// [`Phrase::Minute`].
    StartsAt,
    /// "today at".
    TodayAt,
    /// 1 to 31, as in "on the ninth of" / „devátého“.
    Day(u8),
    /// 1 to 12, as in "July" / „července“.
    Month(u8),
    /// 0 to 23, as in "at fourteen hours" / „ve čtrnáct hodin“.
    Hour(u8),
    /// 1 to 59, as in "thirty minutes" / „třicet minut“.
    Minute(u8),
    /// "You can wait on the line."
    MayWait,
    /// "The conference is full."
    Full,
    /// "The conference has ended."
    Ended,
    /// "After the tone say your name and press the hash key."
    SayName,
    // ── in the room
    /// "Joining:" before a recorded name.
    Joining,
    /// "Leaving:" before a recorded name.
    Leaving,
    /// "You are in the conference. Star six mutes you, star one is help."
    Entered,
    /// "You are the first one here."
    FirstHere,
    /// Privately: "there is one participant / there are n participants in the conference", 1 to 50.
    PeopleHere(u8),
    /// "Your microphone is off." / "Your microphone is on."
    Muted,
    Unmuted,
    /// The keys of a participant.
    Help,
    /// The key of a participant's hand, before [`Phrase::Help`].
    HelpHand,
    /// The keys of an organiser, after [`Phrase::Help`].
    HelpOrganiser,
    /// More of them, after [`Phrase::HelpOrganiser`].
    HelpModes,
    /// "The conference is locked." / "… open."
    Locked,
    Unlocked,
    /// To a caller who may not enter since the organiser locked the room.
    RoomIsLocked,
    /// "All others are muted." / "All may speak."
    AllMuted,
    AllUnmuted,
    /// "The last participant has been disconnected." / "There is nobody to disconnect."
    LastDropped,
    NobodyToDrop,
    /// To the one who is dropped: "The organiser has ended your call."
    YouAreDropped,
    /// "This key belongs to the organiser." / "This key has no meaning."
    OrganiserOnly,
    UnknownKey,
    /// "Questions. Raise your hand with star nine to speak." To all, and to whoever cannot unmute.
    ModeQuestions,
    /// "Lecture. Only the organiser speaks." To all, and to whoever cannot unmute.
    ModeLecture,
    /// "Your hand is up." / "Your hand is down."
    HandRaised,
    HandLowered,
    /// To organisers: "A hand is up." before the recorded name.
    HandUp,
    /// To organisers: "No hand is up."
    NoHands,
    /// To the one whose hand was up: "You may speak now."
    YouMaySpeak,
    /// To the organiser who let somebody speak: "The next one may speak." before the recorded name.
    NextSpeaks,
    /// "Louder." / "Softer." / "Normal volume."
    Louder,
    Softer,
    NormalVolume,
    /// To the organiser who looks for noise: "Most noise comes from" before the recorded name, "… from your own line",
    /// "… from a participant who gave no name", "There is no noise."
    NoiseFrom,
    NoiseFromYou,
    NoiseFromUnnamed,
    NoNoise,
    /// To organisers: "Music comes from" before the recorded name, "… from a participant who gave no name."
    MusicFrom,
    MusicFromUnnamed,
    /// To a muted caller who speaks: "Your microphone is off, nobody hears you." and, if it helps, "Star six turns it on."
    NobodyHearsYou,
    StarSixUnmutes,
    // ── time
    /// "The conference has been extended." / "The conference cannot be extended."
    Extended,
    CannotExtend,
    /// "The conference ends in five minutes."
    EndsInFive,
    /// "The conference is over. Goodbye."
    ConferenceOver,
    /// "Your mobile network ends this call in five minutes. Call again, your place is kept."
    LegLimitInFive,
    /// "Your mobile network ends this call now. Call again within five minutes, your place is kept."
    LegLimitNow,
    /// "Welcome back."
    WelcomeBack,
    // ── sounds without words
    /// Before a name is recorded.
    RecordTone,
    /// The warning that everybody hears before an end.
    WarningTone,
    /// Somebody came in or left who recorded no name.
    EntryChime,
    LeaveChime,
    /// For those who wait, repeated without a seam.
    Music,
}

/// Phrases without a number.
const PLAIN: &[(Phrase, &str)] = &[
    (Phrase::Welcome, "welcome"),
    (Phrase::EnterNumber, "enter-number"),
    (Phrase::EnterPin, "enter-pin"),
    (Phrase::WrongCredentials, "wrong-credentials"),
    (Phrase::Goodbye, "goodbye"),
    (Phrase::Unavailable, "unavailable"),
    (Phrase::TooManyTries, "too-many-tries"),
    (Phrase::StartsAt, "starts-at"),
    (Phrase::TodayAt, "today-at"),
    (Phrase::MayWait, "may-wait"),
    (Phrase::Full, "full"),
    (Phrase::Ended, "ended"),
    (Phrase::SayName, "say-name"),
    (Phrase::Joining, "joining"),
    (Phrase::Leaving, "leaving"),
    (Phrase::Entered, "entered"),
    (Phrase::FirstHere, "first-here"),
    (Phrase::Muted, "muted"),
    (Phrase::Unmuted, "unmuted"),
    (Phrase::Help, "help"),
    (Phrase::HelpHand, "help-hand"),
    (Phrase::HelpOrganiser, "help-organiser"),
    (Phrase::HelpModes, "help-modes"),
    (Phrase::Locked, "locked"),
    (Phrase::Unlocked, "unlocked"),
    (Phrase::RoomIsLocked, "room-is-locked"),
    (Phrase::AllMuted, "all-muted"),
    (Phrase::AllUnmuted, "all-unmuted"),
    (Phrase::LastDropped, "last-dropped"),
    (Phrase::NobodyToDrop, "nobody-to-drop"),
    (Phrase::YouAreDropped, "you-are-dropped"),
    (Phrase::OrganiserOnly, "organiser-only"),
    (Phrase::UnknownKey, "unknown-key"),
    (Phrase::ModeQuestions, "mode-questions"),
    (Phrase::ModeLecture, "mode-lecture"),
    (Phrase::HandRaised, "hand-raised"),
    (Phrase::HandLowered, "hand-lowered"),
    (Phrase::HandUp, "hand-up"),
    (Phrase::NoHands, "no-hands"),
    (Phrase::YouMaySpeak, "you-may-speak"),
    (Phrase::NextSpeaks, "next-speaks"),
    (Phrase::Louder, "louder"),
    (Phrase::Softer, "softer"),
    (Phrase::NormalVolume, "normal-volume"),
    (Phrase::NoiseFrom, "noise-from"),
    (Phrase::NoiseFromYou, "noise-from-you"),
    (Phrase::NoiseFromUnnamed, "noise-from-unnamed"),
    (Phrase::NoNoise, "no-noise"),
    (Phrase::MusicFrom, "music-from"),
    (Phrase::MusicFromUnnamed, "music-from-unnamed"),
    (Phrase::NobodyHearsYou, "nobody-hears-you"),
    (Phrase::StarSixUnmutes, "star-six-unmutes"),
    (Phrase::Extended, "extended"),
    (Phrase::CannotExtend, "cannot-extend"),
    (Phrase::EndsInFive, "ends-in-five"),
    (Phrase::ConferenceOver, "conference-over"),
    (Phrase::LegLimitInFive, "leg-limit-in-five"),
    (Phrase::LegLimitNow, "leg-limit-now"),
    (Phrase::WelcomeBack, "welcome-back"),
    (Phrase::RecordTone, "record-tone"),
    (Phrase::WarningTone, "warning-tone"),
    (Phrase::EntryChime, "entry-chime"),
    (Phrase::LeaveChime, "leave-chime"),
    (Phrase::Music, "music"),
];

impl Phrase {
    /// Every phrase there is, each number included.
    pub fn all() -> impl Iterator<Item = Phrase> {
        PLAIN
            .iter()
            .map(|(phrase, _)| *phrase)
            .chain((1..=31).map(Phrase::Day))
            .chain((1..=12).map(Phrase::Month))
            .chain((0..=23).map(Phrase::Hour))
            .chain((1..=59).map(Phrase::Minute))
            .chain((1..=50).map(Phrase::PeopleHere))
    }

    /// The name of its sound file without folder and ending, such as `hour-14`.
    pub fn file_name(self) -> String {
        match self {
            Phrase::Day(n) => format!("day-{n}"),
            Phrase::Month(n) => format!("month-{n}"),
            Phrase::Hour(n) => format!("hour-{n}"),
            Phrase::Minute(n) => format!("minute-{n}"),
            Phrase::PeopleHere(n) => format!("people-here-{n}"),
            plain => PLAIN
                .iter()
                .find(|(phrase, _)| *phrase == plain)
                .map(|(_, name)| (*name).to_owned())
                .expect("every phrase without a number stands in PLAIN"),
        }
    }

    /// Whether it has no words, and so one file for all languages.
    pub fn is_wordless(self) -> bool {
        use Phrase::{EntryChime, LeaveChime, Music, RecordTone, WarningTone};
        matches!(self, RecordTone | WarningTone | EntryChime | LeaveChime | Music)
    }
}
