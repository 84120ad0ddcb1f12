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
    /// The keys of an organiser, after [`Phrase::Help`].
    HelpOrganiser,
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
