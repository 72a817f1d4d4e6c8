// One WebSocket to the dashboard. It comes back by itself after sleep, aeroplane mode or a restart of the
// server, and lets go while the page is hidden, so that the sensor sends readings only while someone looks.

const LOST_MS = 6000; // the server says something at least every two seconds
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;

// Whose page this is: the dashboard refuses it once somebody else's is open in this browser.
export const of = document.body.dataset.of ? `?of=${document.body.dataset.of}` : "";

// A moment on two clocks: the steady one may stand still while the machine sleeps, the other may be set back.
export const mark = (agoMs = 0) => [performance.now() - agoMs, Date.now() - agoMs];
export const since = ([steady, wall]) => Math.max(performance.now() - steady, Date.now() - wall);

// `heard` maps a message's type to what is done with it; `opened` is called at each (new) connection.
export class Connection {
  #heard;
  #opened;
  #socket = null;
  #heardAt = mark();
  #retryMs = FIRST_RETRY_MS;
  #retry = 0;

  constructor(heard, opened = () => {}) {
    this.#heard = heard;
    this.#opened = opened;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#drop() : this.#now()));
    for (const woken of ["online", "pageshow", "resume", "focus"]) {
      window.addEventListener(woken, () => this.#now());
    }
    window.addEventListener("pagehide", () => this.#drop());
    setInterval(() => this.#check(), 1000);
    this.#connect();
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN && since(this.#heardAt) < LOST_MS;
  }

  #now() {
    this.#check();
    this.#retryMs = FIRST_RETRY_MS;
    this.#connect();
  }

  // A dead network answers nothing, not even a close or a refused connection: silence itself is the sign.
  #check() {
    if (this.#socket && since(this.#heardAt) > LOST_MS) this.#again();
  }

  #drop() {
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  #again() {
    this.#drop();
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }

  #connect() {
    if (this.#socket || document.hidden) return;
    clearTimeout(this.#retry);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/live${of}`);
    this.#socket = socket;
    this.#heardAt = mark();
    socket.onopen = () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.#opened();
    };
    socket.onmessage = (event) => {
      this.#heardAt = mark();
      const message = JSON.parse(event.data);
      this.#heard[message.type]?.(message);
    };
    socket.onclose = () => this.#again();
  }
}
