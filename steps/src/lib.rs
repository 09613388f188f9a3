//! The step library: one file for each `uses: <namespace>.<verb>`.
