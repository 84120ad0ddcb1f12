//! A policy that stands in no slot: asked for golden cases, replays and explanations.

use crate::engine::{self, Compiler};
use crate::policy::{Bounds, Policy};
use crate::value::{from_json, to_json};
use crate::world::World;
use crate::{Digest, Limits, LoadError, SwapError, check};
use serde_json::Value;
use std::sync::Arc;

/// A policy with the same bounds as in its slot.
pub struct Trial {
    world: &'static World,
    policy: Arc<Policy>,
    bounds: Bounds,
}

/// What a policy on trial answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// As the contract has it.
    pub output: Value,
    pub micros: u64,
}

impl Trial {
    pub(crate) fn new(
        compiler: &Compiler,
        limits: &Limits,
        component: &[u8],
    ) -> Result<Trial, SwapError> {
        let digest = Digest::of(component);
        let compiled = compiler.compile(component, &digest).map_err(SwapError::NotAComponent)?;
        let world = check::world_of(compiler.engine(), &compiled).map_err(SwapError::Misfit)?;
        let policy = Arc::new(Policy::of_world(world, &compiled, digest)?);
        Ok(Trial { world, policy, bounds: Bounds::of(limits) })
    }

    pub fn world(&self) -> &'static World {
        self.world
    }

    pub fn digest(&self) -> Digest {
        self.policy.digest
    }

    /// Asks it. An error says what is wrong with the input, or how the policy failed.
    pub async fn ask(&self, input: &Value) -> Result<Answer, String> {
        let params = [from_json(input, &self.world.input)?];
        let (answered, took) = self.policy.call(self.bounds, &self.world.function, &params).await;
        let answer = answered.map_err(|error| format!("{error:#}"))?;
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        Ok(Answer { output: to_json(&answer), micros })
    }
}

/// Tries policies without an application, on a developer's machine.
pub struct Bench {
    compiler: Compiler,
    limits: Limits,
}

impl Bench {
    pub fn new() -> Result<Bench, LoadError> {
        let limits = Limits { concurrency: 2, ..Limits::default() };
        Ok(Bench { compiler: Compiler::new(engine::start(&limits)?, None), limits })
    }

    /// Compiles a policy, which takes about 0.2 s.
    pub fn trial(&self, component: &[u8]) -> Result<Trial, SwapError> {
        Trial::new(&self.compiler, &self.limits, component)
    }
}
