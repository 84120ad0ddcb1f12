//! A browser at the operators' desk: its cookie, and the token that its forms carry.

use anyhow::{Context, Result, ensure};

pub struct Browser {
    agent: ureq::Agent,
    address: String,
    cookie: String,
}

/// What a form led to: the status, and where the browser is sent or what it shows.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub place: String,
    pub page: String,
}

impl Browser {
    /// At `address`, such as `127.0.0.1:8080`, signed in.
    pub fn sign_in(address: &str, name: &str, password: &str) -> Result<Browser> {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = config.build().new_agent();
        let mut browser = Browser { agent, address: address.to_owned(), cookie: String::new() };
        let form = [("name", name), ("password", password)];
        let answer = browser
            .agent
            .post(format!("http://{address}/desk/sign-in"))
            .header("sec-fetch-site", "same-origin")
            .send_form(form)?;
        let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie =
            cookie.with_context(|| format!("signing in was answered {}", answer.status()))?;
        cookie.split(';').next().unwrap_or_default().clone_into(&mut browser.cookie);
        Ok(browser)
    }

    pub fn get(&self, path: &str) -> Result<String> {
        let mut answer = self
            .agent
            .get(format!("http://{}{path}", self.address))
            .header("cookie", &self.cookie)
            .header("accept-language", "en")
            .call()?;
        ensure!(answer.status().as_u16() == 200, "{path} was answered {}", answer.status());
        Ok(answer.body_mut().read_to_string()?)
    }

    /// Sends a form as a page of this browser would.
    pub fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let page = self.get("/desk")?;
        let token = page.split("name=form value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let mut form = vec![("form", token.context("a page has no form")?)];
        form.extend(fields);
        let mut answer = self
            .agent
            .post(format!("http://{}{path}", self.address))
            .header("cookie", &self.cookie)
            .header("accept-language", "en")
            .header("sec-fetch-site", "same-origin")
            .send_form(form)?;
        let place = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let place = place.unwrap_or_default().to_owned();
        let (status, page) = (answer.status().as_u16(), answer.body_mut().read_to_string()?);
        Ok(Answer { status, place, page })
    }
}
