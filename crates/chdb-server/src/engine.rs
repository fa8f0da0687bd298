//! The engine: `libchdb.so`, of which three exported functions are used.
//!
//! All of the crate's unsafe code is in this file. The engine's command line is that of `clickhouse local`.

use std::ffi::{CStr, CString, c_char, c_int};
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libloading::{Library, Symbol};

use crate::failure::Failure;

/// An answer of the engine; only ever seen behind a pointer.
#[repr(C)]
struct Answer {
    _opaque: [u8; 0],
}

type QueryCmdline = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut Answer;
type ResultError = unsafe extern "C" fn(*mut Answer) -> *const c_char;
type DestroyResult = unsafe extern "C" fn(*mut Answer);

/// The loaded library with its functions found.
///
/// It is never unloaded: some of its threads outlive the server, and their code must stay where it is.
#[derive(Debug)]
pub(crate) struct Engine {
    library: ManuallyDrop<Library>,
}

impl Engine {
    /// Loads the library and checks that it is the right one.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        if !path.is_file() {
            return Err(Failure::usage(format!("no library at {}", path.display()))
                .with_hint("scripts/native_fetch.sh fetches libchdb.so"));
        }
        // SAFETY: loading runs the library's initialisers. libchdb's only set up its allocator and tables of
        // its own; they ask nothing of the caller, and no other thread runs yet.
        let library = unsafe { Library::new(path) }
            .map_err(|e| Failure::usage(format!("cannot load {}: {}", path.display(), with_cause(&e))))?;
        let engine = Self { library: ManuallyDrop::new(library) };
        engine
            .query_cmdline()
            .map_err(|e| Failure::usage(format!("{} is not libchdb: {}", path.display(), with_cause(&e))))?;
        Ok(engine)
    }

    /// Serves HTTP and the native protocol until the file `until_end_of` ends; the reason when it ends badly.
    pub(crate) fn serve(
        &self,
        config_file: &Path,
        log_level: &str,
        until_end_of: String,
    ) -> Result<(), String> {
        let arguments = [
            c_string(b"clickhouse".as_slice())?,
            c_string(b"--config-file".as_slice())?,
            c_string(config_file.as_os_str().as_bytes())?,
            c_string(format!("--log-level={log_level}"))?,
            c_string(b"--query".as_slice())?,
            c_string(statements(&until_end_of))?,
        ];
        self.run(&arguments)
    }

    fn run(&self, arguments: &[CString]) -> Result<(), String> {
        let query_cmdline = self.query_cmdline().map_err(|e| e.to_string())?;
        // A C program may write to its argv, so every argument is a copy that is ours alone.
        let mut owned: Vec<Vec<u8>> = arguments.iter().map(|a| a.as_bytes_with_nul().to_vec()).collect();
        let mut argv: Vec<*mut c_char> = owned.iter_mut().map(|a| a.as_mut_ptr().cast()).collect();
        let argc = c_int::try_from(argv.len()).map_err(|e| e.to_string())?;
        argv.push(std::ptr::null_mut());
        // SAFETY: argv holds argc pointers to writable, NUL-terminated strings and a null after them; `owned`
        // and `argv` outlive the call. The function has C's calling convention and does not unwind.
        let answer = unsafe { query_cmdline(argc, argv.as_mut_ptr()) };
        self.take_error(answer).map_or(Ok(()), Err)
    }

    /// Reads an answer's error and gives the answer back to the engine.
    fn take_error(&self, answer: *mut Answer) -> Option<String> {
        if answer.is_null() {
            return Some("no answer".to_owned());
        }
        // SAFETY: both functions are exported by the library with these types.
        let (result_error, destroy) = unsafe {
            let error: Option<Symbol<'_, ResultError>> = self.library.get("chdb_result_error").ok();
            let destroy: Option<Symbol<'_, DestroyResult>> =
                self.library.get("chdb_destroy_query_result").ok();
            (error?, destroy?)
        };
        // SAFETY: the answer came from the engine, is not null and is not yet destroyed. The message, when
        // there is one, is NUL-terminated, belongs to the answer, and is copied before the answer goes.
        unsafe {
            let message = result_error(answer);
            let error = (!message.is_null()).then(|| first_line(CStr::from_ptr(message)));
            destroy(answer);
            error
        }
    }

    fn query_cmdline(&self) -> Result<Symbol<'_, QueryCmdline>, libloading::Error> {
        // SAFETY: the function has had this type in every release of libchdb that exports it.
        unsafe { self.library.get("chdb_query_cmdline") }
    }
}

/// Opens both ports, then blocks without using a processor until the file ends.
///
/// INFILE is read by the client's half of the session, so the user `default`, which anybody on this machine can
/// be, needs no right to read files, as it would for the table function `file`.
fn statements(until_end_of: &str) -> String {
    format!(
        "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; \
         INSERT INTO FUNCTION null('line String') FROM INFILE '{until_end_of}' COMPRESSION 'none' FORMAT LineAsString"
    )
}

fn c_string(bytes: impl Into<Vec<u8>>) -> Result<CString, String> {
    CString::new(bytes).map_err(|_| "an argument holds a NUL character".to_owned())
}

/// The engine's messages may go on with a stack trace, which is in its log already.
fn first_line(message: &CStr) -> String {
    message.to_string_lossy().lines().next().unwrap_or_default().to_owned()
}

/// libloading keeps the loader's own words in the source of its error.
fn with_cause(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
