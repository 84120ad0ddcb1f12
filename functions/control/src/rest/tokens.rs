//! Tokens: made, listed and revoked, by the API as by `konf token`.

use anyhow::{Result, ensure};
use http::Method;
use konf_api::ledger::Sender;
use konf_contract::UnixMs;
use konf_ledger::{ApiTokenLine, Ledger, NewApiToken};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ordering::Orderer;
use super::problem::{Fault, Kind, Problem};
use super::route::{Answer, Answered, Call, Route, Shape};
use super::time;
use super::token::{Scope, digest, draw};
use crate::clock;
use crate::config::Secret;

const LABEL_CHARACTERS_MAX: usize = 100;
/// Ten years.
const DAYS_MAX: u32 = 3_660;
const DAY_MS: i64 = 24 * 60 * UnixMs::MINUTE;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What it is for, for people.
    pub label: String,
    pub scopes: Vec<Scope>,
    /// A customer's, which sees the customer's conferences only.
    pub owner: Option<Sender>,
    /// Until it is revoked when absent.
    pub days: Option<u32>,
}

/// Why a token is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("a label has 1 to {LABEL_CHARACTERS_MAX} characters and says what the token is for")]
    Label,
    #[error("a token needs at least one scope")]
    NoScope,
    #[error("{name} is not for a customer's token", name = .0.name())]
    NotForCustomers(Scope),
    #[error(
        "days is 0 or more than {DAYS_MAX}; leave it out for a token that counts until it is revoked"
    )]
    Days,
}

/// Its id and the token itself, which nobody is shown again.
///
/// # Errors
///
/// [`Unfit`], or that the ledger does not answer.
pub async fn make(ledger: &Ledger, wish: Wish, by: &str) -> Result<(String, Secret)> {
    let label = wish.label.trim();
    let long = label.chars().count() > LABEL_CHARACTERS_MAX || label.chars().any(char::is_control);
    ensure!(!label.is_empty() && !long, Unfit::Label);
    ensure!(!wish.scopes.is_empty(), Unfit::NoScope);
    ensure!(wish.days.is_none_or(|days| (1..=DAYS_MAX).contains(&days)), Unfit::Days);
    if wish.owner.is_some()
        && let Some(scope) = wish.scopes.iter().find(|scope| !scope.is_for_customers())
    {
        return Err(Unfit::NotForCustomers(*scope).into());
    }
    let mut scopes = wish.scopes.clone();
    scopes.sort();
    scopes.dedup();
    let scopes: Vec<String> = scopes.iter().map(|scope| scope.name().to_owned()).collect();
    let token = draw()?;
    ledger.note(by, "make token", label, &scopes.join(" ")).await?;
    let new = NewApiToken {
        digest: digest(&token),
        label: label.to_owned(),
        scopes,
        owner: wish.owner,
        by: by.to_owned(),
        expires: wish.days.map(|days| clock::now().plus_ms(i64::from(days) * DAY_MS)),
    };
    Ok((ledger.put_api_token(&new).await?, token))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// What it is for.
    #[schemars(length(min = 1, max = 100))]
    label: String,
    /// Those of the asking token at most.
    #[schemars(length(min = 1, max = 20))]
    scopes: Vec<Scope>,
    /// A customer's: sees that customer's conferences only. A customer's token makes tokens of the same customer.
    owner: Option<Orderer>,
    /// Counts until it is revoked when absent.
    #[schemars(range(min = 1, max = 3_660))]
    days: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct MadeToken {
    id: String,
    /// Shown now and never again.
    token: String,
}

#[derive(Serialize, JsonSchema)]
struct Token {
    id: String,
    label: String,
    scopes: Vec<String>,
    /// In part; absent when it is the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// Who made it.
    by: String,
    #[schemars(extend("format" = "date-time"))]
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    expires: Option<String>,
    /// To the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    used: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    revoked: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct TokenList {
    /// The latest first; those that are revoked or over for 90 days.
    items: Vec<Token>,
}

#[derive(Serialize, JsonSchema)]
struct Revoked {
    id: String,
}

const TOKEN_ID: &str = "token-0123456789abcdef0123456789abcdef";

const TOKEN: Shape = Shape::of::<Token>(|| {
    json!({
        "id": TOKEN_ID, "label": "shop", "scopes": ["conferences:write"], "by": "operator",
        "created": "2027-07-08T09:00:00+02:00",
    })
});

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/tokens",
        id: "listTokens",
        tag: "tokens",
        summary: "Tokens",
        about: "What each opens, who made it and when it was used last; of the tokens themselves there is a digest alone.",
        scope: Some(Scope::TokensRead),
        query: &[],
        body: None,
        answers: &[Answered {
            status: 200,
            about: "The tokens.",
            body: Some(Shape::of::<TokenList>(|| json!({ "items": [(TOKEN.example)()] }))),
        }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(list(call)),
    },
    Route {
        method: Method::POST,
        path: "/tokens",
        id: "makeToken",
        tag: "tokens",
        summary: "Make a token",
        about: "With scopes of the asking token, and no others.",
        scope: Some(Scope::TokensWrite),
        query: &[],
        body: Some(Shape::of::<NewToken>(
            || json!({ "label": "shop", "scopes": ["conferences:read", "conferences:write"], "days": 90 }),
        )),
        answers: &[Answered {
            status: 201,
            about: "Made: keep the token, it is shown only now.",
            body: Some(Shape::of::<MadeToken>(|| json!({ "id": TOKEN_ID, "token": "konf_…" }))),
        }],
        problems: &[Kind::Conflict],
        noted_below: true,
        run: |call| Box::pin(make_one(call)),
    },
    Route {
        method: Method::GET,
        path: "/tokens/{token}",
        id: "getToken",
        tag: "tokens",
        summary: "One token",
        about: "But not the token itself.",
        scope: Some(Scope::TokensRead),
        query: &[],
        body: None,
        answers: &[Answered { status: 200, about: "The token.", body: Some(TOKEN) }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(get(call)),
    },
    Route {
        method: Method::DELETE,
        path: "/tokens/{token}",
        id: "revokeToken",
        tag: "tokens",
        summary: "Revoke a token",
        about: "It opens nothing from the next request on.",
        scope: Some(Scope::TokensWrite),
        query: &[],
        body: None,
        answers: &[Answered {
            status: 200,
            about: "Revoked.",
            body: Some(Shape::of::<Revoked>(|| json!({ "id": TOKEN_ID }))),
        }],
        problems: &[],
        noted_below: false,
        run: |call| Box::pin(revoke(call)),
    },
];

async fn list(call: Call) -> Result<Answer, Problem> {
    let lines = call.rest.desk.ledger.api_tokens(call.caller()?.owner.as_ref()).await?;
    Ok(Answer::ok(&TokenList { items: lines.into_iter().map(token).collect() }))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let lines = call.rest.desk.ledger.api_tokens(call.caller()?.owner.as_ref()).await?;
    let found = lines.into_iter().find(|line| line.id == call.part(0));
    let none = || Problem::new(Kind::NotFound, "there is no token of that id");
    Ok(Answer::ok(&token(found.ok_or_else(none)?)))
}

fn token(line: ApiTokenLine) -> Token {
    Token {
        id: line.id,
        label: line.label,
        scopes: line.scopes,
        owner: line.owner,
        by: line.by,
        created: time::text(line.created),
        expires: line.expires.map(time::text),
        used: line.used.map(time::text),
        revoked: line.revoked.map(time::text),
    }
}

async fn make_one(call: Call) -> Result<Answer, Problem> {
    let new: NewToken = call.read()?;
    let caller = call.caller()?;
    let beyond = new.scopes.iter().position(|scope| !caller.scopes.contains(scope));
    if let Some(at) = beyond {
        let detail = "the asking token has no such scope itself";
        return Err(Problem::new(Kind::Forbidden, detail)
            .with_errors(vec![Fault::at(&format!("/scopes/{at}"), detail)]));
    }
    let owner = new.owner.as_ref().map(|owner| owner.sender("/owner")).transpose()?;
    let owner = match (&caller.owner, owner) {
        (Some(own), Some(named)) if *own != named => {
            let detail = "a customer's token makes tokens of the same customer: leave it out";
            return Err(Problem::invalid(vec![Fault::at("/owner", detail)]));
        }
        (own, named) => own.clone().or(named),
    };
    let wish = Wish { label: new.label, scopes: new.scopes, owner, days: new.days };
    let made = make(&call.rest.desk.ledger, wish, &caller.name()).await;
    let (id, token) = made.map_err(|error| match error.downcast_ref::<Unfit>() {
        Some(unfit) => {
            let at = match unfit {
                Unfit::Label => "/label",
                Unfit::Days => "/days",
                Unfit::NoScope | Unfit::NotForCustomers(_) => "/scopes",
            };
            Problem::invalid(vec![Fault::at(at, unfit.to_string())])
        }
        None => error.into(),
    })?;
    let made = MadeToken { token: token.expose().to_owned(), id };
    Ok(Answer::created(&format!("/tokens/{}", made.id), &made))
}

async fn revoke(call: Call) -> Result<Answer, Problem> {
    let id = call.part(0).to_owned();
    let owner = call.caller()?.owner.as_ref();
    match call.rest.desk.ledger.revoke_api_token(&id, owner).await? {
        true => Ok(Answer::ok(&Revoked { id })),
        false => {
            Err(Problem::new(Kind::NotFound, "there is no token of that id that opens anything"))
        }
    }
}
