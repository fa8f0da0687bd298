//! Whether somebody meant to give us data on stdin.
//!
//! `cat rows | ch-query 'SELECT 1'` is a mistake that must be said. `… | while read n; do ch-query "SELECT $n"; done` is
//! none, although stdin holds data there as well: it is the loop's. The two differ in who has that stdin: in a loop, our
//! parent has the same one.

use std::fs::File;
use std::io::{self, IsTerminal as _, Seek as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;

use kch_cli::{Failure, Result};
use rustix::event::{PollFd, PollFlags, Timespec};

/// Refuses a stdin that was given to us, has data in it, and is used by nothing.
pub(crate) fn ensure_unused() -> Result<()> {
    if !has_unused_data().unwrap_or(false) {
        return Ok(());
    }
    Err(Failure::usage("stdin has data, and nothing in this call reads them").hint(
        "an INSERT without data, --table NAME and --each read stdin; < /dev/null says that there are none",
    ))
}

fn has_unused_data() -> io::Result<bool> {
    let mut stdin = handle()?;
    let data = stdin.metadata()?;
    if data.is_file() {
        // In a loop over a file, the loop has read its first line already.
        return Ok(stdin.stream_position()? == 0 && data.len() > 0);
    }
    if !(data.file_type().is_fifo() || data.file_type().is_socket()) || io::stdin().is_terminal() {
        return Ok(false);
    }
    Ok(is_ours_alone()? && has_bytes()?)
}

/// Whether stdin is a file or a pipe that was given to this call, so that somebody meant to write there. A file that has
/// something in it, of which there was `nothing` left for us, is a loop's.
pub(crate) fn is_somebodys(nothing: bool) -> bool {
    let Ok(data) = handle().and_then(|stdin| stdin.metadata()) else { return false };
    if data.is_file() {
        return data.len() == 0 || !nothing;
    }
    let pipe = data.file_type().is_fifo() || data.file_type().is_socket();
    pipe && is_ours_alone().unwrap_or(false)
}

/// Whether stdin is a regular file, which no signal ends.
pub(crate) fn is_file() -> bool {
    handle().and_then(|stdin| stdin.metadata()).is_ok_and(|data| data.is_file())
}

fn handle() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Our parent has another stdin. Where that cannot be found out, nobody is accused.
fn is_ours_alone() -> io::Result<bool> {
    let parent = std::os::unix::process::parent_id();
    let theirs = std::fs::read_link(format!("/proc/{parent}/fd/0"))?;
    Ok(theirs != std::fs::read_link("/proc/self/fd/0")?)
}

fn has_bytes() -> io::Result<bool> {
    let stdin = rustix::stdio::stdin();
    let mut fds = [PollFd::from_borrowed_fd(stdin, PollFlags::IN)];
    rustix::event::poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    Ok(fds[0].revents().contains(PollFlags::IN) && rustix::io::ioctl_fionread(stdin)? > 0)
}
