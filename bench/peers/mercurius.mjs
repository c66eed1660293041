// mercurius on Fastify; BENCH_JIT=1 compiles an operation at its first repetition.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { port, resolvers, typeDefs } from './memory.mjs';

const app = Fastify({ logger: false });
app.register(mercurius, { schema: typeDefs, resolvers, jit: Number(process.env.BENCH_JIT ?? 0) });
await app.listen({ port, host: '127.0.0.1' });
