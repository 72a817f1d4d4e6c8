// Sets that the page coached, kept in this browser until the dashboard has stored them: nothing done is lost.

const KEY = "plumbline-exercise-sets";

export const kept = () => JSON.parse(localStorage.getItem(KEY) ?? "[]");

// Keep a set and try to store it; true where everything that was kept is stored now.
export function keep(wearer, exercise, done) {
  localStorage.setItem(KEY, JSON.stringify([...kept(), { wearer, exercise, done }]));
  return store(wearer);
}

// Only what belongs to the wearer whose page is open is sent.
export async function store(wearer) {
  for (const one of kept()) {
    if (one.wearer !== wearer) continue;
    try {
      const answer = await fetch(`/exercises/${one.exercise}/done?of=${wearer}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(one.done),
      });
      // What can never be taken (an exercise that is gone) must not stand in the way for ever.
      if (!answer.ok && ![400, 404].includes(answer.status)) return false;
    } catch {
      return false;
    }
    localStorage.setItem(KEY, JSON.stringify(kept().filter(({ done }) => done.set_id !== one.done.set_id)));
  }
  return true;
}
