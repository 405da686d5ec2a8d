// One press chooses every box of a name in the form, and the next none of them.

export function start() {
  for (const button of document.querySelectorAll("[data-choose-all]")) {
    const boxes = [...button.form.elements].filter(({ name }) => name === button.dataset.chooseAll);
    button.hidden = boxes.length < 2;
    button.addEventListener("click", () => {
      const all = boxes.some(({ checked }) => !checked);
      for (const box of boxes) box.checked = all;
    });
  }
}
