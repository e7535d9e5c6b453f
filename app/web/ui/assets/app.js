// Small conveniences of the standalone pages; everything works without them.
(() => {
  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard.writeText(copy.dataset.copy).then(() => {
        copy.textContent = copy.dataset.copied;
      });
    }
  });
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    // A second click must not send the form twice.
    if (event.submitter) setTimeout(() => { event.submitter.disabled = true; }, 0);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });
  // Rows are picked one by one, all of a page at once, or with Shift all between two.
  for (const one of document.querySelectorAll("[data-needs-script]")) one.hidden = false;
  let picked = null;
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches?.("[data-pick]")) return;
    const boxes = [...box.form.querySelectorAll("[data-pick]")];
    const [from, to] = [boxes.indexOf(picked), boxes.indexOf(box)];
    if (event.shiftKey && from >= 0) {
      for (const one of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
    }
    picked = box;
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-pick-all]")) return;
    for (const one of event.target.form.querySelectorAll("[data-pick]")) one.checked = event.target.checked;
  });
  // A preview follows the form that it is of; of several answers the last question's counts.
  const preview = document.querySelector("[data-preview-of]");
  if (preview) {
    const form = document.getElementById(preview.dataset.previewOf);
    let newest = 0;
    document.addEventListener("change", async (event) => {
      if (event.target.form !== form) return;
      const asked = ++newest;
      const answer = await fetch(preview.dataset.previewAt, { method: "POST", body: new FormData(form) });
      const shown = await answer.text();
      if (asked !== newest || !answer.ok) return;
      const held = preview.contains(document.activeElement) ? document.activeElement.id : "";
      preview.innerHTML = shown;
      if (held) document.getElementById(held)?.focus();
    });
  }
  // Fields that offer what begins like what is typed.
  let typed = 0;
  document.addEventListener("input", async (event) => {
    const field = event.target;
    if (!field.dataset?.suggest) return;
    const mine = ++typed;
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (mine !== typed || field.value.length < 2) return;
    const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(field.value)}`);
    if (mine !== typed || !answer.ok) return;
    const offered = await answer.json();
    field.list.replaceChildren(...offered.map((text) => new Option(text)));
  });
  // The zone of the browser's clock, where a form wants to know it.
  for (const one of document.querySelectorAll("[data-own-zone]")) {
    one.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  }
  // After a refusal one goes on at the first field that is wrong, wherever on the page it is.
  const wrong = document.querySelector("main [aria-invalid=true]");
  if (wrong) {
    for (let around = wrong.closest("details"); around; around = around.parentElement.closest("details")) {
      around.open = true;
    }
    wrong.focus();
  }
  // Pages with work under way look again until it is done.
  const waiting = document.querySelector("[data-reload-seconds]");
  if (waiting) setTimeout(() => location.reload(), Number(waiting.dataset.reloadSeconds) * 1000);
})();
