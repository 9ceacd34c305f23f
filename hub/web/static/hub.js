// What HTML alone cannot do for the hub's fragments: CSRF for htmx, and modal dialogs that give the focus back.
(() => {
  "use strict";

  let opener = null; // What was used last outside of any dialog.
  const openers = new WeakMap(); // What had the focus when a dialog was opened.

  const token = () => document.querySelector('meta[name="hub-csrf"]')?.content;

  // What comes with its page, again and again, or because something else has changed: nobody has pressed anything.
  const unasked = (by) => !by || by.type.startsWith("hub-");

  document.addEventListener("htmx:configRequest", (event) => {
    const { verb, headers, triggeringEvent } = event.detail;
    if (verb !== "get" && token()) headers["X-CSRFToken"] = token();
    if (unasked(triggeringEvent)) headers["Hub-Unasked"] = "true";
  });

  // A control as it is on the page by now: the same, or what a fragment that was renewed has put in its place.
  const standing = (one) => one?.isConnected ? one : one?.id ? document.getElementById(one.id) : null;

  const openDialogs = () => {
    for (const dialog of document.querySelectorAll("dialog[data-hub-modal]:not([open])")) {
      openers.set(dialog, document.activeElement === document.body ? opener : document.activeElement);
      dialog.showModal();
    }
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    const source = event.detail.elt;
    if (source.closest && !source.closest("dialog")) opener = source;
    unsaved.get(source)?.remove();
  });

  // A control that has started a request is busy until that is answered.
  const controlOf = (source, event) => source.matches?.("form") ? event?.submitter ?? source.querySelector("button:not([type=button], [hidden])") : source;
  const busy = new WeakMap();
  const work = (control) => control?.matches?.("a, button") && control.setAttribute("aria-busy", "true");
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    if (event.defaultPrevented || unasked(requestConfig?.triggeringEvent)) return;
    const control = controlOf(elt, requestConfig.triggeringEvent);
    if (work(control) !== false) busy.set(elt, control);
  });
  document.addEventListener("htmx:afterRequest", (event) => busy.get(event.detail.elt)?.removeAttribute("aria-busy"));
  document.addEventListener("submit", (event) => {
    if (event.target.closest(".hub") && !event.target.matches("[hx-get], [hx-post], [method=dialog]")) work(event.submitter);
  });
  addEventListener("pageshow", (event) => {
    for (const one of event.persisted ? document.querySelectorAll("[aria-busy=true]") : []) one.removeAttribute("aria-busy");
  });

  // A connection that was dropped: the control that asked says so, and asks again when that is pressed.
  const unsaved = new Map();
  const words = () => document.querySelector('meta[name="hub-words"]')?.dataset ?? {};
  const notSaved = (event) => {
    const source = event.detail.elt, asked = event.detail.requestConfig ?? {};
    if (!source.isConnected || unasked(asked.triggeringEvent)) return;
    const note = document.createElement("p");
    note.className = "hub hub-problem hub-unsaved";
    note.setAttribute("role", "alert");
    note.append(asked.verb === "get" ? words().notLoaded ?? "Not loaded." : words().notSaved ?? "Not saved yet.", " ");
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = words().retry ?? "Retry";
    again.addEventListener("click", () => {
      const pressed = asked.triggeringEvent?.submitter;
      if (source.matches("form")) source.requestSubmit(pressed?.isConnected ? pressed : undefined);
      else htmx.trigger(source, asked.triggeringEvent?.type ?? "click");
    });
    note.append(again);
    unsaved.get(source)?.remove();
    unsaved.set(source, note);
    if (source.matches("form, section, article, div")) source.append(note);
    else source.after(note);
  };
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, notSaved);

  // What was opened at the lower edge of a dialog would stay out of sight.
  document.addEventListener("toggle", (event) => {
    const details = event.target, pressed = details.contains(document.activeElement);
    if (details.open && pressed && details.closest("dialog")) details.scrollIntoView({ block: "start" });
  }, true);

  // What stands in a closed <details> is not kept up to date; opening it asks for it.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const around = event.detail.elt.closest?.("[data-hub-when-open]")?.closest("details");
    if (around && !around.open) event.preventDefault();
  });

  // A control that was replaced together with its row gives the focus to the row that came instead.
  const giveFocus = () => {
    const target = document.querySelector("[data-hub-focus]");
    target?.removeAttribute("data-hub-focus");
    if (target && document.activeElement === document.body) target.focus();
  };

  document.addEventListener("htmx:afterSettle", openDialogs);
  document.addEventListener("htmx:afterSettle", giveFocus);
  document.addEventListener("DOMContentLoaded", openDialogs);

  document.addEventListener("close", (event) => {
    if (!event.target.matches?.("dialog[data-hub-modal]")) return;
    const before = openers.get(event.target);
    event.target.remove();
    (standing(before) ?? standing(opener))?.focus();
  }, true);

  // Tick boxes that belong to a form: one that ticks all of them, and a place that says how many are ticked.
  const countTicks = () => {
    for (const place of document.querySelectorAll("[data-hub-ticked]")) {
      const form = document.getElementById(place.dataset.hubTicked);
      const boxes = [...(form?.elements ?? [])].filter((one) => one.type === "checkbox" && one.name);
      const ticked = boxes.filter((one) => one.checked).length;
      place.textContent = ticked ? `(${ticked})` : "";
      for (const all of form.querySelectorAll("[data-hub-tick-all]")) {
        all.checked = ticked > 0 && ticked === boxes.length;
        all.indeterminate = ticked > 0 && ticked < boxes.length;
      }
    }
  };

  document.addEventListener("change", (event) => {
    const all = event.target.closest?.("[data-hub-tick-all]");
    for (const one of all ? document.getElementById(all.dataset.hubTickAll).elements : []) {
      if (one.type === "checkbox" && one.name) one.checked = all.checked;
    }
    countTicks();
  });

  // What was sent is ticked no more; what needs a choice first stays ticked.
  document.addEventListener("hub-sent", (event) => {
    const sent = new Set(event.detail?.ids);
    for (const one of document.getElementById("hub-send-many")?.elements ?? []) {
      if (one.type === "checkbox" && sent.has(one.value)) one.checked = false;
    }
    countTicks();
  });

  document.addEventListener("htmx:afterSettle", countTicks);
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest?.("[data-hub-copy]");
    if (copy) {
      await navigator.clipboard.writeText(document.querySelector(copy.dataset.hubCopy).textContent.trim());
      copy.textContent = words().copied ?? "Copied";
    }
    const control = event.target.closest?.("[data-hub-close]");
    control?.closest("dialog")?.close();
  });
})();
