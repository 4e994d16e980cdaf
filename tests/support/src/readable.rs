//! Whether everybody can read and touch a page: targets, contrast, width, and axe.

use crate::browser::Screen;
use serde_json::{Value, json};

/// axe-core 4.14.1, from its npm package; its licence stands beside it. Used by tests alone.
const AXE: &str = include_str!("../assets/axe.min.js");

/// What axe cannot decide by itself, and why it is none. By rule.
const TRIAGED: [(&str, &str); 3] = [
    ("heading-order", "axe asks what comes before a page's first heading when it may be a part of another page; this one never is"),
    ("color-contrast", "shapes and boxes with round corners are left open; the check below computes the contrast of all of them"),
    ("label-content-name-mismatch", "an arrow is a picture; its name says what it does"),
];

/// Every element with text of its own, with its colour against the nearest background: 4.5:1, or 3:1 from 24 px on (WCAG 1.4.3). What is
/// switched off is exempt.
const FAINT: &str = "const rgb = (c) => (c.match(/[\\d.]+/g) ?? []).map(Number); \
    const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0); \
    const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; }; \
    return [...document.body.querySelectorAll('*')].filter((e) => e.checkVisibility() && !e.closest(':disabled') && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) \
      .map((e) => { const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x); return [(a + 0.05) / (b + 0.05), parseFloat(getComputedStyle(e).fontSize), e.outerHTML.slice(0, 100)]; }) \
      .filter(([ratio, size]) => ratio < (size >= 24 ? 3 : 4.5))";

/// Fails with what on the page is too small to touch, too faint to read, wider than the screen, or a violation that axe knows.
pub fn assert_readable(screen: &Screen, name: &str) {
    let small = "[...document.querySelectorAll('button, select')].filter(b => { const r = b.getBoundingClientRect(); return r.width && (r.width < 60 || r.height < 60) }).map(b => b.outerHTML.slice(0, 80))";
    assert_eq!(screen.run(&format!("return {small}")), json!([]), "{name}: targets under 60 px");
    assert_eq!(screen.run("return document.documentElement.scrollWidth <= innerWidth"), true, "{name}: wider than the screen");
    assert_eq!(screen.run(FAINT), json!([]), "{name}: contrast");
    let run = "if (!window.axe) { (0, eval)(arguments[0]); } return axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations', 'incomplete'] }).then(r => [r.violations, r.incomplete].map(all => all.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 140) + ' ' + (n.any[0]?.message ?? '')).slice(0, 3)])))";
    let found = screen.run_with(run, &[json!(AXE)]);
    assert_eq!(found[0], json!([]), "{name}: violations");
    let open: Vec<&Value> =
        found[1].as_array().unwrap().iter().filter(|v| !TRIAGED.iter().any(|(rule, _)| v[0] == *rule)).collect();
    assert!(open.is_empty(), "{name}: not decided: {open:#?}");
}
