//! Makes a stretch of sound shorter or longer by whole pitch periods, so that the delay changes and the pitch does not
//! (waveform similarity overlap-add).

use crate::Rate;
use crate::conceal::{HISTORY, LAG_MAX};
use crate::frame::{FRAME, coarse, crossfade, likeness, power, thin_out};

/// What a stretch looks at, at 8 kHz as all lengths here: what was heard, then what comes.
pub(crate) const VIEW: usize = HISTORY + FRAME + LAG_MAX;
pub(crate) const VIEW_MAX: usize = VIEW * Rate::Full.scale();

/// Shorter cuts are only made to come out even.
const LAG_MIN: usize = 24;

/// Compared to find the best seam: 10 ms. The seam itself is a crossfade of up to 8 ms.
const COMPARED: usize = 80;
const SEAM: usize = 64;

/// Below an RMS of 40 (-58 dBFS) anything may be cut or doubled.
const SILENCE: f32 = 1_600.0;

/// Cuts up to `most` samples out of what comes, of which `ahead` samples are there, to fill `out`, a tick. Returns how
/// many were cut, `None` when no seam is at least as good as `least` (1 is perfect).
pub(crate) fn shorten(
    rate: Rate,
    view: &[i16],
    ahead: usize,
    most: usize,
    least: f32,
    out: &mut [i16],
) -> Option<usize> {
    let (frame, scale) = (rate.frame(), rate.scale());
    let limit = most.min(ahead.checked_sub(frame)?).min(LAG_MAX * scale);
    let coming = &view[HISTORY * scale..];
    let (lag, score) = Compared::new(rate, view).choose(limit, most, |at, lag| at + lag)?;
    let silent = power(&coming[..frame + limit]) < SILENCE;
    let lag = if silent { limit } else { lag };
    if !silent && score < least {
        return None;
    }
    let seam = SEAM * scale;
    out.copy_from_slice(&coming[lag..lag + frame]);
    crossfade(&coming[..seam], &coming[lag..lag + seam], &mut out[..seam]);
    Some(lag)
}

/// Doubles at least `wanted` samples of what was heard if that can be done at one go, and up to [`LAG_MAX`]. All of the
/// coming tick must be there. Returns how many were added.
pub(crate) fn lengthen(
    rate: Rate,
    view: &[i16],
    wanted: usize,
    least: f32,
    out: &mut [i16],
) -> Option<usize> {
    let (frame, scale) = (rate.frame(), rate.scale());
    let (now, longest) = (HISTORY * scale, LAG_MAX * scale);
    let coming = &view[now..now + frame];
    let (lag, score) = Compared::new(rate, view).choose(longest, wanted, |at, lag| at - lag)?;
    let silent = power(&view[now - longest..now + frame]) < SILENCE;
    let lag = if silent { wanted.min(longest) } else { lag };
    if !silent && score < least {
        return None;
    }
    let again = &view[now - lag..];
    out.copy_from_slice(&again[..frame]);
    let seam = lag.min(SEAM * scale);
    crossfade(&coming[..seam], &again[..seam], &mut out[..seam]);
    Some(lag)
}

/// A view as it is compared: seams are sought at 8 kHz, then made exact.
struct Compared {
    scale: usize,
    thin: [i16; VIEW],
    whole: [i16; VIEW_MAX],
}

impl Compared {
    fn new(rate: Rate, view: &[i16]) -> Self {
        let mut compared = Self { scale: rate.scale(), thin: [0; VIEW], whole: [0; VIEW_MAX] };
        thin_out(view, compared.scale, &mut compared.thin);
        if compared.scale > 1 {
            coarse(view, &mut compared.whole);
        }
        compared
    }

    /// The lag up to `limit` with the best seam; exactly `wanted` if that is nearly as good. `place` says with what the
    /// sound that comes at a place is compared.
    fn choose(
        &self,
        limit: usize,
        wanted: usize,
        place: fn(usize, usize) -> usize,
    ) -> Option<(usize, f32)> {
        let exact = |lag| match self.scale {
            1 => score(&self.thin, 1, lag, place),
            scale => score(&self.whole, scale, lag, place),
        };
        if limit == 0 {
            return None;
        }
        if limit < LAG_MIN * self.scale {
            return Some((limit, exact(limit)));
        }
        let mut best = (limit, f32::MIN);
        for lag in (LAG_MIN..=limit / self.scale).rev() {
            let score = score(&self.thin, 1, lag, place);
            if score > best.1 {
                best = (lag, score);
            }
        }
        if self.scale > 1 {
            let middle = best.0 * self.scale;
            let near = middle + 1 - self.scale..=(middle + self.scale - 1).min(limit);
            let near = near.map(|lag| (lag, exact(lag)));
            best = near.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((limit, exact(limit)));
        }
        if (1..=limit).contains(&wanted) {
            let exact = exact(wanted);
            // Worth a seam that is a little worse: coming out even saves another cut.
            if exact > best.1 - 0.03 {
                return Some((wanted, exact));
            }
        }
        Some(best)
    }
}

fn score(view: &[i16], scale: usize, lag: usize, place: fn(usize, usize) -> usize) -> f32 {
    let (now, length) = (HISTORY * scale, COMPARED * scale);
    let other = place(now, lag);
    likeness(&view[now..now + length], &view[other..other + length])
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [Rate; 3] = [Rate::Narrow, Rate::Wide, Rate::Full];

    fn view(rate: Rate, hz: f64) -> Vec<i16> {
        let turn = std::f64::consts::TAU * hz / f64::from(rate.hz());
        (0..VIEW * rate.scale()).map(|i| (9_000.0 * (turn * i as f64).sin()) as i16).collect()
    }

    #[test]
    fn a_tone_is_cut_and_doubled_without_a_dent() {
        for (rate, hz) in
            RATES.into_iter().flat_map(|r| [305.0, 440.0, 1_005.0, 2_395.0].map(|hz| (r, hz)))
        {
            let (view, scale) = (view(rate, hz), rate.scale());
            let whole = power(&view);
            let mut out = vec![0; rate.frame()];
            let ahead = (FRAME + LAG_MAX) * scale;
            let cut = shorten(rate, &view, ahead, 160 * scale, 0.7, &mut out).unwrap();
            assert!(cut > 0 && power(&out) > 0.85 * whole, "{rate:?}, {hz} Hz, {cut} samples cut");
            let added = lengthen(rate, &view, 160 * scale, 0.7, &mut out).unwrap();
            assert!(added > 0 && power(&out) > 0.85 * whole, "{rate:?}, {hz} Hz, {added} added");
        }
    }

    #[test]
    fn silence_is_cut_at_once() {
        for rate in RATES {
            let (view, scale) = (vec![3; VIEW * rate.scale()], rate.scale());
            let mut out = vec![0; rate.frame()];
            let (ahead, most) = ((FRAME + 160) * scale, 160 * scale);
            assert_eq!(shorten(rate, &view, ahead, most, 0.7, &mut out), Some(most));
            assert_eq!(lengthen(rate, &view, 90, 0.7, &mut out), Some(90));
        }
    }

    #[test]
    fn nothing_is_cut_that_is_not_there() {
        let mut out = [0; FRAME];
        assert_eq!(shorten(Rate::Narrow, &[3; VIEW], FRAME, 160, 0.7, &mut out), None);
        assert_eq!(shorten(Rate::Narrow, &[3; VIEW], FRAME - 1, 160, 0.7, &mut out), None);
    }
}
