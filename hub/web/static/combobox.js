// A select of a long list of the books becomes a combobox that searches the list as somebody types (WAI-ARIA APG,
// "editable combobox with list autocomplete"). The select stays, unseen, and holds the value: forms are sent as before.
(() => {
  "use strict";

  const PAUSE = 150; // Milliseconds without a key before the list is searched.

  const make = (name, attributes = {}) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  const upgrade = (select) => {
    const id = select.id;
    const box = make("div", { class: "hub-combobox" });
    const input = make("input", {
      id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`,
    });
    const popup = make("div", { class: "hub-popup", hidden: "" });
    const list = make("ul", { id: `${id}-list`, role: "listbox", "aria-label": select.labels?.[0]?.textContent.trim() ?? "" });
    const said = make("p", { class: "hub-popup-said", "aria-hidden": "true" });
    const status = make("span", { class: "hub-unseen", role: "status" });
    for (const name of ["aria-invalid", "aria-describedby"]) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    }
    const focused = document.activeElement === select;
    let active = null, typed = false, timer = 0, asking = null;

    const chosen = () => select.selectedOptions[0]?.label ?? "";
    const options = () => [...list.children];
    const isOpen = () => !popup.hidden;

    const activate = (option) => {
      active?.setAttribute("aria-selected", "false");
      active = option ?? null;
      active?.setAttribute("aria-selected", "true");
      active?.scrollIntoView({ block: "nearest" });
      if (active) input.setAttribute("aria-activedescendant", active.id);
      else input.removeAttribute("aria-activedescendant");
    };

    const show = (entries, sentence) => {
      activate(null);
      entries.forEach((entry, place) => {
        entry.id = `${id}-option-${place}`;
        entry.setAttribute("aria-selected", "false");
      });
      list.replaceChildren(...entries);
      said.textContent = status.textContent = sentence;
      said.hidden = !sentence;
      popup.hidden = false;
      input.setAttribute("aria-expanded", "true");
      popup.scrollIntoView({ block: "nearest" });
    };

    const close = () => {
      clearTimeout(timer);
      asking?.abort();
      activate(null);
      popup.hidden = true;
      input.setAttribute("aria-expanded", "false");
      status.textContent = "";
      input.value = chosen();
      typed = false;
    };

    const entry = (option) => {
      const made = make("li", { role: "option", "data-value": option.value });
      made.textContent = option.label;
      return made;
    };

    const open = () => {
      show([...select.options].map(entry), select.dataset.hubMore);
      activate(options().find((option) => option.dataset.value === select.value));
    };

    const pick = (option) => {
      const { value } = option.dataset;
      const label = option.dataset.label ?? option.textContent;
      if (![...select.options].some((known) => known.value === value)) select.add(new Option(label, value));
      select.value = value;
      close();
      select.dispatchEvent(new Event("change", { bubbles: true }));
    };

    const search = async () => {
      asking?.abort();
      const mine = (asking = new AbortController());
      const always = [...select.options].filter((option) => "hubAlways" in option.dataset).map(entry);
      try {
        const address = new URL(select.dataset.hubSearch, location.href);
        address.searchParams.set("q", input.value);
        const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: mine.signal });
        if (answer.headers.has("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
        if (!answer.ok) throw new Error(answer.statusText);
        const found = make("template");
        found.innerHTML = await answer.text();
        const entries = [...found.content.querySelectorAll("[role=option]")];
        show([...always, ...entries], found.content.querySelector("[data-hub-said]")?.textContent ?? "");
        activate(entries[0]);
      } catch (error) {
        if (error.name !== "AbortError") show(always, select.dataset.hubFailed);
      }
    };

    input.addEventListener("input", () => {
      typed = true;
      activate(null);
      clearTimeout(timer);
      if (input.value.trim()) timer = setTimeout(search, PAUSE);
      else open();
    });
    input.addEventListener("click", () => { if (!isOpen()) { input.select(); open(); } });
    input.addEventListener("blur", close);
    list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) pick(option);
    });
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        if (!isOpen()) return open();
        const all = options(), place = all.indexOf(active);
        activate(all[place < 0 && step < 0 ? all.length - 1 : (place + step + all.length) % all.length]);
      } else if (event.key === "Enter" && isOpen()) {
        event.preventDefault(); // The form is sent by the next one.
        if (active) pick(active);
      } else if (event.key === "Tab" && typed && active) {
        pick(active);
      } else if (event.key === "Escape" && (isOpen() || input.value !== chosen())) {
        event.preventDefault(); // Otherwise the dialog around it would close.
        event.stopPropagation();
        close();
      }
    });

    select.id = `${id}-value`;
    select.hidden = true;
    popup.append(list, said);
    box.append(input, popup, status);
    select.before(box);
    input.value = chosen();
    if (focused) input.focus();
  };

  const upgradeAll = () => {
    for (const select of document.querySelectorAll("select[data-hub-search]:not([hidden])")) upgrade(select);
    for (const link of document.querySelectorAll("a[data-hub-plain]")) link.remove();
  };

  for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap", "DOMContentLoaded"]) document.addEventListener(name, upgradeAll);
  if (document.readyState !== "loading") upgradeAll();
})();
