//! Who sits at a browser: few tries, a short life, and nothing that tells who is known.

use konf_api::ledger::*;
use konf_api::portal::*;
use konf_contract::*;
use konf_ledger::Budget;

use crate::support::*;

fn token(digit: &str) -> WebToken {
    WebToken::new(digit.repeat(64)).unwrap()
}

fn code(text: &str) -> Proof {
    Proof::Code(OneTimeCode::new(text).unwrap())
}

fn asked(contact: &Sender, browser: &str, proof: Proof) -> SignInProposal {
    let body = MessageBody::Sms { parts: vec!["a code".to_owned()] };
    let message = OutboxMessage {
        recipient: contact.clone(),
        kind: "sign-in".to_owned(),
        body,
        not_before: None,
    };
    SignInProposal {
        contact: contact.clone(),
        browser: token(browser),
        proof,
        pending: Some("an order".to_owned()),
        messages: vec![message],
        client: None,
    }
}

fn confirmed(browser: &str, proof: Proof, session: &str) -> Confirmation {
    Confirmation { browser: token(browser), proof, session: token(session) }
}

async fn contact_of(bench: &Bench, session: &str) -> Option<Sender> {
    let question = SessionQuestion { session: token(session) };
    bench.ledger.session(&question).await.unwrap().contact
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_signs_in_the_browser_that_asked_and_once() {
    let bench = Bench::new(10).await;
    let outcome = bench.ledger.sign_in(&asked(&sms(1), "a", code("123456"))).await.unwrap();
    assert_eq!(outcome, SignInOutcome::Sent { until: bench.now().plus_ms(10 * MINUTE) });
    let elsewhere = confirmed("b", code("123456"), "1");
    assert_eq!(bench.ledger.confirm_sign_in(&elsewhere).await.unwrap(), ConfirmOutcome::Gone);
    let right = confirmed("a", code("123456"), "1");
    let ConfirmOutcome::SignedIn { contact, pending, .. } =
        bench.ledger.confirm_sign_in(&right).await.unwrap()
    else {
        panic!()
    };
    assert_eq!((contact, pending.as_deref()), (sms(1), Some("an order")));
    assert_eq!(contact_of(&bench, "1").await, Some(sms(1)));
    assert_eq!(contact_of(&bench, "a").await, None, "the cookie from before opens nothing");
    let again = confirmed("a", code("123456"), "2");
    assert_eq!(bench.ledger.confirm_sign_in(&again).await.unwrap(), ConfirmOutcome::Gone);
    bench.ledger.end_session(&SessionQuestion { session: token("1") }).await.unwrap();
    assert_eq!(contact_of(&bench, "1").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_codes_and_the_right_one_is_worth_nothing() {
    let bench = Bench::new(10).await;
    bench.ledger.sign_in(&asked(&sms(1), "a", code("123456"))).await.unwrap();
    let mut outcomes = Vec::new();
    for guess in ["000000", "000001", "000002", "123456"] {
        let guess = confirmed("a", code(guess), "1");
        outcomes.push(bench.ledger.confirm_sign_in(&guess).await.unwrap());
    }
    let [
        ConfirmOutcome::Wrong { tries: 2 },
        ConfirmOutcome::Wrong { tries: 1 },
        ConfirmOutcome::Gone,
        ConfirmOutcome::Gone,
    ] = &outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert_eq!(contact_of(&bench, "1").await, None);
    // A code that is too old, and one whose browser has asked for another.
    bench.ledger.sign_in(&asked(&sms(1), "a", code("111111"))).await.unwrap();
    bench.ledger.sign_in(&asked(&sms(1), "a", code("222222"))).await.unwrap();
    let replaced = bench.ledger.confirm_sign_in(&confirmed("a", code("111111"), "1")).await;
    assert_eq!(replaced.unwrap(), ConfirmOutcome::Wrong { tries: 2 });
    bench.pass(10 * MINUTE);
    let late = bench.ledger.confirm_sign_in(&confirmed("a", code("222222"), "1")).await;
    assert_eq!(late.unwrap(), ConfirmOutcome::Gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_signs_in_any_browser_once_within_half_an_hour() {
    let bench = Bench::new(10).await;
    let mail = Sender::Email("jana@example.cz".to_owned());
    let link = || Proof::Link(token("9"));
    bench.ledger.sign_in(&asked(&mail, "a", link())).await.unwrap();
    let guess = bench.ledger.confirm_sign_in(&confirmed("a", Proof::Link(token("8")), "1")).await;
    assert_eq!(guess.unwrap(), ConfirmOutcome::Gone);
    bench.pass(29 * MINUTE);
    let outcome = bench.ledger.confirm_sign_in(&confirmed("b", link(), "1")).await.unwrap();
    assert!(matches!(outcome, ConfirmOutcome::SignedIn { .. }));
    assert_eq!(contact_of(&bench, "1").await, Some(mail.clone()));
    let again = bench.ledger.confirm_sign_in(&confirmed("b", link(), "2")).await.unwrap();
    assert_eq!(again, ConfirmOutcome::Gone);
    bench.ledger.sign_in(&asked(&mail, "a", Proof::Link(token("7")))).await.unwrap();
    bench.pass(30 * MINUTE);
    let late = bench.ledger.confirm_sign_in(&confirmed("b", Proof::Link(token("7")), "2")).await;
    assert_eq!(late.unwrap(), ConfirmOutcome::Gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_few_for_one_client_and_others_still_get_theirs() {
    let bench = Bench::new(10).await;
    let ask = async |number: u32, client: Option<&str>| {
        let client = client.map(str::to_owned);
        let proposal = SignInProposal { client, ..asked(&sms(number), "a", code("123456")) };
        bench.ledger.sign_in(&proposal).await.unwrap()
    };
    for number in 1..=20 {
        let outcome = ask(number, Some("203.0.113.7")).await;
        assert!(matches!(outcome, SignInOutcome::Sent { .. }), "{number}");
    }
    assert_eq!(ask(21, Some("203.0.113.7")).await, SignInOutcome::TooMany);
    for client in [Some("203.0.113.8"), None] {
        assert!(matches!(ask(21, client).await, SignInOutcome::Sent { .. }), "{client:?}");
    }
    bench.pass(HOUR);
    assert!(matches!(ask(21, Some("203.0.113.7")).await, SignInOutcome::Sent { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_few_for_a_contact_and_in_all_and_within_the_budget() {
    let bench = Bench::new(10).await;
    let ask = async |bench: &Bench, number: u32| {
        bench.ledger.sign_in(&asked(&sms(number), "a", code("123456"))).await.unwrap()
    };
    for _ in 0..5 {
        assert!(matches!(ask(&bench, 1).await, SignInOutcome::Sent { .. }));
    }
    assert_eq!(ask(&bench, 1).await, SignInOutcome::TooMany);
    for number in 2..=296 {
        assert!(matches!(ask(&bench, number).await, SignInOutcome::Sent { .. }), "{number}");
    }
    assert_eq!(ask(&bench, 297).await, SignInOutcome::TooMany);
    assert_eq!(bench.ledger.outbox(1_000).await.unwrap().len(), 300);
    bench.pass(HOUR);
    bench.ledger.expire().await.unwrap();
    assert!(matches!(ask(&bench, 1).await, SignInOutcome::Sent { .. }));
    let poor = Budget { per_recipient: 1, total: 10 };
    let bench = Bench::with_budget(vec![edge(EDGE, 10)], poor).await;
    assert!(matches!(ask(&bench, 1).await, SignInOutcome::Sent { .. }));
    assert_eq!(ask(&bench, 1).await, SignInOutcome::OverBudget);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_told_to_its_contact_alone() {
    let bench = Bench::new(10).await;
    let mut proposal = asked(&sms(1), "a", code("123456"));
    proposal.messages[0].recipient = sms(2);
    assert!(bench.ledger.sign_in(&proposal).await.is_err());
    proposal.messages.clear();
    assert!(bench.ledger.sign_in(&proposal).await.is_err());
    let long = Some("x".repeat(33_000));
    let proposal = SignInProposal { pending: long, ..asked(&sms(1), "a", code("123456")) };
    assert!(bench.ledger.sign_in(&proposal).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_left_alone_and_after_a_week() {
    let bench = Bench::new(10).await;
    let begin = async |session: &str| {
        bench.ledger.sign_in(&asked(&sms(1), "a", code("123456"))).await.unwrap();
        let confirmation = confirmed("a", code("123456"), session);
        bench.ledger.confirm_sign_in(&confirmation).await.unwrap();
    };
    begin("1").await;
    bench.pass(12 * HOUR);
    assert_eq!(contact_of(&bench, "1").await, None);
    begin("2").await;
    for _ in 0..16 {
        bench.pass(10 * HOUR);
        assert_eq!(contact_of(&bench, "2").await, Some(sms(1)));
    }
    bench.pass(10 * HOUR);
    assert_eq!(contact_of(&bench, "2").await, None);
    bench.ledger.expire().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn own_conferences_and_their_codes_are_the_orderers_alone() {
    let bench = Bench::new(10).await;
    let (_, late) = bench.book(&sms(1), window(120, 60), 2).await;
    let (_, soon) = bench.book(&sms(1), window(60, 60), 2).await;
    let (other, gone) = bench.book(&sms(1), window(180, 60), 2).await;
    bench.book(&sms(2), window(60, 60), 2).await;
    bench.commit(&sms(1), Effect::Cancel { booking: other }).await;
    let own = bench.ledger.own_facts(&OwnQuestion { sender: sms(1) }).await.unwrap();
    let numbers = |bookings: &[OwnBooking]| -> Vec<String> {
        bookings.iter().map(|booking| booking.number.to_string()).collect()
    };
    assert_eq!(numbers(&own.ahead), [soon.as_str(), late.as_str()]);
    assert_eq!(numbers(&own.past), [gone.as_str()]);
    let ask = async |number: &ConferenceNumber, sender| {
        let question = BookingQuestion { number: number.clone(), sender };
        bench.ledger.credentials_facts(&question).await.unwrap()
    };
    let facts = ask(&soon, sms(1)).await;
    assert_eq!(facts.pin.unwrap().expose(), "135790");
    assert_eq!(facts.password.unwrap().expose(), "24682468");
    let facts = ask(&soon, sms(2)).await;
    assert!(facts.booking.is_none() && facts.pin.is_none() && facts.password.is_none());
    let facts = ask(&gone, sms(1)).await;
    assert!(facts.booking.is_some() && facts.pin.is_none() && facts.password.is_none());
    bench.pass(3 * HOUR);
    let own = bench.ledger.own_facts(&OwnQuestion { sender: sms(1) }).await.unwrap();
    assert_eq!((own.ahead.len(), own.past.len()), (0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_sees_how_full_it_is_and_not_of_whom() {
    let bench = Bench::new(10).await;
    bench.book(&sms(1), window(60, 60), 4).await;
    let facts = bench.ledger.free_facts(&FreeQuestion { span: window(60, 60) }).await.unwrap();
    assert_eq!((facts.edges[0].capacity, facts.edges[0].steps[0].taken), (10, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_has_a_pin_of_their_own_until_it_is_taken_back() {
    let bench = Bench::new(10).await;
    let (_, number) = bench.book(&sms(1), window(0, 60), 4).await;
    let invite = async |sender: Sender, guest: u32, pin: &str| {
        let body = MessageBody::Sms { parts: vec!["come".to_owned()] };
        let contact = sms(guest);
        let message = OutboxMessage {
            recipient: contact.clone(),
            kind: "invitation".to_owned(),
            body,
            not_before: None,
        };
        let proposal = GuestProposal {
            number: number.clone(),
            sender,
            contact,
            pin: Pin::new(pin).unwrap(),
            messages: vec![message],
        };
        bench.ledger.invite(&proposal).await.unwrap()
    };
    let matched = async |code: &str| {
        let credentials =
            link::KeyedCredentials { number: number.to_string(), code: code.to_owned() };
        let question = AdmissionQuestion {
            edge: EDGE.to_owned(),
            boot: BOOT.to_owned(),
            leg: LegId(1),
            caller: caller(9),
            credentials: Some(credentials),
        };
        bench.ledger.admission_facts(&question).await.unwrap().matched
    };
    assert_eq!(invite(sms(2), 5, "777888").await, GuestOutcome::Gone, "not the orderer");
    assert_eq!(invite(sms(1), 5, "135790").await, GuestOutcome::PinTaken, "everybody's");
    assert_eq!(matched("777888").await, None);
    assert_eq!(invite(sms(1), 5, "777888").await, GuestOutcome::Invited);
    assert_eq!(invite(sms(1), 6, "777888").await, GuestOutcome::PinTaken);
    bench.pass(1);
    assert_eq!(invite(sms(1), 6, "777999").await, GuestOutcome::Invited);
    assert_eq!(matched("777888").await, Some(Role::Participant));
    assert_eq!(matched("135790").await, Some(Role::Participant));
    assert_eq!(matched("24682468").await, Some(Role::Organiser));
    let question = BookingQuestion { number: number.clone(), sender: sms(1) };
    let guests = bench.ledger.guests_facts(&question).await.unwrap().guests;
    assert_eq!(guests.len(), 2);
    let told = async || {
        let facts = bench.ledger.booking_facts(&question).await.unwrap();
        let span = window(0, 60);
        let change = ChangeQuestion { sender: sms(1), number: number.clone(), span };
        let change = bench.ledger.change_facts(&change).await.unwrap();
        assert_eq!(facts.guests, change.guests);
        assert_eq!(change.pin, Some(Pin::new("135790").unwrap()));
        facts
            .guests
            .into_iter()
            .map(|it| (it.contact, it.pin.expose().to_owned()))
            .collect::<Vec<_>>()
    };
    let guest = |guest, pin: &str| (sms(guest), pin.to_owned());
    assert_eq!(told().await, [guest(5, "777888"), guest(6, "777999")]);
    let revoke = async |sender| {
        let guest = guests[0].guest.clone();
        let revocation = GuestRevocation { number: number.clone(), sender, guest };
        bench.ledger.revoke_guest(&revocation).await.unwrap();
    };
    revoke(sms(2)).await;
    assert_eq!(
        matched("777888").await,
        Some(Role::Participant),
        "only its organiser takes it back"
    );
    revoke(sms(1)).await;
    assert_eq!(matched("777888").await, None);
    assert_eq!(matched("777999").await, Some(Role::Participant));
    assert_eq!(told().await, [guest(6, "777999")], "who is no longer invited hears nothing");
    let stranger = BookingQuestion { number: number.clone(), sender: sms(2) };
    assert!(bench.ledger.guests_facts(&stranger).await.unwrap().guests.is_empty());
    // A day after the end nothing of it is left.
    bench.pass(26 * HOUR);
    bench.ledger.expire().await.unwrap();
    assert_eq!(bench.ledger.guests_facts(&question).await.unwrap().guests, []);
    assert_eq!(invite(sms(1), 7, "777111").await, GuestOutcome::Gone);
}
