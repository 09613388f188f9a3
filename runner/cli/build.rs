//! How the program is linked.
//!
//! On Linux to a fixed address, as programs in Go are: with 80,000 pointers in its tables, moving it to a random one at each
//! start dirties 500 pages first, which is three quarters of the time of `runner --version`, and a run starts it twice (its
//! keeper is the same program). Heap, stacks and the C library stay where chance puts them.

fn main() {
    let of_target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if of_target("OS") == "linux" && of_target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bin=runner=-no-pie");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
