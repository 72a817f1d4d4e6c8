// Sends an archive as it is; the page that comes back says what became of it.

const form = document.getElementById("restore");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [file] = form.elements.file.files;
  if (!file) return;
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch("/data/restore", { method: "POST", body: file });
    location.assign(answer.url);
  } finally {
    button.disabled = false;
  }
});
