//! The real world behind the traits of the sdk: files, processes, HTTP, clock.
