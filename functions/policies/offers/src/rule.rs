//! PRODUCT.md, section 2: a refusal offers what would fit, the nearest other time, fewer people, or a shorter conference.

const MINUTE_MS: i64 = 60_000;

/// How far from the asked start another time may lie: half a day, so that "the same day" is always within reach.
const SEARCH_MIN: i64 = 12 * 60;

/// Round steps are tried first, since people keep 14:05 better than 14:03.
const STEP_MIN: i64 = 5;

/// A shorter conference than this is no use to anybody; also the step in which it is shortened.
const SHORTEST_MIN: u32 = 5;

/// A conference has at least two people (PRODUCT.md, section 1).
const FEWEST_SEATS: u32 = 2;

/// What the interface `offers` of `wit/policy.wit` says of an order that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Milliseconds since the epoch, as are all instants here.
    pub now_ms: i64,
    /// What was asked for.
    pub order: Alternative,
    /// From one midnight to the next.
    pub day_starts_ms: i64,
    pub day_ends_ms: i64,
    /// What the steps show.
    pub from_ms: i64,
    pub until_ms: i64,
    pub edges: Vec<Edge>,
    /// So many of the nearest times are passed over, while there are others.
    pub pass_over: u32,
}

/// A time, a length and a number of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alternative {
    pub starts_ms: i64,
    pub minutes: u32,
    pub seats: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub id: String,
    /// Seats in all.
    pub capacity: u32,
    /// In ascending order.
    pub steps: Vec<Step>,
}

/// From then on, until the next step, so many seats are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub from_ms: i64,
    pub free: u32,
}

/// In the order of their worth: another time, fewer people, shorter.
///
/// All of them are held at the same time, so each is looked for with the seats of the earlier ones taken; what does not
/// fit beside a better one is left out.
pub fn propose(facts: &Facts) -> Vec<Alternative> {
    let mut facts = facts.clone();
    let mut proposed = Vec::new();
    for find in [another_time, fewer_people, shorter] {
        let Some((edge, found)) = find(&facts) else { continue };
        facts.edges[edge].take(&found);
        proposed.push(found);
    }
    proposed
}

/// What fits, and on which of the edges.
type Found = Option<(usize, Alternative)>;

fn another_time(facts: &Facts) -> Found {
    let stretches = stretches(facts);
    let within = |start: &i64| stretches.iter().any(|(from, to)| (*from..=*to).contains(start));
    let fitting = starts(facts).filter(within).filter_map(|starts_ms| {
        let other = Alternative { starts_ms, ..facts.order };
        Some((facts.least_loaded(&other)?, other))
    });
    fitting.take(facts.pass_over.saturating_add(1) as usize).last()
}

/// From when to when the order may start on one of the edges, so that thousands of starts are not tried where nothing is
/// free: a policy has five milliseconds.
fn stretches(facts: &Facts) -> Vec<(i64, i64)> {
    let length_ms = i64::from(facts.order.minutes) * MINUTE_MS;
    let mut stretches = Vec::new();
    for edge in &facts.edges {
        let ends = edge.steps.iter().skip(1).map(|step| step.from_ms).chain([facts.until_ms]);
        let mut since_ms = None;
        for (step, end_ms) in edge.steps.iter().zip(ends) {
            if step.free < facts.order.seats {
                since_ms = None;
                continue;
            }
            let from_ms = *since_ms.get_or_insert(step.from_ms);
            if end_ms - from_ms >= length_ms {
                stretches.push((from_ms, end_ms - length_ms));
            }
        }
    }
    stretches
}

/// Other starts in the order in which they are tried: on the same day before any other day, in round steps before exact
/// minutes, near before far, later before earlier. Never in the past.
fn starts(facts: &Facts) -> impl Iterator<Item = i64> {
    let Facts { now_ms, day_starts_ms, day_ends_ms, .. } = *facts;
    let asked_ms = facts.order.starts_ms;
    let passes = [(true, STEP_MIN), (true, 1), (false, STEP_MIN), (false, 1)];
    passes.into_iter().flat_map(move |(same_day, step)| {
        let distances = (1..=SEARCH_MIN / step).flat_map(move |n| [n * step, -n * step]);
        distances
            .map(move |minutes| asked_ms + minutes * MINUTE_MS)
            .filter(move |start| *start > now_ms)
            .filter(move |start| (day_starts_ms..day_ends_ms).contains(start) == same_day)
    })
}

/// At the asked time, as many as the roomiest edge has seats for.
fn fewer_people(facts: &Facts) -> Found {
    let order = facts.order;
    let free = facts.edges.iter().filter_map(|edge| facts.free(edge, &order)).max()?;
    let seats = free.min(order.seats.saturating_sub(1));
    let fewer = Alternative { seats, ..order };
    let fits = seats >= FEWEST_SEATS && order.starts_ms > facts.now_ms;
    fits.then(|| Some((facts.least_loaded(&fewer)?, fewer))).flatten()
}

/// At the asked time, as long as there is room.
fn shorter(facts: &Facts) -> Found {
    let order = facts.order;
    if order.starts_ms <= facts.now_ms {
        return None;
    }
    let longest = order.minutes.saturating_sub(1) / SHORTEST_MIN;
    (1..=longest).rev().find_map(|steps| {
        let shorter = Alternative { minutes: steps * SHORTEST_MIN, ..order };
        Some((facts.least_loaded(&shorter)?, shorter))
    })
}

impl Alternative {
    fn ends_ms(&self) -> i64 {
        self.starts_ms + i64::from(self.minutes) * MINUTE_MS
    }
}

impl Facts {
    /// Seats that an edge has free throughout; none where nothing is known.
    fn free(&self, edge: &Edge, when: &Alternative) -> Option<u32> {
        let known = when.starts_ms >= self.from_ms && when.ends_ms() <= self.until_ms;
        if !known || when.minutes == 0 {
            return None;
        }
        let first = edge.steps.partition_point(|step| step.from_ms <= when.starts_ms);
        let through = edge.steps[first.saturating_sub(1)..].iter();
        through.take_while(|step| step.from_ms < when.ends_ms()).map(|step| step.free).min()
    }

    /// The edge on which it fits and which is then the least loaded, in proportion to its capacity; of equal ones the
    /// first by name.
    fn least_loaded(&self, wanted: &Alternative) -> Option<usize> {
        let fitting = self.edges.iter().enumerate().filter_map(|(at, edge)| {
            let free = self.free(edge, wanted)?;
            (wanted.seats <= free).then_some((at, edge, edge.capacity.saturating_sub(free)))
        });
        // a/b < c/d as a·d < c·b: no fractions.
        let least = fitting.min_by(|(_, a, taken_a), (_, b, taken_b)| {
            let left = u64::from(*taken_a) * u64::from(b.capacity);
            let right = u64::from(*taken_b) * u64::from(a.capacity);
            left.cmp(&right).then_with(|| a.id.cmp(&b.id))
        });
        least.map(|(at, _, _)| at)
    }
}

impl Edge {
    fn take(&mut self, taken: &Alternative) {
        self.cut(taken.starts_ms);
        self.cut(taken.ends_ms());
        let within = |step: &&mut Step| (taken.starts_ms..taken.ends_ms()).contains(&step.from_ms);
        for step in self.steps.iter_mut().filter(within) {
            step.free = step.free.saturating_sub(taken.seats);
        }
    }

    /// Makes a step begin at this instant.
    fn cut(&mut self, at_ms: i64) {
        let next = self.steps.partition_point(|step| step.from_ms <= at_ms);
        let Some(before) = next.checked_sub(1).map(|before| self.steps[before]) else { return };
        if before.from_ms < at_ms {
            self.steps.insert(next, Step { from_ms: at_ms, ..before });
        }
    }
}

#[cfg(test)]
mod tests;
