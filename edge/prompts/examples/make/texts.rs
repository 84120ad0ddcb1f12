//! What is said: the one table from which the `.txt` and the `.wav` files are made.

use konf_contract::Language;
use konf_prompts::Phrase;

/// The words of a phrase as they are written; in brackets what is heard when there are none.
pub(crate) fn written(language: Language, phrase: Phrase) -> String {
    match (phrase, language) {
        (Phrase::Day(n), Language::Cs) => cs_day(n),
        (Phrase::Day(n), Language::En) => format!("on the {} of", en_ordinal(n)),
        (Phrase::Month(n), Language::Cs) => CS_MONTHS[usize::from(n) - 1].to_owned(),
        (Phrase::Month(n), Language::En) => EN_MONTHS[usize::from(n) - 1].to_owned(),
        (Phrase::Hour(n), Language::Cs) => cs_hour(n),
        (Phrase::Hour(n), Language::En) => {
            format!("at {} {}", en_number(n), if n == 1 { "hour" } else { "hours" })
        }
        (Phrase::Minute(n), Language::Cs) => cs_minute(n),
        (Phrase::Minute(n), Language::En) => {
            format!("{} {}", en_number(n), if n == 1 { "minute" } else { "minutes" })
        }
        (Phrase::PeopleHere(n), Language::Cs) => cs_people(n),
        (Phrase::PeopleHere(1), Language::En) => "There is one participant.".to_owned(),
        (Phrase::PeopleHere(n), Language::En) => {
            format!("There are {} participants.", en_number(n))
        }
        (plain, _) => {
            let (_, cs, en) = SENTENCES.iter().find(|(p, ..)| *p == plain).expect("a sentence");
            (if language == Language::Cs { *cs } else { *en }).to_owned()
        }
    }
}

/// As the voice has to be told. Czech Dita lacks the diphone n-f and leaves 60 ms of silence in "konference"; she spells
/// out words in capitals, as does the English voice.
pub(crate) fn spoken(language: Language, written: &str) -> String {
    let replacements: &[(&str, &str)] = match language {
        Language::Cs => {
            &[("onferen", "omferen"), ("PIN", "pin"), ("Na shledanou", "Na schledanou")]
        }
        Language::En => &[("PIN", "pin")],
    };
    replacements.iter().fold(written.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Phrase, Czech, English.
#[rustfmt::skip]
const SENTENCES: &[(Phrase, &str, &str)] = &[
    // ── coming in
    (Phrase::Welcome, "Vítejte v konferenční službě.", "Welcome to the conference service."),
    (Phrase::EnterNumber, "Zadejte číslo konference a stiskněte křížek.", "Enter the conference number, then the hash key."),
    (Phrase::EnterPin, "Zadejte PIN a stiskněte křížek.", "Enter the PIN, then the hash key."),
    (Phrase::WrongCredentials, "Číslo konference nebo PIN nesouhlasí.", "The number or the PIN is not right."),
    (Phrase::Goodbye, "Na shledanou.", "Goodbye."),
    (Phrase::Unavailable, "Služba je nyní nedostupná. Zavolejte prosím později.", "The service cannot be reached at the moment. Please call again later."),
    (Phrase::TooManyTries, "Příliš mnoho chybných pokusů. Zavolejte prosím později.", "There were too many wrong tries. Please call again later."),
    (Phrase::StartsAt, "Konference začíná", "The conference starts"),
    (Phrase::TodayAt, "dnes", "today"),
    (Phrase::MayWait, "Můžete počkat na lince.", "You can wait on the line."),
    (Phrase::Full, "Konference je plně obsazena.", "The conference is full."),
    (Phrase::Ended, "Konference již skončila.", "The conference has ended."),
    (Phrase::SayName, "Po zaznění tónu řekněte své jméno a stiskněte křížek.", "After the tone, say your name and press the hash key."),
    // ── in the room
    (Phrase::Joining, "Připojuje se", "Joining:"),
    (Phrase::Leaving, "Odchází", "Leaving:"),
    (Phrase::Entered, "Jste v konferenci. Mikrofon vypnete hvězdičkou šest, nápovědu vyvoláte hvězdičkou jedna.", "You are in the conference. Star six mutes you, star one is help."),
    (Phrase::FirstHere, "Jste zde jako první.", "You are the first one here."),
    (Phrase::Muted, "Váš mikrofon je vypnutý.", "Your microphone is off."),
    (Phrase::Unmuted, "Váš mikrofon je zapnutý.", "Your microphone is on."),
    (Phrase::Help, "Hvězdička šest vypne a zapne váš mikrofon. Hvězdička dva řekne, kolik účastníků je v konferenci, a hvězdička tři jejich jména. Hvězdička osm mění hlasitost. Hvězdička jedna zopakuje tuto nápovědu.", "Star six turns your microphone off and on. Star two says how many participants there are, and star three their names. Star eight changes the volume. Star one repeats this help."),
    (Phrase::HelpHand, "Hvězdičkou devět se přihlásíte o slovo.", "Star nine raises and lowers your hand."),
    (Phrase::HelpModes, "Hvězdička sedm přepíná mezi volnou debatou, otázkami a přednáškou. Hvězdička devět dá slovo prvnímu přihlášenému. Hvězdička devět tři řekne, kdo nejvíce ruší.", "Star seven changes between everybody, questions and lecture. Star nine lets the first hand speak. Star nine three says who makes most noise."),
    (Phrase::HelpOrganiser, "Hvězdička pět zamkne konferenci. Dva křížky ztlumí všechny ostatní. Hvězdička devět dva odpojí posledního účastníka, devět osm požádá o prodloužení a devět devět ukončí konferenci všem.", "Star five locks the conference. Hash hash mutes all others. Star nine two disconnects the last participant, star nine eight asks for an extension, and star nine nine ends the conference for all."),
    (Phrase::Locked, "Konference je zamčena.", "The conference is locked."),
    (Phrase::Unlocked, "Konference je odemčena.", "The conference is open."),
    (Phrase::RoomIsLocked, "Konference je zamčena organizátorem, nelze do ní vstoupit.", "The organiser has locked the conference. You cannot enter it."),
    (Phrase::AllMuted, "Mikrofony všech ostatních jsou vypnuté.", "All others are muted."),
    (Phrase::AllUnmuted, "Všichni mohou mluvit.", "All may speak."),
    (Phrase::LastDropped, "Poslední účastník byl odpojen.", "The last participant has been disconnected."),
    (Phrase::NobodyToDrop, "Není koho odpojit.", "There is nobody to disconnect."),
    (Phrase::YouAreDropped, "Organizátor ukončil váš hovor.", "The organiser has ended your call."),
    (Phrase::OrganiserOnly, "Tato volba patří organizátorovi.", "This key belongs to the organiser."),
    (Phrase::UnknownKey, "Tato volba nic neznamená.", "This key has no meaning."),
    (Phrase::ModeQuestions, "Otázky. O slovo se přihlaste hvězdičkou devět.", "Questions. Raise your hand with star nine to speak."),
    (Phrase::ModeLecture, "Přednáška. Mluví jen organizátor.", "Lecture. Only the organiser speaks."),
    (Phrase::HandRaised, "Hlásíte se o slovo.", "Your hand is up."),
    (Phrase::HandLowered, "Už se nehlásíte o slovo.", "Your hand is down."),
    (Phrase::HandUp, "Někdo se hlásí o slovo.", "A hand is up."),
    (Phrase::NoHands, "Nikdo se nehlásí o slovo.", "No hand is up."),
    (Phrase::YouMaySpeak, "Máte slovo.", "You may speak now."),
    (Phrase::NextSpeaks, "Slovo má další účastník.", "The next one may speak."),
    (Phrase::Louder, "Hlasitěji.", "Louder."),
    (Phrase::Softer, "Tišeji.", "Softer."),
    (Phrase::NormalVolume, "Běžná hlasitost.", "Normal volume."),
    (Phrase::NoiseFrom, "Nejvíce ruší", "Most noise comes from"),
    (Phrase::NoiseFromYou, "Nejvíce hluku přichází z vaší linky.", "Most noise comes from your own line."),
    (Phrase::NoiseFromUnnamed, "Nejvíce ruší účastník, který neřekl své jméno.", "Most noise comes from a participant who gave no name."),
    (Phrase::NoNoise, "Nikdo neruší.", "There is no noise."),
    (Phrase::MusicFrom, "Hudba hraje na lince účastníka", "Music comes from"),
    (Phrase::MusicFromUnnamed, "Hudba hraje na lince účastníka, který neřekl své jméno.", "Music comes from a participant who gave no name."),
    (Phrase::NobodyHearsYou, "Váš mikrofon je vypnutý, nikdo vás neslyší.", "Your microphone is off, nobody hears you."),
    (Phrase::StarSixUnmutes, "Zapnete ho hvězdičkou šest.", "Star six turns it on."),
    // ── time
    (Phrase::Extended, "Konference byla prodloužena.", "The conference has been extended."),
    (Phrase::CannotExtend, "Konferenci nelze prodloužit.", "The conference cannot be extended."),
    (Phrase::EndsInFive, "Konference skončí za pět minut.", "The conference ends in five minutes."),
    (Phrase::ConferenceOver, "Konference skončila. Na shledanou.", "The conference is over. Goodbye."),
    (Phrase::LegLimitInFive, "Vaše mobilní síť za pět minut ukončí tento hovor. Zavolejte pak znovu, vaše místo zůstane volné.", "Your mobile network ends this call in five minutes. Call again then, your place is kept."),
    (Phrase::LegLimitNow, "Vaše mobilní síť nyní ukončí tento hovor. Zavolejte znovu do pěti minut, vaše místo zůstane volné.", "Your mobile network ends this call now. Call again within five minutes, your place is kept."),
    (Phrase::WelcomeBack, "Vítejte zpět.", "Welcome back."),
    // ── sounds without words
    (Phrase::RecordTone, "[tón před nahráním jména]", "[tone before a name is recorded]"),
    (Phrase::WarningTone, "[výstražný tón]", "[warning tone]"),
    (Phrase::EntryChime, "[vzestupný gong]", "[rising chime]"),
    (Phrase::LeaveChime, "[sestupný gong]", "[falling chime]"),
    (Phrase::Music, "[hudba]", "[music]"),
];

#[rustfmt::skip]
const CS_MONTHS: [&str; 12] = [
    "ledna", "února", "března", "dubna", "května", "června", "července", "srpna", "září", "října",
    "listopadu", "prosince",
];
const EN_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Genitive, as in „začíná devátého července“.
fn cs_day(n: u8) -> String {
    #[rustfmt::skip]
    const UNITS: [&str; 20] = [
        "", "prvního", "druhého", "třetího", "čtvrtého", "pátého", "šestého", "sedmého", "osmého",
        "devátého", "desátého", "jedenáctého", "dvanáctého", "třináctého", "čtrnáctého",
        "patnáctého", "šestnáctého", "sedmnáctého", "osmnáctého", "devatenáctého",
    ];
    match n {
        0..20 => UNITS[usize::from(n)].to_owned(),
        20 => "dvacátého".to_owned(),
        21..30 => format!("dvacátého {}", UNITS[usize::from(n - 20)]),
        30 => "třicátého".to_owned(),
        _ => "třicátého prvního".to_owned(),
    }
}

/// Accusative after „v“, which becomes „ve“ before dv-, tř- and čt-.
fn cs_hour(n: u8) -> String {
    match n {
        1 => "v jednu hodinu".to_owned(),
        2 => "ve dvě hodiny".to_owned(),
        3 | 4 => format!("ve {} hodiny", cs_number(n)),
        12..=14 | 20..=23 => format!("ve {} hodin", cs_number(n)),
        _ => format!("v {} hodin", cs_number(n)),
    }
}

/// Accusative. Compounds take the genitive plural: „dvacet jedna minut“.
fn cs_minute(n: u8) -> String {
    match n {
        1 => "jednu minutu".to_owned(),
        2 => "dvě minuty".to_owned(),
        3 | 4 => format!("{} minuty", cs_number(n)),
        _ => format!("{} minut", cs_number(n)),
    }
}

fn cs_people(n: u8) -> String {
    match n {
        1 => "V konferenci je jeden účastník.".to_owned(),
        2..=4 => format!("V konferenci jsou {} účastníci.", cs_number(n)),
        _ => format!("V konferenci je {} účastníků.", cs_number(n)),
    }
}

/// As one counts, 0 to 59.
fn cs_number(n: u8) -> String {
    #[rustfmt::skip]
    const UNITS: [&str; 20] = [
        "nula", "jedna", "dva", "tři", "čtyři", "pět", "šest", "sedm", "osm", "devět", "deset",
        "jedenáct", "dvanáct", "třináct", "čtrnáct", "patnáct", "šestnáct", "sedmnáct", "osmnáct",
        "devatenáct",
    ];
    const TENS: [&str; 6] = ["", "", "dvacet", "třicet", "čtyřicet", "padesát"];
    compound(n, &UNITS, &TENS, " ")
}

/// 0 to 59.
fn en_number(n: u8) -> String {
    #[rustfmt::skip]
    const UNITS: [&str; 20] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 6] = ["", "", "twenty", "thirty", "forty", "fifty"];
    compound(n, &UNITS, &TENS, "-")
}

/// 1 to 31.
fn en_ordinal(n: u8) -> String {
    #[rustfmt::skip]
    const UNITS: [&str; 20] = [
        "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
        "seventeenth", "eighteenth", "nineteenth",
    ];
    match n {
        20 => "twentieth".to_owned(),
        30 => "thirtieth".to_owned(),
        _ => compound(n, &UNITS, &["", "", "twenty", "thirty"], "-"),
    }
}

fn compound(n: u8, units: &[&str; 20], tens: &[&str], between: &str) -> String {
    let unit = units[usize::from(if n < 20 { n } else { n % 10 })];
    match (n < 20, n % 10) {
        (true, _) => unit.to_owned(),
        (false, 0) => tens[usize::from(n / 10)].to_owned(),
        (false, _) => format!("{}{between}{unit}", tens[usize::from(n / 10)]),
    }
}
