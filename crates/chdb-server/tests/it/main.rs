//! What a user sees of `chdb-server`: exit codes, messages, and, where libchdb has been fetched, the server.

mod serving_live;
mod usage;

use std::process::Command;

fn chdb_server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chdb-server"));
    command.env_remove("CHDB_LIB");
    command
}
