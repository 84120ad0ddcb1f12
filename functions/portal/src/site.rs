//! What is done about a request: who it is, what is asked, which page answers.

mod conferences;
mod live;
mod ordering;
mod signing;

use konf_api::ledger::Sender;
use konf_api::portal::{SessionFacts, SessionQuestion};
use konf_contract::{UnixMs, WebToken};

use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::cookie::{self, Cookies};
use crate::outside::{CallError, Callee, Outside};
use crate::pages::note;
use crate::pages::shell::Shell;
use crate::tongue::Tongue;

/// What the deployment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub cookies: Cookies,
    /// Without a slash at the end.
    pub public_url: String,
    pub order_number: String,
    pub access_number: String,
}

pub struct Site<'a, O> {
    pub outside: &'a O,
    pub settings: &'a Settings,
}

/// One request on its way: who asks, and what its answer is made with.
struct Visit<'a, O> {
    outside: &'a O,
    settings: &'a Settings,
    asked: &'a Asked,
    /// The browser's; drawn now at its first visit.
    token: WebToken,
    contact: Option<Sender>,
    now: UnixMs,
}

impl<O: Outside> Site<'_, O> {
    pub async fn answer(&self, asked: &Asked) -> Answer {
        let token = asked.token.clone().unwrap_or_else(|| draw(self.outside));
        let mut visit = Visit {
            outside: self.outside,
            settings: self.settings,
            asked,
            token,
            contact: None,
            now: asked.now,
        };
        let answered = async {
            // A browser that brings no cookie has no session.
            if let Some(session) = asked.token.clone() {
                let facts: SessionFacts =
                    visit.ledger("/v1/sessions", &SessionQuestion { session }).await?;
                visit.now = facts.now;
                visit.contact = facts.contact;
            }
            visit.route().await
        };
        match answered.await {
            Ok(answer) => visit.with_cookies(answer),
            Err(cause) => {
                #[expect(clippy::print_stderr, reason = "a component's log")]
                {
                    eprintln!("portal: {cause}");
                }
                note::unavailable(&visit.shell())
            }
        }
    }
}

/// Where a form may go; anywhere else there is nothing, whoever sends it.
fn takes_form(segments: &[&str]) -> bool {
    matches!(
        segments,
        ["" | "free" | "offers" | "sign-in" | "sign-out"]
            | ["sign-in", "code"]
            | ["sign-in", "link", _]
            | ["confirm", _]
            | ["conferences", _, _]
    )
}

fn draw(outside: &impl Outside) -> WebToken {
    let text: String = outside.random().iter().map(|byte| format!("{byte:02x}")).collect();
    WebToken::new(text).expect("64 hexadecimal digits are a token")
}

impl<O: Outside> Visit<'_, O> {
    async fn route(&self) -> Result<Answer, CallError> {
        let path = match self.asked.path.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        if self.asked.method == Method::Post && !takes_form(&segments) {
            return Ok(note::not_found(&self.shell()));
        }
        if self.asked.method == Method::Post && !self.is_ours() {
            return Ok(match self.settings.cookies {
                Cookies::None => note::without_tls(&self.shell()),
                _ => note::stale(&self.shell()),
            });
        }
        match (self.asked.method, &segments[..]) {
            (Method::Get, [""]) => self.order_page().await,
            (Method::Post, [""]) => self.order().await,
            (Method::Post, ["free"]) => self.free_fragment().await,
            (Method::Get, ["offers"]) => self.offers_page(None).await,
            (Method::Post, ["offers"]) => self.take_offer().await,
            (Method::Get, ["sign-in"]) => Ok(self.sign_in_page()),
            (Method::Post, ["sign-in"]) => self.sign_in().await,
            (Method::Get, ["sign-in", "code"]) => Ok(self.code_page()),
            (Method::Post, ["sign-in", "code"]) => self.confirm_code().await,
            (Method::Get, ["sign-in", "sent"]) => Ok(self.sent_page()),
            (Method::Get, ["sign-in", "link", token]) => Ok(self.link_page(token)),
            (Method::Post, ["sign-in", "link", token]) => self.confirm_link(token).await,
            (Method::Get, ["confirm", token]) => Ok(self.confirm_mail_page(token)),
            (Method::Post, ["confirm", token]) => self.confirm_link(token).await,
            (Method::Post, ["sign-out"]) => self.sign_out().await,
            (Method::Get, ["c", number]) => Ok(Answer::see(&match self.number(number) {
                Some(number) => format!("/conferences/{number}"),
                None => "/conferences".to_owned(),
            })),
            (method, ["conferences", rest @ ..]) => self.conferences(method, rest).await,
            _ => Ok(note::not_found(&self.shell())),
        }
    }

    fn is_ours(&self) -> bool {
        let given = self.asked.form.get("csrf");
        !self.asked.is_cross_site && cookie::is_ours(self.asked.token.as_ref(), given)
    }

    fn tongue(&self) -> Tongue {
        self.asked.tongue
    }

    fn shell(&self) -> Shell<'_> {
        let nonce =
            self.outside.random().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Shell {
            tongue: self.tongue(),
            // A page that answers a form is got by its own path alone, or not at all.
            path: if self.asked.method == Method::Get { &self.asked.path } else { "/" },
            nonce,
            csrf: cookie::csrf(&self.token),
            contact: self.contact.as_ref(),
        }
    }

    /// A browser's first token, unless the answer begins a session with another; and a language that was chosen.
    fn with_cookies(&self, mut answer: Answer) -> Answer {
        if self.asked.token.is_none() && answer.header("set-cookie").is_none() {
            answer = self.set(answer, self.settings.cookies.set_token(&self.token));
        }
        if self.asked.tongue_chosen {
            let cookie = self.settings.cookies.set_language(self.tongue().tag());
            answer = self.set(answer, cookie);
        }
        answer
    }

    fn set(&self, answer: Answer, cookie: Option<String>) -> Answer {
        match cookie {
            Some(cookie) => answer.with("set-cookie", cookie),
            None => answer,
        }
    }

    async fn ledger<Q: serde::Serialize, A: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        question: &Q,
    ) -> Result<A, CallError> {
        self.outside.call(Callee::Ledger, path, question).await
    }
}

#[cfg(test)]
mod tests;
