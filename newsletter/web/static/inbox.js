// Says that new mail came; reading needs no script.
const link = document.querySelector(".news a");
const shown = Number(document.body.dataset.total);
setInterval(async () => {
  if (document.hidden) return;
  try {
    const { total } = await (await fetch("/count")).json();
    const fresh = total - shown;
    if (fresh === 0) return;
    link.textContent = fresh > 0 ? `${fresh} new` : "Deleted elsewhere";
    link.hidden = false;
  } catch {
    link.textContent = "The inbox is closed";
    link.hidden = false;
  }
}, 3000);
