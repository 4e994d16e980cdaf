//! Mail over a real TLS connection: with the certificate of an authority of one's own, an account, and a workbook attached.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use adapters::fake::FakeSmtp;
use adapters::{Security, SmtpMailer, SmtpSettings};
use app::ports::{Attachment, Mail, Mailer, PortError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::Sensitive;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// A mail server behind TLS, whose certificate an authority of its own has signed.
struct Server {
    smtp: FakeSmtp,
    address: SocketAddr,
}

impl Server {
    fn start(security: Security) -> Self {
        let (smtp, config) = (FakeSmtp::start().unwrap(), certified());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let behind = smtp.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (behind, config) = (behind.clone(), config.clone());
                std::thread::spawn(move || serve(stream, &behind, config, security));
            }
        });
        Self { smtp, address }
    }

    fn mailer(&self, security: Security, authority: Option<&[u8]>) -> SmtpMailer {
        let authority = authority.map(<[u8]>::to_vec);
        let account = Some(("report@example.com".to_owned(), Sensitive::new("a-password".to_owned())));
        let settings = SmtpSettings { port: self.address.port(), security, authority, account, ..self.smtp.settings() };
        SmtpMailer::new(&settings).unwrap()
    }
}

fn serve(stream: TcpStream, behind: &FakeSmtp, config: Arc<ServerConfig>, security: Security) {
    let tls = |stream| StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    match security {
        // A client that does not trust the certificate ends the conversation.
        Security::Tls => drop(behind.talk(tls(stream))),
        Security::StartTls => {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let say = |answer: &str| (&stream).write_all(answer.as_bytes()).unwrap();
            say("220 fake ESMTP\r\n");
            assert!(lines.next().unwrap().unwrap().starts_with("EHLO"));
            say("250-fake\r\n250 STARTTLS\r\n");
            assert_eq!(lines.next().unwrap().unwrap(), "STARTTLS");
            say("220 go ahead\r\n");
            drop(behind.go_on(tls(stream)));
        }
        Security::None => panic!("not behind TLS"),
    }
}

const AUTHORITY: &[u8] = include_bytes!("certificates/authority.pem");
const ANOTHER: &[u8] = include_bytes!("certificates/another-authority.pem");

fn certified() -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("certificates/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("certificates/server-key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
}

fn report() -> Mail {
    Mail {
        key: "report-2026-11".to_owned(),
        to: Sensitive::new("officer@example.com".to_owned()),
        subject: "十一月补贴报表".to_owned(),
        body: "附件是示范街道十一月的补贴报表。".to_owned(),
        attachment: Some(Attachment {
            name: "补贴报表-2026-11.xlsx".to_owned(),
            media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            bytes: (0..=255).cycle().take(20_000).collect(),
        }),
    }
}

/// The attached bytes, as a mail program reads them.
fn attached(mail: &str) -> Vec<u8> {
    let (_, part) = mail.split_once("spreadsheetml.sheet").unwrap();
    let (_, digits) = part.split_once("\r\n\r\n").unwrap();
    let digits: String = digits.split("\r\n--").next().unwrap().split_whitespace().collect();
    BASE64.decode(digits).unwrap()
}

#[test]
fn a_workbook_arrives_whole_over_tls_and_over_starttls_under_the_account() {
    for security in [Security::Tls, Security::StartTls] {
        let server = Server::start(security);
        server.mailer(security, Some(AUTHORITY)).send(&report()).unwrap();
        let mails = server.smtp.mails();
        assert_eq!((mails.len(), server.smtp.accounts()), (1, vec!["report@example.com:a-password".to_owned()]), "{security:?}");
        assert_eq!(attached(&mails[0]), report().attachment.unwrap().bytes, "{security:?}");
        assert!(mails[0].contains("Message-ID: <report-2026-11@example.com>"), "{}", mails[0]);
    }
}

#[test]
fn a_server_that_nobody_vouches_for_gets_neither_mail_nor_password_and_is_tried_again() {
    for security in [Security::Tls, Security::StartTls] {
        let server = Server::start(security);
        for authority in [None, Some(ANOTHER)] {
            let refused = server.mailer(security, authority).send(&report());
            assert!(matches!(refused, Err(PortError::Temporary(_))), "{security:?}: {refused:?}");
        }
        assert_eq!((server.smtp.mails().len(), server.smtp.accounts().len()), (0, 0), "{security:?}");
    }
}

#[test]
fn a_server_without_tls_is_refused_where_tls_was_asked_for() {
    let smtp = FakeSmtp::start().unwrap();
    let settings = SmtpSettings { security: Security::StartTls, ..smtp.settings() };
    assert!(SmtpMailer::new(&settings).unwrap().send(&report()).is_err());
    assert_eq!(smtp.mails().len(), 0);
}

#[test]
fn what_is_refused_for_now_is_tried_again_and_what_is_refused_for_good_is_not() {
    let server = Server::start(Security::Tls);
    let mailer = server.mailer(Security::Tls, Some(AUTHORITY));
    for (code, expected) in [(450, "Temporary"), (550, "Permanent")] {
        server.smtp.refuse_with(Some(code));
        assert!(format!("{:?}", mailer.send(&report())).starts_with(&format!("Err({expected}")), "{code}");
    }
    server.smtp.refuse_with(None);
    mailer.send(&report()).unwrap();
    assert_eq!(server.smtp.mails().len(), 1);
}

#[test]
fn an_authority_that_is_none_is_told_before_anything_is_sent() {
    let smtp = FakeSmtp::start().unwrap();
    let settings = SmtpSettings { security: Security::Tls, authority: Some(b"no certificate".to_vec()), ..smtp.settings() };
    let told = SmtpMailer::new(&settings).err().unwrap().to_string();
    assert!(told.contains("authority"), "{told}");
}
