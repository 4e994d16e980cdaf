// The courier's page. What happened at a door is kept on the phone with its true time before it is sent, so that it survives a
// cellar, a flat battery and a reload; it is sent again until the server has answered for it.

const NAMES = { delivered: "已送达", left_with_neighbour: "邻居代收", refused: "拒收", wrong_address: "地址不符", damaged: "餐损", late: "超时", no_answer: "无人应门" };
const CONCERNS = { unsteady: "步态不稳或跌倒", confused: "意识混乱", meals_uneaten: "之前的餐没吃", unwell: "身体不适", home: "家里不对劲" };
// Outcomes by which the meal reached somebody: they need a proof.
const SERVED = ["delivered", "left_with_neighbour"];
const UNDO_SECONDS = 30;
const REFRESH_MS = 30000;
const ALERTS_KEPT = 50;
const WAIT_MS = 15000;

const store = {
  get token() { return localStorage.getItem("courier.token"); },
  set token(value) { value === null ? localStorage.removeItem("courier.token") : localStorage.setItem("courier.token", value); },
  read(name, fallback) { try { return JSON.parse(localStorage.getItem(name)) ?? fallback; } catch { return fallback; } },
  write(name, value) { localStorage.setItem(name, JSON.stringify(value)); },
};

// Records waiting to be sent, oldest first; each has a client-made id, so sending one twice is sending it once.
const queue = {
  all: () => store.read("courier.queue", []),
  add(record) { store.write("courier.queue", [...this.all(), record]); },
  drop(id) { store.write("courier.queue", this.all().filter((record) => record.id !== id)); },
};

const $ = (selector, root = document) => root.querySelector(selector);

// Where a record goes is told by what made its id: an outcome of a stop, or what was seen of a senior.
const PATHS = { sev: "/v1/stop-records/", wst: "/v1/condition-alerts/" };

function recordId(kind) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `${kind}_` + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function call(method, path, body) {
  const headers = { Authorization: `Bearer ${store.token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  // In a lift the network neither answers nor says that it is gone.
  return fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(WAIT_MS) });
}

function show(text, offline = false) {
  const status = $("#status");
  status.textContent = text;
  status.classList.toggle("offline", offline);
}

// Records about a stop that say this of it: an outcome, or a concern.
const about = (stop, what, records) => records.filter((record) => record.body.stop === stop.id && record.body[what]);

function outcomeOf(stop) {
  const waiting = about(stop, "outcome", queue.all()).at(-1);
  return waiting ? { outcome: waiting.body.outcome, sent: false, record: waiting } : { outcome: stop.outcome, sent: true };
}

// What the server did not take, for as long as the stop has no other outcome: said at the stop, which may then be recorded anew.
function refusalOf(stop) {
  return about(stop, "outcome", store.read("courier.refused", [])).at(-1)?.problem;
}

// What was seen of a senior at a stop: taken, refused, or on its way.
function alertsOf(stop) {
  const waiting = about(stop, "concern", queue.all());
  const lines = (records, said) => records.map((record) => CONCERNS[record.body.concern] + said(record));
  const text = [
    ...lines(about(stop, "concern", store.read("courier.alerts", [])), () => "（已上报社区）"),
    ...lines(about(stop, "concern", store.read("courier.refused", [])), (record) => `（未被接受：${record.problem.next}）`),
    ...lines(waiting, () => "（待上传）"),
  ].join("、");
  return { text, waiting: waiting.at(-1) };
}

function askConcern(item, stop) {
  asking = true;
  const box = $(".concerns", item);
  box.hidden = false;
  $(".worry", item).hidden = true;
  $(".back", box).addEventListener("click", () => { asking = false; draw(); });
  for (const button of box.querySelectorAll("[data-concern]")) {
    button.addEventListener("click", () => note("wst", stop.id, { concern: button.dataset.concern }));
  }
  $("[data-concern]", box).focus();
}

// A hand-over is recorded with its proof: the code that the senior reads out, or a signature. While it is asked for nothing is drawn
// anew, so that nobody's typing is lost.
let asking = false;

function askProof(item, stop, outcome) {
  asking = true;
  const form = $(".proof", item);
  const input = $("input", form);
  const end = () => { asking = false; draw(); };
  form.hidden = false;
  $(".actions", item).hidden = true;
  $(".back", form).addEventListener("click", end);
  $(".signed", form).addEventListener("click", () => note("sev", stop.id, { outcome, method: "signature" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!/^[0-9]{4}$/.test(input.value)) { input.focus(); return; }
    const code = `${String(stop.order_no).padStart(3, "0")}-${input.value}`;
    note("sev", stop.id, { outcome, method: "delivery_code", code });
  });
  input.focus();
}

function draw() {
  if (asking) return;
  const stops = store.read("courier.stops", { stops: [] }).stops;
  const list = $("#stops");
  list.replaceChildren();
  let next = true;
  for (const stop of stops) {
    const item = $("#stop").content.cloneNode(true).firstElementChild;
    $(".no", item).textContent = String(stop.order_no).padStart(3, "0");
    $(".name", item).textContent = stop.name;
    $(".eta", item).textContent = stop.eta.slice(11, 16);
    $(".address", item).textContent = stop.address;
    $(".dishes", item).textContent = stop.lines.map((line) => `${line.name}×${line.quantity}`).join("、");
    $(".watch", item).textContent = stop.lines.flatMap((line) => line.exceptions).join("、");
    $(".collect", item).textContent = stop.self_pay_fen > 0 ? `应收 ${(stop.self_pay_fen / 100).toFixed(2)} 元` : "";
    const phone = $(".call", item);
    if (stop.phone) phone.href = `tel:${stop.phone}`; else phone.remove();
    const { outcome, sent, record } = outcomeOf(stop);
    if (outcome) {
      item.classList.add("done");
      $(".outcome", item).textContent = NAMES[outcome] + (sent ? "" : "（待上传）");
      if (outcome === "no_answer") $(".outcome", item).textContent += sent ? "：餐不留门口，已通知联系人和社区" : "：餐不留门口；没有网络时请打电话告知社区";
      if (record && record.undoUntil > Date.now()) offerUndo(item, record);
    } else if (refusalOf(stop)) {
      const problem = refusalOf(stop);
      item.classList.add("refused");
      $(".outcome", item).textContent = `记录未被接受：${problem.title}。${problem.next}`;
    }
    const alerts = alertsOf(stop);
    $(".alerted", item).textContent = alerts.text;
    if (!record && alerts.waiting?.undoUntil > Date.now()) offerUndo(item, alerts.waiting);
    $(".worry", item).addEventListener("click", () => askConcern(item, stop));
    if (!outcome && next) {
      item.classList.add("next");
      item.setAttribute("aria-current", "true");
      next = false;
    }
    for (const button of item.querySelectorAll("[data-outcome]")) {
      const told = button.dataset.outcome;
      button.addEventListener("click", () => SERVED.includes(told) ? askProof(item, stop, told) : note("sev", stop.id, { outcome: told }));
    }
    list.append(item);
  }
}

function offerUndo(item, record) {
  const box = $(".undo", item);
  box.hidden = false;
  $("span", box).textContent = String(Math.ceil((record.undoUntil - Date.now()) / 1000));
  $("button", box).addEventListener("click", () => { queue.drop(record.id); draw(); });
}

function note(kind, stop, what) {
  asking = false;
  const now = Date.now();
  const body = { stop, ...what, happened_at: new Date(now).toISOString() };
  queue.add({ id: recordId(kind), body, undoUntil: now + UNDO_SECONDS * 1000 });
  draw();
}

// Sends what can no longer be undone. A refusal is kept and shown at its stop; only an answer removes a record.
async function send() {
  for (const record of queue.all().filter((waiting) => waiting.undoUntil <= Date.now())) {
    const answer = await call("PUT", PATHS[record.id.slice(0, 3)] + record.id, record.body);
    if (answer.ok) {
      if (record.body.concern) store.write("courier.alerts", [...store.read("courier.alerts", []), record].slice(-ALERTS_KEPT));
      queue.drop(record.id);
    } else if (answer.status >= 500 || answer.status === 401) throw new Error(String(answer.status));
    else {
      const problem = await answer.json();
      store.write("courier.refused", [...store.read("courier.refused", []), { ...record, problem }]);
      queue.drop(record.id);
    }
  }
}

async function refresh() {
  if (!store.token) { $("#pairing").hidden = false; show("这部手机尚未配对"); return; }
  try {
    await send();
    const answer = await call("GET", "/v1/my-stops");
    if (answer.status === 401) { store.token = null; $("#pairing").hidden = false; show("配对已失效，请重新配对", true); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    store.write("courier.stops", await answer.json());
    store.write("courier.at", Date.now());
    const waiting = queue.all().length;
    show(waiting ? `已更新，${waiting} 条记录待上传` : "已更新，全部已上传");
  } catch {
    const at = store.read("courier.at", null);
    const since = at ? new Date(at).toTimeString().slice(0, 5) : "—";
    show(`没有网络，显示 ${since} 的内容；您的记录已存在手机上，恢复后自动上传`, true);
  }
  draw();
}

$("#pairing").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fault = $("#pairing-fault");
  try {
    const answer = await fetch("/v1/devices", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code: $("#code").value.trim() }), signal: AbortSignal.timeout(WAIT_MS) });
    const body = await answer.json();
    if (!answer.ok) { fault.textContent = `${body.title}。${body.next}`; return; }
    store.token = body.token;
    $("#pairing").hidden = true;
    await refresh();
  } catch { fault.textContent = "没有网络，请稍后再试"; }
});

draw();
await refresh();
setInterval(refresh, REFRESH_MS);
setInterval(() => { if (queue.all().some((record) => record.undoUntil > Date.now() - 2000)) { draw(); send().catch(() => {}); } }, 1000);
addEventListener("online", refresh);
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/courier/worker.js", { scope: "/courier" });
