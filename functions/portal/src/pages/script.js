(() => {
  "use strict";
  const put = (box, html) => {
    if (box.dataset.last === html) return;
    box.dataset.last = html;
    const id = document.activeElement && box.contains(document.activeElement) && document.activeElement.id;
    box.innerHTML = html;
    const again = id && document.getElementById(id);
    if (again) again.focus();
  };
  const form = document.getElementById("order");
  const free = document.getElementById("free");
  if (form && free) {
    let timer = 0, turn = 0;
    const look = async () => {
      const mine = ++turn;
      const body = new URLSearchParams(new FormData(form));
      ["phone", "email"].forEach((name) => body.delete(name));
      try {
        const answer = await fetch("/free", { method: "POST", body });
        const html = answer.ok ? await answer.text() : "";
        if (html && mine === turn) put(free, html);
      } catch { /* The page says what was free when it was made. */ }
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 300); });
    free.addEventListener("click", (event) => {
      const slot = event.target.closest("button[data-time]");
      if (!slot) return;
      event.preventDefault();
      form.elements.day.value = slot.dataset.day;
      form.elements.time.value = slot.dataset.time;
      look();
    });
    setInterval(() => { if (!document.hidden) look(); }, 15000);
  }
  const live = document.getElementById("live");
  if (live && window.EventSource) {
    const source = new EventSource(live.dataset.events);
    source.onmessage = (event) => put(live, event.data);
    source.addEventListener("over", () => { source.close(); location.reload(); });
  }
})();
