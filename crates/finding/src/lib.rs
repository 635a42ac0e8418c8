//! History rows and a question to findings.
//!
//! Place on the way: after `history`, before the commands that present. Functions without clock, network, terminal, files or
//! query engine: the same rows give the same findings, byte for byte.
//!
//! | module | answers |
//! |---|---|
//! | [`holders`] | who held the number when |
//! | [`published`] | whom published relationships list as providers, since when (class `inferred`) |
//! | [`observed`] | whom routes show next to the origin, at how many vantages, since when (class `observed`) |
//! | [`origins`] | who announced a prefix when |
//! | [`portfolio`] | whom published relationships list under a network, who joined and left (class `inferred`) |
//! | [`mod@behind`] | whom routes show behind a network, at how many collectors (class `observed`) |
//! | [`panel`], [`kinds`], [`protection`] | what these networks look like: signs and stated guesses |
//! | [`carriage`] | what one network next to another proves, and which explanations it leaves |
//! | [`mod@changes`] | which carriers were added, lost or replaced, whose share shifted, within which bounds |
//! | [`vantage`] | which vantages are sound, whose routes are set aside, when sessions began anew |
//! | [`relation`] | what networks are to each other by our own routes, whom one carries, on whom one depends (class `inferred`) |
//! | [`account`] | all of it in order of importance |
//!
//! Beneath them: [`sanitise`] cleans paths, [`period`] folds looks into bounded intervals, [`cohort`] weighs vantages,
//! [`finding`] holds statements and their evidence, [`words`] the sentences, [`rules`] every number that decides.
//!
//! Must not know: MRT, snapshot formats, SQL, Parquet.

pub mod account;
pub mod behind;
pub mod carriage;
pub mod changes;
pub mod cohort;
pub mod finding;
pub mod holders;
pub mod kinds;
mod looks;
mod members;
mod names;
pub mod observed;
pub mod origins;
pub mod panel;
pub mod period;
pub mod portfolio;
pub mod protection;
pub mod published;
pub mod relation;
pub mod rules;
pub mod sanitise;
mod shift;
mod silence;
pub mod summary;
mod sweep;
pub mod vantage;
pub mod words;
