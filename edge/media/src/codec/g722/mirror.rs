//! Half of the quadrature mirror filter (G.722, 5.2), over a whole block: one of the two sums that split sound into bands or
//! join it from them.

use super::BLOCK;

/// Of the second half; the first has them in reverse.
const TAPS: [i32; 12] = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11];

/// Inputs before an output's own that it takes in.
const PAST: usize = TAPS.len() - 1;

/// Outputs that are worked out at once.
const LANES: usize = 8;

#[derive(Clone, Copy)]
pub(super) enum Half {
    First,
    Second,
}

#[derive(Clone)]
pub(super) struct Mirror {
    half: Half,
    /// The last inputs, oldest first.
    past: [i32; PAST],
}

impl Mirror {
    pub(super) fn new(half: Half) -> Self {
        Self { half, past: [0; PAST] }
    }

    /// The sums for the first `length` inputs of a block; what lies behind means nothing.
    #[inline(always)]
    pub(super) fn pass(&mut self, block: &[i32; BLOCK], length: usize) -> [i32; BLOCK] {
        let mut line = [0; PAST + BLOCK];
        line[..PAST].copy_from_slice(&self.past);
        line[PAST..].copy_from_slice(block);
        self.past.copy_from_slice(&line[length..length + PAST]);
        let mut taps = TAPS;
        if matches!(self.half, Half::First) {
            taps.reverse();
        }
        let mut out = [0; BLOCK];
        let (blocks, _) = out.as_chunks_mut::<LANES>();
        for (sums, line) in blocks.iter_mut().zip(line.windows(PAST + LANES).step_by(LANES)) {
            for (tap, weight) in taps.iter().enumerate() {
                for (sum, input) in sums.iter_mut().zip(&line[tap..]) {
                    *sum += input * weight;
                }
            }
        }
        out
    }
}
