use expect_test::{Expect, expect};
use konf_api::ledger::Event;
use konf_api::mail::{Asked, Confirmation};
use konf_api::render::{Choice, Fault, OfferedAlternative};
use konf_contract::{
    ConferenceNumber, Language, Msisdn, OneTimeCode, Password, Pin, UnixMs, WebToken, Window,
};

use super::*;
use crate::gsm::{SEPTETS_MAX, septets};
use Language::{Cs, En};

/// 2027-07-09T12:00Z, a Friday, 14:00 in Prague.
const START: UnixMs = UnixMs(1_815_134_400_000);
/// 2027-10-31T00:30Z: 02:30 for the first time.
const DOUBLED: UnixMs = UnixMs(1_824_942_600_000);
/// 2027-09-22T20:30Z, a Wednesday, 22:30 in Prague: the longest names in English.
const LONGEST: UnixMs = UnixMs(1_821_645_000_000);

fn zone() -> String {
    "Europe/Prague".to_owned()
}

fn window(start: UnixMs, minutes: i64) -> Window {
    Window { start, end: start.plus_ms(minutes * UnixMs::MINUTE) }
}

fn event(changes: u32) -> Option<Event> {
    Some(Event { first_start: START, changes })
}

fn settings() -> Settings {
    let organiser = "orders@konf.example.com".to_owned();
    Settings { organiser, web_url: "https://konf.example.com".to_owned(), ..Settings::default() }
}

fn credentials() -> Message {
    Message::Credentials {
        number: ConferenceNumber::new("123456").unwrap(),
        pin: Pin::new("111222").unwrap(),
        password: Password::new("33334444").unwrap(),
        window: window(START, 60),
        zone: zone(),
        seats: 10,
    }
}

fn offers() -> Message {
    let offers = [(START, 45, 10), (START.plus_ms(5_400_000), 60, 10), (START, 60, 4)]
        .into_iter()
        .zip(1..)
        .map(|((start, minutes, seats), index)| OfferedAlternative {
            index,
            window: window(start, minutes),
            seats,
        })
        .collect();
    Message::Offers { offers, until: START.plus_ms(-3_600_000), zone: zone() }
}

fn refusal(fault: Fault) -> Message {
    Message::Refusal { fault, example: "konf 0907 1400 60 10".to_owned() }
}

fn question(choices: &[(i64, &str)], wall: &str) -> Message {
    let choices = choices
        .iter()
        .map(|(start, text)| Choice { start: UnixMs(*start), text: (*text).to_owned() })
        .collect();
    Message::Question { wall: wall.to_owned(), choices }
}

fn invited(start: UnixMs) -> Message {
    let number = ConferenceNumber::new("123456").unwrap();
    let pin = Pin::new("777888").unwrap();
    Message::Invited { number, pin, window: window(start, 45), zone: zone(), event: None }
}

fn changed(start: UnixMs) -> Message {
    let number = ConferenceNumber::new("123456").unwrap();
    let pin = Some(Pin::new("135790").unwrap());
    let window = window(start, 45);
    Message::Changed { number, pin, window, zone: zone(), seats: 4, event: event(2) }
}

fn moved(start: UnixMs) -> Message {
    let number = ConferenceNumber::new("123456").unwrap();
    let pin = Pin::new("777888").unwrap();
    Message::Moved { number, pin, window: window(start, 45), zone: zone(), event: event(2) }
}

fn sign_in_code() -> Message {
    Message::SignInCode { code: OneTimeCode::new("012345").unwrap(), minutes: 10 }
}

fn sign_in_link() -> Message {
    let token = WebToken::new("0123456789abcdef".repeat(4)).unwrap();
    Message::SignInLink { base: "https://konf.example.com".to_owned(), token, minutes: 30 }
}

fn confirm(what: Asked) -> Message {
    let token = WebToken::new("0123456789abcdef".repeat(4)).unwrap();
    let base = "https://konf.example.com".to_owned();
    Message::Confirm(Confirmation { base, token, minutes: 30, what })
}

const FAULTS: [Fault; 9] = [
    Fault::NoSuchDate,
    Fault::NoSuchTime,
    Fault::Past { start: START },
    Fault::NoMinutes,
    Fault::TooLong,
    Fault::TooFewPeople,
    Fault::TooManyPeople,
    Fault::Missing { found: 3 },
    Fault::Unreadable,
];

/// One of each, in the order of the contract.
fn every_message() -> Vec<Message> {
    let number = || ConferenceNumber::new("123456").unwrap();
    let mut messages = vec![
        credentials(),
        offers(),
        Message::NothingFits,
        Message::Cancelled {
            number: number(),
            window: window(START, 60),
            zone: zone(),
            event: event(0),
        },
        invited(START),
        changed(START),
        moved(START),
        Message::NothingToCancel { number: number() },
        Message::OfferGone,
        Message::Restricted { until: Some(START), zone: zone() },
        Message::Restricted { until: None, zone: zone() },
        Message::Refusal {
            fault: Fault::Missing { found: 0 },
            example: "storno 123456".to_owned(),
        },
        question(
            &[
                (DOUBLED.0, "konf 3110 0230 60 10 A"),
                (DOUBLED.0 + 3_600_000, "konf 3110 0230 60 10 B"),
            ],
            "2027-10-31T02:30",
        ),
        question(
            &[
                (1_806_193_800_000, "konf 2803 0130 60 10"),
                (1_806_197_400_000, "konf 2803 0330 60 10"),
            ],
            "2027-03-28T02:30",
        ),
        confirm(Asked::Order { window: window(START, 60), seats: 10 }),
        Message::Receipt { due: START, zone: zone() },
        sign_in_code(),
        sign_in_link(),
        Message::Dedicated {
            number: ConferenceNumber::new("284917").unwrap(),
            pin: Pin::new("135790").unwrap(),
            password: Password::new("24682468").unwrap(),
            window: window(START, 3 * 1_440),
            weekly: Some(konf_api::ledger::Weekly {
                days: vec![1, 5],
                at: "09:30".to_owned(),
                minutes: 90,
            }),
            seats: 20,
        },
        Message::Reply { text: "Napište prosím den a hodinu začátku.".to_owned() },
        Message::Declined { reason: "V ten den máme plno <i>".to_owned() },
    ];
    messages.extend(FAULTS.map(refusal));
    messages
}

/// The same with the longest values that the contract lets through.
fn worst_messages() -> Vec<Message> {
    let number = || ConferenceNumber::new("9999999999").unwrap();
    let mut messages = Vec::new();
    for start in [START, DOUBLED, DOUBLED.plus_ms(3_600_000), LONGEST] {
        let offers = (1..=3)
            .map(|index| OfferedAlternative { index, window: window(start, 120), seats: 20 })
            .collect();
        messages.extend([
            Message::Credentials {
                number: number(),
                pin: Pin::new("9999999999").unwrap(),
                password: Password::new("999999999999").unwrap(),
                window: window(start, 120),
                zone: zone(),
                seats: 20,
            },
            Message::Offers { offers, until: START, zone: zone() },
            Message::NothingFits,
            Message::Cancelled {
                number: number(),
                window: window(start, 120),
                zone: zone(),
                event: None,
            },
            Message::Invited {
                number: number(),
                pin: Pin::new("9999999999").unwrap(),
                window: window(start, 120),
                zone: zone(),
                event: None,
            },
            Message::Moved {
                number: number(),
                pin: Pin::new("9999999999").unwrap(),
                window: window(start, 120),
                zone: zone(),
                event: None,
            },
            Message::Changed {
                number: number(),
                pin: None,
                window: window(start, 120),
                zone: zone(),
                seats: 20,
                event: None,
            },
            Message::NothingToCancel { number: number() },
            Message::OfferGone,
            Message::Restricted { until: Some(start), zone: zone() },
            Message::Receipt { due: start, zone: zone() },
            sign_in_code(),
        ]);
    }
    let example = || "konf 31.12.2027 2359 1440 500 A".to_owned();
    messages.extend(FAULTS.map(|fault| Message::Refusal { fault, example: example() }));
    for language in ["konf", "conf"] {
        let long = |turn: &str| format!("{language} 31.10.2027 0230 120 20{turn}");
        let (a, b) = (long(" A"), long(" B"));
        messages
            .push(question(&[(DOUBLED.0, &a), (DOUBLED.0 + 3_600_000, &b)], "2027-10-31T02:30"));
        let plain = long("");
        messages.push(question(
            &[(1_806_193_800_000, &plain), (1_806_197_400_000, &plain)],
            "2027-03-28T02:30",
        ));
    }
    messages
}

fn to_sms(message: &Message, language: Language, settings: &Settings) -> Vec<String> {
    let recipient = Sender::Sms(Msisdn::parse("606123456").unwrap());
    let request = RenderRequest { recipient, language, now: START, message: message.clone() };
    let [OutboxMessage { body: MessageBody::Sms { parts }, .. }] = &render(&request, settings)[..]
    else {
        panic!("not one SMS")
    };
    parts.clone()
}

fn to_mail(message: &Message, language: Language) -> String {
    let recipient = Sender::Email("a@example.com".to_owned());
    let request = RenderRequest { recipient, language, now: START, message: message.clone() };
    let [OutboxMessage { body: MessageBody::Email { subject, text, html, calendar, .. }, .. }] =
        &render(&request, &settings())[..]
    else {
        panic!("not one mail")
    };
    let calendar = calendar.as_deref().unwrap_or("no invitation").replace('\r', "");
    format!("{subject}\n\n{text}\n{html}\n{calendar}\n")
}

fn check_sms(language: Language, expected: &Expect) {
    let shown: String = every_message()
        .iter()
        .flat_map(|message| to_sms(message, language, &settings()))
        .map(|part| format!("[{}] {part}\n", septets(&part).unwrap()))
        .collect();
    expected.assert_eq(&shown);
}

#[test]
fn every_part_fits_one_message_with_the_longest_values() {
    // The longest number that E.164 allows, and a link of a usual length.
    let settings = Settings {
        access_number: "+420606000600999".to_owned(),
        web_url: "https://konferences.example.com".to_owned(),
        ..Settings::default()
    };
    for message in worst_messages() {
        for language in [Cs, En] {
            let parts = to_sms(&message, language, &settings);
            let expected = if matches!(message, Message::Credentials { .. }) { 2 } else { 1 };
            assert_eq!(parts.len(), expected, "{parts:#?}");
            for part in parts {
                let length = septets(&part);
                assert!(length.is_some_and(|length| length <= SEPTETS_MAX), "{length:?}: {part}");
            }
        }
    }
}

#[test]
fn values_that_no_order_has_are_cut_and_still_fit() {
    let long = "ž😀[ ".repeat(200);
    let choices: Vec<(i64, &str)> = vec![(i64::MAX, &long), (i64::MIN, &long)];
    let offers = (0..40).map(|index| OfferedAlternative {
        index,
        window: window(LONGEST, 9_999),
        seats: u32::MAX,
    });
    for message in [
        question(&choices, &long),
        Message::Refusal { fault: Fault::Unreadable, example: long.clone() },
        Message::Offers { offers: offers.collect(), until: UnixMs(i64::MAX), zone: long.clone() },
    ] {
        let parts = to_sms(
            &message,
            Cs,
            &Settings { access_number: long.clone(), web_url: long.clone(), ..Settings::default() },
        );
        assert!(
            parts.iter().all(|part| septets(part).is_some_and(|length| length <= SEPTETS_MAX)),
            "{parts:#?}"
        );
        to_mail(&message, En);
    }
}

#[test]
fn the_message_to_forward_does_not_hold_the_password() {
    for language in [Cs, En] {
        let parts = to_sms(&credentials(), language, &settings());
        assert!(parts[0].contains("111222") && !parts[0].contains("33334444"));
        assert!(!parts[1].contains("111222") && parts[1].contains("33334444"));
        let mail = to_mail(&credentials(), language);
        let (_, invitation) = mail.split_once("BEGIN:VCALENDAR").unwrap();
        assert!(invitation.contains("111222") && !invitation.contains("33334444"));
    }
}

#[test]
fn a_link_too_long_for_its_message_goes_alone_or_is_left_out() {
    let with = |length: usize| Settings { web_url: "x".repeat(length), ..Settings::default() };
    let lengths = |length| to_sms(&credentials(), Cs, &with(length)).len();
    assert_eq!((lengths(0), lengths(20), lengths(120), lengths(161)), (2, 2, 3, 2));
}

#[test]
fn sms_in_czech() {
    check_sms(
        Cs,
        &expect![[r#"
            [109] Konference pa 9.7.2027 14:00, 60 min, 10 osob. Volejte +420606000600, cislo 123456#, PIN 111222#. Ztlumit: *6
            [120] Jen pro Vas: heslo 33334444# misto PIN Vam da rizeni konference. Zrusit: storno 123456 https://konf.example.com/c/123456
            [129] Plno. Odpovezte 1, 2 nebo 3 do 13:00:
            1 pa 9.7.2027 14:00 45min 10os
            2 pa 9.7.2027 15:30 60min 10os
            3 pa 9.7.2027 14:00 60min 4os
            [75] V tu dobu ani kolem ni nemame volno. Zkuste prosim jiny den nebo mene osob.
            [49] Konference 123456 (pa 9.7.2027 14:00) je zrusena.
            [100] Konference pa 9.7.2027 14:00, 45 min. Volejte +420606000600, cislo 123456#, PIN 777888#. Ztlumit: *6
            [84] Konference 123456 je nove pa 9.7.2027 14:00, 45 min, 4 osoby. PIN a heslo zustavaji.
            [69] Konference 123456 je nove pa 9.7.2027 14:00, 45 min. Vas PIN zustava.
            [70] Konferenci 123456 od Vas objednanou nemame. Zkontrolujte prosim cislo.
            [57] Tato nabidka uz neplati. Poslete prosim objednavku znovu.
            [71] Objednavani konferenci je pro Vas omezeno. Skonci to pa 9.7.2027 14:00.
            [42] Objednavani konferenci je pro Vas omezeno.
            [61] Ke zruseni napiste i cislo konference. Priklad: storno 123456
            [108] ne 31.10.2027 02:30 nastane dvakrat. Poslete konf 3110 0230 60 10 A (CEST) nebo konf 3110 0230 60 10 B (CET)
            [108] ne 28.3.2027 02:30 kvuli zmene casu neexistuje. Poslete treba konf 2803 0130 60 10 nebo konf 2803 0330 60 10
            [158] Z Vasi adresy jsme dostali objednavku konference (patek 9. cervence 2027, 14:00, 60 min, 10 osob). E-mail muze poslat kdokoli Vasim jmenem, proto ji prosim do
            [45] 30 minut potvrdte. Do te doby se nic nestane.
            [72] Pozadavek jsme prijali. Operator ho vyridi nejpozdeji pa 9.7.2027 14:00.
            [72] 012345 je kod pro prihlaseni do Konf. Plati 10 min. Nikomu ho nerikejte.
            [54] Tento odkaz Vas prihlasi. Plati 30 minut a jen jednou.
            [79] Vyhrazena konference pa 9.7.2027 - po 12.7.2027, po pa 09:30 (90 min), 20 osob.
            [62] Volejte +420606000600, cislo 284917#, PIN 135790#. Ztlumit: *6
            [64] Jen pro Vas: heslo 24682468# misto PIN Vam da rizeni konference.
            [36] Napiste prosim den a hodinu zacatku.
            [66] Vasemu pozadavku bohuzel nemuzeme vyhovet: V ten den mame plno <i>
            [55] Takove datum (ddmm) neni. Priklad: konf 0907 1400 60 10
            [53] Takovy cas (hhmm) neni. Priklad: konf 0907 1400 60 10
            [65] Zacatek pa 9.7.2027 14:00 uz minul. Priklad: konf 0907 1400 60 10
            [60] Delka musi byt aspon 1 minuta. Priklad: konf 0907 1400 60 10
            [63] Delka muze byt nejvyse 120 minut. Priklad: konf 0907 1400 60 10
            [53] Osoby musi byt aspon 2. Priklad: konf 0907 1400 60 10
            [55] Osob muze byt nejvyse 20. Priklad: konf 0907 1400 60 10
            [91] Objednavka ma 4 udaje (ddmm hhmm minuty osoby), nasli jsme 3. Priklad: konf 0907 1400 60 10
            [92] Zprave nerozumime. Objednavka je: konf ddmm hhmm minuty osoby. Priklad: konf 0907 1400 60 10
        "#]],
    );
}

#[test]
fn sms_in_english() {
    check_sms(
        En,
        &expect![[r#"
            [109] Conference Fri 9 Jul 2027 14:00, 60 min, 10 people. Call +420606000600, number 123456#, PIN 111222#. Mute: *6
            [125] Only for you: password 33334444# instead of the PIN lets you lead. To cancel: cancel 123456 https://konf.example.com/c/123456
            [135] Full. Reply 1, 2 or 3 by 13:00:
            1 Fri 9 Jul 2027 14:00 45min 10ppl
            2 Fri 9 Jul 2027 15:30 60min 10ppl
            3 Fri 9 Jul 2027 14:00 60min 4ppl
            [80] We have no room at that time or near it. Please try another day or fewer people.
            [54] Conference 123456 (Fri 9 Jul 2027 14:00) is cancelled.
            [98] Conference Fri 9 Jul 2027 14:00, 45 min. Call +420606000600, number 123456#, PIN 777888#. Mute: *6
            [87] Conference 123456 is now Fri 9 Jul 2027 14:00, 45 min, 4 people. PIN and password stay.
            [70] Conference 123456 is now Fri 9 Jul 2027 14:00, 45 min. Your PIN stays.
            [65] You have no conference 123456 to cancel. Please check the number.
            [59] This offer is no longer held. Please send your order again.
            [70] Ordering conferences is restricted for you until Fri 9 Jul 2027 14:00.
            [43] Ordering conferences is restricted for you.
            [66] To cancel, write the conference number too. Example: storno 123456
            [101] Sun 31 Oct 2027 02:30 comes twice. Send konf 3110 0230 60 10 A (CEST) or konf 3110 0230 60 10 B (CET)
            [106] Sun 28 Mar 2027 02:30 does not exist: the clock changes. Send konf 2803 0130 60 10 or konf 2803 0330 60 10
            [158] We have received an order of a conference (Friday 9 July 2027, 14:00, 60 min, 10 people) from your address. Anybody can send an e-mail in your name, so please
            [58] confirm it within 30 minutes. Nothing is done before that.
            [82] We have received your request. An operator will handle it by Fri 9 Jul 2027 14:00.
            [70] 012345 is your code to sign in to Konf, for 10 min. Tell it to nobody.
            [58] This link signs you in. It works for 30 minutes, and once.
            [89] Dedicated conference Fri 9 Jul 2027 - Mon 12 Jul 2027, Mon Fri 09:30 (90 min), 20 people.
            [57] Call +420606000600, number 284917#, PIN 135790#. Mute: *6
            [66] Only for you: password 24682468# instead of the PIN lets you lead.
            [36] Napiste prosim den a hodinu zacatku.
            [70] We are sorry, we cannot do what you asked for: V ten den mame plno <i>
            [59] There is no such date (ddmm). Example: konf 0907 1400 60 10
            [59] There is no such time (hhmm). Example: konf 0907 1400 60 10
            [59] Fri 9 Jul 2027 14:00 is past. Example: konf 0907 1400 60 10
            [67] The length must be at least 1 minute. Example: konf 0907 1400 60 10
            [68] The length may be at most 120 minutes. Example: konf 0907 1400 60 10
            [62] There must be at least 2 people. Example: konf 0907 1400 60 10
            [61] There may be at most 20 people. Example: konf 0907 1400 60 10
            [90] An order has 4 items (ddmm hhmm minutes people), we found 3. Example: konf 0907 1400 60 10
            [95] We do not understand. An order is: conf ddmm hhmm minutes people. Example: konf 0907 1400 60 10
        "#]],
    );
}

#[test]
fn the_mail_with_credentials_in_czech() {
    expect![[r#"
        Konference pá 9.7.2027 14:00

        Vaše konference je objednána.

        Začátek: pátek 9. července 2027, 14:00
        Délka: 60 min
        Nejvýše: 10 osob
        Volejte: +420606000600
        Číslo konference: 123456#
        PIN: 111222#
        Heslo organizátora: 33334444#
        Ztlumit: *6
        Web: https://konf.example.com/c/123456

        Kdo místo PIN zadá heslo, řídí konferenci. Účastníkům pošlete jen číslo a PIN.

        Zrušit můžete zprávou: storno 123456

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Konference pá 9.7.2027 14:00</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Vaše konference je objednána.</p>
        <table cellspacing="0">
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Začátek</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">pátek 9. července 2027, 14:00</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Délka</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">60 min</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Nejvýše</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">10 osob</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Volejte</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">+420606000600</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Číslo konference</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">123456#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">PIN</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">111222#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Heslo organizátora</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">33334444#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Ztlumit</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">*6</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Web</th><td style="padding:6px 0;font-weight:bold;vertical-align:top"><a href="https://konf.example.com/c/123456" style="color:#0b4fb3;overflow-wrap:anywhere;word-break:break-all">https://konf.example.com/c/123456</a></td></tr>
        </table>
        <p style="color:#555b63">Kdo místo PIN zadá heslo, řídí konferenci. Účastníkům pošlete jen číslo a PIN.</p>
        <p style="color:#555b63">Zrušit můžete zprávou: storno 123456</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T130000Z
        SEQUENCE:0
        STATUS:CONFIRMED
        SUMMARY:Konference 123456
        LOCATION:+420606000600
        DESCRIPTION:Volejte +420606000600\, číslo 123456#\, PIN 111222#. Ztlumit:
          *6
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

    "#]].assert_eq(&to_mail(&credentials(), Cs));
}

#[test]
fn the_mail_with_credentials_in_english() {
    expect![[r#"
        Conference Fri 9 Jul 2027 14:00

        Your conference is booked.

        Start: Friday 9 July 2027, 14:00
        Length: 60 min
        At most: 10 people
        Call: +420606000600
        Conference number: 123456#
        PIN: 111222#
        Organiser's password: 33334444#
        Mute: *6
        Web: https://konf.example.com/c/123456

        Whoever keys the password instead of the PIN leads the conference. Give participants only the number and the PIN.

        To cancel, send: cancel 123456

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Conference Fri 9 Jul 2027 14:00</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Your conference is booked.</p>
        <table cellspacing="0">
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Start</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">Friday 9 July 2027, 14:00</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Length</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">60 min</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">At most</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">10 people</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Call</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">+420606000600</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Conference number</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">123456#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">PIN</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">111222#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Organiser&#39;s password</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">33334444#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Mute</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">*6</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Web</th><td style="padding:6px 0;font-weight:bold;vertical-align:top"><a href="https://konf.example.com/c/123456" style="color:#0b4fb3;overflow-wrap:anywhere;word-break:break-all">https://konf.example.com/c/123456</a></td></tr>
        </table>
        <p style="color:#555b63">Whoever keys the password instead of the PIN leads the conference. Give participants only the number and the PIN.</p>
        <p style="color:#555b63">To cancel, send: cancel 123456</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T130000Z
        SEQUENCE:0
        STATUS:CONFIRMED
        SUMMARY:Conference 123456
        LOCATION:+420606000600
        DESCRIPTION:Call +420606000600\, number 123456#\, PIN 111222#. Mute: *6
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

    "#]].assert_eq(&to_mail(&credentials(), En));
}

#[test]
fn the_other_mails_in_czech() {
    let shown: String =
        every_message().iter().skip(1).map(|message| to_mail(message, Cs)).collect();
    expect![[r#"
        Vaše objednávka konference

        Plno. Odpovězte 1, 2 nebo 3 do 13:00:

        1) pátek 9. července 2027, 14:00, 45 min, 10 osob
        2) pátek 9. července 2027, 15:30, 60 min, 10 osob
        3) pátek 9. července 2027, 14:00, 60 min, 4 osoby

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Plno. Odpovězte 1, 2 nebo 3 do 13:00:</p>
        <p style="font-weight:bold">1) pátek 9. července 2027, 14:00, 45 min, 10 osob</p>
        <p style="font-weight:bold">2) pátek 9. července 2027, 15:30, 60 min, 10 osob</p>
        <p style="font-weight:bold">3) pátek 9. července 2027, 14:00, 60 min, 4 osoby</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        V tu dobu ani kolem ní nemáme volno. Zkuste prosím jiný den nebo méně osob.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>V tu dobu ani kolem ní nemáme volno. Zkuste prosím jiný den nebo méně osob.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Konference 123456 je zrušena

        Konference 123456 (pá 9.7.2027 14:00) je zrušena.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Konference 123456 je zrušena</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Konference 123456 (pá 9.7.2027 14:00) je zrušena.</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:CANCEL
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T130000Z
        SEQUENCE:1
        STATUS:CANCELLED
        SUMMARY:Konference 123456
        LOCATION:+420606000600
        DESCRIPTION:Konference 123456 (pá 9.7.2027 14:00) je zrušena.
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

        Pozvánka: konference pá 9.7.2027 14:00

        Jste zváni na telefonickou konferenci.

        Začátek: pátek 9. července 2027, 14:00
        Délka: 45 min
        Volejte: +420606000600
        Číslo konference: 123456#
        Váš PIN: 777888#
        Ztlumit: *6

        PIN je jen pro Vás.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Pozvánka: konference pá 9.7.2027 14:00</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Jste zváni na telefonickou konferenci.</p>
        <table cellspacing="0">
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Začátek</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">pátek 9. července 2027, 14:00</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Délka</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">45 min</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Volejte</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">+420606000600</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Číslo konference</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">123456#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Váš PIN</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">777888#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Ztlumit</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">*6</td></tr>
        </table>
        <p style="color:#555b63">PIN je jen pro Vás.</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T124500Z
        SEQUENCE:0
        STATUS:CONFIRMED
        SUMMARY:Konference 123456
        LOCATION:+420606000600
        DESCRIPTION:Volejte +420606000600\, číslo 123456#\, PIN 777888#. Ztlumit:
          *6
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

        Konference 123456 je změněna

        Konference 123456 je nově pá 9.7.2027 14:00, 45 min, 4 osoby. PIN a heslo zůstávají.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Konference 123456 je změněna</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Konference 123456 je nově pá 9.7.2027 14:00, 45 min, 4 osoby. PIN a heslo zůstávají.</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T124500Z
        SEQUENCE:3
        STATUS:CONFIRMED
        SUMMARY:Konference 123456
        LOCATION:+420606000600
        DESCRIPTION:Volejte +420606000600\, číslo 123456#\, PIN 135790#. Ztlumit:
          *6
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

        Konference 123456 je změněna

        Konference 123456 je nově pá 9.7.2027 14:00, 45 min. Váš PIN zůstává.

        Začátek: pátek 9. července 2027, 14:00
        Délka: 45 min
        Volejte: +420606000600
        Číslo konference: 123456#
        Váš PIN: 777888#
        Ztlumit: *6

        PIN je jen pro Vás.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Konference 123456 je změněna</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Konference 123456 je nově pá 9.7.2027 14:00, 45 min. Váš PIN zůstává.</p>
        <table cellspacing="0">
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Začátek</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">pátek 9. července 2027, 14:00</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Délka</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">45 min</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Volejte</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">+420606000600</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Číslo konference</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">123456#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Váš PIN</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">777888#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Ztlumit</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">*6</td></tr>
        </table>
        <p style="color:#555b63">PIN je jen pro Vás.</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T124500Z
        SEQUENCE:3
        STATUS:CONFIRMED
        SUMMARY:Konference 123456
        LOCATION:+420606000600
        DESCRIPTION:Volejte +420606000600\, číslo 123456#\, PIN 777888#. Ztlumit:
          *6
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

        Vaše objednávka konference

        Konferenci 123456 od Vás objednanou nemáme. Zkontrolujte prosím číslo.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Konferenci 123456 od Vás objednanou nemáme. Zkontrolujte prosím číslo.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Tato nabídka už neplatí. Pošlete prosím objednávku znovu.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Tato nabídka už neplatí. Pošlete prosím objednávku znovu.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Objednávání konferencí je pro Vás omezeno. Skončí to pá 9.7.2027 14:00.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Objednávání konferencí je pro Vás omezeno. Skončí to pá 9.7.2027 14:00.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Objednávání konferencí je pro Vás omezeno.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Objednávání konferencí je pro Vás omezeno.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Ke zrušení napište i číslo konference. Příklad: storno 123456

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Ke zrušení napište i číslo konference. Příklad: storno 123456</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Dotaz k objednávce konference

        ne 31.10.2027 02:30 nastane dvakrát. Pošlete konf 3110 0230 60 10 A (CEST) nebo konf 3110 0230 60 10 B (CET)

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Dotaz k objednávce konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>ne 31.10.2027 02:30 nastane dvakrát. Pošlete konf 3110 0230 60 10 A (CEST) nebo konf 3110 0230 60 10 B (CET)</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Dotaz k objednávce konference

        ne 28.3.2027 02:30 kvůli změně času neexistuje. Pošlete třeba konf 2803 0130 60 10 nebo konf 2803 0330 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Dotaz k objednávce konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>ne 28.3.2027 02:30 kvůli změně času neexistuje. Pošlete třeba konf 2803 0130 60 10 nebo konf 2803 0330 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Potvrďte prosím svou zprávu

        Z Vaší adresy jsme dostali objednávku konference (pátek 9. července 2027, 14:00, 60 min, 10 osob). E-mail může poslat kdokoli Vaším jménem, proto ji prosím do 30 minut potvrďte. Do té doby se nic nestane.

        Potvrdit: https://konf.example.com/confirm/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        Pokud jste nám nic neposlali, nedělejte nic.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Potvrďte prosím svou zprávu</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Z Vaší adresy jsme dostali objednávku konference (pátek 9. července 2027, 14:00, 60 min, 10 osob). E-mail může poslat kdokoli Vaším jménem, proto ji prosím do 30 minut potvrďte. Do té doby se nic nestane.</p>
        <p><a href="https://konf.example.com/confirm/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" style="display:inline-block;padding:12px 24px;background:#0b4fb3;color:#ffffff;border-radius:6px;font-weight:bold;text-decoration:none">Potvrdit</a></p>
        <p style="color:#555b63">Pokud jste nám nic neposlali, nedělejte nic.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Váš požadavek na konferenci

        Požadavek jsme přijali. Operátor ho vyřídí nejpozději pá 9.7.2027 14:00.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Váš požadavek na konferenci</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Požadavek jsme přijali. Operátor ho vyřídí nejpozději pá 9.7.2027 14:00.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Přihlášení do Konf

        012345 je kód pro přihlášení do Konf. Platí 10 min. Nikomu ho neříkejte.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Přihlášení do Konf</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>012345 je kód pro přihlášení do Konf. Platí 10 min. Nikomu ho neříkejte.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Přihlášení do Konf

        Tento odkaz Vás přihlásí. Platí 30 minut a jen jednou.

        Přihlásit: https://konf.example.com/sign-in/link/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        Pokud jste o to nežádali, nedělejte nic.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Přihlášení do Konf</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Tento odkaz Vás přihlásí. Platí 30 minut a jen jednou.</p>
        <p><a href="https://konf.example.com/sign-in/link/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" style="display:inline-block;padding:12px 24px;background:#0b4fb3;color:#ffffff;border-radius:6px;font-weight:bold;text-decoration:none">Přihlásit</a></p>
        <p style="color:#555b63">Pokud jste o to nežádali, nedělejte nic.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vyhrazená konference

        Vyhrazená konference pá 9.7.2027 - po 12.7.2027, po pá 09:30 (90 min), 20 osob.

        Volejte: +420606000600
        Číslo konference: 284917#
        PIN: 135790#
        Heslo organizátora: 24682468#
        Ztlumit: *6

        Kdo místo PIN zadá heslo, řídí konferenci. Účastníkům pošlete jen číslo a PIN.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vyhrazená konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Vyhrazená konference pá 9.7.2027 - po 12.7.2027, po pá 09:30 (90 min), 20 osob.</p>
        <table cellspacing="0">
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Volejte</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">+420606000600</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Číslo konference</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">284917#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">PIN</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">135790#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Heslo organizátora</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">24682468#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Ztlumit</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">*6</td></tr>
        </table>
        <p style="color:#555b63">Kdo místo PIN zadá heslo, řídí konferenci. Účastníkům pošlete jen číslo a PIN.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Váš požadavek na konferenci

        Napište prosím den a hodinu začátku.

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Váš požadavek na konferenci</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Napište prosím den a hodinu začátku.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Váš požadavek na konferenci

        Vašemu požadavku bohužel nemůžeme vyhovět: V ten den máme plno <i>

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Váš požadavek na konferenci</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Vašemu požadavku bohužel nemůžeme vyhovět: V ten den máme plno &lt;i&gt;</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Takové datum (ddmm) není. Příklad: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Takové datum (ddmm) není. Příklad: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Takový čas (hhmm) není. Příklad: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Takový čas (hhmm) není. Příklad: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Začátek pá 9.7.2027 14:00 už minul. Příklad: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Začátek pá 9.7.2027 14:00 už minul. Příklad: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Délka musí být aspoň 1 minuta. Příklad: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Délka musí být aspoň 1 minuta. Příklad: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Délka může být nejvýše 120 minut. Příklad: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Délka může být nejvýše 120 minut. Příklad: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Osoby musí být aspoň 2. Příklad: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Osoby musí být aspoň 2. Příklad: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Osob může být nejvýše 20. Příklad: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Osob může být nejvýše 20. Příklad: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Objednávka má 4 údaje (ddmm hhmm minuty osoby), našli jsme 3. Příklad: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Objednávka má 4 údaje (ddmm hhmm minuty osoby), našli jsme 3. Příklad: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Vaše objednávka konference

        Zprávě nerozumíme. Objednávka je: konf ddmm hhmm minuty osoby. Příklad: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="cs">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Vaše objednávka konference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Zprávě nerozumíme. Objednávka je: konf ddmm hhmm minuty osoby. Příklad: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
    "#]].assert_eq(&shown);
}

#[test]
fn the_other_mails_in_english() {
    let shown: String =
        every_message().iter().skip(1).map(|message| to_mail(message, En)).collect();
    expect![[r#"
        Your conference order

        Full. Reply 1, 2 or 3 by 13:00:

        1) Friday 9 July 2027, 14:00, 45 min, 10 people
        2) Friday 9 July 2027, 15:30, 60 min, 10 people
        3) Friday 9 July 2027, 14:00, 60 min, 4 people

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Full. Reply 1, 2 or 3 by 13:00:</p>
        <p style="font-weight:bold">1) Friday 9 July 2027, 14:00, 45 min, 10 people</p>
        <p style="font-weight:bold">2) Friday 9 July 2027, 15:30, 60 min, 10 people</p>
        <p style="font-weight:bold">3) Friday 9 July 2027, 14:00, 60 min, 4 people</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        We have no room at that time or near it. Please try another day or fewer people.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>We have no room at that time or near it. Please try another day or fewer people.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Conference 123456 is cancelled

        Conference 123456 (Fri 9 Jul 2027 14:00) is cancelled.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Conference 123456 is cancelled</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Conference 123456 (Fri 9 Jul 2027 14:00) is cancelled.</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:CANCEL
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T130000Z
        SEQUENCE:1
        STATUS:CANCELLED
        SUMMARY:Conference 123456
        LOCATION:+420606000600
        DESCRIPTION:Conference 123456 (Fri 9 Jul 2027 14:00) is cancelled.
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

        Invitation: conference Fri 9 Jul 2027 14:00

        You are invited to a telephone conference.

        Start: Friday 9 July 2027, 14:00
        Length: 45 min
        Call: +420606000600
        Conference number: 123456#
        Your PIN: 777888#
        Mute: *6

        The PIN is for you alone.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Invitation: conference Fri 9 Jul 2027 14:00</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>You are invited to a telephone conference.</p>
        <table cellspacing="0">
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Start</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">Friday 9 July 2027, 14:00</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Length</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">45 min</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Call</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">+420606000600</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Conference number</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">123456#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Your PIN</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">777888#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Mute</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">*6</td></tr>
        </table>
        <p style="color:#555b63">The PIN is for you alone.</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T124500Z
        SEQUENCE:0
        STATUS:CONFIRMED
        SUMMARY:Conference 123456
        LOCATION:+420606000600
        DESCRIPTION:Call +420606000600\, number 123456#\, PIN 777888#. Mute: *6
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

        Conference 123456 is changed

        Conference 123456 is now Fri 9 Jul 2027 14:00, 45 min, 4 people. PIN and password stay.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Conference 123456 is changed</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Conference 123456 is now Fri 9 Jul 2027 14:00, 45 min, 4 people. PIN and password stay.</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T124500Z
        SEQUENCE:3
        STATUS:CONFIRMED
        SUMMARY:Conference 123456
        LOCATION:+420606000600
        DESCRIPTION:Call +420606000600\, number 123456#\, PIN 135790#. Mute: *6
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

        Conference 123456 is changed

        Conference 123456 is now Fri 9 Jul 2027 14:00, 45 min. Your PIN stays.

        Start: Friday 9 July 2027, 14:00
        Length: 45 min
        Call: +420606000600
        Conference number: 123456#
        Your PIN: 777888#
        Mute: *6

        The PIN is for you alone.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Conference 123456 is changed</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Conference 123456 is now Fri 9 Jul 2027 14:00, 45 min. Your PIN stays.</p>
        <table cellspacing="0">
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Start</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">Friday 9 July 2027, 14:00</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Length</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">45 min</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Call</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">+420606000600</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Conference number</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">123456#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Your PIN</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">777888#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Mute</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">*6</td></tr>
        </table>
        <p style="color:#555b63">The PIN is for you alone.</p>
        </td></tr></table>
        </body>
        </html>

        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Konf//Conference on demand//EN
        CALSCALE:GREGORIAN
        METHOD:REQUEST
        BEGIN:VEVENT
        UID:123456-30252240@konf
        DTSTAMP:20270709T120000Z
        DTSTART:20270709T120000Z
        DTEND:20270709T124500Z
        SEQUENCE:3
        STATUS:CONFIRMED
        SUMMARY:Conference 123456
        LOCATION:+420606000600
        DESCRIPTION:Call +420606000600\, number 123456#\, PIN 777888#. Mute: *6
        ORGANIZER;CN=Konf:mailto:orders@konf.example.com
        ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:a@example.com
        URL:https://konf.example.com
        END:VEVENT
        END:VCALENDAR

        Your conference order

        You have no conference 123456 to cancel. Please check the number.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>You have no conference 123456 to cancel. Please check the number.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        This offer is no longer held. Please send your order again.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>This offer is no longer held. Please send your order again.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        Ordering conferences is restricted for you until Fri 9 Jul 2027 14:00.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Ordering conferences is restricted for you until Fri 9 Jul 2027 14:00.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        Ordering conferences is restricted for you.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Ordering conferences is restricted for you.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        To cancel, write the conference number too. Example: storno 123456

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>To cancel, write the conference number too. Example: storno 123456</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        A question about your conference order

        Sun 31 Oct 2027 02:30 comes twice. Send konf 3110 0230 60 10 A (CEST) or konf 3110 0230 60 10 B (CET)

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A question about your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Sun 31 Oct 2027 02:30 comes twice. Send konf 3110 0230 60 10 A (CEST) or konf 3110 0230 60 10 B (CET)</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        A question about your conference order

        Sun 28 Mar 2027 02:30 does not exist: the clock changes. Send konf 2803 0130 60 10 or konf 2803 0330 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A question about your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Sun 28 Mar 2027 02:30 does not exist: the clock changes. Send konf 2803 0130 60 10 or konf 2803 0330 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Please confirm your message

        We have received an order of a conference (Friday 9 July 2027, 14:00, 60 min, 10 people) from your address. Anybody can send an e-mail in your name, so please confirm it within 30 minutes. Nothing is done before that.

        Confirm: https://konf.example.com/confirm/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        If you have sent us nothing, do nothing.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Please confirm your message</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>We have received an order of a conference (Friday 9 July 2027, 14:00, 60 min, 10 people) from your address. Anybody can send an e-mail in your name, so please confirm it within 30 minutes. Nothing is done before that.</p>
        <p><a href="https://konf.example.com/confirm/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" style="display:inline-block;padding:12px 24px;background:#0b4fb3;color:#ffffff;border-radius:6px;font-weight:bold;text-decoration:none">Confirm</a></p>
        <p style="color:#555b63">If you have sent us nothing, do nothing.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference request

        We have received your request. An operator will handle it by Fri 9 Jul 2027 14:00.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference request</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>We have received your request. An operator will handle it by Fri 9 Jul 2027 14:00.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Signing in to Konf

        012345 is your code to sign in to Konf, for 10 min. Tell it to nobody.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Signing in to Konf</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>012345 is your code to sign in to Konf, for 10 min. Tell it to nobody.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Signing in to Konf

        This link signs you in. It works for 30 minutes, and once.

        Sign in: https://konf.example.com/sign-in/link/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        If you did not ask for this, do nothing.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Signing in to Konf</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>This link signs you in. It works for 30 minutes, and once.</p>
        <p><a href="https://konf.example.com/sign-in/link/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" style="display:inline-block;padding:12px 24px;background:#0b4fb3;color:#ffffff;border-radius:6px;font-weight:bold;text-decoration:none">Sign in</a></p>
        <p style="color:#555b63">If you did not ask for this, do nothing.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Dedicated conference

        Dedicated conference Fri 9 Jul 2027 - Mon 12 Jul 2027, Mon Fri 09:30 (90 min), 20 people.

        Call: +420606000600
        Conference number: 284917#
        PIN: 135790#
        Organiser's password: 24682468#
        Mute: *6

        Whoever keys the password instead of the PIN leads the conference. Give participants only the number and the PIN.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Dedicated conference</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Dedicated conference Fri 9 Jul 2027 - Mon 12 Jul 2027, Mon Fri 09:30 (90 min), 20 people.</p>
        <table cellspacing="0">
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Call</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">+420606000600</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Conference number</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">284917#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">PIN</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">135790#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Organiser&#39;s password</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">24682468#</td></tr>
        <tr><th align="left" scope="row" style="padding:6px 16px 6px 0;color:#555b63;font-weight:normal;vertical-align:top">Mute</th><td style="padding:6px 0;font-weight:bold;vertical-align:top">*6</td></tr>
        </table>
        <p style="color:#555b63">Whoever keys the password instead of the PIN leads the conference. Give participants only the number and the PIN.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference request

        Napište prosím den a hodinu začátku.

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference request</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Napište prosím den a hodinu začátku.</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference request

        We are sorry, we cannot do what you asked for: V ten den máme plno <i>

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference request</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>We are sorry, we cannot do what you asked for: V ten den máme plno &lt;i&gt;</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        There is no such date (ddmm). Example: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>There is no such date (ddmm). Example: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        There is no such time (hhmm). Example: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>There is no such time (hhmm). Example: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        Fri 9 Jul 2027 14:00 is past. Example: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>Fri 9 Jul 2027 14:00 is past. Example: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        The length must be at least 1 minute. Example: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>The length must be at least 1 minute. Example: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        The length may be at most 120 minutes. Example: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>The length may be at most 120 minutes. Example: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        There must be at least 2 people. Example: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>There must be at least 2 people. Example: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        There may be at most 20 people. Example: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>There may be at most 20 people. Example: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        An order has 4 items (ddmm hhmm minutes people), we found 3. Example: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>An order has 4 items (ddmm hhmm minutes people), we found 3. Example: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
        Your conference order

        We do not understand. An order is: conf ddmm hhmm minutes people. Example: konf 0907 1400 60 10

        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Your conference order</title></head>
        <body style="margin:0;padding:8px;background:#f3f4f6;color:#1a1d21;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.5">
        <table role="presentation" align="center" cellspacing="0" style="width:100%;max-width:560px;background:#ffffff;border:1px solid #d5d9de;border-radius:8px"><tr><td style="padding:4px 16px">
        <p>We do not understand. An order is: conf ddmm hhmm minutes people. Example: konf 0907 1400 60 10</p>
        </td></tr></table>
        </body>
        </html>

        no invitation
    "#]].assert_eq(&shown);
}
