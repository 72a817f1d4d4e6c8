// A wall display stays lit while the page is seen, where the browser allows it.

export function stayAwake() {
  const ask = () => !document.hidden && navigator.wakeLock?.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", ask); // a hidden page loses the lock
  ask();
}
