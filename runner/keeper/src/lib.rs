//! The small process that owns the processes of a run.
