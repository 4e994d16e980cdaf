//! 暖饭 nuanfan: senior meal assistance in one binary.

mod cmd;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cmd::run() {
        Ok(code) => code,
        Err(error) => {
            // Where the log goes too: a service that does not start is looked for there.
            eprintln!("nuanfan: {error:#}");
            ExitCode::FAILURE
        }
    }
}
