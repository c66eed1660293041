// The npm client `graphql-ws`: live boards, lost connections, tokens that end.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { bearer, check, describe, expect, finishQuiz, pause, readPages, relay, shortLived, target, until } from "./checks.mjs";

// A message comes when the first places or the viewer's own change: the viewer's own do when the viewer scores.
const BOARD = 'subscription { leaderboardUpdated(key: "points", first: 5) { revision viewer { score } } }';
const PROGRESS = "subscription($after: Long) { myProgress(after: $after) { __typename ... on ProgressSnapshot { sequence } ... on ProgressEvent { sequence } } }";

const connect = (options = {}) =>
  createClient({
    url: target.ws,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: bearer("member") },
    retryAttempts: 0,
    ...options,
  });

const once = (client, payload) =>
  new Promise((resolve, reject) => {
    let last;
    client.subscribe(payload, { next: (value) => (last = value), error: reject, complete: () => resolve(last) });
  });

function watch(client, payload) {
  const seen = [];
  const watched = { seen, error: undefined, done: false };
  watched.stop = client.subscribe(payload, {
    next: (value) => seen.push(value),
    error: (error) => (watched.error = error),
    complete: () => (watched.done = true),
  });
  return watched;
}

await check("a query", async () => {
  const client = connect();
  const result = await once(client, { query: "{ programme { key } }" });
  expect(result.data?.programme.key === "demo", JSON.stringify(result));
  await client.dispose();
});

await check("a mutation with variables", async () => {
  const client = connect();
  const result = await once(client, {
    query: "mutation($n: String) { updateProfile(input: {displayName: $n}) { __typename } }",
    variables: { n: "Demo Reader" },
  });
  expect(result.data?.updateProfile.__typename.endsWith("Success"), JSON.stringify(result));
  await client.dispose();
});

await check("a subscription, its updates, and its end by the client", async () => {
  const client = connect();
  const watched = watch(client, { query: BOARD });
  await until(() => watched.seen.length > 0, "the present state");
  const { revision } = watched.seen[0].data.leaderboardUpdated;
  await finishQuiz();
  await until(() => watched.seen.at(-1).data.leaderboardUpdated.revision > revision, "an update");
  watched.stop();
  await until(() => watched.done, "the end");
  await client.dispose();
});

await check("an async iterator, left by break", async () => {
  const client = connect();
  for await (const value of client.iterate({ query: BOARD })) {
    expect(value.data, JSON.stringify(value));
    break;
  }
  await client.dispose();
});

await check("20 operations share a socket", async () => {
  let sockets = 0;
  const client = connect({ on: { connected: () => (sockets += 1) } });
  const results = await Promise.all(
    Array.from({ length: 20 }, () => once(client, { query: "{ programme { key } }" })),
  );
  expect(results.every((result) => result.data), "a result without data");
  expect(sockets === 1, `${sockets} sockets`);
  await client.dispose();
});

await check("errors of a document reach the subscriber, and the socket lives", async () => {
  const client = connect({ lazy: false });
  const watched = watch(client, { query: BOARD });
  await until(() => watched.seen.length > 0, "the present state");
  for (const query of ["{ nope }", "subscription {", "query A { __typename } query B { __typename }"]) {
    const error = await once(client, { query }).then(() => undefined, (reason) => reason);
    expect(Array.isArray(error), `${query}: ${describe(error)} instead of GraphQL errors`);
  }
  expect(!watched.error && !watched.done, "the other subscription ended");
  watched.stop();
  await client.dispose();
});

await check("without a token the connection is refused with 4403", async () => {
  const client = connect({ connectionParams: undefined });
  const error = await once(client, { query: "{ __typename }" }).then(() => undefined, (reason) => reason);
  expect(error?.code === 4403, describe(error));
  await client.dispose();
});

await check("pings of the client are answered", async () => {
  let pongs = 0;
  const client = connect({ lazy: false, keepAlive: 100, on: { pong: (received) => (pongs += received ? 1 : 0) } });
  await until(() => pongs >= 3, "three pongs");
  await client.dispose();
});

await check("after a torn connection it is there again, with the newest state", async () => {
  const between = await relay();
  let sockets = 0;
  const client = connect({
    url: between.ws,
    retryAttempts: 5,
    retryWait: () => pause(0.1),
    shouldRetry: () => true,
    on: { connected: () => (sockets += 1) },
  });
  const watched = watch(client, { query: BOARD });
  await until(() => watched.seen.length > 0, "the present state");
  between.tear();
  const before = watched.seen.length;
  await until(() => watched.seen.length > before, "the state after the reconnection");
  expect(sockets === 2, `${sockets} sockets`);
  watched.stop();
  await client.dispose();
  between.close();
});

await check("`after` brings what happened while the connection was away", async () => {
  const between = await relay();
  const sequences = [];
  let last = null;
  const client = connect({
    url: between.ws,
    retryAttempts: 5,
    retryWait: () => pause(0.5),
    shouldRetry: () => true,
  });
  // The payload is read anew for each connection.
  const payload = { query: PROGRESS, get variables() { return { after: last }; } };
  let failure;
  const stop = client.subscribe(payload, {
    next: ({ data, errors }) => {
      if (errors) failure = errors;
      const message = data?.myProgress;
      if (!message) return;
      // Later snapshots come before what was missed: only the events say how far this client is.
      const isSnapshot = message.__typename === "ProgressSnapshot";
      if (!isSnapshot) sequences.push(message.sequence);
      if (!isSnapshot || last === null) last = message.sequence;
    },
    error: (error) => (failure = error),
    complete: () => {},
  });
  await until(() => last !== null || failure, "the snapshot");
  const from = last;
  await readPages();
  await until(() => last > from, "an event");
  const reached = last;
  between.tear();
  for (let number = 0; number < 3; number += 1) await readPages();
  await until(() => last >= reached + 3 || failure, "what was missed", 15);
  expect(!failure, describe(failure));
  const distinct = new Set(sequences);
  expect(distinct.size === sequences.length, `some came twice: ${sequences}`);
  for (let sequence = from + 1; sequence <= last; sequence += 1) {
    expect(distinct.has(sequence), `${sequence} is missing of ${sequences}`);
  }
  stop();
  await client.dispose();
  between.close();
});

await check(
  "a token that ends closes with 4403, and a new one goes on",
  async () => {
    let sockets = 0;
    const codes = [];
    const client = connect({
      connectionParams: () => ({ authorization: `Bearer ${sockets++ ? target.tokens.member : shortLived(3)}` }),
      retryAttempts: 3,
      retryWait: () => pause(0.1),
      shouldRetry: (event) => event.code === 4403,
      on: { closed: (event) => codes.push(event.code) },
    });
    const watched = watch(client, { query: BOARD });
    await until(() => watched.seen.length > 0 || watched.error, "the present state");
    expect(watched.seen.length && sockets === 1, `${sockets} sockets; ${describe(watched.error)}`);
    const before = watched.seen.length;
    await until(() => sockets === 2 && watched.seen.length > before, "the state after the new token", 70);
    expect(codes.includes(4403), `closed with ${codes}`);
    watched.stop();
    await client.dispose();
  },
  "MUST",
  90,
);

process.exit(0);
