// Statistics that take a while come after the page; without this, a link leads to them.
(async () => {
  const place = document.querySelector("#hs-statistics[data-ask]");
  if (!place) return;
  const wait = document.getElementById("hs-wait");
  const link = place.firstElementChild;
  wait.textContent = "Computing statistics…";
  link.hidden = true;
  try {
    const page = await fetch(place.dataset.ask, { cache: "no-store" });
    const html = new DOMParser().parseFromString(await page.text(), "text/html");
    place.replaceWith(document.importNode(html.getElementById("hs-statistics"), true));
    wait.className = "hs-hidden";
    wait.textContent = "The statistics are there.";
  } catch {
    wait.textContent = "The statistics did not come.";
    link.hidden = false;
  }
})();

// A button beside each command; without a clipboard there is none, and the command is selected whole.
if (navigator.clipboard) {
  const copied = document.getElementById("hs-copied");
  for (const button of document.querySelectorAll(".hs-copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const label = button.ariaLabel.replace("Copy: ", "");
      copied.textContent = "";
      try {
        await navigator.clipboard.writeText(button.previousElementSibling.textContent);
        copied.textContent = `Copied: ${label}`;
      } catch {
        copied.textContent = `${label} could not be copied; a click on the command selects it.`;
      }
    });
  }
}
