//! What SNS tells over HTTP, and whether the topic has told it (version 2 of its signatures: RSA with SHA-256). Pure.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use webpki::EndEntityCert;

use crate::config::Topic;

/// Why a call is not heeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("expected a JSON message of SNS: {0}")]
    Unreadable(String),
    #[error("it comes from another topic than the one of mail.ses")]
    OtherTopic,
    #[error(
        "its signature is of version {0:?}: set the topic's SignatureVersion to 2, as in `aws sns set-topic-attributes \
         --attribute-name SignatureVersion --attribute-value 2`"
    )]
    Version(String),
    #[error("{0} is no address of SNS in the topic's region")]
    Elsewhere(&'static str),
    #[error("its certificate cannot be had now")]
    NoCertificate,
    #[error("its signature is wrong")]
    Signature,
}

impl Refused {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Refused::Unreadable(_) => StatusCode::BAD_REQUEST,
            Refused::NoCertificate => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

/// As SNS writes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
}

/// One call. What is in it is anybody's word until [`Self::check`] has said that it is the topic's.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) kind: Kind,
    certificate_address: String,
    signed: String,
    signature: Vec<u8>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Notification {
        message: String,
    },
    /// Somebody has subscribed this address; it counts once `address` has been asked for.
    Subscription {
        address: String,
    },
    Unsubscription,
}

impl Notice {
    pub(super) fn read(body: &[u8], topic: &Topic) -> Result<Notice, Refused> {
        let written: Written =
            serde_json::from_slice(body).map_err(|error| Refused::Unreadable(shape_of(&error)))?;
        if written.topic_arn != topic.arn() {
            return Err(Refused::OtherTopic);
        }
        if written.signature_version != "2" {
            let version = written.signature_version.chars().take(8).collect();
            return Err(Refused::Version(version));
        }
        let certificate_address = &written.signing_cert_url;
        let is_certificate = within(certificate_address, topic).is_some_and(|path| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
            path.strip_suffix(".pem").is_some_and(|name| name.chars().all(is_name))
        });
        if !is_certificate {
            return Err(Refused::Elsewhere("SigningCertURL"));
        }
        let signature = BASE64_STANDARD.decode(&written.signature);
        Ok(Notice {
            certificate_address: certificate_address.clone(),
            signed: written.signed()?,
            signature: signature.map_err(|_| Refused::Signature)?,
            kind: written.kind(topic)?,
        })
    }

    pub(super) fn certificate_address(&self) -> &str {
        &self.certificate_address
    }

    pub(super) fn check(&self, certificate: &CertificateDer<'_>) -> Result<(), Refused> {
        let certificate = EndEntityCert::try_from(certificate).map_err(|_| Refused::Signature)?;
        certificate
            .verify_signature(
                webpki::ring::RSA_PKCS1_2048_8192_SHA256,
                self.signed.as_bytes(),
                &self.signature,
            )
            .map_err(|_| Refused::Signature)
    }
}

impl Written {
    /// What the signature is over: these fields in this order, each name and value on a line.
    fn signed(&self) -> Result<String, Refused> {
        let need = |field: &Option<String>, name| {
            let missing = || Refused::Unreadable(format!("it has no {name}"));
            field.clone().ok_or_else(missing)
        };
        let mut fields =
            vec![("Message", self.message.clone()), ("MessageId", self.message_id.clone())];
        match self.kind.as_str() {
            "Notification" => {
                fields.extend(self.subject.clone().map(|subject| ("Subject", subject)));
                fields.push(("Timestamp", self.timestamp.clone()));
            }
            _ => {
                fields.push(("SubscribeURL", need(&self.subscribe_url, "SubscribeURL")?));
                fields.push(("Timestamp", self.timestamp.clone()));
                fields.push(("Token", need(&self.token, "Token")?));
            }
        }
        fields.push(("TopicArn", self.topic_arn.clone()));
        fields.push(("Type", self.kind.clone()));
        Ok(fields.into_iter().map(|(name, value)| format!("{name}\n{value}\n")).collect())
    }

    fn kind(self, topic: &Topic) -> Result<Kind, Refused> {
        match self.kind.as_str() {
            "Notification" => Ok(Kind::Notification { message: self.message }),
            "SubscriptionConfirmation" => {
                let address = self.subscribe_url.unwrap_or_default();
                within(&address, topic).ok_or(Refused::Elsewhere("SubscribeURL"))?;
                Ok(Kind::Subscription { address })
            }
            "UnsubscribeConfirmation" => Ok(Kind::Unsubscription),
            _ => Err(Refused::Unreadable("its Type is none that SNS documents".to_owned())),
        }
    }
}

/// What follows the host of SNS in the topic's region; a certificate from anywhere else is a stranger's.
fn within<'a>(address: &'a str, topic: &Topic) -> Option<&'a str> {
    address.strip_prefix("https://")?.strip_prefix(topic.host())?.strip_prefix('/')
}

/// Where reading stopped; nothing of what was read.
fn shape_of(error: &serde_json::Error) -> String {
    format!("{:?} at line {} column {}", error.classify(), error.line(), error.column())
}
