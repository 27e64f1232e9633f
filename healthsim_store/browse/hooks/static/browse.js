// Keeps an open list of scenarios current. Without it, a reload does the same.
(() => {
  const SECONDS = 2;
  const news = document.getElementById("hs-news");
  const names = (root) => [...root.querySelectorAll("[data-scenario]")].map((row) => row.dataset.scenario);

  async function look() {
    const live = document.getElementById("hs-live");
    const answer = await fetch(live.dataset.ask, { cache: "no-store" });
    const { state } = await answer.json();
    if (state === live.dataset.state) return;
    const page = await fetch(location.href, { cache: "no-store" });
    const html = new DOMParser().parseFromString(await page.text(), "text/html");
    const fresh = html.getElementById("hs-live");
    if (!fresh) return;
    const before = names(live), after = names(fresh);
    const came = after.filter((name) => !before.includes(name));
    const went = before.filter((name) => !after.includes(name));
    // The keyboard's place is kept, where its link is still there.
    const held = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    live.replaceWith(document.importNode(fresh, true));
    if (held) document.querySelector(`#hs-live a[href="${CSS.escape(held)}"]`)?.focus();
    const said = [];
    if (came.length) said.push(`New: ${came.join(", ")}.`);
    if (went.length) said.push(`Gone: ${went.join(", ")}.`);
    news.textContent = said.join(" ") || "The list was brought up to date.";
  }

  async function watch() {
    if (!document.hidden) {
      try { await look(); } catch { /* the server is away; it is asked again */ }
    }
    setTimeout(watch, SECONDS * 1000);
  }
  setTimeout(watch, SECONDS * 1000);
})();
