//! The shell around the core: language, ledger, driver, reports.

mod beside;
pub mod cache;
pub mod diagnostic;
pub mod driver;
pub mod evaluate;
pub mod expression;
pub mod forecast;
pub mod language;
pub mod ledger;
pub mod plugin;
pub mod program;
pub mod report;
pub mod run;
pub mod seal;
pub mod trial;
mod when;
