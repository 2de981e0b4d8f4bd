import { announce } from "./announcer.js";
import { AskForm } from "./ask-form.js";
import { find, write } from "./dom.js";
import { Gateway } from "./gateway.js";
import { PastRunsView } from "./past-runs-view.js";
import { RunRecord } from "./run-record.js";
import { RunsView } from "./runs-view.js";

const gateway = new Gateway();
const past = new PastRunsView(gateway);
const form = new AskForm(ask);
const runs = new RunsView(gateway, { onChange: runsChanged, onCompare: compare, baseline, contextLength });
let served = null;
/** Ends the reading of the answers of runs that this page started, which also ends the runs. */
let asking = new AbortController();

/** Asks with one method after the other, so that two never share the machine and their seconds can be compared. */
async function ask({ question, model, methods, limits }) {
  stopAsking();
  runs.clear();
  await start(question, model, methods, limits);
}

async function compare(record, method) {
  await start(record.question, modelNamed(record.model).id, [method], {});
}

async function start(question, model, methods, limits) {
  form.isBusy = true;
  const { signal } = asking;
  try {
    for (const method of methods) {
      const { id, response } = await gateway.ask({ model, question, settings: { method, ...limits } }, signal);
      const record = new RunRecord(id);
      Object.assign(record, { question, method, model, contextLength: contextLength(model) });
      const view = runs.add(record);
      if (runs.views.length === 1) runs.element.scrollIntoView({ block: "start" });
      history.replaceState(null, "", `#${runs.ids.join(",")}`);
      announce(`Asked with ${method}`);
      readToEnd(response, view);
      await view.follow();
      if (record.status === "cancelled") break;
    }
  } catch (error) {
    if (error.name !== "AbortError") refused(error);
  } finally {
    form.isBusy = runs.isLive;
  }
}

/** The run goes on only while somebody reads its answer; what the page shows comes from its events. */
async function readToEnd(response, view) {
  try {
    for await (const { data } of Gateway.eventsOf(response)) {
      const error = data === "[DONE]" ? null : JSON.parse(data).error;
      if (error) view.failed(String(error.message));
    }
  } catch (error) {
    // Following the run's events says so where the connection is really gone.
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
  }
}

function stopAsking() {
  asking.abort();
  asking = new AbortController();
}

function refused(error) {
  form.refuse(error);
  if (error.status === 401 || error.status === 403) askForKey(error.message);
}

function askForKey(message) {
  find("key-form").hidden = false;
  write(find("key-note"), message);
  find("key").focus();
}

/** The model that a request meant by `id` or `id:method`. */
function modelNamed(name) {
  const models = served?.models ?? [];
  return models.find(({ id }) => id === name) ?? models.find(({ id }) => name.startsWith(`${id}:`));
}

function contextLength(model) {
  return modelNamed(model)?.context_length ?? null;
}

/** One thread after the other is what parallel thinking is measured by. */
function baseline({ method, model }) {
  return method !== "sequential" && modelNamed(model)?.methods.includes("sequential") ? "sequential" : null;
}

function runsChanged() {
  past.mark(runs.ids);
  form.isBusy = runs.isLive;
  if (served) past.refresh();
}

/** Opens the runs that the address names. */
async function openAddressed() {
  const ids = (location.hash.match(/\brun_\w+/g) ?? []).slice(0, 2);
  if (ids.length === 0 || ids.join() === runs.ids.join()) return;
  stopAsking();
  try {
    await runs.open(ids);
    runs.question.focus();
    runs.element.scrollIntoView({ block: "start" });
  } catch (error) {
    refused(error);
  }
}

async function connect() {
  try {
    served = await gateway.description();
  } catch (error) {
    write(find("server"), error.message);
    find("server").classList.add("lost");
    if (error.status === 401) askForKey(error.message);
    else setTimeout(connect, 3000);
    return;
  }
  find("server").classList.remove("lost");
  write(find("server"), `Version ${served.version}${served.store ? "" : " · keeps runs only while it runs"}`);
  form.describe(served);
  past.describe(served);
  find("key-form").hidden = !served.requires_key;
  if (served.requires_key && gateway.key === "") {
    write(find("past-state"), "Needs the key.");
    find("key").focus();
    return;
  }
  await past.refresh();
  await openAddressed();
}

find("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  gateway.key = find("key").value.trim();
  find("key").value = "";
  write(find("key-note"), gateway.key === "" ? "No key." : "Key in use, in this tab only.");
  form.refuse(null);
  connect();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && runs.isLive) {
    event.preventDefault();
    runs.cancel();
  }
});
for (const link of document.querySelectorAll("a.jump")) {
  link.addEventListener("click", (event) => {
    // The address names the open runs, so a jump within the page must not change it.
    event.preventDefault();
    const target = document.querySelector(link.getAttribute("href"));
    target.focus();
    target.scrollIntoView({ block: "start" });
  });
}
addEventListener("hashchange", openAddressed);
connect();
