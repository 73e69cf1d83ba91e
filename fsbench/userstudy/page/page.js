// Streamlit keeps the place of the page and the focus when its content changes. This starts a new page at its top, takes
// the focus to the first question that is missing, sends a rater who is done back to the panel, and lets the digits 0 to 5
// choose in a question.
(() => {
  const scroller = () => document.querySelector('[data-testid="stMain"]') || document.scrollingElement;
  document.documentElement.lang = "@LANGUAGE@";
  if ("@TOP@" && window.fsbenchTop !== "@TOP@") {
    window.fsbenchTop = "@TOP@";
    scroller().scrollTo(0, 0);
    const heading = document.querySelector(".fs-heading");
    if (heading) heading.focus({ preventScroll: true });
  }
  if ("@FOCUS@") {
    const radio = document.querySelector(".st-key-@FOCUS@ input");
    if (radio) radio.focus();
  }
  const panel = document.querySelector(".fs-panel");
  if (panel && !window.fsbenchLeaves) {  // raters who idle at the end are paid for it
    window.fsbenchLeaves = true;
    setTimeout(() => window.location.assign(panel.href), 3000);
  }
  if (!window.fsbenchDigits) {
    window.fsbenchDigits = true;
    document.addEventListener("keydown", (event) => {
      const group = event.target.closest && event.target.closest('[role="radiogroup"]');
      if (!group || !/^[0-5]$/.test(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
      const radio = group.querySelectorAll("input")[Number(event.key)];
      if (radio) { event.preventDefault(); radio.click(); radio.focus(); }
    });
  }
})();
