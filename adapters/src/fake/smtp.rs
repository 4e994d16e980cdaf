//! A fake mail server: takes every mail and every account and keeps them. Whoever wants TLS around it brings it ([`FakeSmtp::talk`]).

use super::{KEPT, PATIENCE, SIZE_MAX, locked};
use crate::mail::{Security, SmtpSettings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Take, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Default)]
struct State {
    mails: VecDeque<String>,
    accounts: VecDeque<String>,
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
                let _ = thread::Builder::new().spawn(move || {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    talk(&stream, &kept)
                });
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
            authority: None,
            account: None,
        }
    }

    /// Holds a conversation over a connection that somebody else has accepted, from the greeting on.
    pub fn talk(&self, stream: impl Read + Write) -> std::io::Result<()> {
        talk(stream, &self.state)
    }

    /// The same behind a greeting and STARTTLS.
    pub fn go_on(&self, stream: impl Read + Write) -> std::io::Result<()> {
        go_on(stream, &self.state)
    }

    /// The accounts that signed in, as `user:password`.
    #[must_use]
    pub fn accounts(&self) -> Vec<String> {
        locked(&self.state).accounts.iter().cloned().collect()
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

fn talk(mut stream: impl Read + Write, state: &Mutex<State>) -> std::io::Result<()> {
    stream.write_all(b"220 fake ESMTP\r\n")?;
    stream.flush()?;
    go_on(stream, state)
}

fn go_on(stream: impl Read + Write, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.take(SIZE_MAX as u64 * 16));
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let said = line.trim_end().to_owned();
        line.clear();
        let (command, refused) = (said.to_ascii_uppercase(), locked(state).refuse);
        let answer = if command.starts_with("EHLO") {
            "250-fake\r\n250-AUTH PLAIN\r\n250 8BITMIME".to_owned()
        } else if let (true, Some(code)) = (command.starts_with("RCPT"), refused) {
            format!("{code} refused")
        } else if command.starts_with("AUTH PLAIN ") {
            keep(&mut locked(state).accounts, account_of(&said));
            "235 known".to_owned()
        } else if command == "DATA" {
            say(&mut reader, "354 go on")?;
            let mail = read_mail(&mut reader)?;
            keep(&mut locked(state).mails, mail);
            "250 taken".to_owned()
        } else if command == "QUIT" {
            return say(&mut reader, "221 bye");
        } else {
            "250 ok".to_owned()
        };
        say(&mut reader, &answer)?;
    }
    Ok(())
}

fn say<S: Read + Write>(reader: &mut BufReader<Take<S>>, answer: &str) -> std::io::Result<()> {
    let out = reader.get_mut().get_mut();
    out.write_all(format!("{answer}\r\n").as_bytes())?;
    out.flush()
}

fn keep(kept: &mut VecDeque<String>, one: String) {
    kept.push_back(one);
    if kept.len() > KEPT {
        kept.pop_front();
    }
}

/// User and password of `AUTH PLAIN`: behind zeros, in base64.
fn account_of(command: &str) -> String {
    let told = command.split(' ').nth(2).and_then(|digits| BASE64.decode(digits).ok()).unwrap_or_default();
    String::from_utf8_lossy(&told).trim_start_matches('\0').replace('\0', ":")
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
