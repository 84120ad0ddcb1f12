use jiff::civil::date;
use proptest::prelude::*;

use super::*;

mod oracle;

/// A wall time in Prague as an instant; of two, the first.
fn at(text: &str) -> UnixMs {
    let meaning = calendar::meaning(text.parse().unwrap()).unwrap();
    meaning.settled(Some(Turn::First)).unwrap()
}

/// Friday.
fn now() -> UnixMs {
    at("2026-11-20T10:00")
}

/// One line for each outcome, so that tables read well.
fn shown(understood: &Understood) -> String {
    match understood {
        Understood::Order(order) => {
            format!(
                "{:?} {} {} min, {}",
                order.language,
                order.wall,
                order.window.minutes(),
                order.seats
            )
        }
        Understood::TakeOffer(index) => format!("offer {index}"),
        Understood::Cancel { number, language } => format!("{language:?} cancel {number}"),
        Understood::NonStandard { language, .. } => format!("{language:?} operator"),
        Understood::Question { wall, choices, .. } => {
            let texts: Vec<&str> = choices.iter().map(|choice| choice.text.as_str()).collect();
            format!("{wall}? {}", texts.join(" | "))
        }
        Understood::Refusal { language, fault: Fault::Past { start }, example } => {
            let wall = calendar::wall_text(calendar::wall(*start));
            format!("{language:?} Past {wall}: {example}")
        }
        Understood::Refusal { language, fault, example } => {
            format!("{language:?} {fault:?}: {example}")
        }
        Understood::NotAnOrder => "nothing".to_owned(),
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(shown(&understand(text, now())), expected, "{text:?}");
}

const SUMMER: &str = "Cs 2027-07-09T14:00 60 min, 10";

#[test]
fn one_order_has_many_spellings() {
    for text in [
        "konf 0907 1400 60 10",
        "KONF 0907 1400 60 10",
        "Konf 0907 1400 060 10",
        "  konf   0907  1400 60   10  ",
        "konf0907 1400 60 10",
        "konf09071400 60 10",
        "konf 0907140060 10",
        "konf 0907 140060 10",
        "konf 0907 1400 6010",
        "konf 09071400 6010",
        "konf 0907140006010",
        "konf 090714006010",
        "konf 9.7. 14:00 60 10",
        "KONF 9.7. 14:00 60 10",
        "konf 9. 7. 14.00 60 10",
        "konf 9.7 14.00 60 10",
        "konf 9.7.14:00 60 10",
        "konf 09/07 14h00 60min 10 osob",
        "konf 9/7 14h 60 min 10 lidi",
        "konf 9-7 14:00 60-10",
        "konf 9 7 14 00 60 10",
        "konf 09 07 1400 60 10",
        "konf 0907,1400,60,10",
        "konf: 9.7., 14:00, 60 minut, 10 účastníků",
        "konf 9.7. v 14:00 na 60 min pro 10 lidí",
        "konf pá 9.7. ve 14:00 hod. 1 hod 10",
        "konf 9. července 14:00 60 10",
        "konf 9.7.2027 14:00 60 10",
        "konf 9. 7. 2027 1400 60 10",
        "konference 0907 1400 60 10",
        "Konf. 0907 1400 60 10.",
        "konf 0907 1400 60 10 děkuji, tel. 606123456",
        "ｋｏｎｆ ０９０７ １４００ ６０ １０",
        "konf\u{a0}0907\u{a0}1400\u{a0}60\u{a0}10",
        "„konf 0907 1400 60 10“",
        "kónf 0907 1400 60’ 10",
        "konf 9․7․ 14∶00 60 10",
        "\u{feff}konf 0907 1400 60 10\r\n",
        "konf\n0907 1400\n60 10",
        "Dobrý den,\nprosím konf 0907 1400 60 10\nDěkuji\n-- \nkonf 0101 1000 5 5",
        "> konf 0101 1000 5 5\nkonf 0907 1400 60 10",
        "moje konf je\nkonf 0907 1400 60 10",
        "konf 0907 1400 60 10\nkonf 1007 1400 60 10",
    ] {
        check(text, SUMMER);
    }
}

#[test]
fn the_keyword_picks_the_language() {
    let table = [
        ("conf 0907 1400 60 10", "En 2027-07-09T14:00 60 min, 10"),
        ("Conference 9 July 2:00pm 60 min 10 people", "En 2027-07-09T14:00 60 min, 10"),
        ("conf 0907 2pm 1 hour 10", "En 2027-07-09T14:00 60 min, 10"),
        ("conf 0907 12:30am 60 10", "En 2027-07-09T00:30 60 min, 10"),
        ("konf 0907 1400 1,5 hod 10", "Cs 2027-07-09T14:00 90 min, 10"),
        ("konf 9.7. 14:00 1 h 30 min 10 lidi", "Cs 2027-07-09T14:00 90 min, 10"),
        ("konf 2111 930 5 2", "Cs 2026-11-21T09:30 5 min, 2"),
        ("konf 3112 2359 120 20", "Cs 2026-12-31T23:59 120 min, 20"),
    ];
    for (text, expected) in table {
        check(text, expected);
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_refused_and_not_guessed() {
    for text in [
        // 12 minutes for 5 or 120 minutes for 5.
        "konf 090714001205",
        "konf 0907 1400 1205",
        "konf 0907 1400 60 10 606123456",
        "konf 0907 1400 60 10, 5",
        "konf 0907 1400 60 10 / 1507 1400 60 10",
    ] {
        let understood = shown(&understand(text, now()));
        assert!(understood.starts_with("Cs Unreadable: konf "), "{text}: {understood}");
    }
}

#[test]
fn the_one_wrong_item_is_named_with_the_order_put_right() {
    let table = [
        ("konf 3106 1400 60 10", "Cs NoSuchDate: konf 3006 1400 60 10"),
        ("konf 3002 1400 60 10", "Cs NoSuchDate: konf 2802 1400 60 10"),
        ("conf 3102 1400 60 10", "En NoSuchDate: conf 2802 1400 60 10"),
        ("conf 0713 1400 60 10", "En NoSuchDate: conf 1307 1400 60 10"),
        ("konf 0007 1400 60 10", "Cs NoSuchDate: konf 0107 1400 60 10"),
        ("konf 9999 1400 60 10", "Cs NoSuchDate: konf 2111 1400 60 10"),
        ("konf 29.2.2027 14:00 60 10", "Cs NoSuchDate: konf 2802 1400 60 10"),
        ("konf 0907 2400 60 10", "Cs NoSuchTime: konf 0907 1400 60 10"),
        ("konf 0907 1575 60 10", "Cs NoSuchTime: konf 0907 1500 60 10"),
        ("konf 2011 0930 60 10", "Cs Past 2026-11-20T09:30: konf 2111 0930 60 10"),
        ("konf 9.7.2026 14:00 60 10", "Cs Past 2026-07-09T14:00: konf 2111 1400 60 10"),
        ("konf 0907 1400 0 10", "Cs NoMinutes: konf 0907 1400 60 10"),
        ("konf 0907 1400 1441 10", "Cs TooLong: konf 0907 1400 120 10"),
        ("konf 0907 1400 99999999999999 10", "Cs TooLong: konf 0907 1400 120 10"),
        ("konf 0907 1400 60 1", "Cs TooFewPeople: konf 0907 1400 60 2"),
        ("konf 0907 1400 60 0", "Cs TooFewPeople: konf 0907 1400 60 2"),
        ("conf 0907 1400 60 501", "En TooManyPeople: conf 0907 1400 60 20"),
        ("konf 0907 1400 120", "Cs Missing { found: 3 }: konf 0907 1400 120 10"),
        ("konf 0907 1400", "Cs Missing { found: 2 }: konf 0907 1400 60 10"),
        ("konf 9.7.", "Cs Missing { found: 1 }: konf 0907 1400 60 10"),
        ("konf", "Cs Missing { found: 0 }: konf 2111 1400 60 10"),
        ("konf prosim zavolejte", "Cs Missing { found: 0 }: konf 2111 1400 60 10"),
        // Understood by people alone; it must not be misread.
        ("konf 9.7. 14:00-15:30 10", "Cs Missing { found: 3 }: konf 0907 1400 15 10"),
        ("konf 0907 1400 1,7 hod 10", "Cs Missing { found: 3 }: konf 0907 1400 1 10"),
        ("konf 1400 0907 60 10", "Cs NoSuchDate: konf 2111 0907 60 10"),
        ("storno", "Cs Missing { found: 0 }: storno 123456"),
        ("cancel 12", "En Missing { found: 0 }: cancel 123456"),
    ];
    for (text, expected) in table {
        check(text, expected);
    }
}

#[test]
fn beyond_the_standard_an_operator_takes_over() {
    for text in [
        "konf 0907 1400 121 10",
        "konf 0907 1400 60 21",
        "konf 0907 1400 1440 10",
        "konf 0907 1400 120 500",
        "konf 9.7. 14:00 3 hodiny 40 lidi",
        "konf 9.7. 14:00 2,5 hod 10",
    ] {
        check(text, "Cs operator");
    }
    check("conf 0907 1400 180 10", "En operator");
}

#[test]
fn cancellations_and_offers_are_understood() {
    let table = [
        ("storno 123456", "Cs cancel 123456"),
        ("STORNO 123 456", "Cs cancel 123456"),
        ("Storno konf. č. 123456 prosím", "Cs cancel 123456"),
        ("cancel #123456", "En cancel 123456"),
        ("cancel conf 123456", "En cancel 123456"),
        ("2", "offer 2"),
        (" 2. ", "offer 2"),
        ("(1)", "offer 1"),
        ("２", "offer 2"),
        ("2\n\n> 1) 10:00", "offer 2"),
        ("Ano, 2 prosím!", "offer 2"),
        ("Nabídka č. 3", "offer 3"),
        ("option 1, please", "offer 1"),
        ("Dobrý den,\nberu 2.\nS pozdravem Jana", "offer 2"),
        ("Dobrý den,\nkonf 2111 1400 60 10\n2", "Cs 2026-11-21T14:00 60 min, 10"),
        ("ne, 2 ne", "nothing"),
        ("2 nebo 3", "nothing"),
        ("2 3", "nothing"),
        ("ano prosim", "nothing"),
        ("100", "nothing"),
        ("0", "nothing"),
        ("123", "nothing"),
    ];
    for (text, expected) in table {
        check(text, expected);
    }
}

#[test]
fn what_is_no_order_is_none() {
    for text in [
        "",
        " ",
        "\0",
        "ahoj",
        "konfirmace 0907 1400 60 10",
        "2konf 0907",
        "0907 1400 60 10",
        "> konf 0907 1400 60 10",
    ] {
        check(text, "nothing");
    }
}

#[test]
fn the_year_is_that_of_the_next_such_day() {
    let table = [
        ("2026-11-20T10:00", "2011 1000", "2026-11-20T10:00"),
        ("2026-11-20T10:00", "2011 1001", "2026-11-20T10:01"),
        ("2026-11-20T10:00", "1911 1000", "2027-11-19T10:00"),
        ("2026-12-31T23:59", "0101 0000", "2027-01-01T00:00"),
        ("2027-01-01T00:00", "3112 2359", "2027-12-31T23:59"),
        // A leap day waits, once for eight years.
        ("2026-11-20T10:00", "2902 1200", "2028-02-29T12:00"),
        ("2028-02-29T11:00", "2902 1200", "2028-02-29T12:00"),
        ("2028-03-01T00:00", "2902 1200", "2032-02-29T12:00"),
        ("2096-03-01T00:00", "2902 1200", "2104-02-29T12:00"),
    ];
    for (sent, when, expected) in table {
        let order = understand(&format!("konf {when} 60 10"), at(sent));
        assert_eq!(shown(&order), format!("Cs {expected} 60 min, 10"), "{when} sent at {sent}");
    }
}

#[test]
fn the_running_minute_may_be_ordered_and_the_one_before_not() {
    let sent = at("2026-11-20T10:00").plus_ms(59_999);
    assert_eq!(shown(&understand("konf 2011 1000 60 10", sent)), "Cs 2026-11-20T10:00 60 min, 10");
    let refused = shown(&understand("konf 2011 0959 60 10", sent));
    assert_eq!(refused, "Cs Past 2026-11-20T09:59: konf 2111 0959 60 10");
}

#[test]
fn in_the_night_when_the_clock_goes_forward_a_missing_hour_is_asked_about() {
    let sent = at("2027-03-01T10:00");
    let asked = understand("konf 2803 0230 60 10", sent);
    assert_eq!(shown(&asked), "2027-03-28T02:30? konf 2803 0130 60 10 | konf 2803 0330 60 10");
    let Understood::Question { choices, .. } = asked else { panic!() };
    // 00:30Z and 01:30Z.
    assert_eq!(choices.map_starts(), [1_806_193_800_000, 1_806_197_400_000]);
    for (text, end) in [("0159 120", "2027-03-28T04:59"), ("0300 60", "2027-03-28T04:00")] {
        let Understood::Order(order) = understand(&format!("konf 2803 {text} 10"), sent) else {
            panic!()
        };
        assert_eq!(calendar::wall_text(calendar::wall(order.window.end)), end);
    }
}

#[test]
fn in_the_night_when_the_clock_goes_back_a_doubled_hour_is_asked_about() {
    let sent = at("2027-10-01T10:00");
    let asked = understand("conf 3110 0230 60 10", sent);
    assert_eq!(shown(&asked), "2027-10-31T02:30? conf 3110 0230 60 10 A | conf 3110 0230 60 10 B");
    let Understood::Question { choices, .. } = asked else { panic!() };
    assert_eq!(choices[1].start.since(choices[0].start), 3_600_000);
    for choice in &choices {
        let Understood::Order(order) = understand(&choice.text, sent) else {
            panic!("{}", choice.text)
        };
        assert_eq!((order.window.start, order.wall.as_str()), (choice.start, "2027-10-31T02:30"));
        let asked_again = understand(&choice.text.to_lowercase(), sent);
        assert!(
            matches!(asked_again, Understood::Order(order) if order.window.start == choice.start)
        );
    }
    // Between the two only the second is left.
    let between = choices[0].start.plus_ms(60_000);
    assert_eq!(
        shown(&understand("conf 3110 0230 60 10", between)),
        "2027-10-31T02:30? conf 3110 0230 60 10 B"
    );
    // Outside that hour the letter says nothing; as a Czech "and" it does no harm.
    assert_eq!(
        shown(&understand("konf 0907 1400 60 10 a", sent)),
        "Cs 2028-07-09T14:00 60 min, 10"
    );
    assert_eq!(
        shown(&understand("konf 3110 0230 60 10 a dekuji", sent)),
        "2027-10-31T02:30? konf 3110 0230 60 10 A | konf 3110 0230 60 10 B"
    );
}

#[test]
fn an_order_over_midnight_or_a_change_of_the_clock_lasts_its_minutes() {
    let table = [
        ("2027-12-01T10:00", "3112 2359", "2028-01-01T01:59"),
        ("2027-03-01T10:00", "2803 0130", "2027-03-28T04:30"),
        ("2027-10-01T10:00", "3110 0130", "2027-10-31T02:30"),
    ];
    for (sent, when, end) in table {
        let Understood::Order(order) = understand(&format!("konf {when} 120 10"), at(sent)) else {
            panic!()
        };
        assert_eq!(order.window.end.since(order.window.start), 120 * 60_000);
        assert_eq!(calendar::wall_text(calendar::wall(order.window.end)), end);
    }
}

trait Starts {
    fn map_starts(&self) -> Vec<i64>;
}

impl Starts for Vec<Choice> {
    fn map_starts(&self) -> Vec<i64> {
        self.iter().map(|choice| choice.start.0).collect()
    }
}

/// Spellings that mean the same; each is used for random orders below.
fn spelled(
    spelling: usize,
    day: u32,
    month: u32,
    hour: u32,
    minute: u32,
    minutes: u32,
    people: u32,
) -> String {
    match spelling {
        0 => format!("konf {day:02}{month:02} {hour:02}{minute:02} {minutes} {people}"),
        1 => format!("KONF {day}.{month}. {hour}:{minute:02} {minutes} {people}"),
        2 => format!("Konf {day}. {month}. {hour}.{minute:02} {minutes:03} {people:02}"),
        3 => format!("konf{day:02}/{month:02} {hour:02}h{minute:02} {minutes}min {people} osob"),
        4 => format!("konf {day:02}{month:02}{hour:02}{minute:02}{minutes:03}{people:02}"),
        5 => format!("text\nkonf {day} {month} {hour} {minute:02} {minutes} {people}\ntext"),
        6 => format!(
            "ｋｏｎｆ\u{a0}{day:02}{month:02}\u{a0}{hour:02}{minute:02}\u{a0}{minutes}\u{a0}{people}"
        ),
        7 => format!("konf {day:02}{month:02}{hour:02}{minute:02} {minutes} {people}"),
        _ => format!("konf: {day}-{month}, {hour}:{minute:02}, {minutes} min, {people} lidi"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in any::<String>(), now_ms in any::<i64>()) {
        understand(&text, UnixMs(now_ms));
    }

    #[test]
    fn any_bytes_after_a_keyword_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        understand(&format!("konf {}", String::from_utf8_lossy(&bytes)), now());
        understand(&format!("cancel {}", String::from_utf8_lossy(&bytes)), now());
    }

    #[test]
    fn anything_like_an_order_is_answered_and_examples_can_be_ordered(
        text in "(konf|conf|storno) ?[0-9]{1,5}[ .:/]{0,2}[0-9]{0,5}[ .:h]{1,2}[0-9]{0,4}[ .,:]{0,2}[0-9]{0,4}( [ab])?",
        now_minute in 29_000_000_i64..37_000_000,
    ) {
        let now = UnixMs::from_minutes(now_minute);
        if let Understood::Refusal { example, .. } = understand(&text, now) {
            let again = understand(&example, now);
            let good = matches!(again, Understood::Order(_) | Understood::Cancel { .. });
            prop_assert!(good, "{text} -> {example} -> {again:?}");
        }
    }

    #[test]
    fn every_spelling_means_what_the_oracle_says(
        spelling in 0_usize..9,
        day in 1_u32..=31,
        month in 1_u32..=12,
        hour in 0_u32..24,
        minute in 0_u32..60,
        minutes in 1_u32..=120,
        people in 2_u32..=20,
        now_minute in 29_454_000_i64..36_800_000,
    ) {
        let text = spelled(spelling, day, month, hour, minute, minutes, people);
        let now = UnixMs::from_minutes(now_minute);
        let understood = understand(&text, now);
        match oracle::next(day, month, hour, minute, now_minute) {
            oracle::Next::NoSuchDate => {
                let named = matches!(understood, Understood::Refusal { fault: Fault::NoSuchDate, .. });
                prop_assert!(named, "{text}: {understood:?}");
            }
            oracle::Next::Past => {
                let named = matches!(understood, Understood::Refusal { fault: Fault::Past { .. }, .. });
                prop_assert!(named, "{text}: {understood:?}");
            }
            oracle::Next::Question => {
                prop_assert!(matches!(understood, Understood::Question { .. }), "{text}: {understood:?}");
            }
            oracle::Next::At { wall, minute: start } => {
                let Understood::Order(order) = understood else {
                    return Err(TestCaseError::fail(format!("{text}: {understood:?}")));
                };
                prop_assert_eq!(&order.wall, &wall);
                prop_assert_eq!(order.window.start, UnixMs::from_minutes(start));
                prop_assert_eq!(order.window.minutes(), i64::from(minutes));
                prop_assert_eq!(order.seats, people);
            }
        }
    }
}

#[test]
fn the_oracle_knows_the_changes_of_the_clock_that_are_published() {
    // FIELD: 2026-10-25, 2027-03-28, 2027-10-31, 2028-03-26, 2028-10-29.
    for (year, march, october) in [(2026, 29, 25), (2027, 28, 31), (2028, 26, 29)] {
        assert_eq!((oracle::last_sunday(year, 3), oracle::last_sunday(year, 10)), (march, october));
    }
    assert_eq!(
        oracle::day_number(2027, 7, 9),
        i64::from((date(2027, 7, 9) - date(1970, 1, 1)).get_days())
    );
}
