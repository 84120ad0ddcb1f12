//! A second, independent phone: sipp with a scenario.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::{Process, free_ports};
use crate::sound::tone;

/// One call and what is done in it.
pub struct Call<'a> {
    pub name: &'a str,
    /// The address that it calls from.
    pub from: &'a str,
    /// What stands in P-Asserted-Identity.
    pub number: &'a str,
    /// Keyed half a second after the answer.
    pub keys: &'a str,
    /// Sung afterwards.
    pub hertz: f64,
    pub seconds: u32,
    /// Who hangs up: sipp after `seconds`, or the other side.
    pub hangs_up: bool,
}

/// Starts the call; it has succeeded when sipp ends with 0.
pub fn call(dir: &Path, sip_port: u16, call: &Call<'_>) -> Result<Process> {
    let dir = dir.join(format!("sipp-{}", call.name));
    fs::create_dir_all(&dir)?;
    write_song(&dir, call.hertz)?;
    fs::write(dir.join("scenario.xml"), scenario(call))?;
    start(&dir, sip_port, call.from)
}

fn write_song(dir: &Path, hertz: f64) -> Result<()> {
    let octets: Vec<_> = tone(hertz, 10).into_iter().map(a_law).collect();
    Ok(fs::write(dir.join("song.pcma"), octets)?)
}

fn start(dir: &Path, sip_port: u16, from: &str) -> Result<Process> {
    let (port, media) = (free_ports(0), free_ports(5));
    let mut command = Command::new("sipp");
    command
        .current_dir(dir)
        .arg(format!("127.0.0.1:{sip_port}"))
        .args([
            "-sf",
            "scenario.xml",
            "-m",
            "1",
            "-l",
            "1",
            "-nostdin",
            "-trace_err",
            "-timeout",
            "150",
            "-i",
            from,
        ])
        .args(["-p", &port.to_string(), "-mi", from, "-mp", &media.to_string()]);
    Process::start(&mut command, &dir.join("log"))
}

/// A call that leaves the refreshing of its session to the other side, requires reliable provisional answers, and invites
/// in the very moment in which it is invited; about a minute long.
pub fn refreshed_call(dir: &Path, sip_port: u16, from: &str, keys: &str) -> Result<Process> {
    let dir = dir.join("sipp-refreshed");
    fs::create_dir_all(&dir)?;
    // Who is silent for half a minute is hung up on.
    write_song(&dir, 600.0)?;
    fs::write(dir.join("scenario.xml"), refreshed_scenario(keys))?;
    start(&dir, sip_port, from)
}

fn scenario(call: &Call<'_>) -> String {
    let Call { number, keys, seconds, .. } = call;
    let end = if call.hangs_up { HANG_UP } else { WAIT_FOR_BYE };
    let keyed_ms = 500 + keys.len() as u32 * 400;
    let sung_ms = seconds * 1000;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
<send retrans="500"><![CDATA[
INVITE sip:konf@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]-[call_number]
To: <sip:konf@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
P-Asserted-Identity: <tel:{number}>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [media_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 96
a=rtpmap:8 PCMA/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-15
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]-[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<pause milliseconds="500"/>
<nop><action><exec play_dtmf="{keys}"/></action></nop>
<pause milliseconds="{keyed_ms}"/>
<nop><action><exec rtp_stream="song.pcma,-1,8,PCMA/8000"/></action></nop>
<pause milliseconds="{sung_ms}"/>
{end}
</scenario>
"#
    )
}

/// RFC 4028 and RFC 3261, section 14.
fn refreshed_scenario(keys: &str) -> String {
    const HEAD: &str = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\nMax-Forwards: 70\n\
        From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]-[call_number]\nCall-ID: [call_id]";
    const CONTACT: &str = "Contact: <sip:caller@[local_ip]:[local_port]>";
    const SDP: &str = "Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\no=caller 1 1 IN IP4 [media_ip]\n\
        s=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000";
    let keyed_ms = 500 + keys.len() as u32 * 400;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="refreshed">
<send retrans="500"><![CDATA[
INVITE sip:konf@[remote_ip]:[remote_port] SIP/2.0
{HEAD}
To: <sip:konf@[remote_ip]:[remote_port]>
CSeq: 1 INVITE
{CONTACT}
Supported: timer
Require: 100rel
Session-Expires: 90;refresher=uas
{SDP}

]]></send>
<recv response="100" optional="true"/>
<recv response="200" rrs="true"><action>
<ereg regexp="90;refresher=uas" search_in="hdr" header="Session-Expires:" check_it="true" assign_to="1"/>
<ereg regexp=".*" search_in="hdr" header="To:" check_it="true" assign_to="2"/>
</action></recv>
<Reference variables="1"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
{HEAD}
To:[$2]
CSeq: 1 ACK
Content-Length: 0

]]></send>
<pause milliseconds="500"/>
<nop><action><exec play_dtmf="{keys}"/></action></nop>
<pause milliseconds="{keyed_ms}"/>
<nop><action><exec rtp_stream="song.pcma,-1,8,PCMA/8000"/></action></nop>
<recv request="INVITE" timeout="60000"><action>
<ereg regexp=".*" search_in="hdr" header="Via:" check_it="true" assign_to="3"/>
<ereg regexp=".*" search_in="hdr" header="From:" check_it="true" assign_to="4"/>
<ereg regexp=".*" search_in="hdr" header="To:" check_it="true" assign_to="5"/>
<ereg regexp=".*" search_in="hdr" header="CSeq:" check_it="true" assign_to="6"/>
<ereg regexp="90;refresher=uac" search_in="hdr" header="Session-Expires:" check_it="true" assign_to="7"/>
</action></recv>
<Reference variables="7"/>
<send retrans="500"><![CDATA[
INVITE [next_url] SIP/2.0
{HEAD}
To:[$2]
CSeq: 2 INVITE
{CONTACT}
{SDP}

]]></send>
<recv response="491"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
{HEAD}
To:[$2]
CSeq: 2 ACK
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
Via:[$3]
From:[$4]
To:[$5]
Call-ID: [call_id]
CSeq:[$6]
{CONTACT}
Require: timer
Session-Expires: 90;refresher=uac
{SDP}

]]></send>
<recv request="ACK"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
{HEAD}
To:[$2]
CSeq: 3 BYE
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"#
    )
}

const HANG_UP: &str = r#"<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]-[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>"#;

const WAIT_FOR_BYE: &str = r#"<recv request="BYE" timeout="60000"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>"#;

/// G.711 A-law of one sample (ITU-T G.711, table 1a).
fn a_law(sample: i16) -> u8 {
    let sign = if sample >= 0 { 0x80 } else { 0 };
    let magnitude = if sample >= 0 { sample } else { !sample } >> 4;
    let code = if magnitude < 16 {
        magnitude
    } else {
        let exponent = 15 - (magnitude as u16).leading_zeros() as i16 - 4;
        ((exponent + 1) << 4) | ((magnitude >> exponent) & 0x0f)
    };
    (sign | code as u8) ^ 0x55
}

#[cfg(test)]
mod tests {
    use super::a_law;

    #[test]
    fn a_law_has_the_codes_of_the_standard() {
        let codes: Vec<_> = [0, -1, 32, 256, 1000, -1000, 32_767, -32_768].map(a_law).to_vec();
        assert_eq!(codes, [0xd5, 0x55, 0xd7, 0xc5, 0xfa, 0x7a, 0xaa, 0x2a]);
    }
}
