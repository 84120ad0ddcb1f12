//! The filter alone.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

const FRAMES: [usize; 3] = [160, 320, 960];

#[test]
fn where_nothing_is_taken_out_all_comes_out_as_it_was_and_10_ms_later() {
    println!("seed 1");
    let mut rng = StdRng::seed_from_u64(1);
    for frame in FRAMES {
        let samples: Vec<i16> =
            (0..frame * 50).map(|_| rng.random_range(-20_000..=20_000)).collect();
        let mut out = samples.clone();
        let mut filter = Filter::new(frame);
        out.chunks_exact_mut(frame).for_each(|tick| filter.clear(tick, 1.0));
        let delayed = out[frame / 2..].iter().zip(&samples);
        let off = delayed.map(|(&a, &b)| (i32::from(a) - i32::from(b)).abs()).max();
        assert!(off <= Some(1), "{frame}: {off:?}");
    }
}

#[test]
fn whatever_comes_in_nothing_overflows_and_noise_afterwards_is_noise() {
    println!("seed 2");
    let mut rng = StdRng::seed_from_u64(2);
    for frame in FRAMES {
        let mut filter = Filter::new(frame);
        for kind in 0..60 {
            let period = rng.random_range(1..frame);
            for _ in 0..20 {
                let mut tick: Vec<i16> = (0..frame)
                    .map(|i| match kind % 6 {
                        0 => 0,
                        1 => [i16::MIN, i16::MAX][i % 2],
                        2 => [i16::MIN, i16::MAX][i / period % 2],
                        3 => i16::MAX,
                        4 => rng.random(),
                        _ => i16::from(i == period) * i16::MIN,
                    })
                    .collect();
                let learns = rng.random_range(0..10) == 0;
                if learns { filter.learn(&tick, true) } else { filter.clear(&mut tick, LEAST) }
            }
        }
        let mut down = 0.0;
        for _ in 0..400 {
            let noise: Vec<i16> = (0..frame).map(|_| rng.random_range(-300..=300)).collect();
            let mut out = noise.clone();
            filter.clear(&mut out, LEAST);
            down = crate::frame::power(&out) / crate::frame::power(&noise);
        }
        assert!((0.02..0.1).contains(&down), "{frame}: {down}");
    }
}
