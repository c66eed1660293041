// The npm client `graphql-sse`, in its mode of distinct connections.
import { createClient } from "graphql-sse";
import { Skipped, bearer, check, describe, expect, finishQuiz, pause, relay, target, until } from "./checks.mjs";

// A message comes when the first places or the viewer's own change: the viewer's own do when the viewer scores.
const BOARD = 'subscription { leaderboardUpdated(key: "points", first: 5) { revision viewer { score } } }';

const offered = await (async () => {
  const abort = new AbortController();
  const response = await fetch(target.http, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", authorization: bearer("member") },
    body: JSON.stringify({ query: BOARD }),
    signal: abort.signal,
  });
  const kind = response.headers.get("content-type") ?? "";
  abort.abort();
  return kind.startsWith("text/event-stream");
})();

const checkSse = (name, run, level) =>
  check(
    name,
    async () => {
      if (!offered) throw new Skipped("not offered: a subscription with `accept: text/event-stream` gets no event stream");
      await run();
    },
    level,
  );

const connect = (options = {}) =>
  createClient({ url: target.http, headers: { authorization: bearer("member") }, retryAttempts: 0, ...options });

const once = (client, payload) =>
  new Promise((resolve, reject) => {
    let last;
    client.subscribe(payload, { next: (value) => (last = value), error: reject, complete: () => resolve(last) });
  });

await checkSse("a subscription and its updates", async () => {
  const client = connect();
  const seen = [];
  let failure;
  const stop = client.subscribe({ query: BOARD }, { next: (v) => seen.push(v), error: (e) => (failure = e), complete: () => {} });
  await until(() => seen.length > 0 || failure, "the present state");
  expect(!failure, describe(failure));
  const { revision } = seen[0].data.leaderboardUpdated;
  await finishQuiz();
  await until(() => seen.at(-1).data.leaderboardUpdated.revision > revision, "an update");
  stop();
  client.dispose();
});

await checkSse("a query over an event stream", async () => {
  const client = connect();
  const result = await once(client, { query: "{ programme { key } }" });
  expect(result.data?.programme.key === "demo", JSON.stringify(result));
  client.dispose();
}, "SHOULD");

await checkSse("errors of a document", async () => {
  const client = connect();
  const told = await once(client, { query: "subscription { nope }" }).then((value) => value?.errors, (reason) => reason);
  expect(told, "nothing was told");
  client.dispose();
});

await checkSse("three subscriptions side by side", async () => {
  const client = connect();
  const seen = [0, 0, 0];
  const stops = seen.map((_, index) =>
    client.subscribe({ query: BOARD }, { next: () => (seen[index] += 1), error: () => {}, complete: () => {} }),
  );
  await until(() => seen.every((count) => count > 0), "three first states");
  stops.forEach((stop) => stop());
  client.dispose();
});

await checkSse("after a torn connection it is there again", async () => {
  const between = await relay();
  const client = connect({ url: between.http, retryAttempts: 5, retry: () => pause(0.1) });
  let seen = 0;
  const stop = client.subscribe({ query: BOARD }, { next: () => (seen += 1), error: () => {}, complete: () => {} });
  await until(() => seen > 0, "the present state");
  const before = seen;
  between.tear();
  await until(() => seen > before, "the state after the reconnection");
  stop();
  client.dispose();
  between.close();
});

await checkSse("without a token it is refused", async () => {
  const client = connect({ headers: {} });
  const told = await once(client, { query: BOARD }).then((value) => value?.errors, (reason) => reason);
  expect(told, "nothing was told");
  client.dispose();
});

process.exit(0);
