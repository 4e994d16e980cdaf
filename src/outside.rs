//! The outside world as it is configured.

use crate::config::{Config, MailSecurity, Secret};
use adapters::{HttpSms, Security, SmtpMailer, SmtpSettings, WeChatServer};
use anyhow::{Context, Result};
use app::ports::{Mailer, Ports, SmsSender, WeChat};
use domain::Sensitive;
use std::path::PathBuf;
use std::sync::Arc;

/// Mail, messages and WeChat; each absent until it is configured, and what needs it is off.
pub fn ports(config: &Config) -> Result<Ports> {
    Ok(Ports { mailer: mailer(config)?, sms: sms(config)?, wechat: wechat(config)? })
}

fn mailer(config: &Config) -> Result<Option<Arc<dyn Mailer>>> {
    let Some(mail) = &config.mail else { return Ok(None) };
    let password = Secret::resolve(mail.password.as_ref(), mail.password_file.as_deref(), "mail.password")?;
    let pem = |path: &PathBuf| std::fs::read(path).with_context(|| format!("mail.ca_file {}", path.display()));
    let settings = SmtpSettings {
        host: mail.host.clone(),
        port: mail.port,
        from: mail.from.clone(),
        security: match mail.security {
            MailSecurity::Tls => Security::Tls,
            MailSecurity::StartTls => Security::StartTls,
            MailSecurity::None => Security::None,
        },
        authority: mail.ca_file.as_ref().map(pem).transpose()?,
        account: mail.user.clone().zip(password.as_ref().map(sensitive)),
    };
    Ok(Some(Arc::new(SmtpMailer::new(&settings).context("mail")?)))
}

fn sms(config: &Config) -> Result<Option<Arc<dyn SmsSender>>> {
    let Some(sms) = &config.sms else { return Ok(None) };
    let token = Secret::resolve(sms.token.as_ref(), sms.token_file.as_deref(), "sms.token")?;
    Ok(Some(Arc::new(HttpSms::new(sms.url.clone(), token.as_ref().map(sensitive)))))
}

fn wechat(config: &Config) -> Result<Option<Arc<dyn WeChat>>> {
    let Some(wechat) = &config.wechat else { return Ok(None) };
    let secret = Secret::resolve(wechat.secret.as_ref(), wechat.secret_file.as_deref(), "wechat.secret")?;
    let secret = secret.context("wechat.secret is missing")?;
    Ok(Some(Arc::new(WeChatServer::new(&wechat.url, wechat.app_id.clone(), sensitive(&secret)))))
}

fn sensitive(secret: &Secret) -> Sensitive<String> {
    Sensitive::new(secret.reveal().to_owned())
}
