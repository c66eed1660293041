// What every script here shares: the server under test, and one line of JSON for each check.
import { createHmac } from "node:crypto";
import net from "node:net";

export const target = JSON.parse(process.env.CONFORMANCE_TARGET);
export const bearer = (role) => `Bearer ${target.tokens[role]}`;

// The member's token again, but good for so many seconds only.
export function shortLived(seconds) {
  const [head, body] = target.tokens.member.split(".");
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...JSON.parse(Buffer.from(body, "base64url")), iat: now, exp: now + seconds };
  const text = `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  return `${text}.${createHmac("sha256", target.secret).update(text).digest("base64url")}`;
}

export class Skipped extends Error {}

export function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

export function report(name, level, status, detail = "", seconds = 0) {
  process.stdout.write(`${JSON.stringify({ name, level, status, detail, seconds })}\n`);
}

export async function check(name, run, level = "MUST", secondsMax = 20) {
  const began = performance.now();
  const took = () => (performance.now() - began) / 1000;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${secondsMax} s`)), secondsMax * 1000);
  });
  try {
    await Promise.race([run(), late]);
    report(name, level, "passed", "", took());
  } catch (error) {
    const status = error instanceof Skipped ? "skipped" : "failed";
    report(name, level, status, describe(error), took());
  } finally {
    clearTimeout(timer);
  }
}

export function describe(error) {
  if (Array.isArray(error)) return JSON.stringify(error);
  if (error?.code && error?.reason !== undefined) return `closed with ${error.code} ${error.reason}`;
  return String(error?.message ?? error);
}

export const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

export async function until(holds, what, seconds = 10) {
  const end = performance.now() + seconds * 1000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await pause(0.02);
  }
}

// A plain request, for what a check needs beside the client that it is about.
export async function ask(role, query, variables = {}) {
  const response = await fetch(target.http, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: bearer(role) },
    body: JSON.stringify({ query, variables }),
  });
  const body = await response.json();
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  return body.data;
}

let activities = 0;
async function record(type, properties, member) {
  activities += 1;
  const data = await ask(
    "service",
    `mutation($a: ActivityInput!) { recordActivities(input: {activities: [$a]}) { recorded outcomes { error { message } } } }`,
    {
      a: {
        type,
        source: "conformance",
        sourceId: `${process.pid}-${Date.now()}-${activities}`,
        memberExternalId: member,
        occurredAt: new Date().toISOString(),
        properties,
      },
    },
  );
  expect(data.recordActivities.recorded === 1, `not recorded: ${JSON.stringify(data)}`);
}

export const readPages = (member = "demo") => record("reading.logged", { book: "salt-roads", pages: 1, minutes: 1 }, member);
// Moves the board `points`.
export const finishQuiz = (member = "demo") => record("quiz.finished", { seconds: 50, correct: 8 }, member);

// A relay in front of the server: its connections can be torn as a train in a tunnel tears them.
export async function relay() {
  const open = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(target.port, target.host);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    http: `http://127.0.0.1:${port}/graphql`,
    ws: `ws://127.0.0.1:${port}/graphql`,
    tear: () => open.forEach((socket) => socket.destroy()),
    close: () => {
      open.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}
