//! How replicas move from the old ReplicaSets to the new one.

use value::Value;

use super::{Sets, Turn};
use crate::status::Refusal;
use crate::workloads::owned::{self, number};

fn wanted(set: &Value) -> i64 {
    number(set, &["spec", "replicas"])
}

fn available(set: &Value) -> i64 {
    number(set, &["status", "availableReplicas"])
}

fn sum<'a>(sets: impl Iterator<Item = &'a Value>, of: fn(&Value) -> i64) -> i64 {
    sets.map(of).sum()
}

impl Sets {
    fn all(&self) -> impl Iterator<Item = &Value> {
        self.new.iter().chain(&self.old)
    }
}

impl Turn<'_> {
    /// How many replicas the new ReplicaSet, which has some, may have beside the old ones.
    pub(super) fn room_for_new(&self, has: i64, old: &[Value]) -> i64 {
        let replicas = self.replicas();
        if self.deployment.str_at(&["spec", "strategy", "type"]) == Some("Recreate") {
            return replicas;
        }
        let (surge, _) = self.surge_and_unavailable();
        let total = has + sum(old.iter(), wanted);
        let room = replicas + surge - total;
        if room <= 0 { has } else { has + room.min(replicas - has) }
    }

    /// Both sides move as far as surge and availability allow.
    pub(super) fn roll(&self, sets: &Sets) -> Result<(), Refusal> {
        let Some(new) = &sets.new else { return Ok(()) };
        let replicas = self.replicas();
        let has = wanted(new);
        let target = if has > replicas { replicas } else { self.room_for_new(has, &sets.old) };
        self.scale(new, target)?;
        if target != has {
            // The old ones are looked at when this has been seen.
            return Ok(());
        }
        self.scale_down_old(sets, new)
    }

    fn scale_down_old(&self, sets: &Sets, new: &Value) -> Result<(), Refusal> {
        let (_, unavailable) = self.surge_and_unavailable();
        let least = self.replicas() - unavailable;
        let new_unavailable = wanted(new) - available(new);
        let mut may_go = sum(sets.all(), wanted) - least - new_unavailable;
        if may_go <= 0 {
            return Ok(());
        }
        // Replicas that are not available are no loss.
        let mut left: Vec<(&Value, i64)> = sets.old.iter().map(|set| (set, wanted(set))).collect();
        for (set, replicas) in &mut left {
            let unhealthy = (*replicas - available(set)).clamp(0, may_go);
            *replicas -= unhealthy;
            may_go -= unhealthy;
        }
        let mut may_go = (sum(sets.all(), available) - least).max(0);
        for (set, replicas) in &mut left {
            let healthy = (*replicas).min(available(set)).clamp(0, may_go);
            *replicas -= healthy;
            may_go -= healthy;
        }
        for (set, replicas) in left.into_iter().filter(|(set, replicas)| wanted(set) != *replicas) {
            self.scale(set, replicas)?;
        }
        Ok(())
    }

    /// The old ones go first.
    pub(super) fn recreate(&self, sets: &Sets) -> Result<(), Refusal> {
        for set in sets.old.iter().filter(|set| wanted(set) > 0) {
            self.scale(set, 0)?;
        }
        match &sets.new {
            Some(new) if !self.old_pods_remain(sets)? => self.scale(new, self.replicas()),
            _ => Ok(()),
        }
    }

    /// Whether Pods of the old ReplicaSets are still there.
    pub(super) fn old_pods_remain(&self, sets: &Sets) -> Result<bool, Refusal> {
        for set in &sets.old {
            let pods = owned::claim(self.api, &self.builtins.pods, set)?;
            if pods.iter().any(|pod| !owned::is_over(pod)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// While a Deployment is paused only its number of replicas is followed.
    pub(super) fn scale_all(&self, sets: &Sets) -> Result<(), Refusal> {
        let mut active = sets.all().filter(|set| wanted(set) > 0);
        match (active.next(), active.next()) {
            (Some(only), None) => self.scale(only, self.replicas()),
            (None, _) => sets.new.as_ref().map_or(Ok(()), |new| self.scale(new, self.replicas())),
            _ => Ok(()),
        }
    }
}
