//! The language of workflows: from a file to a typed tree in which every field knows its place.
//!
//! [`reader`] turns bytes into a tree of values with places.

pub mod reader;
