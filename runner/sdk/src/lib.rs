//! What the author of a step sees, and nothing else.
