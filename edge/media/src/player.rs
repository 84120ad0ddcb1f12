//! What one leg hears besides its room: prompts in a queue, music under them.

use std::collections::VecDeque;

use crate::frame::add;
use crate::tape::Tape;
use crate::{Clip, PlaybackId, Rate};

/// -12 dB: the room and the music while a prompt plays (words.rs, `Command::Play`).
const DUCKED: f32 = 0.251;
/// Four times as loud: more only distorts.
const VOLUME_MAX_DB: i8 = 12;

/// Down within 40 ms, up again within 200 ms: quick enough for the first syllable, slow enough not to jump. For each
/// sample at 8 kHz.
const DOWN: f32 = (1.0 - DUCKED) / 320.0;
const UP: f32 = (1.0 - DUCKED) / 1_600.0;

/// More than any menu queues; what comes beyond counts as played.
const QUEUE_MAX: usize = 64;

struct Playback {
    id: PlaybackId,
    clips: Vec<Clip>,
    clip: usize,
    position: usize,
}

struct Music {
    clip: Clip,
    position: usize,
    tape: Tape,
}

pub(crate) struct Player {
    /// That the leg hears.
    rate: Rate,
    queue: VecDeque<Playback>,
    tape: Tape,
    music: Option<Music>,
    /// The end of what was stopped, fading.
    tail: Option<Vec<i16>>,
    duck: f32,
    volume: f32,
    /// Where `volume` goes.
    volume_wanted: f32,
}

impl Player {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            queue: VecDeque::new(),
            tape: Tape::default(),
            music: None,
            tail: None,
            duck: 1.0,
            volume: 1.0,
            volume_wanted: 1.0,
        }
    }

    /// What plays goes on at another rate.
    pub(crate) fn set_rate(&mut self, rate: Rate) {
        if rate != self.rate {
            self.rate = rate;
            self.tail = None;
        }
    }

    /// Returns `false` when the queue is full.
    pub(crate) fn play(&mut self, id: PlaybackId, clips: Vec<Clip>) -> bool {
        if self.queue.len() >= QUEUE_MAX {
            return false;
        }
        self.queue.push_back(Playback { id, clips, clip: 0, position: 0 });
        true
    }

    pub(crate) fn stop(&mut self) {
        let mut sum = vec![0; self.rate.frame()];
        self.prompts(&mut sum, |_| {});
        self.queue.clear();
        self.tape.clear();
        self.fade_away(&sum);
    }

    pub(crate) fn music(&mut self, clip: Option<Clip>) {
        let mut sum = vec![0; self.rate.frame()];
        self.add_music(&mut sum);
        self.fade_away(&sum);
        let clip = clip.filter(|clip| !clip.samples.is_empty());
        self.music = clip.map(|clip| Music { clip, position: 0, tape: Tape::default() });
    }

    /// Of all that the leg hears.
    pub(crate) fn set_volume(&mut self, gain_db: i8) {
        let gain_db = gain_db.clamp(-VOLUME_MAX_DB, VOLUME_MAX_DB);
        self.volume_wanted = 10_f32.powf(f32::from(gain_db) / 20.0);
    }

    /// Nothing is added to what the room says, nor is it turned up or down.
    pub(crate) fn is_idle(&self) -> bool {
        let adds = !self.queue.is_empty() || self.music.is_some() || self.tail.is_some();
        !adds && self.duck >= 1.0 && self.has_normal_volume()
    }

    fn has_normal_volume(&self) -> bool {
        self.volume == 1.0 && self.volume_wanted == 1.0
    }

    /// Adds a tick's worth to `sum`, which holds the room. `played` is called for each playback that ends.
    pub(crate) fn render(&mut self, sum: &mut [i32], played: impl FnMut(PlaybackId)) {
        debug_assert_eq!(sum.len(), self.rate.frame());
        self.add_music(sum);
        self.turn_down(sum);
        self.prompts(sum, played);
        if let Some(tail) = self.tail.take() {
            add(sum, &tail);
        }
        self.turn_to_volume(sum);
    }

    fn turn_to_volume(&mut self, sum: &mut [i32]) {
        if self.has_normal_volume() {
            return;
        }
        let up = UP / self.rate.scale() as f32;
        for sample in sum {
            let away = self.volume_wanted - self.volume;
            self.volume += away.clamp(-up, up);
            *sample = (*sample as f32 * self.volume) as i32;
        }
    }

    fn turn_down(&mut self, sum: &mut [i32]) {
        let target = if self.queue.is_empty() { 1.0 } else { DUCKED };
        if self.duck >= 1.0 && target >= 1.0 {
            return;
        }
        let scale = self.rate.scale() as f32;
        let (down, up) = (DOWN / scale, UP / scale);
        for sample in sum {
            self.duck = if target < self.duck {
                (self.duck - down).max(target)
            } else {
                (self.duck + up).min(target)
            };
            *sample = (*sample as f32 * self.duck) as i32;
        }
    }

    fn add_music(&mut self, sum: &mut [i32]) {
        let Some(Music { clip, position, tape }) = &mut self.music else { return };
        let mut filled = 0;
        while filled < sum.len() {
            let (length, over) = tape.add(clip, position, self.rate, &mut sum[filled..]);
            filled += length;
            if over {
                *position = 0;
            }
        }
    }

    fn prompts(&mut self, sum: &mut [i32], mut played: impl FnMut(PlaybackId)) {
        let mut filled = 0;
        while let Some(playback) = self.queue.front_mut() {
            let Some(clip) = playback.clips.get(playback.clip) else {
                played(playback.id);
                self.queue.pop_front();
                continue;
            };
            if filled == sum.len() {
                return;
            }
            let position = &mut playback.position;
            let (length, over) = self.tape.add(clip, position, self.rate, &mut sum[filled..]);
            filled += length;
            if over {
                playback.clip += 1;
                playback.position = 0;
            }
        }
    }

    fn fade_away(&mut self, sum: &[i32]) {
        if sum.iter().all(|&s| s == 0) && self.tail.is_none() {
            return;
        }
        let length = sum.len();
        let tail = self.tail.get_or_insert_with(|| vec![0; length]);
        for (i, (tail, &sample)) in tail.iter_mut().zip(sum).enumerate() {
            let faded = sample * (length - i) as i32 / (length as i32 + 1);
            let both = i32::from(*tail) + faded;
            *tail = both.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FRAME;

    fn clip(value: i16, length: usize) -> Clip {
        Clip { samples: vec![value; length].into(), rate: Rate::Narrow }
    }

    fn render(player: &mut Player, room: i32) -> ([i32; FRAME], Vec<PlaybackId>) {
        let mut sum = [room; FRAME];
        let mut played = Vec::new();
        player.render(&mut sum, |id| played.push(id));
        (sum, played)
    }

    #[test]
    fn prompts_follow_each_other_without_a_gap() {
        let mut player = Player::new(Rate::Narrow);
        assert!(player.play(PlaybackId(1), vec![clip(100, 100), clip(200, 100)]));
        assert!(player.play(PlaybackId(2), vec![clip(300, 120)]));
        let (sum, played) = render(&mut player, 0);
        assert_eq!((sum[99], sum[100], played), (100, 200, vec![]));
        let (sum, played) = render(&mut player, 0);
        assert_eq!((sum[39], sum[40], sum[159]), (200, 300, 300));
        assert_eq!(played, [PlaybackId(1), PlaybackId(2)]);
    }

    #[test]
    fn a_prompt_without_sound_has_been_played_at_once() {
        let mut player = Player::new(Rate::Narrow);
        player.play(PlaybackId(1), vec![]);
        player.play(PlaybackId(2), vec![clip(1, 0)]);
        assert_eq!(render(&mut player, 0).1, [PlaybackId(1), PlaybackId(2)]);
    }

    #[test]
    fn the_room_is_turned_down_under_a_prompt_and_comes_back() {
        let mut player = Player::new(Rate::Narrow);
        player.play(PlaybackId(1), vec![clip(0, 800)]);
        for _ in 0..3 {
            render(&mut player, 10_000);
        }
        assert!((2_505..=2_515).contains(&render(&mut player, 10_000).0[0]));
        for _ in 0..12 {
            render(&mut player, 10_000);
        }
        assert_eq!(render(&mut player, 10_000).0, [10_000; FRAME]);
        assert!(player.is_idle());
    }

    #[test]
    fn volume_moves_without_a_click_and_is_as_loud_as_wanted() {
        let mut player = Player::new(Rate::Narrow);
        for (gain_db, expected) in [(6, 1_990..=2_000), (-6, 500..=502), (100, 3_970..=3_990)] {
            player.set_volume(gain_db);
            assert!(!player.is_idle());
            let before = render(&mut player, 1_000).0;
            assert!(before.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 10), "{gain_db}");
            let last = (0..60).map(|_| render(&mut player, 1_000).0[FRAME - 1]).last().unwrap();
            assert!(expected.contains(&last), "{gain_db} dB: {last}");
        }
        player.set_volume(0);
        (0..60).for_each(|_| drop(render(&mut player, 1_000)));
        assert!(player.is_idle());
        assert_eq!(render(&mut player, 1_000).0, [1_000; FRAME]);
    }

    #[test]
    fn music_repeats_seamlessly() {
        let mut player = Player::new(Rate::Narrow);
        player.music(Some(Clip { samples: (0..100).collect(), rate: Rate::Narrow }));
        let (first, _) = render(&mut player, 0);
        let (second, _) = render(&mut player, 0);
        let heard: Vec<i32> = first.into_iter().chain(second).collect();
        assert!(heard.iter().enumerate().all(|(i, &s)| s == i as i32 % 100));
    }

    #[test]
    fn what_is_stopped_fades_within_a_tick_and_is_forgotten() {
        let mut player = Player::new(Rate::Narrow);
        player.play(PlaybackId(1), vec![clip(1_000, 8_000)]);
        render(&mut player, 0);
        player.stop();
        let (sum, played) = render(&mut player, 0);
        assert!(sum[0] > 900 && sum[159] < 20 && played.is_empty());
        assert_eq!(render(&mut player, 0).0, [0; FRAME]);
    }
}
