// The page's frame: which view is shown, and when it asks anew.

import "./explain.js";

import {h, put} from "./dom.js";
import {actors, groups, jobs, objects, tasks, trouble, workers} from "./lists.js";
import {logs} from "./logs.js";
import {overview} from "./overview.js";
import {ask} from "./server.js";
import {seconds} from "./words.js";

// A view: make(root, options) draws it under `root`; its poll(summary) brings it up to date.
const kViews = [
  {id: "overview", title: "Overview", make: overview},
  {id: "groups", title: "Groups", make: groups},
  {id: "actors", title: "Actors", make: actors},
  {id: "tasks", title: "Tasks", make: tasks},
  {id: "workers", title: "Workers", make: workers},
  {id: "objects", title: "Objects", make: objects},
  {id: "logs", title: "Logs", make: logs},
  {id: "jobs", title: "Drivers", make: jobs},
  {id: "trouble", title: "Trouble", make: trouble},
];
const kEach = 2000;  // ms between two looks; more where the cluster takes long to answer
const kShare = 5;

const root = document.getElementById("view");
let current = null;  // {id, view}
let heard = null;    // when all that is shown was asked for
let silence = null;  // the sentence that says why nothing new comes
let timer = null;
let asking = false;

function showAge() {
  const age = document.getElementById("age");
  const old = heard === null ? null : (performance.now() - heard) / 1000;
  const late = silence !== null || (old !== null && old > 15);
  age.className = late ? "late" : "";
  put(age, [old === null ? "asking…" : old < 3 ? "live" : `${seconds(Math.floor(old))} old`]);
  const words = document.getElementById("trouble");
  words.hidden = silence === null;
  put(words, silence === null ? [] : [silence]);
}

function sentenceOf(error) {
  const last = heard === null ? "" : " What is shown is the last that was known of it.";
  if (error.ended) return "The cluster has ended." + last;
  if (error.gone) return "The dashboard does not answer: it, its job or the ssh tunnel has ended." + last;
  return error.message.charAt(0).toUpperCase() + error.message.slice(1) + (error.message.endsWith(".") ? "" : ".") +
      last;
}

function showFrame(summary) {
  put(document.getElementById("cluster"), [summary.cluster]);
  document.title = `Atoll ${summary.cluster}`;
}

async function look() {
  clearTimeout(timer);
  if (asking || document.hidden) return;
  asking = true;
  const began = performance.now();
  const looked = current;
  try {
    const summary = await ask("summary");
    showFrame(summary);
    if (looked === current) await looked.view.poll(summary);
    heard = performance.now();
    silence = null;
  } catch (error) {
    if (!("gone" in error)) console.error(error);
    silence = sentenceOf(error);
  }
  asking = false;
  showAge();
  timer = setTimeout(look, looked === current ? Math.max(kEach, kShare * (performance.now() - began)) : 0);
}

function showTabs(chosen) {
  put(document.getElementById("tabs"),
      kViews.map(
          ({id, title}) =>
              h("li", {}, h("a", {href: "#" + id, "aria-current": id === chosen ? "page" : null}, title))));
  document.querySelector("#tabs [aria-current]").scrollIntoView({block: "nearest", inline: "center"});
}

// "#actors?filter=state=dead"
function route() {
  const [id, words = ""] = location.hash.slice(1).split(/\?(.*)/s);
  if (id === "view") return;  // the link to the content
  const chosen = kViews.find((each) => each.id === id) ?? kViews[0];
  showTabs(chosen.id);
  root.replaceChildren();
  root.className = chosen.id;
  current = {id: chosen.id, view: chosen.make(root, new URLSearchParams(words), look)};
  look();
}

addEventListener("hashchange", route);
document.addEventListener("visibilitychange", look);
setInterval(showAge, 500);
showAge();
route();
