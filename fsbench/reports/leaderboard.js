// Filters the tables of a leaderboard by what their sections say of themselves. Without it all of them are shown.
(() => {
  const boards = [...document.querySelectorAll("section.board")];
  const area = document.getElementById("filters");
  const nothing = document.getElementById("nothing");
  const kinds = { protocol: "Protocol", suite: "Suite", definition: "Definition", data: "Data" };
  const chosen = {};
  const apply = () => {
    let shown = 0;
    for (const board of boards) {
      const fits = Object.entries(chosen).every(([kind, value]) => !value || board.dataset[kind] === value);
      board.hidden = !fits;
      document.querySelector(`[data-board="${board.dataset.place}"]`).hidden = !fits;
      shown += fits ? 1 : 0;
    }
    nothing.hidden = shown > 0;
  };
  for (const [kind, name] of Object.entries(kinds)) {
    const values = [...new Set(boards.map((board) => board.dataset[kind]))];
    if (values.length < 2) continue;
    const label = document.createElement("label");
    const select = document.createElement("select");
    label.append(name, select);
    for (const value of ["", ...values]) {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = value || "all";
      select.append(option);
    }
    select.addEventListener("change", () => {
      chosen[kind] = select.value;
      apply();
    });
    area.append(label);
    area.hidden = false;
  }
})();
