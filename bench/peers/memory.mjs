// What every Node server here shares: the schema, and the page from memory.
import { readFileSync } from 'node:fs';

export const port = Number(process.env.PORT);
export const typeDefs = readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8');
const { data } = JSON.parse(readFileSync(process.env.BENCH_PAGE, 'utf8'));

export const resolvers = {
  Query: {
    leaderboard: () => data.leaderboard,
    me: () => data.me,
  },
};
