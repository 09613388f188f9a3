//! Values for inputs.
