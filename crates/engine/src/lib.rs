//! Deployment decisions without IO.
//!
//! Everything here is a pure function of objects that others fetched: in which order objects are
//! applied ([`order`]), what a dry run says about an object ([`change`]), which fields a former tool
//! must give up ([`takeover`]), the form in which objects are applied ([`normal`]), whether an object is healthy ([`health`]), which objects a deployment
//! owns ([`inventory`]) and which of them it may delete ([`prune`]), and how one is asked to look again ([`request`])
//! where Argo CD's world may know nothing else of Flux's.
//!
//! **Invariants.** No IO, clock, environment or randomness: time is an argument. Nothing is proposed
//! for deletion that is not in an inventory.

pub mod change;
pub mod controls;
pub mod health;
pub mod inventory;
pub mod normal;
pub mod order;
pub mod prune;
pub mod reference;
pub mod request;
pub mod takeover;

pub use inventory::Inventory;
pub use reference::ObjectRef;
