//! Who calls, and from which network (PRODUCT.md, section 5).

use std::net::IpAddr;

use konf_contract::Msisdn;

use crate::message::Name;
use crate::reply::canonical;
use crate::request::Request;
use crate::value::{Address, Params};
use crate::words::Trunk;

/// The network of callers whom no trunk vouches for.
const STRANGERS: &str = "internet";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) trunk: Option<String>,
    pub(crate) number: Option<Msisdn>,
    pub(crate) network: String,
    pub(crate) mobile: bool,
}

pub(crate) fn trunk_of(trunks: &[Trunk], source: IpAddr) -> Option<&Trunk> {
    let source = canonical(source);
    trunks.iter().find(|t| canonical(t.address) == source)
}

impl Identity {
    /// Headers that claim an identity count only from a trunk (RFC 3325, section 5: "trusted").
    pub(crate) fn of(request: &Request<'_>, trunk: Option<&Trunk>) -> Self {
        let from = || number(&request.from);
        let Some(trunk) = trunk else {
            let network = STRANGERS.to_owned();
            return Identity { trunk: None, number: from(), network, mobile: false };
        };
        let (network, mobile) = network(request, trunk);
        let number = asserted(request).or_else(from);
        Identity { trunk: Some(trunk.name.clone()), number, network, mobile }
    }
}

fn number(address: &Address) -> Option<Msisdn> {
    Msisdn::parse(&address.user()?).ok()
}

/// P-Asserted-Identity has at most a `sip:` and a `tel:` URI (RFC 3325, section 9.1); the first that is a number counts.
fn asserted(request: &Request<'_>) -> Option<Msisdn> {
    let values = request.message.list(Name::PAssertedIdentity).ok()?;
    values.iter().filter_map(|v| Address::parse(v).ok()).find_map(|a| number(&a))
}

/// `X-Network: o2-mobile` names the network, with `;mobile` or `;fixed` where the name doesn't end so. Without it,
/// P-Access-Network-Info (RFC 7315, section 5.4) tells mobile from fixed. Without both, the trunk's configuration does.
fn network(request: &Request<'_>, trunk: &Trunk) -> (String, bool) {
    if let Some(named) = request.message.text(Name::XNetwork) {
        let (name, params) = named.split_at(named.find(';').unwrap_or(named.len()));
        let name = name.trim();
        if is_network_name(name) {
            let params = Params::parse(params).unwrap_or_default();
            let mobile = match (params.has("mobile"), params.has("fixed")) {
                (true, _) => true,
                (_, true) => false,
                _ => name.ends_with("mobile") || (name == trunk.network && trunk.mobile),
            };
            return (name.to_owned(), mobile);
        }
    }
    let access = request.message.text(Name::PAccessNetworkInfo).unwrap_or_default();
    let access = access.trim().to_ascii_uppercase();
    let fixed = ["ADSL", "VDSL", "IDSL", "RDSL", "HDSL", "SDSL", "DOCSIS", "IEEE-802.3", "DVB"];
    let mobile = if access.starts_with("3GPP") {
        true
    } else if fixed.iter().any(|f| access.starts_with(f)) {
        false
    } else {
        trunk.mobile
    };
    (trunk.network.clone(), mobile)
}

/// Short enough for a record and without anything that would have to be escaped there.
fn is_network_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}
