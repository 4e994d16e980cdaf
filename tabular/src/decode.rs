//! Bytes of a CSV file to UTF-8 text with `\n` line ends, streamed.

use crate::fault::CellFault;
use encoding_rs::{Decoder, DecoderResult, GB18030, UTF_8};
use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// Bytes taken at a time.
const CHUNK: usize = 64 * 1024;
/// No honest record is longer; a quotation mark that is never closed would swallow the file otherwise.
pub(crate) const RECORD_LIMIT: usize = 1024 * 1024;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Judged by the whole file: a byte-order mark, valid UTF-8, else whichever of the two leaves fewer broken characters.
    #[default]
    Detect,
    /// UTF-8.
    Utf8,
    /// GB 18030, which contains GBK and GB 2312.
    Gb18030,
}

/// What a first pass over the file found.
pub(crate) struct Survey {
    pub(crate) encoding: &'static encoding_rs::Encoding,
    pub(crate) lines: u64,
}

/// Reads the file once: its encoding and its number of lines. Files of other kinds are named, not mangled.
pub(crate) fn survey(input: &mut (impl Read + Seek), declared: Encoding) -> Result<Survey, CellFault> {
    let mut head = [0_u8; 8];
    let got = fill(input, &mut head).map_err(|e| unreadable(&e))?;
    let head = head.get(..got).unwrap_or_default();
    other_kind(head)?;
    let (utf8_errors, lines) = broken(input, UTF_8)?;
    let bom = head.starts_with(&[0xef, 0xbb, 0xbf]);
    let encoding = match declared {
        Encoding::Utf8 => UTF_8,
        Encoding::Gb18030 => GB18030,
        Encoding::Detect if bom || utf8_errors == 0 => UTF_8,
        Encoding::Detect => {
            let (gb_errors, _) = broken(input, GB18030)?;
            if utf8_errors < gb_errors { UTF_8 } else { GB18030 }
        }
    };
    input.seek(SeekFrom::Start(if bom { 3 } else { 0 })).map_err(|e| unreadable(&e))?;
    Ok(Survey { encoding, lines })
}

fn other_kind(head: &[u8]) -> Result<(), CellFault> {
    if head.is_empty() {
        return Err(CellFault::new("empty_file", "文件是空的。请选择含表头的文件", "the file is empty; choose one with a header"));
    }
    if head.starts_with(b"PK\x03\x04") {
        return Err(CellFault::new(
            "is_xlsx",
            "这是 XLSX 工作簿，不是 CSV。请按 XLSX 导入",
            "this is an XLSX workbook, not CSV; import it as XLSX",
        ));
    }
    if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(old_excel());
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(CellFault::new(
            "utf16",
            "文件是 UTF-16（Unicode 文本）。请另存为“CSV UTF-8（逗号分隔）”",
            "the file is UTF-16; save it as \"CSV UTF-8 (comma delimited)\"",
        ));
    }
    Ok(())
}

/// The fault of a workbook from before 2007, or one locked with a password.
pub(crate) fn old_excel() -> CellFault {
    CellFault::new(
        "is_xls",
        "这是旧版 XLS 或加密的工作簿。请去掉密码并另存为 XLSX",
        "this is an old XLS or a password-protected workbook; remove the password and save it as XLSX",
    )
}

/// The fault of a device or stream that does not deliver.
pub(crate) fn unreadable(error: &io::Error) -> CellFault {
    CellFault::new(
        "unreadable",
        format!("文件读取失败（{error}）。请重试"),
        format!("the file could not be read ({error}); try again"),
    )
}

fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while let Some(rest) = buffer.get_mut(at..).filter(|r| !r.is_empty()) {
        match input.read(rest)? {
            0 => break,
            n => at += n,
        }
    }
    Ok(at)
}

/// How many byte sequences of the whole file are not in the encoding, and how many lines it has.
fn broken(input: &mut (impl Read + Seek), encoding: &'static encoding_rs::Encoding) -> Result<(u64, u64), CellFault> {
    input.seek(SeekFrom::Start(0)).map_err(|e| unreadable(&e))?;
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (mut raw, mut out) = (vec![0_u8; CHUNK], vec![0_u8; CHUNK]);
    let (mut errors, mut lines) = (0, 0);
    loop {
        let got = fill(input, &mut raw).map_err(|e| unreadable(&e))?;
        let mut rest = raw.get(..got).unwrap_or_default();
        loop {
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, &mut out, got == 0);
            lines += out.iter().take(written).map(|b| u64::from(*b == b'\n')).sum::<u64>();
            rest = rest.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => errors += 1,
            }
        }
        if got == 0 {
            return Ok((errors, lines));
        }
    }
}

/// A reader of UTF-8 text: decoded with U+FFFD for what is broken, `\r\n` and lone `\r` as `\n`, ending with `\n`.
///
/// One line end makes the row number people see computable from the parser's line count.
pub(crate) struct Text<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    ready: Vec<u8>,
    at: usize,
    after_cr: bool,
    last: u8,
    done: bool,
    /// Bytes handed out since the parser last finished a record; the parser resets it.
    pub(crate) since_record: Rc<Cell<usize>>,
}

impl<R: Read> Text<R> {
    pub(crate) fn new(input: R, encoding: &'static encoding_rs::Encoding) -> Self {
        Self {
            input,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; CHUNK],
            ready: Vec::with_capacity(CHUNK),
            at: 0,
            after_cr: false,
            last: b'\n',
            done: false,
            since_record: Rc::new(Cell::new(0)),
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        let got = fill(&mut self.input, &mut self.raw)?;
        let mut rest = self.raw.get(..got).unwrap_or_default();
        let mut out = vec![0_u8; CHUNK];
        loop {
            let (result, read, written, _) = self.decoder.decode_to_utf8(rest, &mut out, got == 0);
            rest = rest.get(read..).unwrap_or_default();
            for byte in out.iter().take(written) {
                let after_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
                if !(after_cr && *byte == b'\n') {
                    self.ready.push(if *byte == b'\r' { b'\n' } else { *byte });
                }
            }
            if result == encoding_rs::CoderResult::InputEmpty {
                break;
            }
        }
        self.last = self.ready.last().copied().unwrap_or(self.last);
        if got == 0 {
            self.done = true;
            if self.last != b'\n' {
                self.ready.push(b'\n');
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_record.get() > RECORD_LIMIT {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "record"));
        }
        while self.at >= self.ready.len() && !self.done {
            self.refill()?;
        }
        let rest = self.ready.get(self.at..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        self.at += n;
        self.since_record.set(self.since_record.get() + n);
        Ok(n)
    }
}
