// A stand-in for App Bridge: ID tokens from the admin around us, a fetch that carries them, navigation and toasts.
(() => {
  const admin = location.ancestorOrigins?.[0] ?? "";
  const query = new URLSearchParams(location.search);
  const waiting = new Map();
  let number = 0;
  const tell = (message) => window.parent.postMessage(message, admin || "*");
  const ask = (type, more = {}) =>
    new Promise((resolve, reject) => {
      const id = ++number;
      waiting.set(id, resolve);
      setTimeout(() => waiting.delete(id) && reject(new Error(`the admin did not answer ${type}`)), 10000);
      tell({ type, id, ...more });
    });
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || (admin && event.origin !== admin)) return;
    const message = event.data ?? {};
    if (message.type === "answer") {
      waiting.get(message.id)?.(message.value);
      waiting.delete(message.id);
    }
    if (message.type === "go") open(message.href);
  });

  const idToken = () => ask("id-token");
  const open = async (href) => {
    const target = new URL(href, location.href);
    target.searchParams.set("id_token", await idToken());
    target.searchParams.set("embedded", "1");
    if (query.get("shop")) target.searchParams.set("shop", query.get("shop"));
    location.assign(target);
  };
  window.shopify = {
    config: {
      apiKey: document.querySelector('meta[name="shopify-api-key"]')?.content ?? document.currentScript?.dataset.apiKey,
      shop: query.get("shop"),
      host: query.get("host"),
      locale: query.get("locale") ?? "en",
    },
    environment: { embedded: window.top !== window.self, mobile: false, pos: false },
    ready: Promise.resolve(),
    idToken,
    loading: (on = true) => tell({ type: "loading", on }),
    toast: { show: (text, options = {}) => tell({ type: "toast", text, error: Boolean(options.isError) }), hide() {} },
    scopes: { request: async (scopes) => ({ result: await ask("scopes", { scopes }) }) },
    saveBar: { show: async () => {}, hide: async () => {}, toggle: async () => {}, leaveConfirmation: async () => {} },
    modal: {
      show: (id) => document.getElementById(id)?.showOverlay?.(),
      hide: (id) => document.getElementById(id)?.hideOverlay?.(),
    },
  };

  // Requests to our own server carry a token; one that the server finds stale is sent again with a new one.
  const bare = window.fetch.bind(window);
  window.fetch = async (input, options = {}) => {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    if (url.origin !== location.origin) return bare(input, options);
    const send = async () => {
      const headers = new Headers(options.headers ?? (input instanceof Request ? input.headers : undefined));
      headers.set("Authorization", `Bearer ${await idToken()}`);
      return bare(input, { ...options, headers });
    };
    const answer = await send();
    return answer.status === 401 && answer.headers.get("X-Shopify-Retry-Invalid-Session-Request") ? send() : answer;
  };

  const tellPath = () => tell({ type: "path", path: location.pathname, title: document.title });
  const push = history.pushState.bind(history);
  history.pushState = (...given) => {
    push(...given);
    tellPath();
  };
  const tellNavigation = () => {
    const links = [...document.querySelectorAll("s-app-nav s-link")];
    if (links.length) {
      tell({
        type: "nav",
        items: links.map((link) => ({ href: link.getAttribute("href"), label: link.textContent.trim(), rel: link.getAttribute("rel") })),
      });
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    const reload = query.get("shopify-reload");
    if (reload) {
      open(reload);
      return;
    }
    tellPath();
    tellNavigation();
    new MutationObserver(tellNavigation).observe(document.documentElement, { childList: true });
  });
  // Links that the page's own script leaves alone are opened with a token.
  window.addEventListener("click", (event) => {
    const link = event.composedPath().find((one) => one.getAttribute?.("href"));
    const href = link?.getAttribute("href");
    if (!link || event.defaultPrevented || link.getAttribute("target") === "_blank") return;
    if (new URL(href, location.href).origin !== location.origin) return;
    event.preventDefault();
    open(href);
  });
})();
