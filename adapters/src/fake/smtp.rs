//! A fake mail server: takes every mail and keeps it. No TLS, no account.

use super::{KEPT, PATIENCE, SIZE_MAX, locked};
use crate::mail::{Security, SmtpSettings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Default)]
struct State {
    mails: VecDeque<String>,
    refuse: Option<u16>,
}

/// A fake mail server.
#[derive(Clone)]
pub struct FakeSmtp {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl FakeSmtp {
    /// Starts it on a free port of 127.0.0.1.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
        let kept = state.clone();
        thread::Builder::new().name("fake-smtp".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = kept.clone();
                // The sender keeps its connection open between mails, so each has a thread.
                let _ = thread::Builder::new().spawn(move || talk(&stream, &kept));
            }
        })?;
        Ok(Self { address, state })
    }

    /// How it is reached.
    #[must_use]
    pub fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            host: self.address.ip().to_string(),
            port: self.address.port(),
            from: "nuanfan@example.com".to_owned(),
            security: Security::None,
            account: None,
        }
    }

    /// The mails it took, oldest first, as they came over the wire.
    #[must_use]
    pub fn mails(&self) -> Vec<String> {
        locked(&self.state).mails.iter().cloned().collect()
    }

    /// The texts of the mails it took, oldest first, as a reader sees them.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.mails().iter().map(|mail| text_of(mail)).collect()
    }

    /// From now on it refuses recipients with this code (450 for now, 550 for good); `None` ends that.
    pub fn refuse_with(&self, code: Option<u16>) {
        locked(&self.state).refuse = code;
    }
}

/// The body, decoded when it is in base64, as a text that is not plain ASCII is sent.
fn text_of(mail: &str) -> String {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap_or(("", mail));
    if !head.to_ascii_lowercase().contains("content-transfer-encoding: base64") {
        return body.to_owned();
    }
    let digits: String = body.split_whitespace().collect();
    BASE64.decode(digits).map_or_else(|_| body.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn talk(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut out = stream;
    out.write_all(b"220 fake ESMTP\r\n")?;
    let mut reader = BufReader::new(stream.take(SIZE_MAX as u64 * 16));
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let command = line.trim_end().to_ascii_uppercase();
        line.clear();
        let refused = locked(state).refuse;
        if command.starts_with("EHLO") {
            out.write_all(b"250-fake\r\n250 8BITMIME\r\n")?;
        } else if let (true, Some(code)) = (command.starts_with("RCPT"), refused) {
            write!(out, "{code} refused\r\n")?;
        } else if command == "DATA" {
            out.write_all(b"354 go on\r\n")?;
            let mail = read_mail(&mut reader)?;
            let mut state = locked(state);
            state.mails.push_back(mail);
            if state.mails.len() > KEPT {
                state.mails.pop_front();
            }
            drop(state);
            out.write_all(b"250 taken\r\n")?;
        } else if command == "QUIT" {
            return out.write_all(b"221 bye\r\n");
        } else {
            out.write_all(b"250 ok\r\n")?;
        }
    }
    Ok(())
}

fn read_mail(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut mail = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == ".\r\n" || mail.len() > SIZE_MAX {
            return Ok(mail);
        }
        mail.push_str(&line);
    }
}
