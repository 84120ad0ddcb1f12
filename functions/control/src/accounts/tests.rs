use std::sync::Arc;

use konf_ledger::Settings;

use super::*;
use crate::clock;

const PASSWORD: &str = "correct horse battery";

struct House {
    accounts: Accounts,
    _folder: tempfile::TempDir,
}

impl House {
    async fn with_jana() -> House {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new("the ledger's token", Arc::new(clock::now), Vec::new());
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"), settings).await.unwrap();
        let accounts = Accounts::new(ledger);
        accounts.put("jana", OperatorRole::Operator, &Secret::new(PASSWORD)).await.unwrap();
        House { accounts, _folder: folder }
    }

    async fn enter(
        &self,
        name: &str,
        password: &str,
        from: u8,
        at_min: i64,
    ) -> std::result::Result<SessionToken, Denied> {
        let from = Some(IpAddr::from([192, 0, 2, from]));
        let now = UnixMs::from_minutes(at_min);
        self.accounts.sign_in(name, &Secret::new(password), from, now).await.unwrap()
    }
}

#[tokio::test]
async fn who_has_the_password_has_a_session_until_it_is_closed_or_over() {
    let house = House::with_jana().await;
    let token = house.enter(" Jana", PASSWORD, 1, 0).await.unwrap();
    let session = Session { name: "jana".to_owned(), role: OperatorRole::Operator };
    let at = |minutes| house.accounts.session(&token, UnixMs::from_minutes(minutes));
    assert_eq!((at(0), at(719), at(720)), (Some(session.clone()), Some(session), None));
    let guessed = SessionToken::shown(&token.form_token());
    assert_eq!(house.accounts.session(&guessed, UnixMs(0)), None, "a form's token opens nothing");
    house.accounts.sign_out(&token);
    assert_eq!(at(0), None);

    let token = house.enter("jana", PASSWORD, 1, 0).await.unwrap();
    let other = Secret::new("another long password");
    house.accounts.put("jana", OperatorRole::Viewer, &other).await.unwrap();
    assert_eq!(house.accounts.session(&token, UnixMs(0)), None, "ended with the old password");
    assert_eq!(house.enter("jana", PASSWORD, 1, 0).await, Err(Denied::Wrong));
    assert!(house.accounts.remove("jana").await.unwrap());
    assert!(!house.accounts.remove("jana").await.unwrap());
    let gone = house.enter("jana", "another long password", 1, 0).await;
    assert_eq!(gone, Err(Denied::Wrong));
}

#[tokio::test]
async fn wrong_tries_are_counted_for_account_and_address_and_lock_nobody_else_out() {
    let house = House::with_jana().await;
    for name in ["jana", "nobody"] {
        for _ in 0..5 {
            assert_eq!(house.enter(name, "wrong", 1, 0).await, Err(Denied::Wrong), "{name}");
        }
        let slowed = Err(Denied::TooManyTries { minutes: 14 });
        assert_eq!(house.enter(name, PASSWORD, 1, 1).await, slowed, "{name}");
    }
    // Its owner elsewhere is not slowed, nor here a quarter of an hour later.
    assert!(house.enter("jana", PASSWORD, 2, 1).await.is_ok());
    assert!(house.enter("jana", PASSWORD, 1, 15).await.is_ok());
}

#[tokio::test]
async fn whom_the_provider_has_named_is_put_out_by_name_as_well() {
    let house = House::with_jana().await;
    let petr = Session { name: "petr@example.com".to_owned(), role: OperatorRole::Viewer };
    let token = house.accounts.open(petr.clone(), UnixMs(0)).unwrap();
    assert_eq!(house.accounts.session(&token, UnixMs(1)), Some(petr));
    assert!(house.accounts.remove("petr@example.com").await.unwrap());
    assert_eq!(house.accounts.session(&token, UnixMs(1)), None);
    assert!(!house.accounts.remove("petr@example.com").await.unwrap());
}

#[test]
fn an_address_that_tries_many_names_is_slowed_whole() {
    let mut tries = Tries::default();
    let from = Some(IpAddr::from([192, 0, 2, 1]));
    let refused = (0..100).filter(|at| tries.take(&format!("n{at}"), from, UnixMs(0)).is_err());
    assert_eq!(refused.count(), 80);
    // A flood of names and addresses takes no more memory than there is for it.
    for at in 0..30_000_u32 {
        let _ = tries.take("jana", Some(IpAddr::from(at.to_be_bytes())), UnixMs(0));
    }
    assert!(tries.take("jana", Some(IpAddr::from([9, 9, 9, 9])), UnixMs(0)).is_err());
    assert!(tries.take("jana", from, UnixMs::from_minutes(15)).is_ok());
}

#[test]
fn a_name_is_plain_and_a_password_long() {
    for (name, fine) in [
        ("jana", true),
        ("jana.n-2_x", true),
        ("j", false),
        ("Jana", false),
        ("2jana", false),
        ("jána", false),
        ("konf", false),
        ("operator", false),
        ("", false),
    ] {
        assert_eq!(check_name(name).is_ok(), fine, "{name}");
    }
    for (password, fine) in
        [("a".repeat(12), true), ("a".repeat(11), false), ("á".repeat(129), false)]
    {
        assert_eq!(check_password(&Secret::new(&password)).is_ok(), fine, "{password}");
    }
}

#[test]
fn a_hash_is_argon2id_salted_and_prints_nothing() {
    let hashes = [hash(&Secret::new(PASSWORD)).unwrap(), hash(&Secret::new(PASSWORD)).unwrap()];
    assert_ne!(hashes[0], hashes[1]);
    assert!(hashes[0].expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(format!("{:?}", hashes[0]), "PasswordHash(…)");
    assert!(fits(&Secret::new(PASSWORD), &hashes[1]) && !fits(&Secret::new("x"), &hashes[1]));
}
