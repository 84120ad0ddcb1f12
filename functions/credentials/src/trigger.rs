//! The component's door: `POST /render`, private.
//!
//! Variables: `access_number` (what everybody calls; empty: the default) and `web_url` (empty: no link),
//! `order_address` and `mail_from` (the organiser in calendars; both empty: invitations are published only).

use konf_api::render::RenderRequest;
use spin_sdk::http::{Method, Request, Response};
use spin_sdk::{http_component, variables};

use crate::render::{Settings, render};

#[http_component]
fn handle(request: Request) -> Response {
    if request.path() != "/render" {
        return with_error(404, "expected /render");
    }
    if !matches!(request.method(), Method::Post) {
        return with_error(405, "expected POST");
    }
    let Ok(asked) = serde_json::from_slice::<RenderRequest>(request.body()) else {
        return with_error(400, "expected a request to render");
    };
    match serde_json::to_string(&render(&asked, &settings())) {
        Ok(messages) => json(200, messages),
        Err(_) => with_error(500, "the messages can't be written"),
    }
}

fn settings() -> Settings {
    let default = Settings::default();
    let given = |name: &str| variables::get(name).ok().filter(|value| !value.trim().is_empty());
    Settings {
        access_number: given("access_number").unwrap_or(default.access_number),
        web_url: given("web_url").unwrap_or(default.web_url),
        // Where a calendar's answer goes; the order address knows what to do with it.
        organiser: given("order_address").or(given("mail_from")).unwrap_or(default.organiser),
    }
}

fn with_error(status: u16, text: &str) -> Response {
    json(status, serde_json::json!({ "error": text }).to_string())
}

fn json(status: u16, body: String) -> Response {
    Response::builder().status(status).header("content-type", "application/json").body(body).build()
}
