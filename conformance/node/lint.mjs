// The schema against the rules of eslint.config.mjs: one check a rule.
import { ESLint } from "eslint";
import { copyFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { report } from "./checks.mjs";

// ESLint reads no file outside its folder.
const copy = fileURLToPath(new URL("./schema.graphql", import.meta.url));
copyFileSync(process.env.CONFORMANCE_SCHEMA, copy);
try {
  const eslint = new ESLint({ cwd: fileURLToPath(new URL(".", import.meta.url)) });
  const { rules } = await eslint.calculateConfigForFile(copy);
  const [{ messages }] = await eslint.lintFiles([copy]);
  for (const fatal of messages.filter(({ ruleId }) => !ruleId)) report("the schema parses", "MUST", "failed", fatal.message);
  for (const [rule, [severity]] of Object.entries(rules)) {
    if (!severity) continue;
    const found = messages.filter(({ ruleId }) => ruleId === rule);
    const shown = found.slice(0, 5).map(({ line, message }) => `${line}: ${message.split("\n")[0]}`);
    const level = rule.includes("relay") || severity === 2 ? "MUST" : "SHOULD";
    report(rule, level, found.length ? "failed" : "passed", `${found.length} times; ${shown.join("; ")}`);
  }
} finally {
  rmSync(copy, { force: true });
}
