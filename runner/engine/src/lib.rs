//! The shell around the core: language, ledger, driver, reports.

pub mod ledger;
