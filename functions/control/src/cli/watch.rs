//! A table that is drawn anew until Ctrl-C.
#![expect(clippy::print_stdout, reason = "a command line speaks to a person")]

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::Result;
use tokio::time::MissedTickBehavior;

use super::{client, live};
use crate::config::Config;

/// Often enough to see who speaks and comes, seldom enough to read.
const PERIOD: Duration = Duration::from_secs(1);

/// While control does not answer, the table says so and goes on: it may be starting anew.
pub(super) async fn rooms(config: &Config, wide: bool) -> Result<()> {
    let terminal = std::io::stdout().is_terminal();
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ended = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            ended = &mut ended => return Ok(ended?),
            _ = ticks.tick() => {}
        }
        let answer = tokio::select! {
            ended = &mut ended => return Ok(ended?),
            answer = client::get(config, "/operator/v1/rooms") => answer,
        };
        let text = match answer {
            Ok(value) => live::rooms(value.as_array().map_or(&[], Vec::as_slice), wide),
            Err(error) => format!("{error:#}\n"),
        };
        print!("{}", frame(&text, terminal));
        std::io::stdout().flush()?;
    }
}

/// On a terminal in place of the frame before, each line up to its end (ECMA-48: CUP, EL, ED), so that nothing flickers;
/// in a file one after the other.
fn frame(text: &str, terminal: bool) -> String {
    if !terminal {
        return format!("{text}\n");
    }
    let lines: String = text.lines().map(|line| format!("{line}\x1b[K\n")).collect();
    format!("\x1b[H{lines}\x1b[J")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_takes_the_place_of_a_longer_and_wider_one() {
        assert_eq!(frame("a\nb\n", true), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
    }

    #[test]
    fn frames_in_a_file_stand_one_after_the_other() {
        assert_eq!(frame("a\n", false), "a\n\n");
    }
}
