// Inside Shopify's admin: App Bridge adds the ID token to our fetches, so links and forms are fetched and shown here.
(() => {
  const show = async (answer, push) => {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = page.title;
    document.body.replaceWith(page.body);
    if (push) history.pushState({}, "", answer.url);
    window.scrollTo(0, 0);
    again();
  };
  // A file is kept, not shown.
  const keep = async (answer, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  const go = (url, options, push = true) => {
    window.shopify?.loading?.(true);
    return fetch(url, options)
      .then((answer) => {
        // Another site, which can't stand in a frame, gets the whole window.
        const away = answer.headers.get("X-Open-Top");
        if (away) return open(away, "_top");
        const kept = /^attachment; filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "");
        return kept ? keep(answer, kept[1]) : show(answer, push);
      })
      .finally(() => window.shopify?.loading?.(false));
  };
  const ours = (href) => href && new URL(href, location.href).origin === location.origin;
  document.addEventListener("click", (event) => {
    const link = event.composedPath().find((one) => one.getAttribute?.("href"));
    if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey) return;
    const href = link.getAttribute("href");
    if (link.download || !ours(href) || link.getAttribute("target") === "_blank" || link.closest("s-app-nav")) return;
    event.preventDefault();
    go(new URL(href, location.href));
  });
  // The merchant is asked for a permission that it has not given; the page shows what it said.
  document.addEventListener("click", (event) => {
    const scope = event.composedPath().find((one) => one.dataset?.asksScope)?.dataset.asksScope;
    if (scope) window.shopify.scopes.request([scope]).then(() => go(location.href, {}, false));
  });
  // Polaris' buttons have no name and value of their own: the one that was pressed last says what its form is to do.
  let pressed = null;
  document.addEventListener("keydown", () => { pressed = null; }, true);
  document.addEventListener("click", (event) => {
    pressed = event.composedPath().find((one) => one.localName === "s-button") ?? null;
    if (pressed?.dataset.sends === undefined) return;
    // The question of an action was answered with yes.
    pressed.closest("s-modal").hideOverlay?.();
    pressed.closest("form").requestSubmit();
  }, true);
  // Caught on the way down: the events of Polaris' fields need not bubble.
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-submits]")) event.target.closest("form").requestSubmit();
    if (event.target.matches?.("[data-pick-all]")) {
      for (const one of event.target.closest("form").querySelectorAll("[data-pick]")) one.checked = event.target.checked;
    }
  }, true);
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const form = event.target;
    event.preventDefault();
    const values = new FormData(form, event.submitter?.form === form ? event.submitter : undefined);
    if (pressed?.dataset.name && pressed.closest("form") === form) values.append(pressed.dataset.name, pressed.dataset.value);
    const target = new URL(form.getAttribute("action") || location.href, location.href);
    if ((form.getAttribute("method") || "get").toLowerCase() === "get") {
      target.search = new URLSearchParams(values).toString();
      go(target);
    } else {
      go(target, { method: "POST", body: form.enctype === "multipart/form-data" ? values : new URLSearchParams(values) });
    }
  });
  window.addEventListener("popstate", () => go(location.href, {}, false));
  let timer;
  const again = () => {
    clearTimeout(timer);
    const waiting = document.querySelector("[data-reload-seconds]");
    if (waiting) timer = setTimeout(() => go(location.href, {}, false), Number(waiting.dataset.reloadSeconds) * 1000);
  };
  document.addEventListener("DOMContentLoaded", again);
})();
