// Entries that the dashboard does not have yet, kept in this browser: one key of its storage for each entry, so
// that two open pages never overwrite one another's. Sending may be repeated; the dashboard takes each once.

export class Kept {
  /** @param {number} wearer whose diary this page belongs to; entries of another's are left alone. */
  constructor(wearer) {
    this.wearer = wearer;
    this.head = `plumbline.diary.${wearer}.`;
  }

  /** All that wait, in the order in which they were written. */
  all() {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(this.head))
      .map((key) => parsed(localStorage.getItem(key)))
      .sort((one, other) => one.edited_utc_ms - other.edited_utc_ms);
  }

  get(id) {
    return parsed(localStorage.getItem(this.head + id));
  }

  /** Keeps an entry, or that it is to be deleted. Throws where the browser keeps nothing. */
  keep(item) {
    localStorage.setItem(this.head + item.entry_id, JSON.stringify(item));
  }

  drop(id) {
    localStorage.removeItem(this.head + id);
  }

  /** Whether somebody else's entries wait in this browser too. */
  get others() {
    return Object.keys(localStorage).some(
      (key) => key.startsWith("plumbline.diary.") && !key.startsWith(this.head),
    );
  }

  /**
   * Sends all that waits.
   * @returns {Promise<{arrived: object[], state: "sent" | "away" | "login" | "refused" | "other"}>}
   */
  async send() {
    const arrived = [];
    let state = "sent";
    for (const item of this.all()) {
      if (item.refused) {
        state = "refused";
        continue;
      }
      const became = await sendOne(this.wearer, item);
      if (typeof became === "string") {
        state = became;
        if (became !== "refused") return { arrived, state };
        this.keep({ ...item, refused: true });
        continue;
      }
      arrived.push(became);
      // It may have been changed again while it was on its way.
      const now = this.get(item.entry_id);
      if (now && now.edited_utc_ms === item.edited_utc_ms) this.drop(item.entry_id);
    }
    return { arrived, state };
  }
}

/** What is kept; an earlier version of this page named what an edit was based on by its time alone. */
function parsed(text) {
  const { based_on_utc_ms: stamp, ...item } = JSON.parse(text) ?? {};
  return text && { ...item, based_on: item.based_on ?? (stamp ? String(stamp) : null) };
}

async function sendOne(wearer, item) {
  const { based_on: basedOn, version, deleted, refused, was, ...entry } = item;
  const query = new URLSearchParams({ of: wearer });
  if (basedOn) query.set("based_on", basedOn);
  if (deleted) query.set("edited_utc_ms", item.edited_utc_ms);
  const request = {
    method: deleted ? "DELETE" : "PUT",
    redirect: "manual",
  };
  if (!deleted) request.body = JSON.stringify(entry);
  let answer;
  try {
    answer = await fetch(`/api/v1/diary/${item.entry_id}?${query}`, request);
  } catch {
    return "away";
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) return "login";
  if (answer.status === 409 || answer.status === 403) return "other";
  if (answer.status === 400 || answer.status === 413) return "refused";
  if (!answer.ok) return "away";
  return answer.json();
}
