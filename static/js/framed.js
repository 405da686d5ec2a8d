// Inside a dialog on another site: whatever leads elsewhere opens a tab of its own, since only the form may stand there.

export function start() {
  document.addEventListener("click", ({ target }) => {
    const link = target.closest("a[href]");
    if (link && !link.getAttribute("href").startsWith("#")) link.target = "_blank";
  });
  document.querySelector("form#mine-too")?.setAttribute("target", "_blank");
}
