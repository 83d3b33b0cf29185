//! What people are told: one Finding record for both worlds.
