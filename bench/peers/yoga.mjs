// graphql-yoga on Node's own HTTP server.
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { port, resolvers, typeDefs } from './memory.mjs';

const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), graphiql: false, logging: false });
createServer(yoga).listen(port, '127.0.0.1');
