//! Signing in by the company's own directory: away to the provider, and back.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};

use super::form::{self, Fields};
use super::markup::{Frame, Tongue};
use super::{moved_to, page, set_cookie, sign_in};
use crate::accounts::oidc::{Oidc, Refused};
use crate::clock;
use crate::operator::Desk;

pub(super) async fn begin(desk: &Desk, oidc: &Oidc, tongue: Tongue) -> Response<Bytes> {
    match oidc.begin(clock::now()).await {
        Ok(begun) => {
            let mut response = moved_to(&begun.location);
            set_cookie(&mut response, &form::attempt_cookie(desk.secure, Some(&begun.state)));
            response
        }
        Err(error) => unreachable_provider(&error, tongue),
    }
}

pub(super) async fn finish(
    desk: &Desk,
    oidc: &Oidc,
    request: &Request<Bytes>,
    tongue: Tongue,
) -> Response<Bytes> {
    let fields = Fields::of_query(request);
    let kept = form::cookie_named(request.headers(), form::attempt_name(desk.secure));
    let code = fields.given("code").ok_or(fields.text("error"));
    let state = fields.text("state");
    let now = clock::now();
    let mut response = match oidc.finish(state, kept.unwrap_or_default(), code, now).await {
        Ok(Ok(session)) => {
            if let Err(error) = desk.ledger.note(&session.name, "sign in", "", "").await {
                tracing::error!(%error, "signing in cannot be noted");
            }
            match desk.accounts.open(session, now) {
                Ok(token) => {
                    let mut response = returned(StatusCode::OK, tongue, None);
                    let onward = HeaderValue::from_static("0; url=/desk");
                    response.headers_mut().insert("refresh", onward);
                    set_cookie(&mut response, &form::cookie(desk.secure, Some(&token)));
                    response
                }
                Err(error) => unreachable_provider(&error, tongue),
            }
        }
        Ok(Err(refused)) => {
            tracing::warn!(why = kind(&refused), "a sign-in by the provider was refused");
            returned(StatusCode::FORBIDDEN, tongue, Some(&said(&refused, tongue)))
        }
        Err(error) => unreachable_provider(&error, tongue),
    };
    set_cookie(&mut response, &form::attempt_cookie(desk.secure, None));
    // The code is used up; no page that is led to from here learns it.
    let none = HeaderValue::from_static("no-referrer");
    response.headers_mut().insert(header::REFERRER_POLICY, none);
    response
}

fn said(refused: &Refused, tongue: Tongue) -> String {
    match (tongue, refused) {
        (Tongue::En, Refused::Unknown) => {
            "This sign-in was not begun in this browser, or it took more than ten minutes."
                .to_owned()
        }
        (Tongue::Cs, Refused::Unknown) => {
            "Toto přihlášení nezačalo v tomto prohlížeči, nebo trvalo déle než deset minut."
                .to_owned()
        }
        (Tongue::En, Refused::Provider(why)) => format!("Your company's sign-in refuses: {why}."),
        (Tongue::Cs, Refused::Provider(why)) => format!("Firemní přihlášení odmítlo: {why}."),
        (Tongue::En, Refused::NoRole(name)) => format!(
            "You are {name}, who may not use the desk. Ask an administrator to put you into a group that may."
        ),
        (Tongue::Cs, Refused::NoRole(name)) => format!(
            "Jste {name} a k pultu nemáte přístup. Požádejte správce o zařazení do skupiny, která ho má."
        ),
    }
}

/// For the log, which has no names of people who may not come in.
fn kind(refused: &Refused) -> &'static str {
    match refused {
        Refused::Unknown => "not begun here",
        Refused::Provider(_) => "the provider refuses",
        Refused::NoRole(_) => "no role",
    }
}

fn unreachable_provider(error: &anyhow::Error, tongue: Tongue) -> Response<Bytes> {
    tracing::error!(error = format!("{error:#}"), "the provider of [oidc] fails");
    let said = tongue.say(
        "Firemní přihlášení teď nefunguje. Správce najde důvod v záznamech.",
        "Your company's sign-in does not work now. An administrator finds the reason in the log.",
    );
    returned(StatusCode::BAD_GATEWAY, tongue, Some(said))
}

fn returned(status: StatusCode, tongue: Tongue, said: Option<&str>) -> Response<Bytes> {
    let title = tongue.say("Přihlášení operátora", "Operator's sign-in");
    let frame = Frame { tongue, path: "/desk", title, session: None, renew_s: None, notice: None };
    page(status, &frame.around(&sign_in::returned(tongue, said)))
}
