// Apollo Client: cache, relay-style pages, persisted queries, subscriptions, errors.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { bearer, check, describe, expect, target, until } from "./checks.mjs";

const PAGE = gql`query Page($first: Int!, $after: String) {
  members(first: $first, after: $after) { edges { cursor node { id displayName } } pageInfo { hasNextPage endCursor } }
}`;
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

// Counts the requests, and what each sent.
function http(role, sent = []) {
  return new HttpLink({
    uri: target.http,
    headers: { authorization: bearer(role) },
    fetch: (url, options) => {
      sent.push({ url: String(url), method: options.method, ...(options.body ? JSON.parse(options.body) : {}) });
      return fetch(url, options);
    },
  });
}

const connect = (link, typePolicies = {}) =>
  new ApolloClient({ link, cache: new InMemoryCache({ typePolicies, possibleTypes: {} }) });

await check("a query, then the same from the cache", async () => {
  const sent = [];
  const client = connect(http("member", sent));
  for (let turn = 0; turn < 2; turn += 1) {
    const { data } = await client.query({ query: gql`{ programme { id key } }` });
    expect(data.programme.key === "demo", JSON.stringify(data));
  }
  expect(sent.length === 1, `${sent.length} requests`);
});

await check("a mutation updates the cached object", async () => {
  const client = connect(http("member"));
  const name = `Reader ${Date.now()}`;
  await client.query({ query: gql`{ me { id displayName } }` });
  const { data } = await client.mutate({
    mutation: gql`mutation($n: String) { updateProfile(input: {displayName: $n}) {
      __typename ... on UpdateProfileSuccess { member { id displayName } } } }`,
    variables: { n: name },
  });
  expect(data.updateProfile.__typename === "UpdateProfileSuccess", JSON.stringify(data));
  const cached = client.readQuery({ query: gql`{ me { id displayName } }` });
  expect(cached.me.displayName === name, JSON.stringify(cached));
});

await check("relay-style pages join in the cache", async () => {
  const client = connect(http("operator"), { Query: { fields: { members: relayStylePagination() } } });
  const watched = client.watchQuery({ query: PAGE, variables: { first: 4 } });
  let data;
  const stop = watched.subscribe((result) => (data = result.data ?? data));
  await until(() => data?.members, "the first page");
  let pages = 1;
  while (data.members.pageInfo.hasNextPage && pages < 12) {
    const before = data.members.edges.length;
    await watched.fetchMore({ variables: { first: 4, after: data.members.pageInfo.endCursor } });
    await until(() => data.members.edges.length > before, "the next page joined", 3);
    pages += 1;
  }
  stop.unsubscribe();
  const ids = data.members.edges.map((edge) => edge.node.id);
  expect(pages >= 4, `${pages} pages`);
  expect(ids.length >= 20 && new Set(ids).size === ids.length, `${ids.length} members, ${new Set(ids).size} distinct`);
});

await check("persisted queries: the hash first, then the text, then the hash alone", async () => {
  const sent = [];
  const query = gql(`query Persisted${Date.now()} { programme { id key } }`);
  const connectPersisted = () =>
    connect(ApolloLink.from([new PersistedQueryLink({ sha256 }), http("member", sent)]));
  const first = await connectPersisted().query({ query });
  expect(first.data.programme.key === "demo", JSON.stringify(first));
  expect(sent.length === 2, `${sent.length} requests where 2 were due`);
  expect(!sent[0].query && sent[0].extensions.persistedQuery, "the first one had a text");
  expect(sent[1].query, "the second one had no text");
  const second = await connectPersisted().query({ query });
  expect(second.data.programme.key === "demo", JSON.stringify(second));
  if (!sent[2] || sent[2].query || sent.length !== 3) {
    throw new Error(`a later client needed ${sent.length - 2} requests: the server persists nothing`);
  }
}, "SHOULD");

await check("persisted queries by GET", async () => {
  const sent = [];
  const query = gql(`query PersistedGet${Date.now()} { programme { id key } }`);
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  const { data } = await connect(ApolloLink.from([link, http("member", sent)])).query({ query });
  expect(data.programme.key === "demo", JSON.stringify(data));
  expect(sent[0].method === "GET", `${sent[0].method}`);
}, "SHOULD");

await check("a persisted mutation is never sent by GET", async () => {
  const sent = [];
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  const { data } = await connect(ApolloLink.from([link, http("member", sent)])).mutate({
    mutation: gql(`mutation Persisted${Date.now()} { joinProgramme(input: {}) { __typename } }`),
  });
  expect(data.joinProgramme, JSON.stringify(data));
  expect(sent.every(({ method }) => method === "POST"), JSON.stringify(sent));
}, "SHOULD");

await check("a subscription over graphql-ws", async () => {
  const socket = createClient({
    url: target.ws,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: bearer("member") },
  });
  const client = connect(new GraphQLWsLink(socket));
  let seen;
  let failure;
  const stop = client
    .subscribe({ query: gql`subscription { leaderboardUpdated(key: "points", first: 5) { revision } }` })
    .subscribe({ next: (value) => (seen = value), error: (error) => (failure = error) });
  await until(() => seen || failure, "the present state");
  expect(seen?.data?.leaderboardUpdated.revision >= 0, describe(failure ?? seen?.error ?? JSON.stringify(seen)));
  stop.unsubscribe();
  await socket.dispose();
});

const failing = async (role, query) => {
  try {
    await connect(http(role)).query({ query });
  } catch (error) {
    return error;
  }
  throw new Error("no error");
};

await check("a validation error is a GraphQL error", async () => {
  const error = await failing("member", gql`{ nope }`);
  expect(CombinedGraphQLErrors.is(error), `${error.name}: ${error.message}`);
});

await check("a field error has its code", async () => {
  const error = await failing("member", gql`{ members(first: 101) { totalCount } }`);
  expect(CombinedGraphQLErrors.is(error), `${error.name}: ${error.message}`);
  expect(error.errors[0].extensions?.code, JSON.stringify(error.errors));
});

await check("a bad token is a 401", async () => {
  const link = new HttpLink({ uri: target.http, headers: { authorization: "Bearer forged" } });
  const error = await connect(link).query({ query: gql`{ me { id } }` }).then(() => undefined, (reason) => reason);
  const status = ServerError.is(error) ? error.statusCode : error?.statusCode;
  expect(status === 401 || CombinedGraphQLErrors.is(error), `${error?.name}: ${error?.message}`);
});

await check("errorPolicy all gives data and errors", async () => {
  const client = connect(http("member"));
  const result = await client.query({
    query: gql`{ programme { id key } member(externalId: "reader-ada") { id externalId } }`,
    errorPolicy: "all",
  });
  expect(result.data?.programme.key === "demo", JSON.stringify(result));
});

process.exit(0);
