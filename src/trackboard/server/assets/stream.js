// One stream of changes per browser: the page that holds a lock reads it and tells the others. When it is
// closed, hidden or gone, the next one takes over. Where a browser has no locks (they need https or localhost)
// each page reads a stream of its own.

const AGAIN_MS = 5000; // after a refusal; after a break a browser tries again by itself

/**
 * Listen until the function that is returned is called.
 * `tell({ cursor, isLost })`: the newest cursor, empty before there is one; whether there is no connection.
 */
export function listen(url, tell) {
  const name = `trackboard ${new URL(url, location.href).pathname}`;
  const leaving = new AbortController();
  const channel = navigator.locks && window.BroadcastChannel ? new BroadcastChannel(name) : null;
  let source = null;
  let timer = 0;
  let state = { cursor: "", isLost: false };

  function become(change) {
    state = { ...state, ...change };
    channel?.postMessage(state);
    tell(state);
  }

  function open() {
    if (leaving.signal.aborted) return;
    source = new EventSource(url);
    source.onopen = () => become({ isLost: false });
    source.addEventListener("change", (event) => become({ cursor: event.lastEventId, isLost: false }));
    source.onerror = () => {
      become({ isLost: true });
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS);
    };
  }

  if (channel) {
    channel.onmessage = ({ data }) => {
      if (!data.asks) tell(data);
      else if (source) channel.postMessage(state);
    };
    const lead = () => new Promise((end) => {
      leaving.signal.addEventListener("abort", end);
      open();
    });
    navigator.locks.request(name, { signal: leaving.signal }, lead).catch(() => {}); // it left before its turn
    channel.postMessage({ asks: true });
  } else {
    open();
  }

  return () => {
    clearTimeout(timer);
    source?.close();
    source = null;
    channel?.close();
    leaving.abort();
  };
}
