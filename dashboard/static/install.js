// Makes the pages installable, and lets them say when the dashboard is out of reach.

if ("serviceWorker" in navigator) {
  const register = () => navigator.serviceWorker.register("/sw.js").catch(() => {}); // over plain HTTP there is none
  if (document.readyState === "complete") register();
  else window.addEventListener("load", register, { once: true }); // after all that the page itself needs
}
