//! What the browser suites say to a page and look for on it.

use super::browser::Screen;
use super::{SOON, Service};

/// Tickets on the screen.
pub const TICKETS: &str = "document.querySelectorAll('.ticket').length";

/// Gives a screen its token, as pairing does.
pub fn paired(screen: &Screen, service: &Service, token: &str) {
    paired_at(screen, &service.http(), token);
}

/// The same, by another way to the service.
pub fn paired_at(screen: &Screen, base: &str, token: &str) {
    screen.go(&format!("{base}/kitchen/"));
    screen.run(&format!("localStorage.setItem('nuanfan.kitchen.token', JSON.stringify('{token}')); location.reload();"));
    screen.until("a proof", "Number(document.body.dataset.proofs) > 0", SOON);
}

/// Touches the tab of a view, and waits for it.
pub fn look_at(screen: &Screen, view: &str) {
    let tab = ["tickets", "batch", "needs", "ingredients", "recall"].iter().position(|v| *v == view).expect("a view");
    screen.run(&format!("document.querySelectorAll('#bar nav')[0].children[{tab}].click()"));
    screen.until(view, &format!("document.getElementById('view').className === '{view}'"), SOON);
}

/// Touches the tab of a station.
pub fn stand_at(screen: &Screen, station: &str) {
    let all = ["all", "hot", "cold", "staple", "soup", "special", "packing", "pass"];
    let tab = all.iter().position(|s| *s == station).expect("a station");
    screen.run(&format!("document.querySelectorAll('#bar nav')[1].children[{tab}].click()"));
    screen.until(station, &format!("document.querySelectorAll('#bar nav')[1].children[{tab}].ariaPressed === 'true'"), SOON);
}

/// A key of the bump bar.
pub fn press(screen: &Screen, key: &str) {
    screen.run(&format!("document.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, cancelable: true}}))"));
}

/// The selector of an order's ticket.
pub fn ticket(order: domain::id::OrderId) -> String {
    format!("document.querySelector('.ticket[data-order=\"{order}\"]')")
}
