//! Makes a stretch of sound shorter or longer by whole pitch periods, so that the delay changes and the pitch does not
//! (waveform similarity overlap-add).

use crate::conceal::{HISTORY, LAG_MAX};
use crate::frame::{FRAME, Frame, coarse, crossfade, likeness, power};

/// What a stretch looks at: what was heard, then what comes.
pub(crate) const VIEW: usize = HISTORY + FRAME + LAG_MAX;

/// Shorter cuts are only made to come out even.
const LAG_MIN: usize = 24;

/// Compared to find the best seam: 10 ms. The seam itself is a crossfade of up to 8 ms.
const COMPARED: usize = 80;
const SEAM: usize = 64;

/// Below an RMS of 40 (-58 dBFS) anything may be cut or doubled.
const SILENCE: f32 = 1_600.0;

/// Cuts up to `most` samples out of what comes, of which `ahead` samples are there. Returns how many were cut, `None`
/// when no seam is at least as good as `least` (1 is perfect).
pub(crate) fn shorten(
    view: &[i16; VIEW],
    ahead: usize,
    most: usize,
    least: f32,
    out: &mut Frame,
) -> Option<usize> {
    let limit = most.min(ahead.checked_sub(FRAME)?).min(LAG_MAX);
    let coming = &view[HISTORY..];
    let compared = coarse(view);
    let (lag, score) = choose(limit, most, |lag| {
        likeness(&compared[HISTORY..][..COMPARED], &compared[HISTORY + lag..][..COMPARED])
    })?;
    let silent = power(&coming[..FRAME + limit]) < SILENCE;
    let lag = if silent { limit } else { lag };
    if !silent && score < least {
        return None;
    }
    out.copy_from_slice(&coming[lag..lag + FRAME]);
    crossfade(&coming[..SEAM], &coming[lag..lag + SEAM], &mut out[..SEAM]);
    Some(lag)
}

/// Doubles at least `wanted` samples of what was heard if that can be done at one go, and up to [`LAG_MAX`]. All of the
/// coming [`FRAME`] must be there. Returns how many were added.
pub(crate) fn lengthen(
    view: &[i16; VIEW],
    wanted: usize,
    least: f32,
    out: &mut Frame,
) -> Option<usize> {
    let coming = &view[HISTORY..HISTORY + FRAME];
    let compared = coarse(view);
    let (lag, score) = choose(LAG_MAX, wanted, |lag| {
        likeness(&compared[HISTORY..][..COMPARED], &compared[HISTORY - lag..][..COMPARED])
    })?;
    let silent = power(&view[HISTORY - LAG_MAX..HISTORY + FRAME]) < SILENCE;
    let lag = if silent { wanted.min(LAG_MAX) } else { lag };
    if !silent && score < least {
        return None;
    }
    let again = &view[HISTORY - lag..];
    out.copy_from_slice(&again[..FRAME]);
    let seam = lag.min(SEAM);
    crossfade(&coming[..seam], &again[..seam], &mut out[..seam]);
    Some(lag)
}

/// The lag up to `limit` with the best seam; exactly `wanted` if that is nearly as good.
fn choose(limit: usize, wanted: usize, score: impl Fn(usize) -> f32) -> Option<(usize, f32)> {
    if limit == 0 {
        return None;
    }
    if limit < LAG_MIN {
        return Some((limit, score(limit)));
    }
    let mut best = (limit, f32::MIN);
    for lag in (LAG_MIN..=limit).rev() {
        let score = score(lag);
        if score > best.1 {
            best = (lag, score);
        }
    }
    if (1..=limit).contains(&wanted) {
        let exact = score(wanted);
        // Worth a seam that is a little worse: coming out even saves another cut.
        if exact > best.1 - 0.03 {
            return Some((wanted, exact));
        }
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(hz: f64) -> [i16; VIEW] {
        std::array::from_fn(|i| {
            (9_000.0 * (std::f64::consts::TAU * hz * i as f64 / 8_000.0).sin()) as i16
        })
    }

    #[test]
    fn a_tone_is_cut_and_doubled_without_a_dent() {
        for hz in [305.0, 440.0, 1_005.0, 2_395.0] {
            let view = view(hz);
            let whole = power(&view);
            let mut out = [0; FRAME];
            let cut = shorten(&view, FRAME + LAG_MAX, 160, 0.7, &mut out).unwrap();
            assert!(cut > 0 && power(&out) > 0.85 * whole, "{hz} Hz, {cut} samples cut");
            let added = lengthen(&view, 160, 0.7, &mut out).unwrap();
            assert!(added > 0 && power(&out) > 0.85 * whole, "{hz} Hz, {added} samples added");
        }
    }

    #[test]
    fn silence_is_cut_at_once() {
        let mut out = [0; FRAME];
        assert_eq!(shorten(&[3; VIEW], FRAME + 160, 160, 0.7, &mut out), Some(160));
        assert_eq!(lengthen(&[3; VIEW], 90, 0.7, &mut out), Some(90));
    }

    #[test]
    fn nothing_is_cut_that_is_not_there() {
        let mut out = [0; FRAME];
        assert_eq!(shorten(&[3; VIEW], FRAME, 160, 0.7, &mut out), None);
        assert_eq!(shorten(&[3; VIEW], FRAME - 1, 160, 0.7, &mut out), None);
    }
}
