//! A keeper, or a small engine, as a program of its own. The tests use it.
//!
//! - `keeper [--portable] [--service-patience-ms N] [--first-patience-ms N] [--socket-check-ms N] RUN_DIR` is a keeper.
//! - `keeper --engine RUN_DIR COMMAND…` starts a keeper with the command, says hello to it, passes on requests from
//!   stdin, one JSON value a line, and prints what the keeper replies in the same way.

use std::ffi::OsString;
use std::io::{self, BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use runner_keeper::client::{connect, spawn};
use runner_keeper::protocol::{Hello, PROTOCOL, Reply, Request, encode};
use runner_keeper::{Options, run};

fn main() -> ExitCode {
    let mut options = Options::default();
    let mut run_dir = PathBuf::new();
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        let mut milliseconds = || arguments.next()?.to_str()?.parse().ok().map(Duration::from_millis);
        match argument.to_str() {
            Some("--portable") => options.portable = true,
            Some("--service-patience-ms") => options.service_patience = milliseconds().unwrap_or_default(),
            Some("--first-patience-ms") => options.first_patience = milliseconds().unwrap_or_default(),
            Some("--socket-check-ms") => options.socket_check = milliseconds().unwrap_or_default(),
            Some("--engine") => {
                let run_dir = PathBuf::from(arguments.next().unwrap_or_default());
                let command: Vec<OsString> = arguments.collect();
                return match engine(&run_dir, &command) {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(_) => ExitCode::FAILURE,
                };
            }
            _ => run_dir = argument.into(),
        }
    }
    ExitCode::from(run(&run_dir, &options))
}

fn engine(run_dir: &Path, command: &[OsString]) -> io::Result<()> {
    spawn(command, run_dir, Duration::from_secs(10)).map_err(io::Error::other)?;
    let hello = Hello {
        protocol: PROTOCOL,
        epoch: 1,
        environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
        masks: Vec::new(),
    };
    let mut connected = connect(run_dir, &hello, Duration::from_secs(10)).map_err(io::Error::other)?;
    let mut output = io::stdout();
    let mut print = |reply: &Reply| writeln!(output, "{}", serde_json::to_string(reply)?).and_then(|()| output.flush());
    print(&Reply::Welcome(Box::new(connected.welcome)))?;
    let mut writer = connected.stream.try_clone()?;
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let request: Request = serde_json::from_str(&line?)?;
            writer.write_all(&encode(&request))?;
        }
        Ok::<_, io::Error>(())
    });
    let mut buffer = [0; 4096];
    loop {
        let count = connected.stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        for reply in connected.decoder.push(&buffer[..count]).map_err(io::Error::other)? {
            print(&reply)?;
        }
    }
}
