// urql: it accepts `text/event-stream` on every request and must still get JSON.
import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { bearer, check, expect, target, until } from "./checks.mjs";

function connect({ role = "member", exchanges = [cacheExchange, fetchExchange], token, sent = [] } = {}) {
  return new Client({
    url: target.http,
    exchanges,
    preferGetMethod: false,
    fetchOptions: () => ({ headers: { authorization: token ?? bearer(role) } }),
    fetch: async (url, options) => {
      const response = await fetch(url, options);
      sent.push({
        method: options.method,
        accept: options.headers.accept ?? options.headers.Accept,
        type: response.headers.get("content-type"),
        status: response.status,
        ...(options.body ? JSON.parse(options.body) : {}),
      });
      return response;
    },
  });
}

await check("a query gets JSON although urql would take an event stream", async () => {
  const sent = [];
  const result = await connect({ sent }).query(gql`{ programme { key } }`, {}).toPromise();
  expect(!result.error, result.error?.message);
  expect(result.data.programme.key === "demo", JSON.stringify(result.data));
  expect(sent[0].accept.includes("text/event-stream"), `urql accepts ${sent[0].accept}`);
  expect(sent[0].type.includes("json"), `${sent[0].type}`);
});

await check("a query by GET", async () => {
  const sent = [];
  const client = connect({ sent });
  const result = await client.query(gql`{ programme { id key } }`, {}, { preferGetMethod: "force" }).toPromise();
  expect(!result.error && result.data.programme.key === "demo", result.error?.message);
  expect(sent[0].method === "GET", sent[0].method);
});

await check("a mutation", async () => {
  const result = await connect()
    .mutation(gql`mutation { joinProgramme(input: {}) { __typename } }`, {})
    .toPromise();
  expect(!result.error && result.data.joinProgramme, result.error?.message);
});

await check("a mutation stays POST where GET is preferred", async () => {
  const sent = [];
  const result = await connect({ sent })
    .mutation(gql`mutation { joinProgramme(input: {}) { __typename } }`, {}, { preferGetMethod: "force" })
    .toPromise();
  expect(!result.error, result.error?.message);
  expect(sent[0].method === "POST", sent[0].method);
});

await check("a subscription over graphql-ws", async () => {
  const socket = createClient({
    url: target.ws,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: bearer("member") },
  });
  const forward = subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? "" }, sink) }),
    }),
  });
  let seen;
  const { unsubscribe } = connect({ exchanges: [cacheExchange, fetchExchange, forward] })
    .subscription(gql`subscription { leaderboardUpdated(key: "points", first: 5) { revision } }`, {})
    .subscribe((result) => (seen = result));
  await until(() => seen, "the present state");
  expect(!seen.error && seen.data.leaderboardUpdated, seen.error?.message);
  unsubscribe();
  await socket.dispose();
});

await check("a subscription by its own event stream", async () => {
  const { Skipped } = await import("./checks.mjs");
  const client = new Client({
    url: target.http,
    exchanges: [fetchExchange],
    fetchSubscriptions: true,
    fetchOptions: () => ({ headers: { authorization: bearer("member") } }),
  });
  let seen;
  const { unsubscribe } = client
    .subscription(gql`subscription { leaderboardUpdated(key: "points", first: 5) { revision } }`, {})
    .subscribe((result) => (seen ??= result));
  await until(() => seen, "the present state");
  unsubscribe();
  if (seen.error && /WebSocket|event-stream/i.test(seen.error.message)) {
    throw new Skipped(`not offered: ${seen.error.message}`);
  }
  expect(!seen.error && seen.data?.leaderboardUpdated, seen.error?.message);
}, "SHOULD");

await check("persisted queries by GET, then by hash alone", async () => {
  const query = gql(`query PersistedByUrql${Date.now()} { programme { key } }`);
  const sent = [];
  const ask = () =>
    connect({ sent, exchanges: [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange] })
      .query(query, {})
      .toPromise();
  const first = await ask();
  expect(!first.error && first.data.programme.key === "demo", first.error?.message);
  const needed = sent.length;
  const second = await ask();
  expect(!second.error && second.data.programme.key === "demo", second.error?.message);
  expect(sent.length === needed + 1, `a later client needed ${sent.length - needed} requests`);
}, "SHOULD");

await check("a validation error is a GraphQL error", async () => {
  const result = await connect().query(gql`{ nope }`, {}).toPromise();
  expect(result.error?.graphQLErrors.length, result.error?.message ?? "no error");
});

await check("a bad token is told", async () => {
  const result = await connect({ token: "Bearer forged" }).query(gql`{ programme { key } }`, {}).toPromise();
  expect(result.error, "no error");
  expect(result.error.response?.status === 401 || result.error.graphQLErrors.length, result.error.message);
});

process.exit(0);
