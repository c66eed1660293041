// The GraphQL over HTTP audit of the reference implementation.
import { serverAudits } from "graphql-http";
import { bearer, report, target } from "./checks.mjs";

const fetchFn = (url, options = {}) =>
  fetch(url, { ...options, headers: { ...options.headers, authorization: bearer("operator") } });

for (const audit of serverAudits({ url: target.http, fetchFn })) {
  const [level, ...words] = audit.name.split(" ");
  const name = `${audit.id} ${words.join(" ")}`;
  try {
    const result = await audit.fn();
    report(name, level, result.status === "ok" ? "passed" : "failed", result.reason ?? "");
  } catch (error) {
    report(name, level, "failed", String(error?.message ?? error));
  }
}
