// Makes the columns of tables sortable by mouse and keyboard. Without it the page reads the same.
(() => {
  const worth = (cell) => {
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = Number.parseFloat(text);
    return text !== "" && Number.isFinite(number) ? number : text;
  };
  const compare = (a, b) => {
    if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
    return typeof a === "number" ? -1 : 1; // words, such as the dash of an absent value, come last
  };
  const sort = (table, column, up) => {
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter((row) => !row.classList.contains("section"));
      const place = (row) => worth(row.cells[column]);
      const order = rows.sort((a, b) => {
        const [left, right] = [place(a), place(b)];
        const found = compare(left, right);
        return typeof left === typeof right && !up ? -found : found;
      });
      body.append(...order);
    }
  };
  for (const table of document.querySelectorAll("table.numbers")) {
    if ([...table.tBodies].every((body) => body.querySelectorAll("tr:not(.section)").length < 2)) continue;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const up = before ? before === "descending" : !head.classList.contains("number");
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        sort(table, column, up);
      });
    });
  }
})();
