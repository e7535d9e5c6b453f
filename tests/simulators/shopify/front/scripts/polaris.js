// Stand-ins for Polaris' web components: near enough to look at, work with, and to be read out.
(() => {
  const style = document.createElement("style");
  style.textContent = `
    body { margin: 0; background: #f1f1f1; color: #303030; font: 14px/1.45 Inter, system-ui, sans-serif; }
    s-app-nav { display: none; }
    s-stack { display: flex; flex-direction: column; min-width: 0; }
    s-stack[direction="inline"] { flex-direction: row; flex-wrap: wrap; }
    s-grid { display: grid; min-width: 0; }
    s-box, s-section, s-page, s-banner, s-paragraph { display: block; min-width: 0; }
    s-box[padding] { padding: 16px; } s-box[padding="large"] { padding: 32px 16px; text-align: center; }
    s-paragraph { margin: 0; } s-text[color="subdued"], s-paragraph[color="subdued"] { color: #616161; }
    s-text[type="strong"] { font-weight: 600; } s-text, s-badge, s-link { display: inline; overflow-wrap: anywhere; }
    s-heading { display: block; font-size: 16px; font-weight: 650; }
    s-badge { display: inline-block; border-radius: 8px; padding: 2px 8px; font-size: 12px; font-weight: 550; background: #e3e3e3; color: #303030; white-space: nowrap; }
    s-badge[tone="success"] { background: #cdfee1; color: #0c5132; } s-badge[tone="warning"] { background: #ffe8c4; color: #4f2c00; }
    s-badge[tone="critical"] { background: #fedad9; color: #8e1f0b; } s-badge[tone="info"] { background: #e0f0ff; color: #00365c; }
    s-link { color: #005bd3; text-decoration: underline; cursor: pointer; }
    s-ordered-list { display: block; } s-list-item { display: list-item; margin-left: 20px; padding: 4px 0; }
    s-table { display: table; width: 100%; border-collapse: collapse; }
    s-table-header-row, s-table-row { display: table-row; } s-table-header-row { background: #f7f7f7; }
    s-table-body { display: table-row-group; } s-table-header, s-table-cell { display: table-cell; padding: 10px 16px; border-bottom: 1px solid #ebebeb; vertical-align: middle; }
    s-table-header { font-size: 12px; font-weight: 600; color: #616161; text-align: left; white-space: nowrap; }
    s-table-header[format="numeric"], s-table-cell.numeric { text-align: right; font-variant-numeric: tabular-nums; }
    s-thumbnail img { width: 40px; height: 40px; object-fit: cover; border: 1px solid #e3e3e3; border-radius: 8px; display: block; }
    @media (max-width: 600px) {
      s-table, s-table-body { display: block; } s-table-header-row { display: none; } s-table-row { display: block; padding: 10px 16px; border-bottom: 1px solid #ebebeb; }
      s-table-cell { display: flex; justify-content: space-between; gap: 16px; padding: 3px 0; border: 0; text-align: right; }
      s-table-cell::before { content: attr(data-label); color: #616161; font-size: 12px; text-align: left; }
      s-table-cell:first-child { text-align: left; } s-table-cell:first-child::before { content: none; }
    }`;
  document.head.append(style);

  const gaps = { none: "0", "small-400": "2px", "small-300": "4px", "small-200": "6px", "small-100": "8px", small: "10px", base: "16px", large: "20px", "large-100": "24px" };
  const define = (tag, kind) => customElements.get(tag) || customElements.define(tag, kind);
  const plain = (tag, role, level) =>
    define(tag, class extends HTMLElement {
      connectedCallback() {
        if (role && !this.hasAttribute("role")) this.setAttribute("role", role);
        if (level) this.setAttribute("aria-level", level);
      }
    });
  const lengths = (value) => gaps[value] ?? value ?? "0";

  define("s-stack", class extends HTMLElement {
    connectedCallback() {
      this.style.gap = lengths(this.getAttribute("gap"));
      if (this.hasAttribute("justifycontent")) this.style.justifyContent = this.getAttribute("justifycontent");
      const align = this.getAttribute("alignitems");
      if (align) this.style.alignItems = { start: "flex-start", end: "flex-end" }[align] ?? align;
    }
  });
  define("s-grid", class extends HTMLElement {
    connectedCallback() {
      this.style.gap = lengths(this.getAttribute("gap"));
      const wanted = this.getAttribute("gridtemplatecolumns") ?? "1fr";
      const found = wanted.match(/^@container \(inline-size > (\d+)px\) (.*), (.+?)$/);
      const arrange = () => {
        const columns = found ? (this.clientWidth > Number(found[1]) ? found[2] : found[3]) : wanted;
        this.style.gridTemplateColumns = columns.replace(/(\d*\.?\d+fr)/g, "minmax(0, $1)");
      };
      new ResizeObserver(arrange).observe(this);
      arrange();
    }
  });
  const shadow = (tag, html, then) =>
    define(tag, class extends HTMLElement {
      connectedCallback() {
        if (!this.shadowRoot) this.attachShadow({ mode: "open" }).innerHTML = html(this);
        then?.(this);
      }
    });
  const text = (value) => (value ?? "").replace(/[&<>"]/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[char]);
  const attr = (one, name) => text(one.getAttribute(name));

  shadow("s-page", (one) => `<style>main{max-width:998px;margin:0 auto;padding:16px;display:grid;gap:16px;box-sizing:border-box}
    header{display:flex;flex-wrap:wrap;justify-content:space-between;gap:8px;align-items:center}h1{font-size:20px;margin:0;overflow-wrap:anywhere}
    .slots{display:grid;gap:16px;min-width:0}</style><main><div><slot name="breadcrumb-actions"></slot><header><h1>${attr(one, "heading")}</h1>
    <span><slot name="secondary-actions"></slot><slot name="primary-action"></slot></span></header></div><div class="slots"><slot></slot></div><slot name="aside"></slot></main>`);
  shadow("s-section", (one) => `<style>section{background:#fff;border-radius:12px;box-shadow:0 1px 0 #d5d5d5,0 0 0 1px #e8e8e8;padding:16px;overflow:hidden}
    section.flush{padding:0}section.flush h2{padding:16px 16px 8px}h2{font-size:14px;font-weight:650;margin:0 0 12px}.body{display:grid;gap:12px;min-width:0}</style>
    <section class="${one.getAttribute("padding") === "none" ? "flush" : ""}">${one.getAttribute("heading") ? `<h2>${attr(one, "heading")}</h2>` : ""}<div class="body"><slot></slot></div></section>`);
  shadow("s-banner", (one) => {
    const tones = { critical: ["#fee8eb", "#8e1f0b"], warning: ["#fff1d6", "#4f2c00"], success: ["#cdfee1", "#0c5132"], info: ["#e8f3ff", "#00365c"] };
    const [back, ink] = tones[one.getAttribute("tone")] ?? tones.info;
    return `<style>div{background:${back};color:${ink};border-radius:12px;padding:14px 16px;display:grid;gap:6px}strong{font-weight:650}</style>
      <div role="${one.getAttribute("tone") === "critical" ? "alert" : "status"}"><strong>${attr(one, "heading")}</strong><slot></slot></div>`;
  });
  shadow("s-spinner", (one) => `<style>span{display:inline-block;width:20px;height:20px;border:3px solid #d0d0d0;border-top-color:#303030;border-radius:50%;animation:t 1s linear infinite}@keyframes t{to{transform:rotate(1turn)}}</style><span role="status" aria-label="${attr(one, "accessibilitylabel")}"></span>`);
  define("s-thumbnail", class extends HTMLElement {
    connectedCallback() {
      if (!this.firstChild) this.innerHTML = `<img src="${attr(this, "src")}" alt="${attr(this, "alt")}" loading="lazy">`;
    }
  });
  define("s-image", class extends HTMLElement {
    connectedCallback() {
      const width = this.getAttribute("inlinesize") === "fill" ? "100%" : "auto";
      if (!this.firstChild) this.innerHTML = `<img src="${attr(this, "src")}" alt="${attr(this, "alt")}" style="display:block;max-width:100%;width:${width}">`;
    }
  });
  define("s-link", class extends HTMLElement {
    connectedCallback() {
      this.setAttribute("role", "link");
      this.tabIndex = 0;
      this.addEventListener("keydown", (event) => event.key === "Enter" && this.click());
      this.addEventListener("click", (event) => setTimeout(() => {
        if (!event.defaultPrevented && this.getAttribute("target") === "_blank") window.open(this.getAttribute("href"), "_blank", "noopener");
      }));
    }
  });
  define("s-button", class extends HTMLElement {
    static formAssociated = true;
    constructor() {
      super();
      this.internals = this.attachInternals();
    }
    connectedCallback() {
      if (this.shadowRoot) return;
      const look = this.getAttribute("variant") ?? "secondary";
      const critical = this.getAttribute("tone") === "critical";
      const colours = { primary: "background:#303030;color:#fff;border-color:#303030", secondary: "background:#fff;color:#303030", tertiary: "background:transparent;color:#303030;border-color:transparent" };
      this.attachShadow({ mode: "open", delegatesFocus: true }).innerHTML =
        `<style>button{font:550 13px/20px Inter,system-ui,sans-serif;border:1px solid #c9c9c9;border-radius:8px;padding:5px 12px;cursor:pointer;${colours[look] ?? colours.secondary};${critical ? "color:#8e1f0b" : ""}}button:focus-visible{outline:2px solid #005bd3;outline-offset:1px}</style>
         <button type="button" ${this.getAttribute("href") ? 'role="link"' : ""}><slot></slot></button>`;
      this.addEventListener("click", () => {
        if (this.getAttribute("type") === "submit") this.internals.form?.requestSubmit();
        const command = { "--show": "showOverlay", "--hide": "hideOverlay", "--toggle": "toggleOverlay" }[this.getAttribute("command")];
        if (command) document.getElementById(this.getAttribute("commandfor"))?.[command]?.();
        if (this.getAttribute("target") === "_blank") window.open(this.getAttribute("href"), "_blank", "noopener");
      });
    }
  });

  define("s-modal", class extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      this.attachShadow({ mode: "open" }).innerHTML =
        `<style>dialog{border:0;border-radius:12px;padding:16px;max-width:min(420px,calc(100vw - 64px));color:inherit;box-shadow:0 8px 40px #0006}
         h2{font-size:14px;font-weight:650;margin:0 0 12px}footer{display:flex;justify-content:flex-end;gap:8px;margin-top:16px}</style>
         <dialog aria-labelledby="h"><h2 id="h">${attr(this, "heading")}</h2><slot></slot><footer><slot name="secondary-actions"></slot><slot name="primary-action"></slot></footer></dialog>`;
      this.dialog = this.shadowRoot.querySelector("dialog");
      this.dialog.addEventListener("close", () => this.dispatchEvent(new CustomEvent("hide")));
    }
    showOverlay() {
      this.dialog.showModal();
      this.dispatchEvent(new CustomEvent("show"));
    }
    hideOverlay() { this.dialog.close(); }
    toggleOverlay() { this.dialog.open ? this.hideOverlay() : this.showOverlay(); }
  });

  const look = `<style>:host{display:block}label,.label{display:block;font-weight:450;margin-bottom:4px}input,select,textarea{font:inherit;width:100%;box-sizing:border-box;border:1px solid #8a8a8a;border-radius:8px;padding:6px 10px;background:#fdfdfd;color:inherit}
    input[type=checkbox],input[type=radio]{width:auto}.error{color:#8e1f0b;margin-top:4px}.details{color:#616161;margin-top:4px;font-size:13px}.hidden{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}</style>`;
  class Field extends HTMLElement {
    static formAssociated = true;
    constructor() {
      super();
      this.internals = this.attachInternals();
    }
    get name() { return this.getAttribute("name"); }
    get value() { return this.control?.value ?? this.getAttribute("value") ?? ""; }
    set value(value) { this.control.value = value; this.internals.setFormValue(value); }
    connectedCallback() {
      if (this.shadowRoot) return;
      const hidden = this.getAttribute("labelaccessibilityvisibility") === "exclusive";
      const note = this.getAttribute("error") ? `<div class="error" id="n">${attr(this, "error")}</div>` : this.getAttribute("details") ? `<div class="details" id="n">${attr(this, "details")}</div>` : "";
      this.attachShadow({ mode: "open", delegatesFocus: true }).innerHTML = `${look}<label for="c" class="${hidden ? "hidden" : ""}">${attr(this, "label")}</label>${this.draw()}${note}`;
      this.control = this.shadowRoot.getElementById("c");
      if (note) this.control.setAttribute("aria-describedby", "n");
      this.internals.setFormValue(this.value);
      for (const kind of ["input", "change"]) {
        this.control.addEventListener(kind, () => {
          this.internals.setFormValue(this.value);
          this.dispatchEvent(new Event(kind, { bubbles: true }));
        });
      }
      this.control.addEventListener("keydown", (event) => event.key === "Enter" && this.control.tagName === "INPUT" && this.internals.form?.requestSubmit());
    }
    draw() {
      const own = ["min", "max", "step", "placeholder"].filter((name) => this.hasAttribute(name)).map((name) => `${name}="${attr(this, name)}"`).join(" ");
      return `<input id="c" type="${this.kind ?? "text"}" value="${attr(this, "value")}" ${own} ${this.hasAttribute("readonly") ? "readonly" : ""} ${this.hasAttribute("required") ? "required" : ""}>`;
    }
  }
  const fieldKinds = { "s-text-field": "text", "s-email-field": "email", "s-password-field": "password", "s-number-field": "text", "s-money-field": "text", "s-url-field": "url", "s-search-field": "search", "s-date-field": "date", "s-color-field": "text" };
  for (const [tag, kind] of Object.entries(fieldKinds)) define(tag, class extends Field { kind = kind; });
  define("s-text-area", class extends Field {
    draw() { return `<textarea id="c" rows="${attr(this, "rows") || 4}">${attr(this, "value")}</textarea>`; }
  });
  define("s-select", class extends Field {
    draw() {
      const chosen = this.getAttribute("value");
      const options = () =>
        [...this.querySelectorAll("s-option")]
          .map((one) => `<option value="${attr(one, "value")}" ${one.getAttribute("value") === chosen ? "selected" : ""}>${text(one.textContent)}</option>`)
          .join("");
      // The options are parsed after the element itself, and their texts after them.
      new MutationObserver(() => {
        this.control.innerHTML = options();
        this.internals.setFormValue(this.value);
      }).observe(this, { childList: true, subtree: true, characterData: true });
      return `<select id="c">${options()}</select>`;
    }
  });
  plain("s-option");
  define("s-checkbox", class extends Field {
    get value() { return this.control?.checked ? this.getAttribute("value") ?? "on" : null; }
    get checked() { return this.control.checked; }
    set checked(checked) {
      this.control.checked = checked;
      this.internals.setFormValue(this.value);
    }
    get indeterminate() { return this.control.indeterminate; }
    set indeterminate(some) { this.control.indeterminate = some; }
    connectedCallback() {
      if (this.shadowRoot) return;
      const spoken = this.hasAttribute("accessibilitylabel") ? `aria-label="${attr(this, "accessibilitylabel")}"` : "";
      this.attachShadow({ mode: "open", delegatesFocus: true }).innerHTML = `${look}<label><input id="c" type="checkbox" ${spoken} ${this.hasAttribute("checked") ? "checked" : ""}> ${attr(this, "label")}</label>`;
      this.control = this.shadowRoot.getElementById("c");
      const keep = () => this.internals.setFormValue(this.value);
      this.control.addEventListener("change", () => {
        keep();
        this.dispatchEvent(new Event("change", { bubbles: true }));
      });
      keep();
    }
  });
  define("s-choice-list", class extends Field {
    get value() { return this.shadowRoot?.querySelector("input:checked")?.value ?? ""; }
    connectedCallback() {
      if (this.shadowRoot) return;
      const choices = () =>
        [...this.querySelectorAll("s-choice")]
          .map((one) => `<label><input type="radio" name="r" value="${attr(one, "value")}" ${one.hasAttribute("selected") ? "checked" : ""}> ${text(one.textContent)}</label>`)
          .join("");
      this.attachShadow({ mode: "open" }).innerHTML = `${look}<fieldset style="border:0;padding:0;margin:0"><legend>${attr(this, "label")}</legend><div id="c"></div></fieldset>`;
      const keep = () => {
        this.internals.setFormValue(this.value);
      };
      const draw = () => {
        this.shadowRoot.getElementById("c").innerHTML = choices();
        keep();
      };
      new MutationObserver(draw).observe(this, { childList: true });
      draw();
      this.shadowRoot.addEventListener("change", keep);
      keep();
    }
  });
  plain("s-choice");
  define("s-drop-zone", class extends Field {
    draw() { return `<input id="c" type="file" accept="${attr(this, "accept")}">`; }
    get value() {
      const data = new FormData();
      if (this.control?.files?.[0]) data.append(this.name, this.control.files[0]);
      return data;
    }
  });

  // A table's cells know their column, for the list that it becomes on a phone.
  define("s-table", class extends HTMLElement {
    connectedCallback() {
      this.setAttribute("role", "table");
      if (this.hasAttribute("accessibilitylabel")) this.setAttribute("aria-label", this.getAttribute("accessibilitylabel"));
      queueMicrotask(() => this.label());
      new MutationObserver(() => this.label()).observe(this, { childList: true, subtree: true });
    }
    label() {
      const headers = [...this.querySelectorAll("s-table-header")];
      for (const row of this.querySelectorAll("s-table-row")) {
        [...row.children].forEach((cell, index) => {
          const header = headers[index];
          if (!header) return;
          if (cell.dataset.label !== header.textContent.trim()) cell.dataset.label = header.textContent.trim();
          cell.classList.toggle("numeric", header.getAttribute("format") === "numeric");
        });
      }
    }
  });
  plain("s-table-header-row", "row");
  plain("s-table-row", "row");
  plain("s-table-header", "columnheader");
  plain("s-table-cell", "cell");
  plain("s-table-body", "rowgroup");
  plain("s-heading", "heading", "3");
  plain("s-ordered-list", "list");
  plain("s-unordered-list", "list");
  plain("s-list-item", "listitem");
  for (const tag of Object.keys(KNOWN)) plain(tag);

  // What Shopify's own manifest does not know would do nothing there: say so.
  const common = new Set(["class", "id", "slot", "style", "role", "tabindex", "hidden", "title", "href", "target", "rel", "lang", "dir"]);
  const complain = (one) => {
    const tag = one.localName;
    if (!tag?.startsWith("s-")) return;
    if (!(tag in KNOWN)) {
      console.error(`Polaris has no element <${tag}>`);
      return;
    }
    for (const name of one.getAttributeNames()) {
      if (!KNOWN[tag].includes(name) && !common.has(name) && !name.startsWith("data-") && !name.startsWith("aria-")) {
        console.error(`<${tag}> has no attribute ${name}`);
      }
    }
  };
  const look_at = (root) => { complain(root); root.querySelectorAll?.("*").forEach(complain); };
  document.addEventListener("DOMContentLoaded", () => {
    look_at(document.body);
    new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((one) => one.nodeType === 1 && look_at(one)))).observe(document.documentElement, { childList: true, subtree: true });
  });
})();
