//! A real Chromium, driven by the W3C WebDriver protocol: the handful of commands that the tests need.

use base64::Engine as _;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A driver process; killed when dropped, and its browser with it.
pub struct Driver {
    child: Child,
    base: String,
}

impl Driver {
    /// Starts `chromedriver`, or what `NUANFAN_CHROMEDRIVER` names, on a free port.
    ///
    /// It takes a free port of IPv4 and then wants the same of IPv6, and gives up when somebody else has that one; so it is
    /// started again, with another port.
    #[must_use]
    pub fn start() -> Self {
        let program = std::env::var("NUANFAN_CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".into());
        let mut said = Vec::new();
        for _ in 0..5 {
            match Self::try_start(&program) {
                Ok(driver) => return driver,
                Err(lines) => said.extend(lines),
            }
        }
        panic!("{program} does not start: {said:#?}");
    }

    /// One try; what it said, when it ended without listening.
    fn try_start(program: &str) -> Result<Self, Vec<String>> {
        let mut child =
            Command::new(program).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("chromedriver");
        let mut said = Vec::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.by_ref().map_while(Result::ok) {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                let base = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
                // The pipe must stay open and empty, or the driver stops at its next line.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(Self { child, base });
            }
            said.push(line);
        }
        child.wait().expect("its end");
        Err(said)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A window with a profile of its own.
pub struct Screen {
    base: String,
}

impl Screen {
    /// Opens a window of this many pixels.
    #[must_use]
    pub fn open(driver: &Driver, width: u32, height: u32) -> Self {
        let args = json!([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            // Drawn anew as a whole, so that the same page is the same pixels whatever was there before.
            "--disable-partial-raster",
            // A kiosk sounds from the start; so does this one.
            "--autoplay-policy=no-user-gesture-required",
            format!("--window-size={width},{height}")
        ]);
        let binary = std::env::var("NUANFAN_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
        let body = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": args, "binary": binary}, "goog:loggingPrefs": {"browser": "ALL"}}}});
        let made = send("POST", &format!("{}/session", driver.base), &body);
        let screen = Self { base: format!("{}/session/{}", driver.base, made["sessionId"].as_str().expect("a session")) };
        screen.cdp(
            "Emulation.setDeviceMetricsOverride",
            &json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        );
        screen
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        send("POST", &format!("{}{path}", self.base), body)
    }

    /// Opens an address.
    pub fn go(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// Runs a script's body and returns what it returns; a promise is waited for.
    pub fn run(&self, script: &str) -> Value {
        self.run_with(script, &[])
    }

    /// The same with `arguments`.
    pub fn run_with(&self, script: &str, args: &[Value]) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": args}))
    }

    /// Waits until an expression is true, and returns its value.
    pub fn until(&self, what: &str, expression: &str, within: Duration) -> Value {
        crate::wait::until(what, within, || {
            let value = self.run(&format!("try {{ return {expression} }} catch (e) {{ return null }}"));
            (!matches!(value, Value::Null | Value::Bool(false))).then_some(value)
        })
    }

    /// Sends a command of the Chrome DevTools protocol.
    pub fn cdp(&self, method: &str, params: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": method, "params": params}))
    }

    /// Cuts the network off, or gives it back.
    pub fn offline(&self, off: bool) {
        self.cdp("Network.enable", &json!({}));
        let params = json!({"offline": off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.cdp("Network.emulateNetworkConditions", &params);
    }

    /// Errors on the browser's console.
    #[must_use]
    pub fn console(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({"type": "browser"}));
        let told = log.as_array().cloned().unwrap_or_default();
        told.iter().filter(|l| l["level"] == "SEVERE").map(|l| l["message"].to_string()).collect()
    }

    /// Nothing moves from now on, so that what is shown can be compared.
    pub fn stand_still(&self) {
        let calm = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
        self.cdp("Emulation.setEmulatedMedia", &calm);
    }

    /// What is on the screen, as a PNG: the same pixels are the same bytes.
    #[must_use]
    pub fn still(&self) -> Vec<u8> {
        let data = send("GET", &format!("{}/screenshot", self.base), &Value::Null);
        base64::engine::general_purpose::STANDARD.decode(data.as_str().expect("a picture")).expect("base64")
    }

    /// A picture of the screen, when a folder for pictures is named.
    pub fn picture(&self, name: &str) {
        if std::env::var("NUANFAN_PICTURES").is_ok() {
            keep(name, &self.still());
        }
    }
}

/// Keeps a picture in the folder for pictures, when one is named.
pub fn keep(name: &str, picture: &[u8]) {
    let Ok(folder) = std::env::var("NUANFAN_PICTURES") else { return };
    std::fs::create_dir_all(&folder).expect("the folder");
    std::fs::write(Path::new(&folder).join(format!("{name}.png")), picture).expect("the picture is kept");
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.base).call();
    }
}

fn send(method: &str, url: &str, body: &Value) -> Value {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60))).build().into();
    let mut response = match method {
        "GET" => agent.get(url).call(),
        _ => agent.post(url).send_json(body),
    }
    .expect("the driver answers");
    let answer: Value = response.body_mut().with_config().limit(32 * 1024 * 1024).read_json().expect("JSON of the driver");
    assert!(response.status().is_success(), "{method} {url}: {answer}");
    answer["value"].clone()
}
