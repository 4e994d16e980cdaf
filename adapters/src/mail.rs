//! Mail by SMTP.

use app::ports::{Mail, Mailer, PortError};
use domain::Sensitive;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use std::time::Duration;

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after STARTTLS; refused when the server has none.
    StartTls,
    /// None: for a server on the same machine.
    None,
}

/// A mail server and an account there.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its host name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The sender's address.
    pub from: String,
    /// How the connection is protected.
    pub security: Security,
    /// A certificate in PEM that the server's may be signed by, beside those of public authorities: for a server of one's own.
    pub authority: Option<Vec<u8>>,
    /// Account and password, when the server wants one.
    pub account: Option<(String, Sensitive<String>)>,
}

/// A step of the conversation with the server may take this long.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Sends mail by SMTP.
pub struct SmtpMailer {
    transport: SmtpTransport,
    from: Mailbox,
    domain: String,
}

impl SmtpMailer {
    /// For a server; nothing is connected yet. An error tells what is wrong with the settings.
    pub fn new(settings: &SmtpSettings) -> Result<Self, PortError> {
        let bad = |what: &str, why: String| PortError::Permanent(format!("{what}: {why}"));
        let from: Mailbox = settings.from.parse().map_err(|e| bad("sender", format!("{e}")))?;
        let tls = match settings.security {
            Security::Tls => Tls::Wrapper(trusting(settings).map_err(|e| bad("mail server", e))?),
            Security::StartTls => Tls::Required(trusting(settings).map_err(|e| bad("mail server", e))?),
            Security::None => Tls::None,
        };
        let builder = SmtpTransport::builder_dangerous(&settings.host).tls(tls);
        let mut builder = builder.port(settings.port).timeout(Some(TIME_LIMIT));
        if let Some((user, password)) = &settings.account {
            builder = builder.credentials(Credentials::new(user.clone(), password.reveal().clone()));
        }
        let domain = from.email.domain().to_owned();
        Ok(Self { transport: builder.build(), from, domain })
    }
}

/// Whose certificates are trusted.
fn trusting(settings: &SmtpSettings) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.authority {
        // The library takes a text without any for none, and would then trust the public authorities alone.
        if !String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----") {
            return Err("its authority: no certificate in PEM".to_owned());
        }
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(|e| format!("its authority: {e}"))?);
    }
    builder.build().map_err(|e| e.to_string())
}

impl Mailer for SmtpMailer {
    fn send(&self, mail: &Mail) -> Result<(), PortError> {
        // The library's texts may repeat the address, so none of them is passed on here.
        let to: Mailbox = mail.to.reveal().parse().map_err(|_| PortError::Permanent("not a mail address".to_owned()))?;
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", mail.key, self.domain)))
            .from(self.from.clone())
            .to(to)
            .subject(&mail.subject);
        let message = match &mail.attachment {
            None => message.header(ContentType::TEXT_PLAIN).body(mail.body.clone()),
            Some(file) => {
                let media = ContentType::parse(file.media).map_err(|_| PortError::Permanent("not a media type".to_owned()))?;
                let attached = Attachment::new(file.name.clone()).body(file.bytes.clone(), media);
                message.multipart(MultiPart::mixed().singlepart(SinglePart::plain(mail.body.clone())).singlepart(attached))
            }
        };
        let message = message.map_err(|_| PortError::Permanent("the mail cannot be built".to_owned()))?;
        match self.transport.send(&message) {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => {
                let status = error.status().map_or_else(String::new, |code| code.to_string());
                Err(PortError::Permanent(format!("the mail server refuses it: {status}")))
            }
            Err(error) if error.is_timeout() => Err(PortError::Temporary("the mail server does not answer".to_owned())),
            Err(_) => Err(PortError::Temporary("the mail server is not reachable or busy".to_owned())),
        }
    }
}
