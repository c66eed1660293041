// graphql-ws on ws: a board of ten, sent to everyone who watches BENCH_RATE times a second. It begins once no socket
// has come for 1.5 s.
import { EventEmitter, on } from 'node:events';
import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const schema = buildSchema(`
  type Query { ok: Boolean }
  type Subscription { leaderboardUpdated(key: String!, first: Int): LeaderboardUpdate! }
  type LeaderboardUpdate { revision: Float! entries: [Entry!]! }
  type Entry { rank: Int! score: Float! member: Member! }
  type Member { id: ID! displayName: String! }
`);
const members = Array.from({ length: 10 }, (_, n) => ({
  id: Buffer.from(`Member:${'0'.repeat(23)}${n}`).toString('base64url'),
  displayName: `Member ${n}`,
}));
const board = () => ({
  revision: Date.now(),
  entries: members.map((member, place) => ({ rank: place + 1, score: Date.now() - place, member })),
});

const publisher = new EventEmitter().setMaxListeners(0);
let openedAt = Date.now();
schema.getSubscriptionType().getFields().leaderboardUpdated.subscribe = async function* () {
  openedAt = Date.now();
  const changes = on(publisher, 'board');
  yield { leaderboardUpdated: board() };
  for await (const [state] of changes) yield { leaderboardUpdated: state };
};

const server = createServer();
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
server.listen(Number(process.env.PORT), '127.0.0.1');

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
while (Date.now() - openedAt < 1500 || publisher.listenerCount('board') === 0) await pause(100);
for (let due = Date.now(); ; ) {
  due += 1000 / Number(process.env.BENCH_RATE);
  await pause(Math.max(0, due - Date.now()));
  publisher.emit('board', board());
}
