//! A real SIP phone that sings a tone and records what it hears.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::{Process, free_ports};
use crate::sound::{RATE, read_wav, tone_at, write_wav};
use crate::wait_for;

/// Where Debian's package puts them.
const MODULES: &str = "/usr/lib/baresip/modules";
/// Longer than any call of the tests.
const SONG_S: u32 = 240;

pub struct Baresip {
    process: Process,
    control: TcpStream,
    dir: PathBuf,
    voice: Voice,
    pub hertz: f64,
}

/// How a phone speaks and whether it encrypts.
#[derive(Clone, Copy)]
pub enum Voice {
    /// G.711.
    Narrow,
    /// G.722.
    Wide,
    /// Opus, which baresip sings in two channels.
    Full,
    /// Opus by SRTP, with keys in SDP.
    FullEncrypted,
}

impl Voice {
    /// Samples a second and channels.
    fn format(self) -> (u32, u16) {
        match self {
            Voice::Narrow => (RATE, 1),
            Voice::Wide => (16_000, 1),
            Voice::Full | Voice::FullEncrypted => (48_000, 2),
        }
    }

    /// Of an account.
    fn parameters(self) -> &'static str {
        match self {
            Voice::Narrow => "audio_codecs=PCMA/8000,PCMU/8000",
            Voice::Wide => "audio_codecs=G722/16000",
            Voice::Full => "audio_codecs=opus/48000/2",
            Voice::FullEncrypted => "audio_codecs=opus/48000/2;mediaenc=srtp",
        }
    }
}

impl Baresip {
    /// A phone of the user `name`; `hertz` is the tone that it sings from the moment that it is answered.
    pub fn start(dir: &Path, name: &str, hertz: f64, transport: &str) -> Result<Baresip> {
        Self::start_as(dir, name, hertz, transport, Voice::Narrow)
    }

    pub fn start_as(
        dir: &Path,
        name: &str,
        hertz: f64,
        transport: &str,
        voice: Voice,
    ) -> Result<Baresip> {
        let dir = dir.join(format!("baresip-{name}"));
        fs::create_dir_all(&dir)?;
        // SIP takes two ports after each other, the second for TLS.
        let (sip, control, media) = (free_ports(1), free_ports(0), free_ports(9));
        let (rate, channels) = voice.format();
        let song = tone_at(rate, hertz, SONG_S);
        let song: Vec<i16> =
            song.into_iter().flat_map(|s| std::iter::repeat_n(s, channels.into())).collect();
        write_wav(&dir.join("song.wav"), rate, channels, &song)?;
        fs::write(dir.join("config"), config(&dir, sip, control, media))?;
        let account = format!(
            "<sip:{name}@127.0.0.1;transport={transport}>;regint=0;{}\n",
            voice.parameters()
        );
        fs::write(dir.join("accounts"), account)?;
        fs::write(dir.join("contacts"), "")?;
        let process =
            Process::start(Command::new("baresip").arg("-f").arg(&dir), &dir.join("log"))?;
        let control = wait_for("baresip", Duration::from_secs(10), || {
            TcpStream::connect(("127.0.0.1", control)).ok()
        })?;
        Ok(Baresip { process, control, dir, voice, hertz })
    }

    pub fn dial(&mut self, uri: &str) -> Result<()> {
        self.command("dial", uri)?;
        self.wait_for_log("Call established")
    }

    /// Each key as an RFC 4733 event.
    pub fn key(&mut self, keys: &str) -> Result<()> {
        for key in keys.chars() {
            self.command("sndcode", &key.to_string())?;
            // A quick thumb: the phone itself sends 160 ms of each key.
            std::thread::sleep(Duration::from_millis(260));
        }
        Ok(())
    }

    pub fn hang_up(&mut self) -> Result<()> {
        self.command("hangup", "")
    }

    pub fn wait_for_log(&self, part: &str) -> Result<()> {
        wait_for(&format!("baresip to say {part:?}"), Duration::from_secs(20), || {
            self.said(part).then_some(())
        })
        .with_context(|| self.process.said())
    }

    pub fn said(&self, part: &str) -> bool {
        self.process.said().contains(part)
    }

    /// What the phone has heard up to now, from the answer on, at 8 kHz.
    pub fn heard(&self) -> Result<Vec<i16>> {
        // Of what most tests sing nothing is beyond the reach of 8 kHz.
        let (rate, heard) = self.heard_in_full()?;
        Ok(heard.into_iter().step_by((rate / RATE) as usize).collect())
    }

    /// The same at the phone's own rate, which comes with it.
    pub fn heard_in_full(&self) -> Result<(u32, Vec<i16>)> {
        let files = fs::read_dir(&self.dir)?.filter_map(|entry| Some(entry.ok()?.path()));
        let recording = files.into_iter().find(|path| path.to_string_lossy().ends_with("-dec.wav"));
        let heard = read_wav(&recording.context("the phone has recorded nothing")?)?;
        let (rate, channels) = self.voice.format();
        Ok((rate, heard.into_iter().step_by(channels.into()).collect()))
    }

    /// Netstrings with JSON, as the module ctrl_tcp takes them.
    fn command(&mut self, command: &str, parameters: &str) -> Result<()> {
        let text = serde_json::json!({ "command": command, "params": parameters, "token": "t" })
            .to_string();
        self.control.write_all(format!("{}:{text},", text.len()).as_bytes())?;
        Ok(())
    }
}

fn config(dir: &Path, sip: u16, control: u16, media: u16) -> String {
    let (dir, last) = (dir.display(), media + 9);
    format!(
        "sip_listen 127.0.0.1:{sip}\nnet_interface 127.0.0.1\nrtp_ports {media}-{last}\n\
         audio_source aufile,{dir}/song.wav\naudio_player aubridge,nil\naudio_alert aubridge,nil\nsnd_path {dir}\n\
         jitter_buffer_delay 1-5\nmodule_path {MODULES}\n\
         module g711.so\nmodule g722.so\nmodule opus.so\nmodule srtp.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\nmodule_tmp account.so\n\
         module_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n"
    )
}
