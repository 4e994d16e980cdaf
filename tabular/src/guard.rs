//! Judges a workbook before it is opened: what it would unpack to, and what it claims about itself.
//!
//! Two hazards of the workbook reader, found by reading its source, are closed here. It keeps all shared strings in memory;
//! and it reserves room for as many as the file claims (`uniqueCount`), so that a file of one kilobyte could ask for
//! terabytes and end the process.

use crate::fault::CellFault;
use quick_xml::events::Event;
use std::io::{BufRead, BufReader, Read, Seek};
use zip::ZipArchive;

/// How much a workbook may unpack to, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Unpacked {
    /// All entries together.
    all: u64,
    /// The entry with the shared strings, which stay in memory.
    strings: u64,
}

/// A workbook of 64 MB holds 200,000 rows of the widest table well within these.
pub(crate) const UNPACKED: Unpacked = Unpacked { all: 512 << 20, strings: 96 << 20 };
/// How many shared strings a workbook may claim.
const STRINGS_CLAIMED: u64 = 4_000_000;
/// A stretch without `<` becomes one buffer of the XML parser.
const RUN_LIMIT: usize = 1024 * 1024;
/// Entries of the archive.
const ENTRY_LIMIT: usize = 4_096;

/// The fault of a workbook that is damaged or built to do harm.
pub(crate) fn damaged() -> CellFault {
    CellFault::new(
        "bad_workbook",
        "工作簿损坏或结构异常。请用表格软件打开并另存为 XLSX，或改用 CSV",
        "the workbook is damaged or oddly built; open it in a spreadsheet program and save it as XLSX again, or use CSV",
    )
}

fn too_large() -> CellFault {
    CellFault::new(
        "workbook_too_large",
        "工作簿解压后过大。请拆成几个文件，或改用 CSV",
        "the workbook unpacks to too much; split it, or use CSV",
    )
}

/// Unpacks every entry once without keeping it.
pub(crate) fn inspect(input: &mut (impl Read + Seek), unpacked: Unpacked) -> Result<(), CellFault> {
    let mut archive = ZipArchive::new(input).map_err(|_| damaged())?;
    if archive.len() > ENTRY_LIMIT {
        return Err(too_large());
    }
    let mut left = unpacked.all;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| damaged())?;
        let name = entry.name().map_err(|_| damaged())?.to_ascii_lowercase();
        let strings = name.ends_with("sharedstrings.xml");
        let limit = if strings { left.min(unpacked.strings) } else { left };
        // One byte past the limit is enough to know; what the archive declares as size is not asked.
        let used = measure(entry.take(limit.saturating_add(1)))?;
        if used > limit {
            return Err(too_large());
        }
        left -= used;
        if strings {
            claimed(archive.by_index(index).map_err(|_| damaged())?)?;
        }
    }
    Ok(())
}

/// The unpacked size of an entry, refusing overlong stretches without markup.
fn measure(entry: impl Read) -> Result<u64, CellFault> {
    let mut reader = BufReader::with_capacity(64 * 1024, entry);
    let (mut used, mut run) = (0_u64, 0_usize);
    loop {
        let chunk = reader.fill_buf().map_err(|_| damaged())?;
        if chunk.is_empty() {
            return Ok(used);
        }
        for piece in chunk.split_inclusive(|b| *b == b'<') {
            run += piece.len();
            if run > RUN_LIMIT {
                return Err(damaged());
            }
            if piece.ends_with(b"<") {
                run = 0;
            }
        }
        let length = chunk.len();
        used += u64::try_from(length).unwrap_or(u64::MAX);
        reader.consume(length);
    }
}

/// Refuses a claim of more shared strings than fit in the limit.
fn claimed(entry: impl Read) -> Result<(), CellFault> {
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(entry));
    let config = xml.config_mut();
    (config.check_end_names, config.check_comments, config.expand_empty_elements) = (false, false, true);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => {
                let mut attributes = start.attributes();
                let over = attributes.with_checks(false).flatten().any(|a| {
                    let digits = a.value.trim().trim_start_matches(['+', '0']);
                    a.key.local_name().as_ref() == "uniqueCount"
                        && digits.bytes().all(|b| b.is_ascii_digit())
                        && (digits.len() > 9 || digits.parse::<u64>().is_ok_and(|n| n > STRINGS_CLAIMED))
                });
                if over {
                    return Err(damaged());
                }
                if start.local_name().as_ref() == "sst" {
                    return Ok(());
                }
            }
            // What the parser cannot read the workbook reader reports; nothing has been claimed.
            Ok(Event::Eof) | Err(_) => return Ok(()),
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::write::SimpleFileOptions;

    fn archive(parts: &[(&str, usize)]) -> Cursor<Vec<u8>> {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, repeats) in parts {
            out.start_file(*name, SimpleFileOptions::default()).unwrap();
            out.write_all("<si><t>a</t></si>".repeat(*repeats).as_bytes()).unwrap();
        }
        out.finish().unwrap()
    }

    #[test]
    fn a_workbook_is_measured_by_what_it_unpacks_to_not_by_its_size_or_its_word() {
        let unpacked = Unpacked { all: 60_000, strings: 20_000 };
        for (parts, good) in [
            (&[("xl/worksheets/sheet1.xml", 3_000)][..], true),
            (&[("xl/worksheets/sheet1.xml", 4_000)], false),
            (&[("xl/worksheets/sheet1.xml", 3_000), ("xl/other.xml", 1_000)], false),
            (&[("xl/sharedStrings.xml", 1_000)], true),
            (&[("xl/SharedStrings.xml", 1_500)], false),
        ] {
            let mut file = archive(parts);
            assert!(file.get_ref().len() < 2_000, "the archive itself is small");
            assert_eq!(
                inspect(&mut file, unpacked).map_err(|f| f.code),
                if good { Ok(()) } else { Err("workbook_too_large") },
                "{parts:?}"
            );
        }
    }
}
