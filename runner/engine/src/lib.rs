//! The shell around the core: language, ledger, driver, reports.

pub mod diagnostic;
pub mod expression;
pub mod language;
pub mod ledger;
