// Back to the page that was asked for, as soon as the dashboard answers.

const EVERY_MS = 5000;

async function look() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store" });
    if (answer.ok) location.reload();
  } catch {
    // Not yet.
  }
}

document.getElementById("again").addEventListener("click", () => location.reload());
window.addEventListener("online", look);
setInterval(() => !document.hidden && look(), EVERY_MS);
