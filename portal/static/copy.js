// Puts a button behind each value that can be copied. Without this script values can be selected, and nothing is missing.
"use strict";
const status = document.getElementById("status");
if (navigator.clipboard) {
  for (const value of document.querySelectorAll("code[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = status.dataset.copy;
    button.setAttribute("aria-label", `${status.dataset.copy} ${value.textContent}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(value.textContent);
      status.textContent = `${status.dataset.copied}: ${value.textContent}`;
      button.textContent = status.dataset.copied;
      setTimeout(() => { button.textContent = status.dataset.copy; }, 2000);
    });
    value.after(button);
  }
}
