//! Man pages out of a tool's own definition, one for the tool and one for each verb.

use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

/// Writes the pages of `command` and all its verbs into `directory`: `topic-ctl.1`, `topic-ctl-list.1`, …
///
/// # Errors
/// Those of the files.
pub(crate) fn write_pages(command: Command, directory: &Path) -> io::Result<()> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    write_page(&command, directory)
}

fn write_page(command: &Command, directory: &Path) -> io::Result<()> {
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        write_page(verb, directory)?;
    }
    let man = Man::new(command.clone()).manual("kafka-clickhouse");
    let mut page = Vec::new();
    render(&man, command, &mut page)?;
    std::fs::write(directory.join(man.get_filename()), ascii(&String::from_utf8_lossy(&page)))
}

/// troff reads bytes: every other character has a name of its own.
fn ascii(text: &str) -> String {
    let name = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\[u{:04X}]", u32::from(c)) };
    text.chars().map(name).collect()
}

/// As [`Man::render`], with what stands behind the flags (examples, exit codes) as sections of its own, line by line.
fn render(man: &Man, command: &Command, output: &mut impl Write) -> io::Result<()> {
    man.render_title(output)?;
    man.render_name_section(output)?;
    man.render_synopsis_section(output)?;
    man.render_description_section(output)?;
    man.render_options_section(output)?;
    if command.has_subcommands() {
        man.render_subcommands_section(output)?;
    }
    let behind = command.get_after_long_help().or(command.get_after_help());
    let behind = behind.map(ToString::to_string).unwrap_or_default();
    output.write_all(sections(&behind).as_bytes())
}

/// `Examples:` and what is like it become sections; indented lines stay lines.
fn sections(text: &str) -> String {
    let mut page = String::new();
    let mut verbatim = false;
    if text.lines().next().is_some_and(|line| heading(line).is_none()) {
        page.push_str(".SH NOTES\n");
    }
    for line in text.lines() {
        let indented = line.starts_with(' ');
        if indented != verbatim && !line.is_empty() {
            page.push_str(if indented { ".nf\n" } else { ".fi\n" });
            verbatim = indented;
        }
        match heading(line) {
            Some((heading, rest)) => {
                page.push_str(&format!(".SH \"{}\"\n", heading.to_uppercase()));
                page.push_str(&body(rest));
            }
            None if line.is_empty() => page.push_str(".PP\n"),
            None => page.push_str(&body(line)),
        }
    }
    if verbatim {
        page.push_str(".fi\n");
    }
    page
}

/// `Exit codes: 0 done` begins a section; a sentence with a colon in it does not.
fn heading(line: &str) -> Option<(&str, &str)> {
    let (heading, rest) = line.split_once(':')?;
    let is_heading = heading.starts_with(char::is_uppercase)
        && heading.split(' ').count() <= 2
        && heading.chars().all(|c| c.is_alphabetic() || c == ' ');
    is_heading.then(|| (heading, rest.trim_start()))
}

/// A line of text, with what troff would read as its own escaped.
fn body(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let escaped = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    let guard = if escaped.starts_with('.') { "\\&" } else { "" };
    format!("{guard}{escaped}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_the_flags_becomes_sections() {
        let text = "Examples:\n  a -t x | jq '.n'\n  .hidden\n\nExit codes: 0 done, 1 refused.";
        let page = sections(text);
        assert_eq!(
            page,
            ".SH \"EXAMPLES\"\n.nf\n  a \\-t x | jq \\(aq.n\\(aq\n  .hidden\n.PP\n.fi\n.SH \"EXIT CODES\"\n0 done, 1 refused.\n"
        );
        assert_eq!(sections("It is told: yes\n"), ".SH NOTES\nIt is told: yes\n");
        assert_eq!(body(".x"), "\\&.x\n");
        assert_eq!(ascii("HOST,…"), "HOST,\\[u2026]");
    }
}
