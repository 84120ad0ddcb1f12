//! The operators' desk in a browser, below `/desk`.
//!
//! Who signs in has a session and a role (`accounts`). A page is a `GET`; what changes something is a `POST` of a form that
//! carries the session's token, is noted in the audit before it is done, and leads back to a page that says so. What is live
//! comes as events; nothing else runs in the browser. Telephone numbers are shown in part; whoever asks for a whole one is noted.
//!
//! # To add a page
//!
//! A module below that makes markup of what the ledger or an operator's call answers, an arm in `show`, and a line
//! of `PAGES` in `markup`. To add an action: an arm in `act` with the role that it needs.

mod act;
mod capacity;
mod company;
mod dedicated;
mod form;
mod markup;
mod messages;
mod people;
mod policies;
mod requests;
mod restrictions;
mod rooms;
mod search;
mod show;
mod sign_in;

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

use crate::accounts::{Denied, Session, SessionToken};
use crate::config::Secret;
use crate::operator::Desk;
use crate::server::{self, Peer};
use crate::{clock, policies as policy};
use act::{Deed, Done};
use form::Fields;
use markup::{Form, Frame, Notice, Tongue};

pub const PATH: &str = "/desk";
/// So often a page on which nobody writes renews itself without scripts.
const RENEW_S: u32 = 10;
/// So often it gets its news where scripts run.
const NEWS_MS: u32 = 2_000;

/// Answers what is below [`PATH`].
pub async fn handle(desk: &Desk, request: &Request<Bytes>) -> Response<Bytes> {
    let tongue = Tongue::of(request);
    let shown = form::token(request.headers(), desk.secure);
    let session =
        shown.and_then(|token| Some((desk.accounts.session(&token, clock::now())?, token)));
    let mut response = match (session, request.method(), request.uri().path()) {
        (_, &Method::POST, "/desk/sign-in") => sign_in(desk, request, tongue).await,
        (_, &Method::GET, path @ ("/desk/oidc" | "/desk/oidc/return")) => {
            match (desk.accounts.oidc(), path) {
                (Some(oidc), "/desk/oidc") => company::begin(desk, oidc, tongue).await,
                (Some(oidc), _) => company::finish(desk, oidc, request, tongue).await,
                (None, _) => moved_to(PATH),
            }
        }
        (Some((session, token)), &Method::GET | &Method::POST, _) => {
            let visit = Visit { desk, request, tongue, session, form: Form::of(&token), token };
            visit.answer().await
        }
        (None, &Method::GET, _) => {
            page(StatusCode::UNAUTHORIZED, &sign_in_page(desk, tongue, "", None))
        }
        (None, &Method::POST, _) => moved_to("/desk"),
        _ => server::fault(StatusCode::METHOD_NOT_ALLOWED, "expected GET or POST"),
    };
    if let Some(cookie) = tongue.cookie(request) {
        set_cookie(&mut response, &cookie);
    }
    response
}

/// One request of somebody who is signed in.
struct Visit<'a> {
    desk: &'a Desk,
    request: &'a Request<Bytes>,
    tongue: Tongue,
    session: Session,
    token: SessionToken,
    form: Form,
}

/// A page, before its frame.
struct Shown {
    title: &'static str,
    body: String,
    renews: bool,
}

impl Visit<'_> {
    async fn answer(&self) -> Response<Bytes> {
        if self.request.method() == Method::POST {
            return self.post().await;
        }
        let accepts = self.request.headers().get(header::ACCEPT);
        if accepts.is_some_and(|accepts| accepts == "text/event-stream") {
            return self.news().await;
        }
        let said = Fields::of_query(self.request);
        let notice = Done::read(&said).map(|done| Notice::Done(done.said(self.tongue)));
        self.show(self.path(), StatusCode::OK, notice, None).await
    }

    /// The body of a live page as the one event of an answer that ends: the browser asks again by itself.
    async fn news(&self) -> Response<Bytes> {
        let body = match self.page(self.path(), None).await {
            Ok(Some(shown)) if shown.renews => shown.body,
            Ok(_) => return server::fault(StatusCode::NOT_FOUND, "nothing is live there"),
            Err(error) => return self.failed(&error),
        };
        let lines: String = body.lines().map(|line| format!("data: {line}\n")).collect();
        let mut response = Response::new(Bytes::from(format!("retry: {NEWS_MS}\n{lines}\n")));
        let kind = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }

    fn path(&self) -> &str {
        self.request.uri().path()
    }

    /// A form: another site's is none, and each leads back to a page.
    async fn post(&self) -> Response<Bytes> {
        let fields = Fields::of_body(self.request);
        if form::is_from_another_site(self.request.headers())
            || !self.form.sent(fields.as_it_is("form"))
        {
            let said = self.tongue.say(
                "Formulář vypršel nebo nepochází z těchto stránek. Načtěte stránku znovu.",
                "The form is old or not from these pages. Load the page again.",
            );
            return self.fault(StatusCode::FORBIDDEN, "/desk", said.to_owned()).await;
        }
        if self.path() == "/desk/sign-out" {
            self.desk.accounts.sign_out(&self.token);
            let _ = self.desk.ledger.note(&self.session.name, "sign out", "", "").await;
            let mut response = moved_to("/desk");
            set_cookie(&mut response, &form::cookie(self.desk.secure, None));
            return response;
        }
        let Some(deed) = Deed::of(self.path()) else {
            return self.fault(StatusCode::NOT_FOUND, "/desk", self.nothing_here()).await;
        };
        if self.session.role < deed.role() {
            let said =
                self.tongue.say("K tomu Vaše role nestačí.", "Your role does not reach so far.");
            return self.fault(StatusCode::FORBIDDEN, &deed.page(), said.to_owned()).await;
        }
        match act::act(self.desk, &self.session.name, &deed, &fields).await {
            Ok(Done::Shown(whole)) => {
                self.show(&deed.page(), StatusCode::OK, None, Some(&whole)).await
            }
            Ok(done) => moved_to(&done.place(&deed)),
            Err(error) => match refusal(&error) {
                Some((status, said)) => self.fault(status, &deed.page(), said).await,
                None => self.failed(&error),
            },
        }
    }

    async fn fault(&self, status: StatusCode, path: &str, said: String) -> Response<Bytes> {
        self.show(path, status, Some(Notice::Fault(said)), None).await
    }

    fn failed(&self, error: &anyhow::Error) -> Response<Bytes> {
        tracing::error!(
            path = self.path(),
            error = format!("{error:#}"),
            "a page of the desk failed"
        );
        server::fault(
            StatusCode::INTERNAL_SERVER_ERROR,
            "a part of Konf could not answer; see the log",
        )
    }

    /// `whole` is a sender in full, whom somebody asked to see.
    async fn show(
        &self,
        path: &str,
        status: StatusCode,
        notice: Option<Notice>,
        whole: Option<&str>,
    ) -> Response<Bytes> {
        let (status, shown) = match self.page(path, whole).await {
            Ok(Some(shown)) => (status, shown),
            // The page of a deed that this role may not do: the notice says so.
            Ok(None) if notice.is_some() => {
                let title = self.tongue.say("Pult operátora", "Operators' desk");
                (status, Shown { title, body: String::new(), renews: false })
            }
            Ok(None) => {
                let title = self.tongue.say("Nenalezeno", "Not found");
                let body = format!("<section><p>{}</p></section>", self.nothing_here());
                (StatusCode::NOT_FOUND, Shown { title, body, renews: false })
            }
            Err(error) => return self.failed(&error),
        };
        let frame = Frame {
            tongue: self.tongue,
            path,
            title: shown.title,
            session: Some((&self.session, &self.form)),
            renew_s: Some(RENEW_S).filter(|_| shown.renews && notice.is_none()),
            notice,
        };
        page(status, &frame.around(&shown.body))
    }

    fn nothing_here(&self) -> String {
        self.tongue.say("Taková stránka tu není.", "There is no such page.").to_owned()
    }
}

/// What an operator can mend, in words; nothing where it is Konf's fault.
fn refusal(error: &anyhow::Error) -> Option<(StatusCode, String)> {
    if let Some(refusal) = error.downcast_ref::<crate::operator::Refusal>() {
        return Some((refusal.status(), refusal.to_string()));
    }
    if let Some(refusal) = error.downcast_ref::<policy::Refusal>() {
        return Some((refusal.status(), refusal.to_string()));
    }
    let unfit = error.downcast_ref::<crate::accounts::Unfit>()?;
    Some((StatusCode::BAD_REQUEST, unfit.to_string()))
}

async fn sign_in(desk: &Desk, request: &Request<Bytes>, tongue: Tongue) -> Response<Bytes> {
    if form::is_from_another_site(request.headers()) {
        return moved_to("/desk");
    }
    let fields = Fields::of_body(request);
    let (name, password) = (fields.text("name"), Secret::new(fields.as_it_is("password")));
    let from: Option<IpAddr> = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let denied = match desk.accounts.sign_in(name, &password, from, clock::now()).await {
        Ok(Ok(token)) => {
            let name = name.to_lowercase();
            if let Err(error) = desk.ledger.note(&name, "sign in", "", "").await {
                tracing::error!(%error, "signing in cannot be noted");
            }
            let mut response = moved_to("/desk");
            set_cookie(&mut response, &form::cookie(desk.secure, Some(&token)));
            return response;
        }
        Ok(Err(denied)) => denied,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "signing in failed");
            return server::fault(StatusCode::SERVICE_UNAVAILABLE, "the ledger could not answer");
        }
    };
    tracing::warn!(?from, ?denied, "a wrong try to sign in at the desk");
    page(StatusCode::UNAUTHORIZED, &sign_in_page(desk, tongue, name, Some(denied)))
}

fn sign_in_page(desk: &Desk, tongue: Tongue, name: &str, denied: Option<Denied>) -> String {
    let title = tongue.say("Přihlášení operátora", "Operator's sign-in");
    let frame = Frame { tongue, path: "/desk", title, session: None, renew_s: None, notice: None };
    let name: String = name.chars().take(32).collect();
    frame.around(&sign_in::body(tongue, &name, denied, desk.accounts.oidc().is_some()))
}

fn moved_to(path: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let place = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static(PATH));
    response.headers_mut().insert(header::LOCATION, place);
    response
}

fn set_cookie(response: &mut Response<Bytes>, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn page(status: StatusCode, markup: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(markup.to_owned()));
    *response.status_mut() = status;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    if let Ok(policy) = markup::content_security_policy().parse() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests;
