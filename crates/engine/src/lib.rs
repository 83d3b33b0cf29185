//! Deployment decisions without IO: diff, health, stages, prune set, inventory.
