//! What vantages are worth as witnesses (methods §2).
//!
//! Place on the way: beneath [`crate::observed`], which counts what sound vantages show, and behind the command `vantages`.
//!
//! | module | answers |
//! |---|---|
//! | [`standing`] | which vantages show links that nobody else does, so that their routes are set aside, and when |
//! | [`reset`] | when the session of a vantage began anew, told by the collector or inferred |
//! | [`stuck`] | which routes one vantage is stuck with, after all others have withdrawn them |
//! | [`roster`] | every vantage with what it held, how its sessions fared, and its state in words |
//!
//! Must not know: routes of a network, files, the terminal.

pub mod reset;
pub mod roster;
pub mod standing;
pub mod stuck;
